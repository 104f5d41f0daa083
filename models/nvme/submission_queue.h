// A submission queue in host memory (NVMe 1.4, 4.1, 4.2): a ring of 64-byte entries that the host fills and the
// controller fetches. It owns its fetch task and the tasks of its commands: to destroy it is to drop them all.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "models/base/dma.h"
#include "models/base/sync.h"
#include "models/base/task.h"
#include "models/nvme/completion_queue.h"
#include "models/nvme/spec.h"

namespace cardvp::nvme {

class SubmissionQueue;

// Who executes what a submission queue fetches.
class CommandSink {
 public:
  virtual ~CommandSink() = default;
  // Begins a command; ends it, later, by queue.end(...).
  virtual void begin(SubmissionQueue& queue, const SubmissionEntry& entry) = 0;
  // The queue cannot be read; it has stopped.
  virtual void fetch_failed(SubmissionQueue& queue, DmaStatus status) = 0;
};

class SubmissionQueue {
 public:
  // `limit`: commands begun but not ended, at most. Fetches when the host announces entries.
  SubmissionQueue(Scheduler& scheduler, DmaPort& port, CommandSink& sink, std::uint16_t id, const QueueShape& shape,
                  CompletionQueue& completions, unsigned limit);
  ~SubmissionQueue();

  std::uint16_t id() const { return id_; }
  TaskScope& tasks() { return tasks_; }
  CompletionQueue& completions() { return completions_; }

  // The tail doorbell. False, without effect, if it is outside of the queue or announces more than the queue has free.
  bool announce(std::uint32_t tail);

  // Posts a command's completion into an entry of completions() that the caller has taken.
  void end(std::uint16_t cid, Status status, std::uint32_t dw0 = 0);

  // A command that can still be aborted: it lives in the command's task.
  class Abortable {
   public:
    Abortable(SubmissionQueue& queue, std::uint16_t cid);
    ~Abortable() { end(); }
    Abortable(const Abortable&) = delete;
    Abortable& operator=(const Abortable&) = delete;
    // From now on it cannot be aborted any more.
    void end();
    bool aborted() const { return aborted_; }

   private:
    friend class SubmissionQueue;
    SubmissionQueue& queue_;
    std::uint32_t index_;  // in queue_.abortable_
    std::uint16_t cid_;
    bool aborted_ = false;
    bool listed_ = true;
  };
  // False if no such command is in flight.
  bool abort(std::uint16_t cid);

 private:
  static constexpr std::uint32_t kBatch = 16;  // entries fetched by one DMA

  std::uint32_t distance(std::uint32_t from, std::uint32_t to) const {
    return to >= from ? to - from : to + shape_.entries - from;
  }
  Task<> fetch();

  DmaPort& port_;
  CommandSink& sink_;
  std::uint16_t id_;
  QueueShape shape_;
  CompletionQueue& completions_;
  unsigned limit_;
  std::uint32_t head_ = 0;
  std::uint32_t tail_ = 0;
  unsigned in_flight_ = 0;
  std::array<SubmissionEntry, kBatch> fetched_;
  std::vector<Abortable*> abortable_;
  Trigger work_;
  TaskScope tasks_;  // last: destroyed before what its tasks use
};

}  // namespace cardvp::nvme
