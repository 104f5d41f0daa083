#include "rtl/bridges/part_queue.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace cardvp::rtl {

Part::Beat Part::beat(unsigned index, unsigned bus) const {
  Lanes lanes = burst.lanes(index, bus);
  const std::size_t first = burst.lanes(0, bus).count;
  const std::size_t per_beat = burst.type == BurstType::kFixed ? first : burst.bytes;
  const std::size_t begin = index == 0 ? 0 : first + (index - 1) * per_beat;
  lanes.count = static_cast<unsigned>(std::min<std::size_t>(lanes.count, size - begin));
  return {lanes, offset + begin};
}

Lanes Part::fill(unsigned index, std::span<std::uint8_t> bus) const {
  std::ranges::fill(bus, std::uint8_t{0});
  if (!transaction) return {0, 0};
  const Beat bytes = beat(index, static_cast<unsigned>(bus.size()));
  std::memcpy(bus.data() + bytes.lanes.first, transaction->data.data() + bytes.offset, bytes.lanes.count);
  return bytes.lanes;
}

void Part::take(unsigned index, std::span<const std::uint8_t> bus) const {
  if (!transaction) return;
  const Beat bytes = beat(index, static_cast<unsigned>(bus.size()));
  std::memcpy(transaction->data.data() + bytes.offset, bus.data() + bytes.lanes.first, bytes.lanes.count);
}

unsigned PartQueue::beat_bytes(const Transaction& transaction) const {
  if (!limits_.narrow) return limits_.bus;
  if (transaction.shape.bytes_per_beat != 0) return transaction.shape.bytes_per_beat;
  const std::size_t size = transaction.data.size();
  const bool one_beat = size < limits_.bus && std::has_single_bit(size) && transaction.address % size == 0;
  return one_beat ? static_cast<unsigned>(size) : limits_.bus;
}

Response PartQueue::push(Transaction& transaction) {
  const unsigned bytes = beat_bytes(transaction);
  const std::size_t size = transaction.data.size();
  if (!std::has_single_bit(bytes) || bytes > limits_.bus) return Response::kRefused;
  const bool whole = bytes == limits_.bus && transaction.address % bytes == 0 && size % bytes == 0;
  if (transaction.write && !limits_.strobes && !whole) return Response::kRefused;
  if (transaction.shape.type == BurstType::kWrap) {
    const Burst burst{transaction.address, static_cast<unsigned>(size / bytes), bytes, BurstType::kWrap, 0};
    if (!limits_.types || size % bytes != 0 || !burst.fault(limits_.bus).rule.empty()) return Response::kRefused;
  }
  waiting_.push_back(&transaction);
  return Response::kOkay;
}

Part PartQueue::next_part(Transaction& transaction) const {
  const BurstShape& shape = transaction.shape;
  const std::size_t done = transaction.cut_, rest = transaction.data.size() - done;
  const unsigned bytes = beat_bytes(transaction);
  const bool fixed = shape.type == BurstType::kFixed;
  const std::uint64_t address = transaction.address + (fixed ? 0 : done);
  const unsigned skipped = static_cast<unsigned>(address % bytes);
  unsigned max_beats = std::clamp(shape.max_beats, 1u, limits_.max_beats);
  if (fixed) max_beats = limits_.types ? std::min(max_beats, kMaxFixedBeats) : 1;
  if (shape.type == BurstType::kWrap) max_beats = limits_.max_beats;
  std::size_t size;
  unsigned beats;
  if (fixed) {
    const unsigned per_beat = bytes - skipped;
    size = std::min<std::size_t>(rest, std::size_t{max_beats} * per_beat);
    beats = static_cast<unsigned>((size + per_beat - 1) / per_beat);
  } else {
    size = std::min({rest, std::size_t{max_beats} * bytes - skipped,
                     static_cast<std::size_t>(kBurstBoundary - address % kBurstBoundary)});
    if (shape.type == BurstType::kWrap) size = rest;
    beats = static_cast<unsigned>((skipped + size + bytes - 1) / bytes);
  }
  return {Burst{address, beats, bytes, shape.type, shape.id}, &transaction, done, size};
}

void PartQueue::cut() {
  while (!waiting_.empty() && parts_.size() < limits_.outstanding) {
    Transaction& transaction = *waiting_.front();
    parts_.push_back(next_part(transaction));
    transaction.cut_ += parts_.back().size;
    ++transaction.in_flight_;
    if (transaction.cut_ == transaction.data.size()) waiting_.pop_front();
  }
}

void PartQueue::finish(std::size_t index) {
  Transaction* const transaction = parts_[index].transaction;
  const Response response = parts_[index].response;
  parts_.erase(parts_.begin() + static_cast<std::ptrdiff_t>(index));
  if (!transaction) return;
  --transaction->in_flight_;
  transaction->answer(response);
}

void PartQueue::abandon(const Transaction& transaction) {
  std::erase(waiting_, &transaction);
  for (Part& part : parts_)
    if (part.transaction == &transaction) part.transaction = nullptr;
}

void PartQueue::fail(Response response) {
  const auto end = [&](Transaction& transaction) {
    abandon(transaction);
    transaction.in_flight_ = 0;
    transaction.cut_ = transaction.data.size();
    transaction.answer(response);
  };
  for (Part& part : parts_)
    if (part.transaction) end(*part.transaction);
  while (!waiting_.empty()) end(*waiting_.front());
}

void PartQueue::clear(Response response) {
  fail(response);
  parts_.clear();
}

const Transaction* PartQueue::oldest() const {
  for (const Part& part : parts_)
    if (part.transaction) return part.transaction;
  return waiting_.empty() ? nullptr : waiting_.front();
}

std::string pending_text(const PartQueue& queue) {
  const Transaction* const transaction = queue.oldest();
  if (!transaction) return queue.empty() ? "" : "an access that was given up";
  return transaction->text() + (queue.blocked() ? ", behind one that was given up" : "");
}

}  // namespace cardvp::rtl
