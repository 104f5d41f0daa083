#include "models/net/build.h"

#include <algorithm>
#include <cstring>

#include "models/net/checksum.h"
#include "models/net/parse.h"

namespace cardvp::net {

namespace {

std::size_t ip_bytes(const FrameSpec& spec) { return spec.source_ip.is_v4() ? kIpv4Bytes : kIpv6Bytes; }

std::size_t l4_bytes(const FrameSpec& spec) {
  if (spec.protocol == kProtocolTcp) return kTcpBytes;
  return spec.protocol == kProtocolUdp ? kUdpBytes : 0;
}

// A length field that is too small for it holds 0, as for what is to be cut into segments.
std::uint16_t length_field(std::size_t bytes) { return bytes > UINT16_MAX ? 0 : static_cast<std::uint16_t>(bytes); }

std::byte* write_ethernet(const FrameSpec& spec, std::byte* at) {
  store_mac(at, spec.destination);
  store_mac(at + 6, spec.source);
  at += 12;
  if (spec.vlan) {
    store16(at, kEtherVlan);
    store16(at + 2, spec.vlan);
    at += kVlanBytes;
  }
  store16(at, spec.source_ip.is_v4() ? kEtherIpv4 : kEtherIpv6);
  return at + 2;
}

void write_ipv4(const FrameSpec& spec, std::span<std::byte> packet) {
  std::byte* const ip = packet.data();
  std::fill_n(ip, kIpv4Bytes, std::byte{0});
  ip[0] = std::byte{0x45};
  store16(ip + 2, length_field(packet.size()));
  store16(ip + 4, spec.identification);
  store16(ip + 6, 0x4000);
  ip[8] = std::byte{spec.ttl};
  ip[9] = std::byte{spec.protocol};
  std::memcpy(ip + 12, spec.source_ip.v4_bytes(), 4);
  std::memcpy(ip + 16, spec.destination_ip.v4_bytes(), 4);
  store16(ip + 10, checksum({ip, kIpv4Bytes}));
}

void write_ipv6(const FrameSpec& spec, std::span<std::byte> packet) {
  std::byte* const ip = packet.data();
  store32(ip, 6u << 28);
  store16(ip + 4, length_field(packet.size() - kIpv6Bytes));
  ip[6] = std::byte{spec.protocol};
  ip[7] = std::byte{spec.ttl};
  std::memcpy(ip + 8, spec.source_ip.bytes.data(), 16);
  std::memcpy(ip + 24, spec.destination_ip.bytes.data(), 16);
}

// The header but for its checksum, whose offset is the result.
std::size_t write_l4(const FrameSpec& spec, std::span<std::byte> segment) {
  std::byte* const l4 = segment.data();
  store16(l4, spec.source_port);
  store16(l4 + 2, spec.destination_port);
  if (spec.protocol == kProtocolUdp) {
    store16(l4 + 4, length_field(segment.size()));
    return 6;
  }
  store32(l4 + 4, spec.sequence);
  store32(l4 + 8, spec.acknowledgement);
  l4[12] = std::byte{kTcpBytes / 4 << 4};
  l4[13] = std::byte{spec.tcp_flags};
  store16(l4 + 14, 0xffff);  // window
  store16(l4 + 18, 0);       // urgent pointer
  return 16;
}

void write_l4_checksum(const FrameSpec& spec, std::span<std::byte> segment, std::size_t field, L4Sum kind) {
  std::byte* const at = segment.data() + field;
  const std::uint32_t pseudo =
      pseudo_sum(spec.source_ip, spec.destination_ip, spec.protocol, static_cast<std::uint32_t>(segment.size()));
  store16(at, 0);
  std::uint16_t value = kind == L4Sum::kPseudo ? fold(pseudo) : checksum(segment, pseudo);
  if (value == 0 && spec.protocol == kProtocolUdp) value = 0xffff;
  store16(at, value);
}

}  // namespace

std::size_t header_bytes(const FrameSpec& spec) {
  return kEthernetBytes + (spec.vlan ? kVlanBytes : 0) + ip_bytes(spec) + l4_bytes(spec);
}

std::vector<std::byte> build(const FrameSpec& spec, std::span<const std::byte> payload) {
  const std::size_t headers = header_bytes(spec);
  std::vector<std::byte> frame(headers + payload.size());
  std::copy(payload.begin(), payload.end(), frame.begin() + static_cast<std::ptrdiff_t>(headers));
  write_headers(spec, frame);
  return frame;
}

void write_headers(const FrameSpec& spec, std::span<std::byte> frame, L4Sum l4) {
  const std::byte* const ip = write_ethernet(spec, frame.data());
  const std::span<std::byte> packet = frame.subspan(static_cast<std::size_t>(ip - frame.data()));
  spec.source_ip.is_v4() ? write_ipv4(spec, packet) : write_ipv6(spec, packet);
  const std::span<std::byte> segment = packet.subspan(ip_bytes(spec));
  if (l4_bytes(spec) != 0)
    write_l4_checksum(spec, segment, write_l4(spec, segment), l4);
  else if (l4 == L4Sum::kFull)
    set_l4_checksum(frame, parse(frame));  // ICMP, whose header is the payload's beginning
}

}  // namespace cardvp::net
