// Packets of tests: written as hexadecimal digits, or put together piece by piece, right or wrong.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "models/net/headers.h"

namespace cardvp::net {

using Bytes = std::vector<std::byte>;

// Blanks are skipped.
inline Bytes hex(std::string_view text) {
  Bytes bytes;
  unsigned digits = 0, value = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    value = value << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    if (++digits % 2 == 0) bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
inline Bytes number16(unsigned value) { return {static_cast<std::byte>(value >> 8), static_cast<std::byte>(value)}; }
inline Bytes zeros(std::size_t count) { return Bytes(count); }

inline Bytes ethernet(unsigned type) { return hex("020000000002 020000000001") + number16(type); }

struct Ipv4 {
  unsigned version_length = 0x45;
  int total = -1;  // -1: as it is
  unsigned flags_offset = 0;
  unsigned protocol = kProtocolUdp;

  Bytes with(const Bytes& content) const {
    Bytes options = zeros((version_length & 15) > 5 ? (version_length & 15) * 4 - 20 : 0);
    const unsigned length =
        total >= 0 ? static_cast<unsigned>(total) : static_cast<unsigned>(20 + options.size() + content.size());
    return Bytes{static_cast<std::byte>(version_length), std::byte{0}} + number16(length) + number16(1) +
           number16(flags_offset) + Bytes{std::byte{64}, static_cast<std::byte>(protocol)} + zeros(2) +
           hex("0a000001 0a000002") + options + content;
  }
};

struct Ipv6 {
  unsigned version = 6;
  int payload = -1;  // -1: as it is
  unsigned next = kProtocolUdp;
  Bytes source = hex("fd000000000000000000000000000001");
  Bytes destination = hex("fd000000000000000000000000000002");

  Bytes with(const Bytes& content) const {
    const unsigned length = payload >= 0 ? static_cast<unsigned>(payload) : static_cast<unsigned>(content.size());
    return Bytes{static_cast<std::byte>(version << 4)} + zeros(3) + number16(length) +
           Bytes{static_cast<std::byte>(next), std::byte{64}} + source + destination + content;
  }
};

// An extension header of (length + 1) x 8 bytes.
inline Bytes extension(unsigned next, unsigned length = 0) {
  return Bytes{static_cast<std::byte>(next), static_cast<std::byte>(length)} + zeros(length * 8 + 6);
}
inline Bytes fragment_header(unsigned next, unsigned offset_flags) {
  return Bytes{static_cast<std::byte>(next), std::byte{0}} + number16(offset_flags) + zeros(4);
}

inline Bytes udp(std::size_t payload, int length = -1) {
  return number16(1000) + number16(53) +
         number16(length >= 0 ? static_cast<unsigned>(length) : static_cast<unsigned>(8 + payload)) + zeros(2) +
         zeros(payload);
}
inline Bytes tcp(std::size_t payload, unsigned words = 5) {
  return number16(1000) + number16(443) + zeros(8) + Bytes{static_cast<std::byte>(words << 4), std::byte{0x10}} +
         zeros(6) + zeros(words > 5 ? words * 4 - 20 : 0) + zeros(payload);
}
inline Bytes icmp(unsigned type, unsigned identifier) {
  return Bytes{static_cast<std::byte>(type), std::byte{0}} + zeros(2) + number16(identifier) + zeros(2);
}

}  // namespace cardvp::net
