// Numbers of the protocols that the card knows, and accesses to network-order integers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cardvp::net {

enum EtherType : std::uint16_t {
  kEtherIpv4 = 0x0800,
  kEtherArp = 0x0806,
  kEtherVlan = 0x8100,         // IEEE 802.1Q
  kEtherServiceVlan = 0x88a8,  // IEEE 802.1ad
  kEtherIpv6 = 0x86dd,
  kEtherBridged = 0x6558,       // Transparent Ethernet Bridging: an Ethernet frame in Geneve
  kEtherExperimental = 0x88b5,  // IEEE 802, Local Experimental Ethertype 1: an encrypted Ethernet frame in Geneve
};

enum IpProtocol : std::uint8_t {
  kProtocolIcmp = 1,
  kProtocolTcp = 6,
  kProtocolUdp = 17,
  kProtocolIcmpv6 = 58,
  kProtocolNone = 59,
};

enum UdpPort : std::uint16_t { kPortDhcpServer = 67, kPortDhcpClient = 68, kPortGeneve = 6081 };

inline constexpr std::size_t kEthernetBytes = 14;
inline constexpr std::size_t kVlanBytes = 4;
inline constexpr std::size_t kIpv4Bytes = 20;  // without options
inline constexpr std::size_t kIpv6Bytes = 40;
inline constexpr std::size_t kUdpBytes = 8;
inline constexpr std::size_t kTcpBytes = 20;    // without options
inline constexpr std::size_t kGeneveBytes = 8;  // without options

inline std::uint16_t load16(const std::byte* at) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(at[0]) << 8 | std::to_integer<unsigned>(at[1]));
}
inline std::uint32_t load32(const std::byte* at) {
  return static_cast<std::uint32_t>(load16(at)) << 16 | load16(at + 2);
}
inline std::uint64_t load64(const std::byte* at) {
  return static_cast<std::uint64_t>(load32(at)) << 32 | load32(at + 4);
}
inline void store16(std::byte* at, std::uint16_t value) {
  at[0] = static_cast<std::byte>(value >> 8);
  at[1] = static_cast<std::byte>(value);
}
inline void store32(std::byte* at, std::uint32_t value) {
  store16(at, static_cast<std::uint16_t>(value >> 16));
  store16(at + 2, static_cast<std::uint16_t>(value));
}
inline void store64(std::byte* at, std::uint64_t value) {
  store32(at, static_cast<std::uint32_t>(value >> 32));
  store32(at + 4, static_cast<std::uint32_t>(value));
}

}  // namespace cardvp::net
