// A submission queue and its completion queue (NVMe 1.4, 4.1), with the commands in flight.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/memory.h"
#include "host/nvme/request.h"
#include "host/nvme/spec.h"
#include "host/pci_function.h"
#include "models/base/scheduler.h"
#include "models/base/stats.h"

namespace cardvp::host::nvme {

// Shared by the queues of a driver.
struct QueueCounters {
  Counter& commands;             // submitted
  Counter& completions;          // accepted
  Counter& malformed;            // completions that name no command in flight, another queue, or a head outside it
  Counter& spurious_interrupts;  // nothing was in the completion queue
  Counter& lost_interrupts;      // the timeout found a completion that no interrupt had announced
  Counter& timeouts;
  Counter& late;  // completions of commands that had timed out or were abandoned
};

struct QueueConfig {
  std::uint16_t id = 0;
  unsigned entries = 0;            // 2 to 4096
  unsigned doorbell_stride = 4;    // bytes
  std::uint64_t max_transfer = 0;  // bytes of one command
  sc_core::sc_time interrupt_latency{};
  sc_core::sc_time software_cost{};
};

class QueuePair {
 public:
  static constexpr unsigned kMaxEntries = 4096;

  QueuePair(Scheduler& scheduler, const PciFunction& function, const QueueConfig& config,
            const QueueCounters& counters);
  ~QueuePair();
  QueuePair(const QueuePair&) = delete;
  QueuePair& operator=(const QueuePair&) = delete;

  std::uint16_t id() const { return config_.id; }
  unsigned entries() const { return config_.entries; }
  std::uint64_t submission_address() const { return submission_.address(); }
  std::uint64_t completion_address() const { return completion_.address(); }
  // Of this queue: its handler runs an interrupt latency after the message.
  const Interrupt& interrupt() const { return interrupt_; }

  // Requests that wait or are in flight.
  unsigned outstanding() const { return outstanding_; }

  // When the oldest of them was submitted. Asynchronous Event Requests do not count: they may take for ever.
  std::optional<sc_core::sc_time> oldest() const;
  // Ends with Status::kTimeout what waits or is in flight since `since` or longer, if the completion queue does not
  // show its end after all. Returns how many.
  unsigned expire(sc_core::sc_time since);
  // Ends everything that waits or is in flight.
  void fail_all(Status status);

 private:
  friend class Request;

  // The upper bits of a command identifier count the uses of its slot, so that a completion that comes twice is known.
  static constexpr unsigned kSlotBits = 12;
  static constexpr unsigned kSlotMask = (1u << kSlotBits) - 1;

  struct Slot {
    Request* request = nullptr;  // null while taken: timed out or abandoned
    std::uint16_t cid = 0;
    bool taken = false;
  };

  // Called by the Request.
  void submit(Request& request);
  void abandon(Request& request);
  void pump();
  void send(Request& request);
  void ring();
  void on_interrupt();
  void handle_interrupt();
  bool reap();
  void accept(const CompletionEntry& entry);
  void append(Request& request);
  void unlink(Request& request);

  Scheduler& scheduler_;
  const PciFunction& function_;
  QueueConfig config_;
  QueueCounters counters_;
  Buffer submission_;
  Buffer completion_;
  Buffer lists_;  // PRP list pages, list_pages_ for each slot
  std::uint64_t list_pages_;
  std::uint64_t submission_doorbell_;
  std::uint64_t completion_doorbell_;
  Interrupt interrupt_;

  std::vector<Slot> slots_;
  std::vector<std::uint16_t> free_slots_;
  Request* first_ = nullptr;  // that wait for a slot or for the CPU
  Request* last_ = nullptr;
  unsigned outstanding_ = 0;
  unsigned tail_ = 0;
  unsigned head_ = 0;  // of the completion queue
  bool phase_ = true;
  bool cpu_charged_ = false;  // for the request at the front
  sc_core::sc_time cpu_free_;

  Callback<&QueuePair::pump> pump_later_;
  Callback<&QueuePair::ring> ring_later_;
  Callback<&QueuePair::handle_interrupt> handle_later_;
};

}  // namespace cardvp::host::nvme
