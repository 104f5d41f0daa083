// An RX submission queue: free buffers that the host posts, and the frames that go into them, in order. Descriptors are
// fetched ahead; frames that become ready within 500 ns are written, completed and announced together, as far as they
// are known: none waits for one that may come.
#pragma once

#include <array>
#include <cstdint>

#include "models/base/sync.h"
#include "models/base/task.h"
#include "models/nic/ena/completion_queue.h"
#include "models/nic/ena/packet_unit.h"
#include "models/nic/ena/ring.h"
#include "models/nic/ena/spec.h"

namespace cardvp::nic::ena {

// A frame for the host, and what its completion says of it.
struct RxFrame {
  wire::FramePtr frame;
  sc_core::sc_time ready;
  std::uint32_t status = 0;  // RxStatus, without first, last and buffer
  std::uint32_t hash = 0;
};

class RxQueue {
 public:
  struct Shape {
    std::uint64_t base = 0;     // host address of entry 0
    std::uint32_t entries = 0;  // a power of two
  };
  RxQueue(PacketUnit& unit, unsigned index, const Shape& shape, CompletionQueue& completions);
  ~RxQueue();

  // The doorbell: a tail that runs freely. False, without effect, if it announces more than the ring holds.
  bool announce(std::uint16_t tail);
  std::uint16_t tail() const { return tail_; }
  const CompletionQueue& completions() const { return completions_; }

  // Too many frames wait: no more may be delivered.
  bool full() const { return frames_.size() == kBacklog; }
  void deliver(RxFrame frame);

 private:
  static constexpr std::uint32_t kBatch = 64;         // descriptors fetched at a time
  static constexpr std::size_t kFetched = 128;        // kept ready
  static constexpr std::size_t kBacklog = 16 * 1024;  // frames that may wait: those of an allowance's delay, at most

  Task<> fetch();
  Task<> run();
  sc_core::sc_time due();
  // How many buffers the oldest frame takes, and whether it can have them.
  struct Fit {
    std::size_t buffers = 0;
    enum Verdict : std::uint8_t { kFits, kWaits, kNoBuffer, kManyBuffers } verdict = kFits;
  };
  Fit fit();
  void discard(Drop reason);
  void write(std::size_t buffers);

  PacketUnit& unit_;
  const unsigned index_;
  const Shape shape_;
  CompletionQueue& completions_;
  PacketUnit::QueueCounters counters_;
  std::uint16_t head_ = 0;  // of the descriptors that are fetched; both run freely
  std::uint16_t tail_ = 0;
  bool stopped_ = false;
  Ring<RxFrame> frames_{64};
  Ring<RxDescriptor> fetched_{kFetched};
  std::array<RxDescriptor, kBatch> batch_;
  Trigger posted_;   // fetch() may go on
  Trigger arrived_;  // run() may go on
  TaskScope tasks_;  // last: destroyed before what its tasks use
};

}  // namespace cardvp::nic::ena
