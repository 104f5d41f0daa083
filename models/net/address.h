// MAC and IP addresses as packets have them, and as people write them.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cardvp::net {

// IEEE 802: six bytes in the order of the wire.
struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  bool is_multicast() const { return bytes[0] & 1; }  // broadcast included
  bool is_broadcast() const { return *this == MacAddress{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }
  bool is_zero() const { return *this == MacAddress{}; }
  std::string text() const;  // "02:00:00:00:00:01"
  static std::optional<MacAddress> parse(std::string_view text);
  auto operator<=>(const MacAddress&) const = default;
};

// IPv4 or IPv6 in 16 bytes, network order; IPv4 as IPv4-mapped (RFC 4291, 2.5.5.2): ::ffff:a.b.c.d.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  static IpAddress v4(std::uint32_t value);  // in host order: 0x0a000001 is 10.0.0.1
  static IpAddress v4(const std::uint8_t* bytes);
  static IpAddress v6(const std::uint8_t* bytes);
  bool is_v4() const;
  std::uint32_t v4_value() const;  // in host order; of an IPv4 address
  const std::uint8_t* v4_bytes() const { return bytes.data() + 12; }
  bool is_zero() const { return *this == IpAddress{}; }
  bool is_multicast() const;   // 224.0.0.0/4, 255.255.255.255, ff00::/8
  bool is_link_local() const;  // 169.254.0.0/16, fe80::/10
  std::string text() const;    // "10.0.0.1", "fd00::1" (RFC 5952)
  static std::optional<IpAddress> parse(std::string_view text);
  auto operator<=>(const IpAddress&) const = default;
};

// "10.0.0.0/16", "fd00::/8". The length is that of the family: 0 to 32, 0 to 128. Bits behind it are 0.
struct Prefix {
  IpAddress address;
  unsigned length = 0;

  bool contains(const IpAddress& other) const;                                       // false for the other family
  unsigned mapped_length() const { return address.is_v4() ? length + 96 : length; }  // of the 16 bytes
  std::string text() const;
  // A bare address is a prefix of full length. Bits behind the length are refused: std::nullopt.
  static std::optional<Prefix> parse(std::string_view text);
  auto operator<=>(const Prefix&) const = default;
};

}  // namespace cardvp::net
