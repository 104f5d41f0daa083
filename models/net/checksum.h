// The Internet checksum (RFC 1071), and where packets have it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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
// Also of one with faults, if its header is whole.
std::span<const std::byte> ipv4_header(std::span<const std::byte> frame, const Parsed& parsed);
// TCP, UDP, ICMP and ICMPv6 that are no fragments; false for others, with nothing done. A UDP sum of 0 becomes 0xffff.
// Others are also those with IPv6 extension headers, as for most hardware: behind a routing header the sum is over
// another destination.
bool set_l4_checksum(std::span<std::byte> frame, const Parsed& parsed);
enum class L4Check : std::uint8_t { kNone, kGood, kBad };  // kNone: nothing to check; UDP over IPv4 without a checksum
L4Check check_l4(std::span<const std::byte> frame, const Parsed& parsed);

// What an L4 checksum is over.
struct L4Data {
  std::span<const std::byte> bytes;  // header and payload
  std::size_t field;                 // offset of the checksum in the header
  std::uint32_t start;               // sum of the pseudo header, where there is one
};
// std::nullopt for those that set_l4_checksum() does nothing with.
std::optional<L4Data> l4_data(std::span<const std::byte> frame, const Parsed& parsed);

// check_l4() with another way to sum: `sum` is called as net::sum() is, at most once.
template <class Sum>
L4Check check_l4(std::span<const std::byte> frame, const Parsed& parsed, Sum&& sum) {
  const std::optional<L4Data> l4 = l4_data(frame, parsed);
  if (!l4) return L4Check::kNone;
  if (parsed.protocol == kProtocolUdp && load16(&l4->bytes[l4->field]) == 0)
    return parsed.ipv4 ? L4Check::kNone : L4Check::kBad;  // RFC 8200, 8.1
  return fold(sum(l4->bytes, l4->start)) == 0xffff ? L4Check::kGood : L4Check::kBad;
}

}  // namespace cardvp::net
