#include "models/nic/ena/queue_set.h"

#include <bit>
#include <utility>

#include "models/nic/ena/rx_checks.h"
#include "models/nic/registers.h"

namespace cardvp::nic::ena {

namespace control = control_regs;

QueueSet::QueueSet(Sim& sim, const std::string& name, const Config& config, const RegisterBank& control,
                   pcie::Function& function, PacketUnit& unit)
    : config_(config),
      control_(control),
      function_(function),
      unit_(unit),
      rss_(control, unit.math().toeplitz),
      llq_(config.queues, config.llq_entries),
      lost_completions_(sim.stats.counter(name + ".lost_completions", "entries")),
      ignored_doorbells_(sim.stats.counter(name + ".ignored_doorbells", "writes")),
      completion_(std::size_t{2} * config.queues),
      tx_(config.queues),
      rx_(config.queues) {
  for (unsigned vector = 0; vector <= config.queues; ++vector)
    vectors_.push_back(std::make_unique<InterruptVector>(sim.scheduler, function, vector));
}

void QueueSet::drop_all() {
  for (auto& queue : tx_) queue.reset();
  for (auto& queue : rx_) queue.reset();
  for (auto& queue : completion_) queue.reset();
  for (auto& vector : vectors_) vector->reset();
}

// ---- The firmware's side

std::uint64_t QueueSet::command(std::uint64_t written) {
  enum Operation { kCreateTx = 1, kCreateRx, kCreateCompletion, kDestroyTx, kDestroyRx, kDestroyCompletion };
  const std::size_t index = control::QUEUE_COMMAND_INDEX.of(written);
  const auto destroy = [index](auto& queues) {
    if (index >= queues.size() || !queues[index]) return kMissing;
    queues[index].reset();
    return kDone;
  };
  const auto result = [](Code code) { return control::QUEUE_RESULT_CODE.in(code); };
  switch (control::QUEUE_COMMAND_OPERATION.of(written)) {
    case kCreateTx: {
      const Code code = create_tx(index);
      const bool in_llq = code == kDone && control_.get(control::QUEUE_SHAPE_LLQ);
      return result(code) |
             control::QUEUE_RESULT_LLQ_OFFSET.in(in_llq ? llq_.offset_of(static_cast<unsigned>(index)) : 0);
    }
    case kCreateRx: return result(create_rx(index));
    case kCreateCompletion: return result(create_completion(index));
    case kDestroyTx: return result(destroy(tx_));
    case kDestroyRx: return result(destroy(rx_));
    case kDestroyCompletion: return result(destroy_completion(index));
    default: return result(kBadShape);
  }
}

// Of the queue that QUEUE_BASE and QUEUE_SHAPE describe, in host memory.
bool QueueSet::ring_fits(std::uint64_t entry_bytes) const {
  const std::uint64_t entries = control_.get(control::QUEUE_SHAPE_ENTRIES);
  const std::uint64_t base = control_.get(control::QUEUE_BASE);
  return std::has_single_bit(entries) && entries >= 2 && entries <= config_.queue_entries && base % 8 == 0 &&
         control_.get(control::QUEUE_SHAPE_ENTRY_BYTES) == entry_bytes && base + (entries * entry_bytes - 1) >= base;
}

std::optional<TxQueue::Shape> QueueSet::tx_shape(std::size_t index) {
  TxQueue::Shape shape{.base = control_.get(control::QUEUE_BASE),
                       .entries = static_cast<std::uint32_t>(control_.get(control::QUEUE_SHAPE_ENTRIES)),
                       .entry_bytes = static_cast<std::uint32_t>(control_.get(control::QUEUE_SHAPE_ENTRY_BYTES)),
                       .before_header = static_cast<std::uint32_t>(control_.get(control::LLQ_MODE_BEFORE_HEADER)),
                       .multiple = control_.get(control::LLQ_MODE_MULTIPLE) != 0};
  if (!control_.get(control::QUEUE_SHAPE_LLQ)) return ring_fits(kDescriptor) ? std::optional(shape) : std::nullopt;
  const bool known = shape.entry_bytes == 128 || shape.entry_bytes == 192 || shape.entry_bytes == 256;
  const std::uint64_t slots = std::bit_ceil(shape.entry_bytes);  // of 192 bytes there are as many as of 256
  if (!known || !std::has_single_bit(shape.entries) || shape.entries < 2 || shape.entries * slots > llq_.part_bytes() ||
      llq_.size() == 0)
    return std::nullopt;
  if (!std::has_single_bit(shape.before_header) || shape.before_header * kDescriptor >= shape.entry_bytes)
    return std::nullopt;
  shape.llq = llq_.part(static_cast<unsigned>(index));
  shape.caches_meta = !control_.get(control::LLQ_MODE_NO_META_CACHE);
  return shape;
}

QueueSet::Code QueueSet::completion_for(Direction direction, std::uint32_t entries, CompletionQueue*& queue) {
  const std::size_t index = control_.get(control::QUEUE_LINK_CQ);
  if (index >= completion_.size() || !completion_[index] || !completion_[index]->is_of(direction))
    return kNoCompletionQueue;
  queue = completion_[index].get();
  return queue->has_room(entries) ? kDone : kBadShape;
}

QueueSet::Code QueueSet::create_tx(std::size_t index) {
  if (index >= tx_.size()) return kBadShape;
  if (tx_[index]) return kExists;
  const std::optional<TxQueue::Shape> shape = tx_shape(index);
  if (!shape) return kBadShape;
  CompletionQueue* completions = nullptr;
  if (const Code code = completion_for(Direction::kTx, shape->entries, completions)) return code;
  tx_[index] = std::make_unique<TxQueue>(unit_, static_cast<unsigned>(index), *shape, *completions);
  return kDone;
}

QueueSet::Code QueueSet::create_rx(std::size_t index) {
  if (index >= rx_.size()) return kBadShape;
  if (rx_[index]) return kExists;
  if (!ring_fits(kDescriptor) || control_.get(control::QUEUE_SHAPE_LLQ)) return kBadShape;
  const RxQueue::Shape shape{control_.get(control::QUEUE_BASE),
                             static_cast<std::uint32_t>(control_.get(control::QUEUE_SHAPE_ENTRIES))};
  CompletionQueue* completions = nullptr;
  if (const Code code = completion_for(Direction::kRx, shape.entries, completions)) return code;
  rx_[index] = std::make_unique<RxQueue>(unit_, static_cast<unsigned>(index), shape, *completions);
  return kDone;
}

QueueSet::Code QueueSet::create_completion(std::size_t index) {
  if (index >= completion_.size()) return kBadShape;
  if (completion_[index]) return kExists;
  const CompletionQueue::Shape shape{
      .base = control_.get(control::QUEUE_BASE),
      .entries = static_cast<std::uint32_t>(control_.get(control::QUEUE_SHAPE_ENTRIES)),
      .entry_bytes = static_cast<std::uint32_t>(control_.get(control::QUEUE_SHAPE_ENTRY_BYTES))};
  const bool known = shape.entry_bytes == 8 || shape.entry_bytes == 16 || shape.entry_bytes == 32;
  if (!known || !ring_fits(shape.entry_bytes)) return kBadShape;
  InterruptVector* vector = nullptr;
  if (control_.get(control::QUEUE_SHAPE_INTERRUPTS)) {
    const std::size_t number = control_.get(control::QUEUE_LINK_VECTOR);
    if (number >= vectors_.size()) return kBadShape;
    vector = vectors_[number].get();
  }
  completion_[index] = std::make_unique<CompletionQueue>(function_, shape, vector, lost_completions_);
  return kDone;
}

QueueSet::Code QueueSet::destroy_completion(std::size_t index) {
  if (index >= completion_.size() || !completion_[index]) return kMissing;
  if (completion_[index]->in_use()) return kInUse;
  completion_[index].reset();
  return kDone;
}

// ---- The host's side

void QueueSet::write(std::uint32_t offset, std::uint32_t value) {
  const std::uint32_t vector = (offset - kUnmask) / 4;
  if (offset < kUnmask)
    ring((offset - kSqDoorbells) / 4, value);
  else if (vector < vectors_.size())
    vectors_[vector]->write(
        {value}, sc_core::sc_time(static_cast<double>(control_.get(control::MODERATION_RESOLUTION)), sc_core::SC_US));
}

std::uint32_t QueueSet::read(std::uint32_t offset) const {
  if (offset >= kUnmask) {
    const std::uint32_t vector = (offset - kUnmask) / 4;
    return vector < vectors_.size() ? vectors_[vector]->written() : 0;
  }
  const std::uint32_t index = (offset - kSqDoorbells) / 8;
  if (index >= tx_.size()) return 0;
  if (offset % 8 == 0) return tx_[index] ? tx_[index]->tail() : 0;
  return rx_[index] ? rx_[index]->tail() : 0;
}

// TX SQ n is at 2 n, RX SQ n behind it. The upper half of what is written does not count.
void QueueSet::ring(std::uint32_t doorbell, std::uint32_t value) {
  const std::uint32_t index = doorbell / 2;
  const auto tail = static_cast<std::uint16_t>(value);
  bool taken = false;
  if (index < tx_.size()) {
    if (doorbell % 2 == 0)
      taken = tx_[index] && tx_[index]->announce(tail);
    else
      taken = rx_[index] && rx_[index]->announce(tail);
  }
  if (!taken) ignored_doorbells_.add();
}

// ---- Frames for the host

void QueueSet::deliver(wire::FramePtr frame, sc_core::sc_time ready) {
  const bool checks = control_.get(control::OFFLOADS_RX_CHECKSUMS);
  const std::span<const std::byte> bytes = frame->bytes();
  TimedMath math(unit_.math());
  const net::Parsed parsed = parse(bytes, checks, math);
  if (exceeds_mtu(bytes, parsed, control_.get(control::MTU_BYTES))) return unit_.drop(Drop::kRxTooLong);
  const std::uint32_t hash = rss_.hash(bytes, parsed, math);
  const std::uint16_t queue = rss_.queue_of(hash);
  if (queue >= rx_.size() || !rx_[queue]) return unit_.drop(Drop::kRxNoQueue);
  if (rx_[queue]->full()) return unit_.drop(Drop::kRxBacklog);
  const std::uint32_t status = rx_status(bytes, parsed, checks, math);
  rx_[queue]->deliver({.frame = std::move(frame),
                       .ready = unit_.receive_at(ready, math.took()),
                       .status = status,
                       .hash = control_.get(control::OFFLOADS_RX_HASH) ? hash : 0});
}

}  // namespace cardvp::nic::ena
