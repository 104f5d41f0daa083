// Geneve (RFC 8926) as this card speaks it: the outer headers of a packet between two cards, built and parsed.
//
// An outer frame is
//   Ethernet   EtherType 0x0800 or 0x86dd, by the card's own underlay address
//   IPv4       20 bytes, identification 0, DF, TTL 64; or IPv6, 40 bytes, hop limit 64, flow label 0
//   UDP        source port 49152 to 65535, of the inner flow or of the path; destination port 6081; checksum 0, which
//              for IPv6 is what RFC 6935 and RFC 6936 allow to tunnels
//   Geneve     8 bytes: version 0, options' length, C set if there are options (all of ours are critical), protocol
//              type, VNI
//   options    first "transit", then "transport", each if the packet has it
//   payload    protocol type 0x6558: the inner Ethernet frame, without FCS. 0x88b5: the same, encrypted, and 16 bytes
//              of tag behind it. Nothing (but the tag) in an acknowledgement of the transport
//
// Options are of class 0xfff0 (RFC 8926, 7: experimental use); bit 7 of the type says critical:
//   0x81 transit    12 bytes: SPI (4), sequence number (8)
//   0x82 transport  4 to 124 bytes, a multiple of 4: models/nic/transport/header.h
//
// All numbers are big-endian. An encrypted payload is AES-256-GCM (SP 800-38D): key and salt are those of the security
// association that the SPI names; IV: salt (4 bytes), then the sequence number (8); additional data: the Geneve header
// with all its options, as they stand in the packet; tag: 16 bytes. Sequence numbers start with 1.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "models/net/address.h"
#include "models/nic/vpc/drops.h"

namespace cardvp::nic::geneve {

inline constexpr std::uint16_t kOptionClass = 0xfff0;
enum OptionType : std::uint8_t { kTransit = 0x81, kTransport = 0x82, kCritical = 0x80 };
inline constexpr std::size_t kOptionHeaderBytes = 4;
inline constexpr std::size_t kTransitBytes = 12;
inline constexpr std::size_t kMostTransportBytes = 124;
inline constexpr std::size_t kTagBytes = 16;
inline constexpr std::uint16_t kFirstPort = 49152;
inline constexpr std::uint16_t kPorts = 16384;

// A card on the wire.
struct Endpoint {
  net::MacAddress mac;
  net::IpAddress ip;
};

struct Transit {
  std::uint32_t spi = 0;
  std::uint64_t sequence = 0;
};

struct Header {
  std::uint16_t source_port = kFirstPort;
  std::uint32_t vni = 0;
  std::optional<Transit> transit;        // of what is encrypted
  std::span<const std::byte> transport;  // at most kMostTransportBytes, a multiple of 4; empty: none
};

// Where things are in an outer frame, from its start.
struct Layout {
  std::size_t udp, geneve, payload;
};
Layout layout_of(const Header& header, bool ipv6);
// Writes all headers, layout_of(...).payload bytes of them, to the front of `frame`; the rest is its payload.
void write(std::span<std::byte> frame, const Endpoint& from, const Endpoint& to, const Header& header);

// What a frame from the wire is.
struct Packet {
  std::optional<Drop> drop;  // then nothing else counts
  net::IpAddress source;
  std::uint32_t vni = 0;
  std::optional<Transit> transit;                  // the payload is encrypted, and its last 16 bytes are the tag
  std::span<const std::byte> transport;            // within the frame; empty: none
  std::uint16_t geneve = 0, payload = 0, end = 0;  // offsets; behind `end` is padding
};
Packet parse(std::span<const std::byte> frame, const net::IpAddress& us);

}  // namespace cardvp::nic::geneve
