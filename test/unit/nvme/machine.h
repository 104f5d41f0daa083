// An NVMe engine with everything around it, for the tests of this folder: link, endpoint and mailbox are the real ones;
// the host is a memory, and the firmware a small task that uses the card's registers as the real one does.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/base/sync.h"
#include "models/memory/mailbox.h"
#include "models/nvme/engine.h"
#include "models/nvme/messages.h"
#include "models/nvme/registers.h"
#include "models/pcie/endpoint.h"
#include "test/unit/nvme/fake_cipher.h"
#include "test/unit/pcie/fake_host.h"

namespace cardvp::nvme {

namespace mailbox_regs {
#define CARDVP_REGISTERS "models/memory/mailbox.def"
#include "models/base/declare_registers.h"
}  // namespace mailbox_regs

inline sc_core::sc_time us(double value) { return {value, sc_core::SC_US}; }
inline sc_core::sc_time ns(double value) { return {value, sc_core::SC_NS}; }

// Card memory at address 0.
class CardRam : public BusTarget {
 public:
  CardRam(sc_core::sc_module_name name, Sim& sim) : BusTarget(name, sim), bytes(2 << 20) {}
  std::vector<std::byte> bytes;

 protected:
  bool access(const BusAccess& access) override;
};

// A way for the tests to the registers of one block.
class Core : public sc_core::sc_module {
 public:
  Core(sc_core::sc_module_name name, BusTarget& target) : sc_module(name) { socket.bind(target.socket); }
  // An access `ahead` of the simulated time; false on a bus error.
  bool access(bool write, std::uint64_t address, void* data, unsigned size,
              sc_core::sc_time ahead = sc_core::SC_ZERO_TIME);
  std::uint64_t read(std::uint64_t address, unsigned size = 4);
  void write(std::uint64_t address, std::uint64_t value, unsigned size = 4,
             sc_core::sc_time ahead = sc_core::SC_ZERO_TIME);

 private:
  tlm_utils::simple_initiator_socket<Core> socket{"socket"};
};

// The firmware. It serves the mailbox channel as its interrupt tells it to.
class Firmware {
 public:
  Firmware(Sim& sim, memory::Mailbox& mailbox, Engine& engine);

  // What the test sets:
  bool enables = true;                                      // answers ENABLE by RDY
  bool silent = false;                                      // takes no messages, as while it is replaced: set_silent()
  std::function<void(const nvme_message_admin&)> on_admin;  // default: completes with success
  // and sees:
  std::vector<std::uint32_t> events;  // EVENTS at each EVENT message
  std::vector<nvme_message_admin> commands;
  std::vector<nvme_message_fetched> fetched;

  std::uint64_t get(Field field, std::uint32_t at, unsigned function = 0) {
    return field.of(page.read(function * 0x1000 + at, at % 8 == 0 && field.lsb + field.width > 32 ? 8 : 4));
  }
  void send(const auto& message) { send_bytes(std::as_bytes(std::span(&message, 1))); }
  void complete(const nvme_message_header& header, Status status = 0, std::uint32_t dw0 = 0,
                std::uint64_t data_address = 0, std::uint32_t data_size = 0);
  void fetch(const nvme_message_header& header, std::uint64_t address, std::uint32_t size);
  // QUEUE_COMMAND; gives QUEUE_RESULT. Operations: 1 create SQ, 2 create CQ, 3 delete SQ, 4 delete CQ.
  std::uint64_t queue(unsigned operation, unsigned id, std::uint64_t base = 0, std::uint32_t entries = 0,
                      unsigned link = 0, bool interrupts = true);
  bool abort(unsigned sq, unsigned cid);
  void set_silent(bool on) {
    silent = on;
    wake_.notify();
  }

  Core page;  // the engine's registers

 private:
  void send_bytes(std::span<const std::byte> message);
  Task<> run();
  void handle_event();

  Core mailbox_;
  Trigger wake_;
  TaskScope tasks_;
};

// A queue pair as a host keeps it.
struct HostQueue {
  unsigned id = 0;
  std::uint32_t entries = 0;
  std::uint64_t sq = 0, cq = 0;
  std::uint32_t tail = 0, head = 0;
  bool phase = true;
};

struct MachineConfig {
  ControllerConfig controller{.queues = 4, .queue_entries = 256};
  storage::VolumeConfig volume{.read_latency = us(10), .write_latency = us(5), .flush_latency = us(20)};
  bool has_cipher = true;
};

struct Machine : testing::Test {
  static constexpr std::uint64_t kBar = 0x80000000;
  static constexpr std::uint64_t kMessages = 0xfee00000;  // vector n writes n + 1 to kMessages + 4n
  static constexpr std::uint64_t kVolumeBytes = 16 << 20;
  static constexpr std::uint64_t kData = 0x200000;  // host memory that no queue uses, up to kMemory
  static constexpr std::uint64_t kMemory = 8 << 20;

  explicit Machine(const MachineConfig& config = {},
                   std::unique_ptr<storage::Medium> medium = storage::make_memory_medium(kVolumeBytes));

  // Firmware and host bring the function up: link, BAR, bus master, MSI-X.
  void plug();
  // The same for a function that was taken away, on a link that is up.
  void set_present(bool on) {
    endpoint_core.write(0x1000, on);
    sc_core::sc_start(us(1));
  }
  void configure();
  // Enables the controller with admin queues of `entries`; waits for RDY.
  void enable(std::uint32_t entries = 64);
  void start() {
    plug();
    enable();
  }
  HostQueue create(unsigned id, std::uint32_t entries = 64, bool interrupts = true);

  // The host's registers, without the link's time.
  std::uint64_t reg(std::uint64_t offset, unsigned size = 4) { return endpoint.memory_read(kBar + offset, size).value; }
  void set_reg(std::uint64_t offset, std::uint64_t value, unsigned size = 4);
  void config_write(std::uint16_t offset, unsigned size, std::uint32_t value) {
    endpoint.config_write(1, 0, offset, size, value);
  }
  void function_level_reset() { config_write(0x58, 2, 0x8000); }
  void set_bus_master(bool on) { config_write(0x04, 2, on ? 6 : 2); }

  void ring_tail(unsigned queue, std::uint32_t value) { set_reg(kDoorbells + queue * 8, value); }
  void ring_head(unsigned queue, std::uint32_t value) { set_reg(kDoorbells + queue * 8 + 4, value); }
  // Puts an entry into the ring; without the doorbell.
  void put(HostQueue& queue, const SubmissionEntry& entry);
  void submit(HostQueue& queue, const SubmissionEntry& entry) {
    put(queue, entry);
    ring_tail(queue.id, queue.tail);
  }
  // The next completion, if it is there; rings the head doorbell unless told otherwise.
  std::optional<CompletionEntry> poll(HostQueue& queue, bool ring = true);
  // Runs until there is one. Fails the test after 1 ms without.
  CompletionEntry wait(HostQueue& queue);
  // Status of one command alone.
  Status run(HostQueue& queue, const SubmissionEntry& entry) {
    submit(queue, entry);
    return static_cast<Status>(wait(queue).status_and_phase >> 1);
  }
  static SubmissionEntry command(Opcode opcode, std::uint64_t lba, std::uint32_t blocks, std::uint64_t prp1,
                                 std::uint64_t prp2 = 0, std::uint16_t cid = 1);

  // The interrupts that arrived, by vector.
  std::vector<unsigned> interrupts() const;
  std::uint64_t count(const std::string& name) { return sim.stats.counter("nvme.fn0." + name, "").value(); }
  std::byte* volume_at(std::uint64_t offset, std::size_t size) { return volume.medium().direct(offset, size).data(); }

  Sim sim;
  pcie::Link link;
  pcie::FakeHost host{sim.scheduler, kMemory};
  pcie::Endpoint endpoint{"endpoint", sim, link};
  memory::Mailbox mailbox{"mailbox", sim, memory::kMailboxChannels};
  FakeCipher cipher;
  Engine engine;
  CardRam ram{"ram", sim};
  storage::Volume volume;
  MachineConfig config;
  Core endpoint_core{"endpoint_core", endpoint};
  Firmware firmware{sim, mailbox, engine};
  HostQueue admin;
};

}  // namespace cardvp::nvme
