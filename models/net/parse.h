// What a frame is: one walk over its headers, with every length checked. Never reads beyond the frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "models/net/address.h"
#include "models/net/headers.h"

namespace cardvp::net {

// Why a frame is not what it says it is.
enum class Fault : std::uint8_t {
  kNone,
  kShortEthernet,  // less than an Ethernet header, VLAN tags included
  kShortIp,        // the IP header does not fit
  kBadIpVersion,   // version field does not fit the EtherType
  kBadIpLength,    // header length below 20, total length below the header or beyond the frame
  kBadIpChecksum,  // IPv4 header checksum; set only with Checks::kIpChecksum
  kShortL4,        // TCP, UDP or ICMP header does not fit
  kBadL4Length,    // TCP data offset, UDP length
  kBadExtensions,  // IPv6 extension headers that do not end, more than 8, Hop-by-Hop Options that are not the first
  kBadFragment,    // first fragment too short for its L4 header (RFC 7112), offset 1 of TCP (RFC 1858, 3128), beyond
                   // 65535 bytes, a length that is no multiple of 8 in one that is not the last, a fragment's fragment
  kBadAddress,     // IPv4-mapped address in an IPv6 header (RFC 4942, 2.2): it would pass for the IPv4 address
};
inline constexpr unsigned kFaults = 11;
const char* name_of(Fault fault);  // "short_ethernet": as counters name it

struct Parsed {
  Fault fault = Fault::kNone;  // what is below is filled up to where the fault is
  // Offsets from the start of the frame, in bytes.
  std::uint16_t l3 = 0;       // behind the VLAN tags
  std::uint16_t l4 = 0;       // 0: there is none, or a fragment that is not the first
  std::uint16_t payload = 0;  // behind the L4 header
  std::uint16_t end = 0;      // of the IP packet: what is behind is padding. Frame size for what is no IP
  std::uint16_t ether_type = 0;
  std::uint8_t vlan_tags = 0;  // 0 to 2
  std::uint8_t protocol = 0;   // of L4: behind IPv6's extension headers
  bool ipv4 = false;
  bool ipv6 = false;
  bool fragment = false;        // any
  bool later_fragment = false;  // not the first
  bool extensions = false;      // IPv6 extension headers

  bool ip() const { return ipv4 || ipv6; }
  bool tcp() const { return l4 != 0 && protocol == kProtocolTcp; }
  bool udp() const { return l4 != 0 && protocol == kProtocolUdp; }
};

// Of a frame beyond 65535 bytes the rest counts as not there.
enum class Checks : std::uint8_t { kLengths, kIpChecksum };
Parsed parse(std::span<const std::byte> frame, Checks checks = Checks::kLengths);

// What tells flows apart. ICMP and ICMPv6 echoes have their identifier as both ports, other ICMP the type as source
// port; what has no ports, or is a fragment, has 0.
struct FlowKey {
  IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t protocol = 0;

  FlowKey reversed() const { return {destination, source, destination_port, source_port, protocol}; }
  bool operator==(const FlowKey&) const = default;
};
// Of a frame that is IP and has no fault.
FlowKey flow_key(std::span<const std::byte> frame, const Parsed& parsed);
// A good mix of all its bits; the same in every run.
std::uint64_t hash_of(const FlowKey& key);

inline MacAddress destination_mac(std::span<const std::byte> frame);  // of at least kEthernetBytes
inline MacAddress source_mac(std::span<const std::byte> frame);

inline MacAddress load_mac(const std::byte* at) {
  MacAddress mac;
  for (std::size_t i = 0; i < 6; ++i) mac.bytes[i] = std::to_integer<std::uint8_t>(at[i]);
  return mac;
}
inline void store_mac(std::byte* at, const MacAddress& mac) {
  for (std::size_t i = 0; i < 6; ++i) at[i] = std::byte{mac.bytes[i]};
}
inline MacAddress destination_mac(std::span<const std::byte> frame) { return load_mac(frame.data()); }
inline MacAddress source_mac(std::span<const std::byte> frame) { return load_mac(frame.data() + 6); }

}  // namespace cardvp::net
