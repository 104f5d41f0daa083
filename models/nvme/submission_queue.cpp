#include "models/nvme/submission_queue.h"

#include <algorithm>

namespace cardvp::nvme {

SubmissionQueue::SubmissionQueue(Scheduler& scheduler, DmaPort& port, CommandSink& sink, std::uint16_t id,
                                 const QueueShape& shape, CompletionQueue& completions, unsigned limit)
    : port_(port),
      sink_(sink),
      id_(id),
      shape_(shape),
      completions_(completions),
      limit_(limit),
      work_(scheduler),
      tasks_(scheduler) {
  ++completions_.users;
  tasks_.spawn(fetch());
}

SubmissionQueue::~SubmissionQueue() { --completions_.users; }

bool SubmissionQueue::announce(std::uint32_t tail) {
  if (tail >= shape_.entries) return false;
  const std::uint32_t waiting = distance(head_, tail_);
  if (waiting + distance(tail_, tail) >= shape_.entries) return false;
  tail_ = tail;
  work_.notify();
  return true;
}

Task<> SubmissionQueue::fetch() {
  while (true) {
    while (head_ == tail_ || in_flight_ == limit_) co_await work_;
    const std::uint32_t to_wrap = shape_.entries - head_;
    const std::uint32_t count = std::min({distance(head_, tail_), to_wrap, limit_ - in_flight_, kBatch});
    const DmaSegment from{shape_.base + std::uint64_t{head_} * sizeof(SubmissionEntry),
                          static_cast<std::uint32_t>(count * sizeof(SubmissionEntry))};
    const DmaStatus status = co_await port_.read(from, reinterpret_cast<std::byte*>(fetched_.data()));
    if (status != DmaStatus::kOk) {
      sink_.fetch_failed(*this, status);
      co_return;
    }
    head_ = count == to_wrap ? 0 : head_ + count;
    in_flight_ += count;
    for (std::uint32_t i = 0; i < count; ++i) sink_.begin(*this, fetched_[i]);
  }
}

void SubmissionQueue::end(std::uint16_t cid, Status status, std::uint32_t dw0) {
  completions_.post({.dw0 = dw0,
                     .dw1 = 0,
                     .sq_head = static_cast<std::uint16_t>(head_),
                     .sq_id = id_,
                     .cid = cid,
                     .status_and_phase = static_cast<std::uint16_t>(status << 1)});
  if (in_flight_-- == limit_) work_.notify();
}

SubmissionQueue::Abortable::Abortable(SubmissionQueue& queue, std::uint16_t cid)
    : queue_(queue), index_(static_cast<std::uint32_t>(queue.abortable_.size())), cid_(cid) {
  queue.abortable_.push_back(this);
}

void SubmissionQueue::Abortable::end() {
  if (!listed_) return;
  listed_ = false;
  Abortable* const last = queue_.abortable_.back();
  queue_.abortable_.pop_back();
  if (last == this) return;
  queue_.abortable_[index_] = last;
  last->index_ = index_;
}

bool SubmissionQueue::abort(std::uint16_t cid) {
  const auto found = std::find_if(abortable_.begin(), abortable_.end(),
                                  [cid](const Abortable* command) { return command->cid_ == cid; });
  if (found == abortable_.end()) return false;
  (*found)->aborted_ = true;
  return true;
}

}  // namespace cardvp::nvme
