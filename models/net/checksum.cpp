#include "models/net/checksum.h"

#include <bit>
#include <cstring>

namespace cardvp::net {

namespace {

std::uint16_t fold64(std::uint64_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

}  // namespace

std::uint32_t sum(std::span<const std::byte> data, std::uint32_t initial) {
  // One's complement addition does not care for the order of bytes or the width of words (RFC 1071, 2): machine words
  // are added, and the bytes of the result exchanged.
  using Pair __attribute__((vector_size(16))) = std::uint64_t;  // two at a time
  Pair low{}, high{};
  const std::byte* at = data.data();
  std::size_t left = data.size();
  for (; left >= 16; at += 16, left -= 16) {
    Pair pair;
    std::memcpy(&pair, at, 16);
    low += pair & 0xffffffff;
    high += pair >> 32;
  }
  std::uint64_t words = low[0] + low[1] + high[0] + high[1];
  for (; left >= 2; at += 2, left -= 2) {
    std::uint16_t word;
    std::memcpy(&word, at, 2);
    words += word;
  }
  if (left) {
    const std::uint8_t last[2] = {std::to_integer<std::uint8_t>(*at), 0};
    std::uint16_t word;
    std::memcpy(&word, last, 2);
    words += word;
  }
  std::uint16_t folded = fold64(words);
  if constexpr (std::endian::native == std::endian::little)
    folded = static_cast<std::uint16_t>(folded << 8 | folded >> 8);
  const std::uint64_t total = std::uint64_t{initial} + folded;
  return static_cast<std::uint32_t>(total) + static_cast<std::uint32_t>(total >> 32);
}

std::uint16_t fold(std::uint32_t sum) { return fold64(sum); }

std::uint32_t pseudo_sum(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                         std::uint32_t length) {
  // The prefix of IPv4-mapped addresses sums to 0xffff, which is 0: one formula for both families.
  const std::uint32_t start = protocol + (length >> 16) + (length & 0xffff);
  return sum(std::as_bytes(std::span(destination.bytes)), sum(std::as_bytes(std::span(source.bytes)), start));
}

std::span<const std::byte> ipv4_header(std::span<const std::byte> frame, const Parsed& parsed) {
  return frame.subspan(parsed.l3, (std::to_integer<std::size_t>(frame[parsed.l3]) & 0xf) * 4);
}

void set_ipv4_checksum(std::span<std::byte> frame, const Parsed& parsed) {
  std::byte* const field = frame.data() + parsed.l3 + 10;
  store16(field, 0);
  store16(field, checksum(ipv4_header(frame, parsed)));
}

bool ipv4_checksum_good(std::span<const std::byte> frame, const Parsed& parsed) {
  return checksum(ipv4_header(frame, parsed)) == 0;
}

std::optional<L4Data> l4_data(std::span<const std::byte> frame, const Parsed& parsed) {
  if (!parsed.ip() || parsed.l4 == 0 || parsed.fragment || parsed.extensions) return std::nullopt;
  std::size_t bytes = static_cast<std::size_t>(parsed.end - parsed.l4);
  L4Data l4{{}, 0, 0};
  if (parsed.protocol == kProtocolTcp) {
    l4.field = 16;
  } else if (parsed.protocol == kProtocolUdp) {
    l4.field = 6;
    bytes = load16(frame.data() + parsed.l4 + 4);  // may be less than IP carries
  } else if (parsed.protocol == (parsed.ipv4 ? kProtocolIcmp : kProtocolIcmpv6)) {
    l4.field = 2;
  } else {
    return std::nullopt;
  }
  l4.bytes = frame.subspan(parsed.l4, bytes);
  if (parsed.ipv4 && parsed.protocol == kProtocolIcmp) return l4;
  // Both addresses, as they stand side by side at the end of the IP header.
  const auto addresses = parsed.ipv4 ? frame.subspan(parsed.l3 + 12u, 8) : frame.subspan(parsed.l3 + 8u, 32);
  l4.start = sum(addresses, parsed.protocol + static_cast<std::uint32_t>(bytes));
  return l4;
}

bool set_l4_checksum(std::span<std::byte> frame, const Parsed& parsed) {
  const std::optional<L4Data> l4 = l4_data(frame, parsed);
  if (!l4) return false;
  std::byte* const field = frame.data() + parsed.l4 + l4->field;
  store16(field, 0);
  std::uint16_t value = checksum(l4->bytes, l4->start);
  if (value == 0 && parsed.protocol == kProtocolUdp) value = 0xffff;  // RFC 768: 0 says that there is none
  store16(field, value);
  return true;
}

L4Check check_l4(std::span<const std::byte> frame, const Parsed& parsed) {
  return check_l4(frame, parsed, [](std::span<const std::byte> data, std::uint32_t start) { return sum(data, start); });
}

}  // namespace cardvp::net
