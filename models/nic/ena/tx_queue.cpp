#include "models/nic/ena/tx_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace cardvp::nic::ena {

using sc_core::sc_time;

TxQueue::TxQueue(PacketUnit& unit, unsigned index, const Shape& shape, CompletionQueue& completions)
    : unit_(unit),
      index_(index),
      shape_(shape),
      completions_(completions),
      counters_(unit.queue_counters("tx", index)),
      assembler_(shape.caches_meta),
      work_(unit.scheduler()),
      tasks_(unit.scheduler()) {
  completions_.attach(Direction::kTx, shape_.entries);
  tasks_.spawn(run());
}

TxQueue::~TxQueue() { completions_.detach(shape_.entries); }

bool TxQueue::announce(std::uint16_t tail) {
  const auto waiting = static_cast<std::uint16_t>(tail_ - head_);
  const auto more = static_cast<std::uint16_t>(tail - tail_);
  if (waiting + std::uint32_t{more} > shape_.entries) return false;
  if (more == 0) return true;
  tail_ = tail;
  work_.notify();
  return true;
}

Task<> TxQueue::run() {
  while (true) {
    while (head_ == tail_) co_await work_;
    batch_.clear();
    std::uint32_t count = std::min<std::uint32_t>(static_cast<std::uint16_t>(tail_ - head_), kBatch);
    if (shape_.llq) {
      while (count-- != 0) take_llq_entry();
    } else {
      const std::uint32_t index = head_ & (shape_.entries - 1);
      count = std::min(count, shape_.entries - index);
      const DmaSegment from{shape_.base + std::uint64_t{index} * kDescriptor, count * kDescriptor};
      const DmaStatus status = co_await unit_.host().read(from, reinterpret_cast<std::byte*>(fetched_.data()));
      if (status != DmaStatus::kOk) {
        unit_.stopped("tx", index_, status);
        co_return;
      }
      take_fetched(count);
    }

    std::size_t most = batch_.packets.size();
    for (std::size_t first = 0; first < batch_.packets.size();) {
      const sc_time begun = unit_.now();
      const std::size_t end = staged_from(first, most);
      const std::span<const DmaSegment> segments = segments_of(first, end);
      if (!segments.empty() && !staging_) staging_ = std::make_unique_for_overwrite<std::byte[]>(kStaging);
      if (!segments.empty() && co_await unit_.host().read(segments, staging_.get()) != DmaStatus::kOk) {
        // One of them: each for itself, then.
        if (end - first > 1) {
          most = 1;
          continue;
        }
        batch_.packets[first].fault = Drop::kTxUnreadable;
      }
      for (std::uint32_t staged = 0; first < end; ++first) {
        TxPacket& packet = batch_.packets[first];
        if (prepare(packet, staged)) {
          while (true) {
            TimedMath math(unit_.math());
            wire::FramePtr frame = next_frame(packet, math);
            if (!frame) break;
            while (unit_.transmit_from() > unit_.now()) {
              completions_.flush();
              co_await unit_.scheduler().until(unit_.transmit_from());
            }
            unit_.transmit(std::move(frame), math.took(), counters_);
          }
        }
        staged += packet.body_bytes;
        complete(packet);
        unit_.trace("transmit", index_ << 16 | packet.request, begun);
      }
    }
    completions_.flush();
  }
}

void TxQueue::take_fetched(std::uint32_t entries) {
  for (std::uint32_t i = 0; i < entries; ++i) assembler_.add(fetched_[i], ++head_, batch_);
}

void TxQueue::take_llq_entry() {
  const std::byte* const entry = shape_.llq + std::size_t{head_ & (shape_.entries - 1)} * shape_.entry_bytes;
  const auto slot = [entry](std::uint32_t index) {
    TxDescriptor descriptor;
    std::memcpy(&descriptor, entry + index * kDescriptor, sizeof descriptor);
    return descriptor;
  };
  ++head_;
  // A packet begins with an entry of its own. Where one begins is where a header may be.
  if (assembler_.open() && slot(0).is_first()) assembler_.interrupt(head_, batch_);
  const bool begins = !assembler_.open();
  const std::uint32_t slots = begins ? shape_.before_header : shape_.multiple ? shape_.entry_bytes / kDescriptor : 1;
  const std::uint32_t header = begins ? slots * kDescriptor : shape_.entry_bytes;
  assembler_.set_header_area({entry + header, shape_.entry_bytes - header});
  for (std::uint32_t i = 0; i < slots; ++i)
    if (assembler_.add(slot(i), head_, batch_)) break;
}

// The end of the packets from `first` on that are read together: as many as staging_ has room for, at most `most`.
std::size_t TxQueue::staged_from(std::size_t first, std::size_t most) const {
  std::size_t end = first;
  std::uint32_t bytes = 0;
  while (end < batch_.packets.size() && end - first < most) {
    bytes += batch_.packets[end].body_bytes;
    if (bytes > kStaging) break;
    ++end;
  }
  return end;
}

std::span<const DmaSegment> TxQueue::segments_of(std::size_t first, std::size_t end) const {
  const std::uint32_t from = batch_.packets[first].first_segment;
  const TxPacket& last = batch_.packets[end - 1];
  return std::span(batch_.segments).subspan(from, last.first_segment + last.segments - from);
}

// Makes the packet that stands in staging_ ready to be sent, by next_frame(); false if it is dropped.
bool TxQueue::prepare(TxPacket& packet, std::uint32_t staged) {
  bytes_.header = std::span(batch_.headers).subspan(packet.first_header, packet.header_bytes);
  bytes_.body = std::span(staging_.get() + staged, packet.body_bytes);
  segmenter_.reset();
  sent_ = false;
  if (!packet.fault && packet.offloads.segmentation()) {
    segmenter_ = Segmenter::make(bytes_, packet.meta);
    if (!segmenter_) packet.fault = Drop::kTxOffload;
  } else if (!packet.fault && packet.bytes() > wire::Frame::kCapacity - wire::Frame::kHeadroom) {
    packet.fault = Drop::kTxTooLong;
  }
  if (packet.fault) unit_.drop(*packet.fault);
  return !packet.fault;
}

// Null behind the last one.
wire::FramePtr TxQueue::next_frame(const TxPacket& packet, TimedMath& math) {
  if (sent_) return nullptr;
  wire::FramePtr frame = unit_.frames().make();
  if (segmenter_) {
    segmenter_->next(*frame, math);
    sent_ = segmenter_->done();
    return frame;
  }
  bytes_.copy(0, bytes_.size(), frame->push_back(bytes_.size()));
  sent_ = true;
  if (!packet.offloads.any() || finish_checksums(frame->bytes(), packet.offloads, packet.meta, math)) return frame;
  unit_.drop(Drop::kTxOffload);
  return nullptr;
}

// Every packet that has a request id is completed, whatever became of it: its buffers are the host's again.
void TxQueue::complete(const TxPacket& packet) {
  if (!packet.has_data) return;
  const TxCompletion entry{.request = packet.request,
                           .status = 0,
                           .flags = 0,
                           .sub_queue = 0,
                           .head = packet.head,
                           .timestamp = unit_.nanoseconds()};
  completions_.add(std::as_bytes(std::span(&entry, 1)));
}

}  // namespace cardvp::nic::ena
