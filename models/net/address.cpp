#include "models/net/address.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace cardvp::net {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <class Number>
bool parse_number(std::string_view text, Number& value, int base) {
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, base);
  return result.ec == std::errc() && result.ptr == end;
}

bool same_leading_bits(const IpAddress& a, const IpAddress& b, unsigned bits) {
  if (std::memcmp(a.bytes.data(), b.bytes.data(), bits / 8) != 0) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (a.bytes[bits / 8] ^ b.bytes[bits / 8]) >> (8 - rest) == 0;
}

}  // namespace

std::string MacAddress::text() const {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
                     bytes[5]);
}

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  MacAddress mac;
  for (std::size_t i = 0; i < 6; ++i) {
    if (i < 5 && text[3 * i + 2] != ':') return std::nullopt;
    if (!parse_number(text.substr(3 * i, 2), mac.bytes[i], 16)) return std::nullopt;
  }
  return mac;
}

IpAddress IpAddress::v4(std::uint32_t value) {
  const std::uint8_t network[4] = {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
                                   static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
  return v4(network);
}

IpAddress IpAddress::v4(const std::uint8_t* bytes) {
  IpAddress address;
  std::memcpy(address.bytes.data(), kMapped.data(), 12);
  std::memcpy(address.bytes.data() + 12, bytes, 4);
  return address;
}

IpAddress IpAddress::v6(const std::uint8_t* bytes) {
  IpAddress address;
  std::memcpy(address.bytes.data(), bytes, 16);
  return address;
}

bool IpAddress::is_v4() const { return std::memcmp(bytes.data(), kMapped.data(), 12) == 0; }

std::uint32_t IpAddress::v4_value() const {
  return std::uint32_t{bytes[12]} << 24 | std::uint32_t{bytes[13]} << 16 | std::uint32_t{bytes[14]} << 8 | bytes[15];
}

bool IpAddress::is_multicast() const {
  if (!is_v4()) return bytes[0] == 0xff;
  return v4_value() >> 28 == 0xe || v4_value() == 0xffffffff;
}

bool IpAddress::is_link_local() const {
  if (!is_v4()) return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
  return v4_value() >> 16 == 0xa9fe;
}

std::string IpAddress::text() const {
  char text[INET6_ADDRSTRLEN];
  if (is_v4()) return inet_ntop(AF_INET, v4_bytes(), text, sizeof text);
  return inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof terminated || text.find('\0') != text.npos) return std::nullopt;
  std::copy(text.begin(), text.end(), terminated);
  std::uint8_t bytes[16];
  if (inet_pton(AF_INET, terminated, bytes) == 1) return v4(bytes);
  if (inet_pton(AF_INET6, terminated, bytes) == 1) return v6(bytes);
  return std::nullopt;
}

bool Prefix::contains(const IpAddress& other) const {
  return address.is_v4() == other.is_v4() && same_leading_bits(address, other, mapped_length());
}

std::string Prefix::text() const { return fmt::format("{}/{}", address.text(), length); }

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<IpAddress> address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned most = address->is_v4() ? 32 : 128;
  Prefix prefix{*address, most};
  if (slash != text.npos && !parse_number(text.substr(slash + 1), prefix.length, 10)) return std::nullopt;
  if (prefix.length > most) return std::nullopt;
  IpAddress first = *address;  // of the prefix's
  for (unsigned bit = prefix.mapped_length(); bit < 128; ++bit)
    first.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> bit % 8));
  if (first != *address) return std::nullopt;
  return prefix;
}

}  // namespace cardvp::net
