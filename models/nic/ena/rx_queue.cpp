#include "models/nic/ena/rx_queue.h"

#include <algorithm>
#include <utility>

namespace cardvp::nic::ena {

namespace {

// Of frames that have passed the pipeline within such a time, one event does for all.
const sc_core::sc_time kGathered(500, sc_core::SC_NS);

}  // namespace

RxQueue::RxQueue(PacketUnit& unit, unsigned index, const Shape& shape, CompletionQueue& completions)
    : unit_(unit),
      index_(index),
      shape_(shape),
      completions_(completions),
      counters_(unit.queue_counters("rx", index)),
      posted_(unit.scheduler()),
      arrived_(unit.scheduler()),
      tasks_(unit.scheduler()) {
  completions_.attach(Direction::kRx, shape_.entries);
  tasks_.spawn(fetch());
  tasks_.spawn(run());
}

RxQueue::~RxQueue() {
  completions_.detach(shape_.entries);
  if (!frames_.empty()) unit_.drop(Drop::kRxNoQueue, frames_.size());
}

bool RxQueue::announce(std::uint16_t tail) {
  const auto waiting = static_cast<std::uint16_t>(tail_ - head_);
  const auto more = static_cast<std::uint16_t>(tail - tail_);
  if (waiting + fetched_.size() + more > shape_.entries) return false;
  if (more == 0) return true;
  tail_ = tail;
  posted_.notify();
  return true;
}

void RxQueue::deliver(RxFrame frame) {
  frames_.push(std::move(frame));
  if (frames_.size() == 1) arrived_.notify();
}

Task<> RxQueue::fetch() {
  while (true) {
    while (head_ == tail_ || kFetched - fetched_.size() < kBatch) co_await posted_;
    const std::uint32_t index = head_ & (shape_.entries - 1);
    const std::uint32_t waiting = static_cast<std::uint16_t>(tail_ - head_);
    const std::uint32_t count = std::min({waiting, shape_.entries - index, kBatch});
    const DmaSegment from{shape_.base + std::uint64_t{index} * kDescriptor, count * kDescriptor};
    const DmaStatus status = co_await unit_.host().read(from, reinterpret_cast<std::byte*>(batch_.data()));
    stopped_ = status != DmaStatus::kOk;
    if (stopped_) {
      unit_.stopped("rx", index_, status);
    } else {
      head_ = static_cast<std::uint16_t>(head_ + count);
      for (std::uint32_t i = 0; i < count; ++i) fetched_.push(batch_[i]);
    }
    arrived_.notify();
    if (stopped_) co_return;
  }
}

Task<> RxQueue::run() {
  while (true) {
    while (frames_.empty()) co_await arrived_;
    if (frames_.front().ready > unit_.now()) co_await unit_.scheduler().until(due());
    const Fit found = fit();
    switch (found.verdict) {
      case Fit::kFits: write(found.buffers); break;
      case Fit::kNoBuffer: discard(Drop::kRxNoBuffer); break;
      case Fit::kManyBuffers: discard(Drop::kRxManyBuffers); break;
      case Fit::kWaits: break;
    }
    if (found.verdict == Fit::kWaits || frames_.empty() || frames_.front().ready > unit_.now()) completions_.flush();
    if (found.verdict == Fit::kWaits) co_await arrived_;
  }
}

// When the oldest frame is written. Those that are known to follow soon are written with it.
sc_core::sc_time RxQueue::due() {
  const sc_core::sc_time latest = frames_.front().ready + kGathered;
  std::size_t together = 1;
  while (together < frames_.size() && frames_[together].ready <= latest) ++together;
  return frames_[together - 1].ready;
}

RxQueue::Fit RxQueue::fit() {
  std::size_t left = frames_.front().frame->size();
  for (std::size_t used = 0; used < kMostBuffers; ++used) {
    if (used == fetched_.size()) {
      const bool more = !stopped_ && head_ != tail_;
      return {used, more ? Fit::kWaits : Fit::kNoBuffer};
    }
    const std::size_t bytes = fetched_[used].bytes();
    if (left <= bytes) return {used + 1, Fit::kFits};
    left -= bytes;
  }
  return {kMostBuffers, Fit::kManyBuffers};
}

void RxQueue::discard(Drop reason) {
  frames_.pop();
  unit_.drop(reason);
}

// The oldest frame into that many buffers: each is filled before the next.
void RxQueue::write(std::size_t buffers) {
  const RxFrame item = frames_.pop();
  std::span<const std::byte> left = item.frame->bytes();
  bool sent = true;
  for (std::size_t i = 0; i < buffers; ++i) {
    const RxDescriptor buffer = fetched_.pop();
    const std::span<const std::byte> part = left.first(std::min<std::size_t>(left.size(), buffer.bytes()));
    left = left.subspan(part.size());
    sent = unit_.host().write(buffer.address(), part) && sent;
    const std::uint32_t place = (i == 0 ? std::uint32_t{kRxFirst} : 0) | (left.empty() ? std::uint32_t{kRxLast} : 0);
    const RxCompletion entry{.status = item.status | kRxBuffer | place,
                             .length = static_cast<std::uint16_t>(part.size()),
                             .request = buffer.request,
                             .hash = item.hash,
                             .sub_queue = 0,
                             .offset = 0,
                             .reserved = 0,
                             .address_low = buffer.address_low,
                             .address_high = buffer.address_high,
                             .reserved2 = 0,
                             .timestamp = unit_.nanoseconds()};
    completions_.add(std::as_bytes(std::span(&entry, 1)));
  }
  if (sent)
    unit_.received(item.frame->size(), counters_);
  else
    unit_.drop(Drop::kRxUnsent);
  unit_.trace("receive", index_, item.ready);
  if (kFetched - fetched_.size() >= kBatch) posted_.notify();
}

}  // namespace cardvp::nic::ena
