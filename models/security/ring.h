// A descriptor ring in card memory (RING_... of security.def): fetches in order, has up to `lanes` descriptors under
// way, ends them in order.
#pragma once

#include <deque>
#include <functional>

#include "models/base/sync.h"
#include "models/base/task.h"
#include "models/security/operations.h"

namespace cardvp::security {

enum class RingError : std::uint8_t { kNone = 0, kSetup = 1, kMemory = 2 };

class Ring {
 public:
  // changed: a descriptor has ended, or the ring has stopped with an error.
  Ring(Sim& sim, Operations& operations, CardMemory& memory, unsigned lanes, std::function<void()> changed);

  // Empty, HEAD and TAIL 0. A base or size that no ring can have stops it at once with an error.
  void enable(std::uint64_t base, std::uint32_t entries);
  // Everything under way is cancelled.
  void disable();
  bool enabled() const { return enabled_; }
  // Card reset.
  void reset();

  // The doorbell, written at `time`. Ignored while the ring is not enabled; a tail that cannot be stops it.
  void announce(std::uint32_t tail, sc_core::sc_time time);

  std::uint32_t head() const { return head_; }
  RingError error() const { return error_; }

 private:
  struct Doorbell {
    sc_core::sc_time time;
    std::uint32_t tail;
  };
  struct Entry {
    std::uint32_t index;
    Operations::Job job;
    bool unreadable = false;
  };
  static constexpr std::uint32_t kMostEntries = 4096;
  static constexpr std::uint32_t kBatch = 16;  // descriptors fetched at a time

  std::uint32_t distance(std::uint32_t from, std::uint32_t to) const {
    return to >= from ? to - from : to + entries_ - from;
  }
  std::uint64_t address(std::uint32_t index) const {
    return base_ + std::uint64_t{index} * sizeof(security_descriptor);
  }
  void ring_doorbells();
  void stop(RingError error);
  Task<> fetch();
  Task<> finish();
  // Fetches up to `count` descriptors, which do not wrap around; false if one could not be read.
  bool fetch_batch(std::uint32_t count);
  // Ends one; false if the ring is not what it was.
  bool finish_one(const Entry& entry);

  Scheduler& scheduler_;
  Operations& operations_;
  CardMemory& memory_;
  unsigned lanes_;
  std::function<void()> changed_;

  bool enabled_ = false;
  RingError error_ = RingError::kNone;
  std::uint64_t session_ = 0;  // counts enable() and disable()
  std::uint64_t base_ = 0;
  std::uint32_t entries_ = 0;
  std::uint32_t fetched_ = 0;  // index behind the last one fetched
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
  std::deque<Doorbell> doorbells_;  // by time
  std::deque<Entry> under_way_;
  Callback<&Ring::ring_doorbells> doorbell_;
  Trigger may_fetch_;
  Trigger may_finish_;
  TaskScope tasks_;  // last: destroyed before what its tasks use
};

}  // namespace cardvp::security
