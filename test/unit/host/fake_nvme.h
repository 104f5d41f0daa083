// An NVMe controller for tests of the driver, written from NVMe 1.4 and independent of models/nvme: no timing but a
// latency, everything that it was asked is recorded, and a test can make it misbehave.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "host/nvme/spec.h"
#include "models/base/task.h"
#include "test/unit/host/fake_card.h"

namespace cardvp::host {

class FakeNvme : public FakeCard {
 public:
  static constexpr std::uint64_t kBarSize = 0x4000;
  static constexpr std::uint64_t kTable = 0x2000;  // MSI-X
  static constexpr unsigned kVectors = 9;

  FakeNvme(Sim& sim, pcie::Link& link, std::uint64_t blocks = 8192);

  // What it is like.
  std::uint64_t cap = 63ull | 1ull << 16 | 4ull << 24 | 1ull << 37;  // MQES 64 entries, CQR, TO 2 s, NVM command set
  std::uint16_t granted_queues = 8;
  std::uint8_t mdts = 0;
  unsigned lba_shift = 9;
  sc_core::sc_time latency{5, sc_core::SC_US};
  sc_core::sc_time ready_delay{100, sc_core::SC_US};
  sc_core::sc_time shutdown_delay{100, sc_core::SC_US};
  bool becomes_ready = true;
  bool fatal_on_enable = false;
  bool send_interrupts = true;
  std::uint8_t fwug = 0xff;

  // How it misbehaves. `on_command` before a command is carried out: a status ends it with that (SCT << 8 | SC).
  std::function<std::optional<std::uint16_t>(std::uint16_t queue, const nvme::Command&)> on_command;
  std::function<bool(std::uint16_t queue, const nvme::Command&)> swallow;  // true: never completed
  std::function<void(nvme::CompletionEntry&)> on_completion;
  std::function<void(std::uint64_t lba, std::span<std::byte> data)> on_read;  // data on its way to the host

  // What happened.
  struct Seen {
    std::uint16_t queue;
    nvme::Command command;
    std::vector<std::uint64_t> pages;  // PRP entries in order
    unsigned lists = 0;                // list pages among them
  };
  std::vector<Seen> seen;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> doorbells;  // BAR offset, value
  std::vector<std::byte> storage;
  std::uint32_t cc = 0, csts = 0;
  unsigned enables = 0;
  struct Piece {
    std::uint64_t offset, bytes;
  };
  std::vector<Piece> pieces;        // of Firmware Image Download
  std::vector<std::byte> firmware;  // what they brought, each at its place

  // The function leaves the link, and comes back as it is after a reset; the host is told unless `quietly`.
  void vanish(bool quietly = false);
  void come_back();

  // Sends a completion as it is, with the right phase tag, and its interrupt.
  void complete(std::uint16_t queue, nvme::CompletionEntry entry);
  void interrupt(std::uint16_t vector);
  std::size_t queues() const { return submission_.size(); }

  pcie::ReadResult memory_read(std::uint64_t address, unsigned size) override;
  void memory_write(std::uint64_t address, std::span<const std::byte> data) override;
  void link_reset() override { reset(); }

  FakeFunction function;

 private:
  struct Submission {
    std::uint64_t address;
    std::uint32_t entries, head, tail;
    std::uint16_t completion;
  };
  struct CompletionQueue {
    std::uint64_t address;
    std::uint32_t entries, head, tail;
    bool phase;
    std::uint16_t vector;
    unsigned used;
  };

  void reset();
  void write_cc(std::uint32_t value);
  Task<> become_ready(bool ready);
  Task<> shut_down();
  void doorbell(std::uint64_t offset, std::uint32_t value);
  Task<> serve(std::uint16_t queue, nvme::Command command, std::size_t record);
  std::uint16_t execute(std::uint16_t queue, const nvme::Command& command, Seen& record, std::uint32_t& dw0);
  std::uint16_t admin(const nvme::Command& command, Seen& record, std::uint32_t& dw0);
  std::uint16_t give(std::uint32_t dwords, const nvme::Command& command, Seen& record);
  bool transfer(const nvme::Command& command, std::span<std::byte> data, bool to_host, Seen& record);
  bool host_copy(std::uint64_t address, std::span<std::byte> data, bool to_host);

  Sim& sim_;
  pcie::Link& link_;
  std::array<std::byte, kBarSize> registers_{};
  std::map<std::uint16_t, Submission> submission_;
  std::map<std::uint16_t, CompletionQueue> completion_;
  std::uint16_t msix_;
  TaskScope tasks_;
};

}  // namespace cardvp::host
