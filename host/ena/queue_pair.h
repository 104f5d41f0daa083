// A TX and an RX ring that share an interrupt and a CPU: interrupt, poll, unmask, as NAPI does.
#pragma once

#include <string>

#include "host/ena/rx_ring.h"
#include "host/ena/tx_ring.h"
#include "models/base/scheduler.h"
#include "models/base/stats.h"

namespace cardvp::host::ena {

// What the driver's queues count together.
struct QueueCounters {
  Counter& tx_packets;
  Counter& tx_bytes;
  Counter& rx_packets;
  Counter& rx_bytes;
  Counter& interrupts;
  Counter& bad_completions;
};

// The driver, as its queues see it.
class QueueOwner {
 public:
  virtual void received(unsigned queue, const RxPacket& packet) = 0;
  virtual void made_room() = 0;
  // The device misbehaves; the queue stops.
  virtual void fault(unsigned queue, ResetReason reason) = 0;

 protected:
  ~QueueOwner() = default;
};

struct QueuePairConfig {
  unsigned number = 0;
  TxRingConfig tx{};
  RxRingConfig rx{};
  sc_core::sc_time interrupt_latency{};
  sc_core::sc_time software_cost{};  // of a packet, either way
  std::uint32_t delays = 0;          // of the unmask register
};

class QueuePair {
 public:
  QueuePair(Scheduler& scheduler, const PciFunction& function, const QueuePairConfig& config, QueueOwner& owner,
            const QueueCounters& counters);
  ~QueuePair();
  QueuePair(const QueuePair&) = delete;
  QueuePair& operator=(const QueuePair&) = delete;

  TxRing& tx() { return tx_; }
  RxRing& rx() { return rx_; }
  const Interrupt& interrupt() const { return interrupt_; }
  unsigned vector() const { return config_.number + 1; }

  void set_unmask(std::uint32_t offset) { unmask_ = offset; }
  // Buffers to the device, interrupts on, and a first look.
  void start();
  // Nothing more is sent or looked at.
  void stop();

  TxRing::Put put(const TxPacket& packet);

  // Called in regular intervals: says what is wrong with the device, if it is.
  struct Health {
    sc_core::sc_time completion_timeout;  // zero: none
    unsigned missing_completions = 0;     // so many may be overdue
    sc_core::sc_time transmit_timeout;    // of a ring without room
  };
  std::optional<ResetReason> check(const Health& health);
  // Packets in flight that are not overdue, as of the last check().
  bool drained() const { return tx_.outstanding() <= overdue_; }

 private:
  void on_interrupt();
  void poll();
  bool poll_receive();
  void charge();
  void publish();

  static constexpr unsigned kBudget = 64;       // packets of a poll that costs time
  static constexpr unsigned kBatch = 8;         // packets of a doorbell, where each costs time
  static constexpr unsigned kMissedChecks = 3;  // with completions that no interrupt announces

  Scheduler& scheduler_;
  const PciFunction& function_;
  QueuePairConfig config_;
  QueueOwner& owner_;
  QueueCounters counters_;
  TxRing tx_;
  RxRing rx_;
  Interrupt interrupt_;
  std::uint64_t unmask_ = 0;
  unsigned refill_;  // buffers at a time

  bool running_ = false;
  bool costs_;
  sc_core::sc_time cpu_free_;
  std::vector<sc_core::sc_time> ready_;  // by TX ring entry, if packets cost time: when its packet has been made
  std::optional<sc_core::sc_time> full_since_;
  unsigned overdue_ = 0;
  unsigned missed_checks_ = 0;

  Callback<&QueuePair::publish> publish_later_;
  Callback<&QueuePair::poll> poll_later_;
};

}  // namespace cardvp::host::ena
