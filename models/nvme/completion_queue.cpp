#include "models/nvme/completion_queue.h"

namespace cardvp::nvme {

CompletionQueue::CompletionQueue(Scheduler& scheduler, pcie::Function& function, const QueueShape& shape,
                                 Interrupt interrupt, Counter& lost)
    : function_(function), shape_(shape), interrupt_(interrupt), lost_(lost), room_(scheduler, shape.entries - 1) {}

void CompletionQueue::post(CompletionEntry entry) {
  entry.status_and_phase = static_cast<std::uint16_t>(entry.status_and_phase | (phase_ ? 1 : 0));
  const std::uint64_t address = shape_.base + std::uint64_t{tail_} * sizeof entry;
  if (++tail_ == shape_.entries) {
    tail_ = 0;
    phase_ = !phase_;
  }
  if (!function_.post(address, std::as_bytes(std::span(&entry, 1)))) {
    lost_.add();
    return;
  }
  if (interrupt_.enabled) function_.interrupt(interrupt_.vector);
}

bool CompletionQueue::release_to(std::uint32_t head) {
  if (head >= shape_.entries) return false;
  const auto distance = [this](std::uint32_t from, std::uint32_t to) {
    return to >= from ? to - from : to + shape_.entries - from;
  };
  const std::uint32_t released = distance(head_, head);
  if (released > distance(head_, tail_)) return false;
  head_ = head;
  for (std::uint32_t i = 0; i < released; ++i) room_.release();
  return true;
}

}  // namespace cardvp::nvme
