// A completion queue in host memory (NVMe 1.4, 4.1, 4.6): a ring of 16-byte entries that the controller fills and the
// host empties. Full, one entry stays unused.
#pragma once

#include <cstdint>

#include "models/base/stats.h"
#include "models/base/sync.h"
#include "models/nvme/spec.h"
#include "models/pcie/function.h"

namespace cardvp::nvme {

struct QueueShape {
  std::uint64_t base = 0;  // host address of entry 0
  std::uint32_t entries = 0;
};

class CompletionQueue {
 public:
  struct Interrupt {
    bool enabled = true;
    std::uint16_t vector = 0;
  };
  // `lost` counts entries that could not be sent, as Bus Master Enable was off.
  CompletionQueue(Scheduler& scheduler, pcie::Function& function, const QueueShape& shape, Interrupt interrupt,
                  Counter& lost);

  // Whoever posts takes a free entry first: co_await queue.room().acquire().
  Semaphore& room() { return room_; }
  // Fills the taken entry (the phase tag is added here), and interrupts. Both are on their way on return.
  void post(CompletionEntry entry);

  // The head doorbell. False, without effect, if it is outside of the queue or frees entries that are not filled.
  bool release_to(std::uint32_t head);

  // Submission queues that complete here.
  unsigned users = 0;

 private:
  pcie::Function& function_;
  QueueShape shape_;
  Interrupt interrupt_;
  Counter& lost_;
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
  bool phase_ = true;  // of the entries of this pass: 1 in the first
  Semaphore room_;
};

}  // namespace cardvp::nvme
