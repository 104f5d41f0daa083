#include "host/ena/rx_ring.h"

#include <algorithm>

#include "host/root_complex.h"

namespace cardvp::host::ena {

RxRing::RxRing(const PciFunction& function, const RxRingConfig& config)
    : function_(function),
      config_(config),
      ring_(function.root().memory(), config.entries * sizeof(RxDescriptor)),
      completions_(function.root().memory(), config.entries * sizeof(RxCompletion)),
      buffers_(function.root().memory(), std::uint64_t{config.entries} * config.buffer_bytes),
      posted_(config.entries) {
  std::ranges::fill(completions_.bytes(), std::byte{0});  // phases
  for (unsigned id = config.entries; id-- > 0;) free_.push_back(static_cast<std::uint16_t>(id));
}

void RxRing::refill(unsigned at_least) {
  // A ring is never filled to its last entry.
  if (free_.size() < std::size_t{at_least} + 1) return;
  RxDescriptor* const ring = ring_.as<RxDescriptor>();
  while (free_.size() > 1) {
    const std::uint16_t id = free_.back();
    free_.pop_back();
    posted_[id] = true;
    const std::uint64_t address = buffers_.address() + std::uint64_t{id} * config_.buffer_bytes;
    const bool first_lap = !(tail_ / config_.entries & 1);
    ring[tail_ % config_.entries] = {.length = static_cast<std::uint16_t>(config_.buffer_bytes),
                                     .reserved = 0,
                                     .control = static_cast<std::uint8_t>(kRxControl | (first_lap ? kRxPhase : 0)),
                                     .id = id,
                                     .reserved2 = 0,
                                     .low = static_cast<std::uint32_t>(address),
                                     .high = static_cast<std::uint16_t>(address >> 32),
                                     .reserved3 = 0};
    ++tail_;
  }
  function_.write32(0, doorbell_, tail_);
}

bool RxRing::completion_waits() const {
  const bool phase = completions_.as<RxCompletion>()[head_ % config_.entries].status & kRxCompletionPhase;
  return phase != static_cast<bool>(head_ / config_.entries & 1);
}

std::span<const std::byte> RxRing::bytes_of(const RxCompletion& completion) const {
  return buffers_.bytes().subspan(std::size_t{completion.id} * config_.buffer_bytes + completion.offset,
                                  completion.length);
}

RxRing::Next RxRing::next() {
  Next next;
  RxCompletion completion{};
  std::size_t joined = 0;
  do {
    // The device completes the buffers of a packet one behind another; the last ones may still be on their way.
    const std::uint16_t at = static_cast<std::uint16_t>(head_ + packet_buffers_.size());
    completion = completions_.as<RxCompletion>()[at % config_.entries];
    const bool phase = completion.status & kRxCompletionPhase;
    if (phase == static_cast<bool>(at / config_.entries & 1)) {
      for (const std::uint16_t id : packet_buffers_) posted_[id] = true;
      packet_buffers_.clear();
      return {};
    }
    if (!accept(completion, next)) return next;
    const std::span<const std::byte> bytes = bytes_of(completion);
    const bool last = completion.status & kRxLast;
    if (packet_buffers_.size() == 1 && last) {
      next.packet.frame = bytes;
      break;
    }
    if (joined_.size() < joined + bytes.size()) joined_.resize(joined + bytes.size());
    std::ranges::copy(bytes, joined_.begin() + static_cast<std::ptrdiff_t>(joined));
    joined += bytes.size();
  } while (!(completion.status & kRxLast));
  if (joined > 0) next.packet.frame = std::span(joined_).first(joined);
  next.found = true;
  next.packet.buffers = static_cast<unsigned>(packet_buffers_.size());
  next.packet.hash = completion.hash;
  if (config_.checksums) report_checksums(completion.status, next.packet);
  return next;
}

// Takes the buffer from the device. False: something is wrong with the completion.
bool RxRing::accept(const RxCompletion& completion, Next& next) {
  const auto refuse = [&](ResetReason reason) {
    next.fault = reason;
    return false;
  };
  if (completion.id >= config_.entries || !posted_[completion.id]) return refuse(ResetReason::kBadRxId);
  const bool first = packet_buffers_.empty();
  if (first != static_cast<bool>(completion.status & kRxFirst)) return refuse(ResetReason::kMalformedRx);
  if (config_.check_reserved && ((completion.status & kRxReserved) || completion.reserved != 0))
    return refuse(ResetReason::kMalformedRx);
  if (packet_buffers_.size() == config_.buffers) return refuse(ResetReason::kTooManyBuffers);
  if ((completion.offset > 0 && !first) || completion.offset + std::size_t{completion.length} > config_.buffer_bytes)
    return refuse(ResetReason::kMalformedRx);
  posted_[completion.id] = false;
  packet_buffers_.push_back(completion.id);
  return true;
}

void RxRing::report_checksums(std::uint32_t status, RxPacket& packet) const {
  const unsigned l3 = status & 0x1f;
  const unsigned l4 = status >> 8 & 0x1f;
  if (l3 == kL3Ipv4) (status & kRxL3Bad ? packet.ip_bad : packet.ip_good) = true;
  if ((status & kRxFragment) || (l4 != kL4Tcp && l4 != kL4Udp)) return;
  if (status & kRxL4Bad) {
    packet.l4_bad = true;
  } else if (status & kRxL4Checked) {
    packet.l4_good = true;
  }
}

void RxRing::release() {
  head_ = static_cast<std::uint16_t>(head_ + packet_buffers_.size());
  free_.insert(free_.end(), packet_buffers_.begin(), packet_buffers_.end());
  packet_buffers_.clear();
}

}  // namespace cardvp::host::ena
