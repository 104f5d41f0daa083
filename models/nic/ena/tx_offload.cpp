#include "models/nic/ena/tx_offload.h"

#include <algorithm>
#include <cstring>

#include "models/net/checksum.h"
#include "models/net/headers.h"

namespace cardvp::nic::ena {

using net::load16;
using net::load32;
using net::store16;
using net::store32;

namespace {

constexpr std::size_t kIpv4TotalLength = 2, kIpv4Identification = 4, kIpv4Protocol = 9, kIpv4Checksum = 10,
                      kIpv4Addresses = 12;
constexpr std::size_t kIpv6PayloadLength = 4, kIpv6NextHeader = 6, kIpv6Addresses = 8;
constexpr std::size_t kTcpSequence = 4, kTcpDataOffset = 12, kTcpFlags = 13, kTcpChecksum = 16;
constexpr std::size_t kUdpChecksum = 6;
constexpr std::byte kTcpFin{0x01}, kTcpPush{0x08}, kTcpCwr{0x80};

unsigned version_of(const std::byte* l3) { return std::to_integer<unsigned>(*l3) >> 4; }

// An IP header that is what the meta descriptor says: version, length, and within the packet.
bool ip_header_fits(std::span<const std::byte> packet, std::size_t l3, std::size_t l3_length) {
  if (l3_length < net::kIpv4Bytes || l3 + l3_length > packet.size()) return false;
  const unsigned version = version_of(&packet[l3]);
  if (version == 4) return (std::to_integer<std::size_t>(packet[l3]) & 0xf) * 4 == l3_length;
  return version == 6 && l3_length >= net::kIpv6Bytes;
}

// The protocol behind an IP header of that length; IPv6 extension headers (RFC 8200, 4) are walked. kProtocolNone if
// they do not end where they should.
std::uint8_t l4_protocol(const std::byte* l3, std::size_t l3_length) {
  if (version_of(l3) == 4) return std::to_integer<std::uint8_t>(l3[kIpv4Protocol]);
  auto next = std::to_integer<std::uint8_t>(l3[kIpv6NextHeader]);
  std::size_t at = net::kIpv6Bytes;
  while (at + 8 <= l3_length) {
    next = std::to_integer<std::uint8_t>(l3[at]);
    at += (std::to_integer<std::size_t>(l3[at + 1]) + 1) * 8;
  }
  return at == l3_length ? next : std::uint8_t{net::kProtocolNone};
}

// Of hardware that fails, what it gave: the packet goes.
std::uint16_t checksum(TimedMath& math, std::span<const std::byte> data, std::uint32_t initial = 0) {
  return static_cast<std::uint16_t>(~net::fold(math.sum(data, initial).value));
}

void set_ipv4_checksum(std::byte* l3, std::size_t l3_length, TimedMath& math) {
  store16(l3 + kIpv4Checksum, 0);
  store16(l3 + kIpv4Checksum, checksum(math, {l3, l3_length}));
}

// RFC 9293, 3.1; RFC 8200, 8.1.
std::uint32_t pseudo_header_sum(const std::byte* l3, std::uint8_t protocol, std::size_t l4_bytes) {
  const std::span<const std::byte> addresses = version_of(l3) == 4 ? std::span(l3 + kIpv4Addresses, std::size_t{8})
                                                                   : std::span(l3 + kIpv6Addresses, std::size_t{32});
  return net::sum(addresses, static_cast<std::uint32_t>(protocol + (l4_bytes >> 16) + (l4_bytes & 0xffff)));
}

// Where the IP packet says that it ends, from its header's start.
std::size_t ip_bytes(const std::byte* l3) {
  return version_of(l3) == 4 ? load16(l3 + kIpv4TotalLength) : net::kIpv6Bytes + load16(l3 + kIpv6PayloadLength);
}

bool finish_l4_checksum(std::span<std::byte> packet, std::size_t l3, std::size_t l4, bool partial, TimedMath& math) {
  const std::uint8_t protocol = l4_protocol(&packet[l3], l4 - l3);
  if (protocol != net::kProtocolTcp && protocol != net::kProtocolUdp) return false;
  const bool tcp = protocol == net::kProtocolTcp;
  std::size_t end = packet.size();
  // The pseudo header counts the packet's own length; a host that has made it summed up to the end.
  if (!partial) end = std::min(end, l3 + ip_bytes(&packet[l3]));
  if (end < l4 + (tcp ? net::kTcpBytes : net::kUdpBytes)) return false;
  std::byte* const field = &packet[l4 + (tcp ? kTcpChecksum : kUdpChecksum)];
  std::uint32_t sum = 0;
  if (!partial) {
    store16(field, 0);
    sum = pseudo_header_sum(&packet[l3], protocol, end - l4);
  }
  std::uint16_t value = checksum(math, packet.subspan(l4, end - l4), sum);
  if (value == 0 && !tcp) value = 0xffff;  // 0 says that there is none (RFC 768)
  store16(field, value);
  return true;
}

}  // namespace

void TxBytes::copy(std::size_t from, std::size_t bytes, std::byte* to) const {
  if (from < header.size()) {
    const std::size_t part = std::min(bytes, header.size() - from);
    std::memcpy(to, &header[from], part);
    to += part;
    from += part;
    bytes -= part;
  }
  if (bytes != 0) std::memcpy(to, &body[from - header.size()], bytes);
}

bool finish_checksums(std::span<std::byte> packet, TxOffloads offloads, const TxMeta& meta, TimedMath& math) {
  if (!meta.known || !ip_header_fits(packet, meta.l3_offset, meta.l3_length)) return false;
  const std::size_t l3 = meta.l3_offset;
  const std::size_t l4 = l3 + meta.l3_length;
  if (offloads.l4_checksum() && !finish_l4_checksum(packet, l3, l4, offloads.partial(), math)) return false;
  if (offloads.l3_checksum() && version_of(&packet[l3]) == 4) set_ipv4_checksum(&packet[l3], meta.l3_length, math);
  return true;
}

Segmenter::Segmenter(const TxBytes& bytes, const TxMeta& meta)
    : bytes_(bytes), l3_(meta.l3_offset), l4_(l3_ + meta.l3_length), headers_(l4_ + meta.l4_length), mss_(meta.mss) {}

std::optional<Segmenter> Segmenter::make(const TxBytes& bytes, const TxMeta& meta) {
  Segmenter segmenter(bytes, meta);
  if (!meta.known || meta.mss == 0 || segmenter.headers_ > bytes.size()) return std::nullopt;
  bytes.copy(0, segmenter.headers_, segmenter.template_.data());
  if (!segmenter.plausible()) return std::nullopt;
  return segmenter;
}

bool Segmenter::plausible() const {
  const std::span headers(template_.data(), headers_);
  if (!ip_header_fits(headers, l3_, l4_ - l3_) || headers_ - l4_ < net::kTcpBytes) return false;
  if (l4_protocol(&headers[l3_], l4_ - l3_) != net::kProtocolTcp) return false;
  if ((std::to_integer<std::size_t>(headers[l4_ + kTcpDataOffset]) >> 4) * 4 != headers_ - l4_) return false;
  return headers_ + std::min(mss_, bytes_.size() - headers_) <= wire::Frame::kCapacity - wire::Frame::kHeadroom;
}

void Segmenter::next(wire::Frame& frame, TimedMath& math) {
  const std::size_t left = bytes_.size() - headers_ - offset_;
  const std::size_t payload = std::min(mss_, left);
  std::byte* const to = frame.push_back(headers_ + payload);
  std::memcpy(to, template_.data(), headers_);
  bytes_.copy(headers_ + offset_, payload, to + headers_);
  finish_headers(to, payload, payload == left, math);
  done_ = payload == left;
  offset_ += payload;
  ++segment_;
}

void Segmenter::finish_headers(std::byte* frame, std::size_t payload, bool last, TimedMath& math) const {
  std::byte* const l3 = frame + l3_;
  std::byte* const l4 = frame + l4_;
  const std::size_t l4_bytes = headers_ - l4_ + payload;
  if (version_of(l3) == 4) {
    store16(l3 + kIpv4TotalLength, static_cast<std::uint16_t>(l4_ - l3_ + l4_bytes));
    store16(l3 + kIpv4Identification, static_cast<std::uint16_t>(load16(l3 + kIpv4Identification) + segment_));
    set_ipv4_checksum(l3, l4_ - l3_, math);
  } else {
    store16(l3 + kIpv6PayloadLength, static_cast<std::uint16_t>(l4_ - l3_ - net::kIpv6Bytes + l4_bytes));
  }
  store32(l4 + kTcpSequence, load32(l4 + kTcpSequence) + static_cast<std::uint32_t>(offset_));
  if (!last) l4[kTcpFlags] &= ~(kTcpFin | kTcpPush);
  if (segment_ != 0) l4[kTcpFlags] &= ~kTcpCwr;
  store16(l4 + kTcpChecksum, 0);
  const std::uint32_t pseudo = pseudo_header_sum(l3, net::kProtocolTcp, l4_bytes);
  store16(l4 + kTcpChecksum, checksum(math, {l4, l4_bytes}, pseudo));
}

}  // namespace cardvp::nic::ena
