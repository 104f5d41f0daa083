// The Internet checksum (RFC 1071), and where packets have it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "models/net/parse.h"

namespace cardvp::net {

// One's complement sum of big-endian 16-bit words, an odd last byte padded with 0; not folded beyond 32 bits, so that
// sums add up. `initial`: a sum of what stands before, of an even number of bytes.
std::uint32_t sum(std::span<const std::byte> data, std::uint32_t initial = 0);
std::uint16_t fold(std::uint32_t sum);  // to 16 bits, not complemented
inline std::uint16_t checksum(std::span<const std::byte> data, std::uint32_t initial = 0) {
  return static_cast<std::uint16_t>(~fold(sum(data, initial)));
}
// Pseudo header of TCP, UDP and ICMPv6 (RFC 9293, 3.1; RFC 8200, 8.1) for `length` bytes of L4.
std::uint32_t pseudo_sum(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                         std::uint32_t length);

// Of a parsed frame without faults. For IPv4 only; writes the field, or says whether it is right.
void set_ipv4_checksum(std::span<std::byte> frame, const Parsed& parsed);
bool ipv4_checksum_good(std::span<const std::byte> frame, const Parsed& parsed);
// TCP, UDP, ICMP and ICMPv6 that are no fragments; false for others, with nothing done. A UDP sum of 0 becomes 0xffff.
// Others are also those with IPv6 extension headers, as for most hardware: behind a routing header the sum is over
// another destination.
bool set_l4_checksum(std::span<std::byte> frame, const Parsed& parsed);
enum class L4Check : std::uint8_t { kNone, kGood, kBad };  // kNone: nothing to check; UDP over IPv4 without a checksum
L4Check check_l4(std::span<const std::byte> frame, const Parsed& parsed);

}  // namespace cardvp::net
