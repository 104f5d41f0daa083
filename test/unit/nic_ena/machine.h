// A NIC engine with one ENA function to test and everything around it, for the tests of this folder: link, endpoint and
// mailbox are the real ones; the host is a memory, the firmware does what the register protocol asks of it, and the
// data path keeps what it gets. Sections and items are of the ENA interface's description that docs/nic.md names.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/base/sync.h"
#include "models/memory/mailbox.h"
#include "models/net/build.h"
#include "models/net/checksum.h"
#include "models/nic/ena/function.h"
#include "models/nic/engine.h"
#include "models/nic/messages.h"
#include "models/nic/registers.h"
#include "models/pcie/endpoint.h"
#include "test/unit/pcie/fake_host.h"

namespace cardvp::nic::ena {

using Bytes = std::vector<std::byte>;

inline sc_core::sc_time us(double value) { return {value, sc_core::SC_US}; }
inline sc_core::sc_time ns(double value) { return {value, sc_core::SC_NS}; }

// Card memory at address 0.
class CardRam : public BusTarget {
 public:
  CardRam(sc_core::sc_module_name name, Sim& sim) : BusTarget(name, sim), bytes(1 << 20) {}
  Bytes bytes;

 protected:
  bool access(const BusAccess& access) override;
};

// A way for the tests to the registers of one block; addresses count from `base`.
class Core : public sc_core::sc_module {
 public:
  Core(sc_core::sc_module_name name, BusTarget& target, std::uint64_t base = 0) : sc_module(name), base_(base) {
    socket.bind(target.socket);
  }
  std::uint64_t read(std::uint64_t address, unsigned size = 4);
  // An access `ahead` of the simulated time.
  void write(std::uint64_t address, std::uint64_t value, unsigned size = 4,
             sc_core::sc_time ahead = sc_core::SC_ZERO_TIME);

 private:
  void access(bool write, std::uint64_t address, void* data, unsigned size, sc_core::sc_time ahead);
  const std::uint64_t base_;
  tlm_utils::simple_initiator_socket<Core> socket{"socket"};
};

// What carries the packets: keeps them.
class FakeDataPath : public DataPath {
 public:
  struct Packet {
    std::uint16_t function;
    sc_core::sc_time at, ready;
    Bytes frame;
  };
  // What the test sets:
  bool accepts = true;
  sc_core::sc_time pause;  // from one frame to the next
  // and sees:
  std::vector<Packet> packets;
  std::vector<std::uint16_t> resets;
  std::map<std::uint16_t, HostSide*> hosts;

  void connect(std::uint16_t function, HostSide& side) override { hosts[function] = &side; }
  Sent transmit(std::uint16_t function, wire::FramePtr frame, sc_core::sc_time ready) override;
  void device_reset(std::uint16_t function) override { resets.push_back(function); }
};

// The firmware. It serves the mailbox channel as its interrupt tells it to, and leads the function through resets; the
// resets of other functions it acknowledges only.
class Firmware {
 public:
  static constexpr std::uint32_t kVersion = 0x200, kController = 0x01000001, kCaps = 0x303f;

  Firmware(Sim& sim, memory::Mailbox& mailbox, Engine& engine, std::uint16_t function);
  // Identity and readiness, as after an attachment.
  void set_up();

  // What the test sets:
  bool ends_resets = true;
  bool silent = false;                                     // takes no messages: set_silent()
  std::function<void(const nic_message_admin&)> on_admin;  // default: completes with success
  // and sees:
  std::vector<std::uint32_t> events;  // EVENTS at each EVENT message
  std::vector<nic_message_admin> commands;
  std::vector<nic_message_fetched> fetched;
  std::vector<std::uint16_t> others;  // that had an event

  std::uint64_t get(Field field, std::uint32_t at, unsigned size = 4) { return field.of(page.read(at, size)); }
  void send(const auto& message) { send_bytes(std::as_bytes(std::span(&message, 1))); }
  void complete(const nic_message_header& header, std::uint8_t status = 0, std::uint64_t data = 0,
                std::uint64_t host_address = 0, std::uint32_t bytes = 0);
  void fetch(const nic_message_header& header, std::uint64_t host_address, std::uint64_t to, std::uint32_t bytes);
  void post_event(std::uint16_t group, std::uint32_t payload = 0);
  // QUEUE_COMMAND; gives QUEUE_RESULT.
  enum Operation { kCreateTx = 1, kCreateRx, kCreateCq, kDestroyTx, kDestroyRx, kDestroyCq };
  struct Queue {
    std::uint64_t base = 0;
    std::uint32_t entries = 64, entry_bytes = 16;
    bool llq = false, interrupts = true;
    unsigned cq = 0, vector = 0;
  };
  std::uint64_t queue(Operation operation, unsigned index, const Queue& shape);
  std::uint64_t destroy(Operation operation, unsigned index) { return queue(operation, index, {}); }
  void set_silent(bool on) {
    silent = on;
    wake_.notify();
  }

  Core page;  // the function's registers

 private:
  void send_bytes(std::span<const std::byte> message);
  Task<> run();
  void handle_events(std::uint16_t function);

  const std::uint16_t function_;
  Core mailbox_;
  Trigger wake_;
  TaskScope tasks_;
};

// Queues as a host keeps them.
struct TxRing {
  unsigned index = 0;
  std::uint32_t entries = 0, entry_bytes = kDescriptor, cq_bytes = 8;
  std::uint64_t sq = 0, cq = 0;  // sq: an LLQ's is its offset in BAR 2
  bool llq = false;
  std::uint32_t tail = 0, head = 0;  // of SQ and CQ; both run freely
};
struct RxRing {
  unsigned index = 0;
  std::uint32_t entries = 0, cq_bytes = 16;
  std::uint64_t sq = 0, cq = 0;
  std::uint32_t tail = 0, head = 0;
};

struct QueueOptions {
  std::uint32_t entries = 64;
  std::uint32_t cq_bytes = 0;  // 0: basic
  std::uint32_t llq_bytes = 0;
  std::optional<unsigned> vector = std::nullopt;  // default: the queue's index + 1
  bool interrupts = true;
};

// Descriptors.
struct DataFields {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint16_t request = 0;
  bool first = true, last = true;
  std::uint32_t offloads = 0;  // dword 1
  std::uint32_t header = 0;    // bytes
};
inline constexpr std::uint32_t kL4Partial = 1 << 14 | 1 << 17, kL4Full = 1 << 14, kL3Checksum = 1 << 13, kTso = 1 << 7;
TxDescriptor data_descriptor(const DataFields& fields);
TxDescriptor meta_descriptor(const TxMeta& meta, bool stores = true);

EnaConfig small_config(std::uint8_t function = 0);

struct Machine : testing::Test {
  static constexpr std::uint64_t kBar0 = 0x80000000, kBar2 = 0x90000000;
  static constexpr std::uint64_t kMessages = 0xfee00000;  // vector n writes n + 1 to kMessages + 4 n
  static constexpr std::uint64_t kMemory = 16 << 20;
  static constexpr std::uint64_t kAq = 0x10000, kAcq = 0x20000, kAenq = 0x30000, kResponse = 0x40000;

  // In the place of models/net's; null: none is.
  struct Math {
    std::unique_ptr<ToeplitzMath> toeplitz;
    std::unique_ptr<ChecksumMath> checksum;
  };
  // `others`: functions that come before the one to test.
  explicit Machine(
      const EnaConfig& config = small_config(), const std::vector<EnaConfig>& others = {},
      const std::function<Math(Sim&)>& make_math = [](Sim&) { return Math(); });

  void run(sc_core::sc_time time) { sc_core::sc_start(time); }
  // Host memory that nobody uses yet, filled with a pattern.
  std::uint64_t allocate(std::uint64_t bytes, std::uint64_t alignment = 64);
  void store(std::uint64_t address, std::span<const std::byte> data);
  Bytes load(std::uint64_t address, std::size_t bytes) const;

  // Firmware and host bring the function up: link, and configure().
  void plug();
  // The host's part: BARs, bus master, MSI-X, unmasked I/O vectors.
  void configure();
  virtual void place_bars();
  void set_config(std::uint16_t offset, unsigned size, std::uint32_t value) {
    endpoint.config_write(1, config.function, offset, size, value);
  }
  void set_bus_master(bool on) { set_config(0x04, 2, on ? 6 : 2); }
  // Rings of the admin queue and of events.
  void set_admin_rings(std::uint32_t entries = 32, std::uint32_t events = 16);
  void start() {
    plug();
    set_admin_rings();
  }
  // The handshake of 2.3, complete.
  void device_reset(std::uint32_t reason = 0);

  // The host's registers, without the link's time.
  std::uint64_t reg(std::uint64_t offset, unsigned size = 4) {
    return endpoint.memory_read(kBar0 + offset, size).value;
  }
  void set_reg(std::uint64_t offset, std::uint64_t value, unsigned size = 4);
  void write_bar2(std::uint64_t offset, std::span<const std::byte> data) {
    endpoint.memory_write(kBar2 + offset, data);
  }
  void unmask(unsigned vector, std::uint32_t value = 1u << 30) { set_reg(kUnmask + 4 * vector, value); }

  // Admin commands.
  void put_command(std::uint16_t id, std::uint8_t opcode = 8, std::uint32_t fill = 0);
  void ring_admin() { set_reg(host_regs::offset::AQ_DB, admin_tail); }
  std::optional<std::array<std::uint32_t, 16>> poll_admin();

  TxRing create_tx(unsigned index, const QueueOptions& options = {});
  void put(TxRing& ring, const TxDescriptor& descriptor);
  void ring_tx(const TxRing& ring) { set_reg(kSqDoorbells + 8 * ring.index, ring.tail & 0xffff); }
  std::optional<TxCompletion> poll(TxRing& ring);
  // A packet in one buffer; gives its address.
  std::uint64_t put_packet(TxRing& ring, std::span<const std::byte> packet, std::uint16_t request,
                           std::uint32_t offloads = 0, const TxMeta& meta = {});
  // The same, sent and completed.
  void send(TxRing& ring, std::span<const std::byte> packet, std::uint32_t offloads = 0, const TxMeta& meta = {});
  std::size_t completions(TxRing& ring);

  RxRing create_rx(unsigned index, const QueueOptions& options = {});
  void post_buffer(RxRing& ring, std::uint64_t address, std::uint16_t bytes, std::uint16_t request);
  void ring_rx(const RxRing& ring) { set_reg(kSqDoorbells + 8 * ring.index + 4, ring.tail & 0xffff); }
  // Buffers of that size, posted.
  std::vector<std::uint64_t> fill(RxRing& ring, unsigned count, std::uint16_t bytes = 2048);
  std::optional<RxCompletion> poll(RxRing& ring);
  void deliver(std::span<const std::byte> frame, sc_core::sc_time ahead = sc_core::SC_ZERO_TIME) {
    data_path.hosts.at(config.function)->deliver(frames.make(frame), sim.scheduler.now() + ahead);
  }

  // MSI-X messages that arrived, by vector.
  std::vector<unsigned> interrupts() const;
  std::uint64_t count(const std::string& name) {
    return sim.stats.counter("nic.fn" + std::to_string(config.function) + "." + name, "").value();
  }

  EnaConfig config;
  Sim sim;
  wire::FramePool frames;
  pcie::Link link{"link", sim, {}};
  pcie::FakeHost host{sim.scheduler, kMemory};
  pcie::Endpoint endpoint{"endpoint", sim, link};
  memory::Mailbox mailbox{"mailbox", sim, memory::kMailboxChannels};
  FakeDataPath data_path;
  Math math;
  Engine engine{
      "nic", sim, mailbox.channel(memory::kNicChannel), data_path, frames, math.toeplitz.get(), math.checksum.get()};
  CardRam ram{"ram", sim};
  Core endpoint_core{"endpoint_core", endpoint};
  Firmware firmware{sim, mailbox, engine, config.function};
  std::uint64_t next_free = 0x100000;
  std::uint32_t admin_entries = 0, admin_tail = 0, admin_head = 0;
};

// Bytes that differ from place to place.
Bytes pattern(std::size_t bytes, unsigned seed = 1);

}  // namespace cardvp::nic::ena
