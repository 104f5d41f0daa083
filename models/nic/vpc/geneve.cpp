#include "models/nic/vpc/geneve.h"

#include <algorithm>
#include <cassert>

#include "models/net/checksum.h"
#include "models/net/headers.h"

namespace cardvp::nic::geneve {
namespace {

constexpr unsigned kTtl = 64;
constexpr std::uint16_t kDontFragment = 0x4000;
constexpr unsigned kOam = 0x80, kCriticalOptions = 0x40;  // byte 1 of the Geneve header

std::size_t options_bytes(const Header& header) {
  return (header.transit ? kOptionHeaderBytes + kTransitBytes : 0) +
         (header.transport.empty() ? 0 : kOptionHeaderBytes + header.transport.size());
}

void copy(std::span<const std::uint8_t> from, std::byte* to) {
  std::transform(from.begin(), from.end(), to, [](std::uint8_t byte) { return std::byte{byte}; });
}

void write_ip(std::byte* ip, std::size_t bytes, const net::IpAddress& from, const net::IpAddress& to, bool ipv6) {
  if (ipv6) {
    net::store32(ip, 6u << 28);
    net::store16(ip + 4, static_cast<std::uint16_t>(bytes - net::kIpv6Bytes));
    net::store16(ip + 6, net::kProtocolUdp << 8 | kTtl);
    copy(from.bytes, ip + 8);
    copy(to.bytes, ip + 24);
    return;
  }
  net::store16(ip, 0x4500);
  net::store16(ip + 2, static_cast<std::uint16_t>(bytes));
  net::store32(ip + 4, kDontFragment);
  net::store16(ip + 8, kTtl << 8 | net::kProtocolUdp);
  net::store16(ip + 10, 0);
  copy(std::span(from.bytes).subspan<12>(), ip + 12);
  copy(std::span(to.bytes).subspan<12>(), ip + 16);
  net::store16(ip + 10, net::checksum({ip, net::kIpv4Bytes}));
}

std::byte* write_option(std::byte* at, OptionType type, std::size_t bytes) {
  net::store16(at, kOptionClass);
  net::store16(at + 2, static_cast<std::uint16_t>(type << 8 | bytes / 4));
  return at + kOptionHeaderBytes;
}

void write_geneve(std::byte* at, const Header& header) {
  const std::size_t options = options_bytes(header);
  net::store16(at, static_cast<std::uint16_t>(options / 4 << 8 | (options ? kCriticalOptions : 0)));
  net::store16(at + 2, header.transit ? net::kEtherExperimental : net::kEtherBridged);
  net::store32(at + 4, header.vni << 8);
  at += net::kGeneveBytes;
  if (header.transit) {
    std::byte* const data = write_option(at, kTransit, kTransitBytes);
    net::store32(data, header.transit->spi);
    net::store64(data + 4, header.transit->sequence);
    at = data + kTransitBytes;
  }
  if (!header.transport.empty())
    std::copy(header.transport.begin(), header.transport.end(), write_option(at, kTransport, header.transport.size()));
}

Packet dropped(Drop reason) {
  Packet packet;
  packet.drop = reason;
  return packet;
}

std::optional<Drop> take_option(std::uint16_t of_class, std::uint8_t type, std::span<const std::byte> data,
                                Packet& packet) {
  if (of_class == kOptionClass && type == kTransit) {
    if (packet.transit || data.size() != kTransitBytes) return Drop::kGeneveOptions;
    packet.transit = {net::load32(data.data()), net::load64(data.data() + 4)};
    return std::nullopt;
  }
  if (of_class == kOptionClass && type == kTransport) {
    if (!packet.transport.empty() || data.empty()) return Drop::kGeneveOptions;
    packet.transport = data;
    return std::nullopt;
  }
  if (type & kCritical) return Drop::kGeneveCritical;
  return std::nullopt;
}

std::optional<Drop> parse_options(std::span<const std::byte> options, Packet& packet) {
  while (!options.empty()) {  // a multiple of 4 bytes
    const std::size_t data = (std::to_integer<unsigned>(options[3]) & 0x1f) * 4u;
    if (kOptionHeaderBytes + data > options.size()) return Drop::kGeneveOptions;
    const auto drop = take_option(net::load16(options.data()), std::to_integer<std::uint8_t>(options[2]),
                                  options.subspan(kOptionHeaderBytes, data), packet);
    if (drop) return drop;
    options = options.subspan(kOptionHeaderBytes + data);
  }
  return std::nullopt;
}

// Of a UDP datagram's content: RFC 8926, 3.4 and 3.5.
std::optional<Drop> parse_geneve(std::span<const std::byte> content, Packet& packet) {
  if (content.size() < net::kGeneveBytes) return Drop::kGeneveShort;
  const unsigned first = std::to_integer<unsigned>(content[0]);
  const std::size_t headers = net::kGeneveBytes + (first & 0x3f) * 4u;
  if (first >> 6 != 0) return Drop::kGeneveVersion;
  if (content.size() < headers) return Drop::kGeneveShort;
  if (std::to_integer<unsigned>(content[1]) & kOam) return Drop::kGeneveOam;
  if (const auto drop = parse_options(content.first(headers).subspan(net::kGeneveBytes), packet)) return drop;
  const std::uint16_t protocol = net::load16(&content[2]);
  if (protocol != (packet.transit ? net::kEtherExperimental : net::kEtherBridged)) return Drop::kGeneveProtocol;
  if (packet.transit && content.size() < headers + kTagBytes) return Drop::kGeneveShort;
  packet.vni = net::load32(&content[4]) >> 8;
  packet.payload = static_cast<std::uint16_t>(packet.geneve + headers);
  return std::nullopt;
}

}  // namespace

Layout layout_of(const Header& header, bool ipv6) {
  const std::size_t udp = net::kEthernetBytes + (ipv6 ? net::kIpv6Bytes : net::kIpv4Bytes);
  const std::size_t geneve = udp + net::kUdpBytes;
  return {udp, geneve, geneve + net::kGeneveBytes + options_bytes(header)};
}

void write(std::span<std::byte> frame, const Endpoint& from, const Endpoint& to, const Header& header) {
  assert(header.transport.size() % 4 == 0 && header.transport.size() <= kMostTransportBytes);
  const bool ipv6 = !to.ip.is_v4();
  const Layout layout = layout_of(header, ipv6);
  std::byte* const at = frame.data();
  net::store_mac(at, to.mac);
  net::store_mac(at + 6, from.mac);
  net::store16(at + 12, ipv6 ? net::kEtherIpv6 : net::kEtherIpv4);
  write_ip(at + net::kEthernetBytes, frame.size() - net::kEthernetBytes, from.ip, to.ip, ipv6);
  net::store16(at + layout.udp, header.source_port);
  net::store16(at + layout.udp + 2, net::kPortGeneve);
  net::store16(at + layout.udp + 4, static_cast<std::uint16_t>(frame.size() - layout.udp));
  net::store16(at + layout.udp + 6, 0);
  write_geneve(at + layout.geneve, header);
}

Packet parse(std::span<const std::byte> frame, const net::IpAddress& us) {
  const net::Parsed parsed = net::parse(frame, net::Checks::kIpChecksum);
  if (parsed.fault != net::Fault::kNone) return dropped(outer_fault(parsed.fault));
  if (!parsed.ip() || parsed.vlan_tags != 0) return dropped(Drop::kNotGeneve);
  const auto* const ip = reinterpret_cast<const std::uint8_t*>(frame.data() + parsed.l3);
  const net::IpAddress destination = parsed.ipv4 ? net::IpAddress::v4(ip + 16) : net::IpAddress::v6(ip + 24);
  if (destination != us) return dropped(Drop::kNotOurs);
  if (parsed.fragment) return dropped(Drop::kOuterFragment);
  if (!parsed.udp() || net::load16(&frame[parsed.l4 + 2u]) != net::kPortGeneve) return dropped(Drop::kNotGeneve);
  // A checksum of 0 is none, over IPv6 too (RFC 6935). One that is there is to be right.
  if (net::load16(&frame[parsed.l4 + 6u]) != 0 && net::check_l4(frame, parsed) == net::L4Check::kBad)
    return dropped(Drop::kBadUdpChecksum);
  Packet packet;
  packet.source = parsed.ipv4 ? net::IpAddress::v4(ip + 12) : net::IpAddress::v6(ip + 8);
  packet.geneve = parsed.payload;
  packet.end = static_cast<std::uint16_t>(parsed.l4 + net::load16(&frame[parsed.l4 + 4u]));
  packet.drop = parse_geneve(frame.first(packet.end).subspan(packet.geneve), packet);
  return packet;
}

}  // namespace cardvp::nic::geneve
