#include "host/ena/tx_ring.h"

#include <algorithm>
#include <cstring>

#include "host/root_complex.h"
#include "models/net/checksum.h"
#include "models/net/parse.h"

namespace cardvp::host::ena {

using sc_core::sc_time;

namespace {

constexpr std::size_t kCacheLine = 64;

std::size_t round_up(std::size_t value, std::size_t step) { return (value + step - 1) / step * step; }

void copy(std::byte* to, const TxPacket& packet) {
  std::memcpy(to, packet.frame.data(), packet.frame.size());
  if (!packet.tail.empty()) std::memcpy(to + packet.frame.size(), packet.tail.data(), packet.tail.size());
}

bool dont_fragment(const std::byte* ip) { return std::to_integer<unsigned>(ip[6]) & 0x40; }

}  // namespace

TxRing::TxRing(const PciFunction& function, const TxRingConfig& config)
    : function_(function),
      config_(config),
      completions_(function.root().memory(), config.entries * sizeof(TxCompletion)),
      buffer_bytes_(round_up(config.most_frame, kCacheLine)),
      requests_(config.entries) {
  Memory& memory = function.root().memory();
  if (config.llq.entry == 0) ring_ = Buffer(memory, config.entries * sizeof(TxDescriptor));
  buffers_ = Buffer(memory, config.entries * buffer_bytes_);
  std::ranges::fill(completions_.bytes(), std::byte{0});  // phases
  for (unsigned id = config.entries; id-- > 0;) free_.push_back(static_cast<std::uint16_t>(id));

  // One descriptor is for meta data, and with segmentation one for the headers.
  const unsigned data = std::max(config.descriptors, 3u) - 2;
  piece_ = std::min(std::max(kPiece, round_up(kMostFrame / data + 1, kCacheLine)), kMostFrame);
  if (config.offloads & (kTxTsoIpv4 | kTxTsoIpv6)) make_large_buffers();
}

void TxRing::make_large_buffers() {
  if (large_) return;
  large_ = Buffer(function_.root().memory(), kLargeBuffers * kLargeBuffer);
  for (unsigned n = kLargeBuffers; n-- > 0;) free_large_.push_back(static_cast<std::uint16_t>(n));
}

void TxRing::set_most_frame(std::size_t bytes) {
  config_.most_frame = bytes;
  if (bytes > buffer_bytes_) make_large_buffers();
}

void TxRing::attach(std::uint32_t doorbell, std::uint32_t llq_ring) {
  doorbell_ = doorbell;
  device_ring_ = llq_ring;
}

bool TxRing::fits(const TxPacket& packet) const {
  const bool segmented = packet.mss > 0 && (config_.offloads & (kTxTsoIpv4 | kTxTsoIpv6));
  const std::size_t most = segmented ? kMostFrame : config_.most_frame;
  return packet.frame.size() >= net::kEthernetBytes && packet.size() <= most;
}

TxRing::Put TxRing::put(const TxPacket& packet, sc_time now) {
  const bool large = packet.size() > buffer_bytes_;
  if (free_.empty() || (large && free_large_.empty())) return Put::kNoRoom;
  const std::uint16_t id = free_.back();
  std::uint64_t address = buffers_.address() + id * buffer_bytes_;
  std::byte* bytes = buffers_.data() + id * buffer_bytes_;
  if (large) {
    address = large_.address() + free_large_.back() * kLargeBuffer;
    bytes = large_.data() + free_large_.back() * kLargeBuffer;
  }
  copy(bytes, packet);

  Chain chain;
  TxDescriptor first;
  Meta meta;
  bool offload = false;
  std::size_t headers = 0;
  if (packet.checksum || packet.mss > 0) {
    if (!describe_offload({bytes, packet.size()}, packet, first, meta)) return Put::kRefused;
    offload = first.meta != 0;
    if (packet.mss > 0) headers = meta.l3_offset + meta.l3_length + 4 * meta.l4_words;
  }
  const auto cached = cached_;
  add_meta(chain, meta, offload);
  first.control |= kTxCompletion | std::uint32_t{id} >> 10 << 16;
  first.meta |= std::uint32_t{id} << 22;
  if (config_.llq.entry != 0) {
    chain.header = static_cast<unsigned>(std::min<std::size_t>(packet.size(), config_.llq.header));
    first.high = chain.header << 24;
    headers = 0;
  }
  add_data(chain, first, address + chain.header, packet.size() - chain.header, headers);

  const unsigned entries = entries_of(chain);
  if (used_ + entries >= config_.entries) {
    cached_ = cached;
    return Put::kNoRoom;
  }
  if (config_.llq.entry != 0) {
    emit_device(chain, bytes);
  } else {
    emit(chain);
  }
  free_.pop_back();
  Request& request = requests_[id];
  request = {.sent = now, .entries = static_cast<std::uint16_t>(entries), .taken = true};
  if (large) {
    request.large = static_cast<std::uint16_t>(free_large_.back() + 1);
    free_large_.pop_back();
  }
  used_ += entries;
  ++outstanding_;
  return Put::kDone;
}

// What the device is to do with the packet; what it cannot do is done here. False: nobody can.
bool TxRing::describe_offload(std::span<std::byte> frame, const TxPacket& packet, TxDescriptor& first,
                              Meta& meta) const {
  const net::Parsed parsed = net::parse(frame);
  if (parsed.fault != net::Fault::kNone || !(parsed.tcp() || parsed.udp())) return false;
  const bool segmented = packet.mss > 0;
  const std::uint32_t needed =
      segmented ? (parsed.ipv4 ? kTxTsoIpv4 : kTxTsoIpv6) : (parsed.ipv4 ? kTxL4Ipv4 : kTxL4Ipv6);
  if (segmented && (!parsed.tcp() || packet.mss > 0x3fff)) return false;
  if (!(config_.offloads & needed)) return !segmented && net::set_l4_checksum(frame, parsed);

  first.meta = (parsed.ipv4 ? kL3Ipv4 : kL3Ipv6) | (parsed.tcp() ? kL4Tcp : kL4Udp) << 8 | kTxL4Checksum;
  if (parsed.ipv4 && dont_fragment(&frame[parsed.l3])) first.meta |= kTxDontFragment;
  meta.l3_offset = parsed.l3;
  meta.l3_length = static_cast<unsigned>(parsed.l4 - parsed.l3);
  if (segmented) {
    first.meta |= kTxTso | (parsed.ipv4 ? kTxIpChecksum : 0);
    meta.l4_words = static_cast<unsigned>(parsed.payload - parsed.l4) / 4;
    meta.mss = packet.mss;
  } else {
    first.meta |= kTxL4Partial;
  }
  return true;
}

// Only what differs from what the device has kept, unless it keeps nothing.
void TxRing::add_meta(Chain& chain, const Meta& meta, bool offload) {
  if (config_.llq.always_meta) {
    // A packet without an offload has an empty one.
  } else if (!offload || cached_ == meta) {
    return;
  }
  if (offload) cached_ = meta;
  TxDescriptor& descriptor = chain.descriptors[chain.count++];
  descriptor.control = kMetaControl | kTxFirst | (meta.mss >> 10) << 16;
  descriptor.low = meta.l3_length | meta.l3_offset << 8 | meta.l4_words << 16 | (meta.mss & 0x3ff) << 22;
}

// `headers`: bytes that get a descriptor of their own; 0: none do.
void TxRing::add_data(Chain& chain, TxDescriptor first, std::uint64_t address, std::size_t size,
                      std::size_t headers) const {
  if (chain.count == 0) first.control |= kTxFirst;
  std::size_t piece = headers > 0 ? headers : piece_;
  TxDescriptor descriptor = first;
  do {
    piece = std::min(piece, size);
    descriptor.control |= static_cast<std::uint32_t>(piece);
    if (piece > 0) {
      descriptor.low = static_cast<std::uint32_t>(address);
      descriptor.high |= static_cast<std::uint32_t>(address >> 32 & 0xffff);
    }
    address += piece;
    size -= piece;
    if (size == 0) descriptor.control |= kTxLast;
    chain.descriptors[chain.count++] = descriptor;
    descriptor = {};
    piece = piece_;
  } while (size > 0);
}

unsigned TxRing::entries_of(const Chain& chain) const {
  if (config_.llq.entry == 0) return chain.count;
  if (chain.count <= config_.llq.before_header) return 1;
  return 1 + (chain.count - config_.llq.before_header + config_.llq.per_entry - 1) / config_.llq.per_entry;
}

void TxRing::emit(const Chain& chain) {
  TxDescriptor* const ring = ring_.as<TxDescriptor>();
  for (unsigned n = 0; n < chain.count; ++n) {
    TxDescriptor descriptor = chain.descriptors[n];
    descriptor.control |= phase();
    ring[tail_ % config_.entries] = descriptor;
    ++tail_;
  }
}

void TxRing::emit_device(const Chain& chain, const std::byte* header) {
  const LlqLayout& llq = config_.llq;
  const unsigned entries = entries_of(chain);
  const auto pending = static_cast<std::uint16_t>(tail_ - told_);
  if (llq.burst > 0 && pending > 0 && pending + entries > llq.burst) ring_doorbell(tail_);

  alignas(kCacheLine) std::array<std::byte, 256> entry;
  unsigned next = 0;
  for (unsigned n = 0; n < entries; ++n) {
    entry.fill(std::byte{0});
    const unsigned room = n == 0 ? llq.before_header : llq.per_entry;
    for (unsigned slot = 0; slot < room && next < chain.count; ++slot, ++next) {
      TxDescriptor descriptor = chain.descriptors[next];
      descriptor.control |= phase();
      std::memcpy(&entry[slot * sizeof descriptor], &descriptor, sizeof descriptor);
    }
    if (n == 0) std::memcpy(&entry[llq.before_header * sizeof(TxDescriptor)], header, chain.header);
    write_entry(entry.data());
    ++tail_;
  }
}

// As a write-combining mapping does: a line at a time.
void TxRing::write_entry(const std::byte* entry) {
  const std::uint64_t offset = device_ring_ + std::uint64_t{tail_ % config_.entries} * config_.llq.entry;
  for (std::size_t at = 0; at < config_.llq.entry; at += kCacheLine)
    function_.write(2, offset + at, {entry + at, kCacheLine});
}

void TxRing::ring_doorbell(std::uint16_t tail) {
  told_ = tail;
  function_.write32(0, doorbell_, tail);
}

bool TxRing::completion_waits() const {
  const bool phase = completions_.as<TxCompletion>()[head_ % config_.entries].flags & 1;
  return phase != static_cast<bool>(head_ / config_.entries & 1);
}

TxRing::Reaped TxRing::reap() {
  Reaped reaped;
  for (; completion_waits(); ++head_, ++reaped.packets) {
    const TxCompletion completion = completions_.as<TxCompletion>()[head_ % config_.entries];
    if (config_.check_reserved && (completion.flags & kTxCompletionReserved))
      return {reaped.packets, ResetReason::kMalformedTx};
    if (completion.id >= config_.entries || !requests_[completion.id].taken)
      return {reaped.packets, ResetReason::kBadTxId};
    Request& request = requests_[completion.id];
    request.taken = false;
    free_.push_back(completion.id);
    if (request.large > 0) free_large_.push_back(static_cast<std::uint16_t>(request.large - 1));
    used_ -= request.entries;
    --outstanding_;
  }
  return reaped;
}

unsigned TxRing::overdue(sc_time since) const {
  if (outstanding_ == 0) return 0;
  return static_cast<unsigned>(
      std::ranges::count_if(requests_, [&](const Request& request) { return request.taken && request.sent <= since; }));
}

}  // namespace cardvp::host::ena
