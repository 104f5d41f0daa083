// The arithmetic of A64 instructions, as the Arm ARM's shared pseudocode has it.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "models/arm/registers.h"

namespace cardvp::arm::interpreter {

// Sets the flags of a + b + carry = result.
template <class W>
inline void set_add_flags(Flags& flags, W a, W b, W result, bool carry_out) {
  constexpr unsigned kUp = 64 - std::numeric_limits<W>::digits;
  flags.n = std::uint64_t{result} << kUp;
  flags.z = result;
  flags.c = carry_out;
  flags.v = std::uint64_t{static_cast<W>((a ^ result) & (b ^ result))} << kUp;
}
template <class W>
inline W add_with_flags(Flags& flags, W a, W b) {
  const W result = a + b;
  set_add_flags<W>(flags, a, b, result, result < a);
  return result;
}
template <class W>
inline W subtract_with_flags(Flags& flags, W a, W b) {
  const W result = a - b;
  set_add_flags<W>(flags, a, static_cast<W>(~b), result, a >= b);
  return result;
}
template <class W>
inline W add_carry_with_flags(Flags& flags, W a, W b) {
  const W partial = a + b;
  const W result = partial + static_cast<W>(flags.c);
  set_add_flags<W>(flags, a, b, result, partial < a || result < partial);
  return result;
}
template <class W>
inline W logical_flags(Flags& flags, W result) {
  flags.n = std::uint64_t{result} << (64 - std::numeric_limits<W>::digits);
  flags.z = result;
  flags.c = 0;
  flags.v = 0;
  return result;
}

// For each condition code the set of NZCV values under which it holds.
inline constexpr auto kConditions = [] {
  std::array<std::uint16_t, 16> table{};
  for (unsigned condition = 0; condition < 16; ++condition) {
    for (unsigned nzcv = 0; nzcv < 16; ++nzcv) {
      const bool n = nzcv & 8, z = nzcv & 4, c = nzcv & 2, v = nzcv & 1;
      const bool base[] = {z, c, n, v, c && !z, n == v, n == v && !z, true};
      const bool holds = base[condition >> 1] != ((condition & 1) && condition != 15);
      table[condition] = static_cast<std::uint16_t>(table[condition] | holds << nzcv);
    }
  }
  return table;
}();
inline bool holds(const Flags& flags, unsigned condition) { return kConditions[condition] >> flags.nzcv() & 1; }

template <class W>
inline W shift_right_signed(W value, std::uint64_t amount) {
  return static_cast<W>(static_cast<std::make_signed_t<W>>(value) >> amount);
}
// `up` shifts the sign to bit 63.
inline std::uint64_t sign_extend(std::uint64_t value, unsigned up) {
  return shift_right_signed<std::uint64_t>(value << up, up);
}

template <class W>
inline W unsigned_divide(W a, W b) {
  return b ? a / b : 0;
}
template <class W>
inline W signed_divide(W a, W b) {
  using S = std::make_signed_t<W>;
  if (b == 0) return 0;
  if (static_cast<S>(b) == -1) return W{0} - a;  // the lowest value divided by -1 stays as it is
  return static_cast<W>(static_cast<S>(a) / static_cast<S>(b));
}

template <class W>
inline W reverse_bits(W value) {
  value = static_cast<W>((value >> 1 & W(0x5555555555555555)) | (value & W(0x5555555555555555)) << 1);
  value = static_cast<W>((value >> 2 & W(0x3333333333333333)) | (value & W(0x3333333333333333)) << 2);
  value = static_cast<W>((value >> 4 & W(0x0f0f0f0f0f0f0f0f)) | (value & W(0x0f0f0f0f0f0f0f0f)) << 4);
  if constexpr (sizeof(W) == 8) return __builtin_bswap64(value);
  return __builtin_bswap32(static_cast<std::uint32_t>(value));
}
inline std::uint64_t reverse_bytes16(std::uint64_t value) {
  return (value >> 8 & 0x00ff00ff00ff00ff) | (value & 0x00ff00ff00ff00ff) << 8;
}
inline std::uint64_t reverse_bytes32(std::uint64_t value) { return std::rotl(__builtin_bswap64(value), 32); }
template <class W>
inline W count_sign_bits(W value) {
  const W changes = value ^ static_cast<W>(static_cast<std::make_signed_t<W>>(value) >> 1);  // top bit: always 0
  return static_cast<W>(std::countl_zero(changes) - 1);
}

inline std::uint64_t unsigned_multiply_high(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(a) * b >> 64);
}
inline std::uint64_t signed_multiply_high(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::uint64_t>(
      static_cast<__int128>(static_cast<std::int64_t>(a)) * static_cast<std::int64_t>(b) >> 64);
}

// CRC32 (polynomial 0x04c11db7) and CRC32C (0x1edc6f41), bit-reflected, a byte at a time.
template <std::uint32_t kReflectedPolynomial>
inline constexpr auto kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (crc & 1 ? kReflectedPolynomial : 0);
    table[byte] = crc;
  }
  return table;
}();
template <std::uint32_t kReflectedPolynomial>
inline std::uint32_t crc(std::uint64_t accumulator, std::uint64_t data, unsigned bytes) {
  auto result = static_cast<std::uint32_t>(accumulator);
  for (unsigned i = 0; i < bytes; ++i, data >>= 8)
    result = result >> 8 ^ kCrcTable<kReflectedPolynomial>[(result ^ data) & 0xff];
  return result;
}
inline constexpr std::uint32_t kCrc32 = 0xedb88320, kCrc32c = 0x82f63b78;

}  // namespace cardvp::arm::interpreter
