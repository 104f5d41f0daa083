#include "models/nic/ena/completion_queue.h"

#include <cstring>

namespace cardvp::nic::ena {

CompletionQueue::CompletionQueue(DmaPort& port, const Shape& shape, InterruptVector* vector, Counter& lost)
    : port_(port), shape_(shape), vector_(vector), lost_(lost) {
  if (vector_ && vector_->users++ == 0) vector_->reset();
}

CompletionQueue::~CompletionQueue() {
  if (vector_ && --vector_->users == 0) vector_->reset();
}

bool CompletionQueue::is_of(Direction direction) const {
  const bool fits = direction == Direction::kTx ? shape_.entry_bytes <= 16 : shape_.entry_bytes >= 16;
  return fits && direction_.value_or(direction) == direction;
}

void CompletionQueue::attach(Direction direction, std::uint32_t sq_entries) {
  direction_ = direction;
  attached_ += sq_entries;
}

void CompletionQueue::detach(std::uint32_t sq_entries) {
  attached_ -= sq_entries;
  if (attached_ == 0) direction_.reset();
}

void CompletionQueue::add(std::span<const std::byte> entry) {
  const std::uint32_t index = tail_ & (shape_.entries - 1);
  if (filled_ == 0) first_ = index;
  std::byte* const to = &batch_[filled_];
  std::memcpy(to, entry.data(), shape_.entry_bytes);
  to[kPhaseByte] |= std::byte{phase_of(tail_, shape_.entries)};
  ++tail_;
  filled_ += shape_.entry_bytes;
  // Up to the next multiple of what one post may carry, so that posts are aligned and the ring's end is one's end, too.
  const std::uint64_t end = std::uint64_t{index + 1} * shape_.entry_bytes;
  if (end % batch_.size() == 0 || index + 1 == shape_.entries) send();
}

void CompletionQueue::send() {
  const std::uint64_t address = shape_.base + std::uint64_t{first_} * shape_.entry_bytes;
  if (port_.post(address, std::span(batch_).first(filled_)))
    sent_ = true;
  else
    lost_.add(filled_ / shape_.entry_bytes);
  filled_ = 0;
}

void CompletionQueue::flush() {
  if (filled_ != 0) send();
  if (sent_ && vector_) vector_->raise(*direction_);
  sent_ = false;
}

}  // namespace cardvp::nic::ena
