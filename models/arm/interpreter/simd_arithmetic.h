// Integer operations of Advanced SIMD on single lanes (Arm ARM, C7.2 and the functions of its shared pseudocode).
#pragma once

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "models/arm/interpreter/simd_lanes.h"

namespace cardvp::arm::interpreter {

template <class T>
inline constexpr T kMin = std::numeric_limits<T>::min();
template <class T>
inline constexpr T kMax = std::numeric_limits<T>::max();

// Modulo 2^N, whatever the sign.
template <class T>
constexpr T wrapping_add(T a, T b) {
  return static_cast<T>(Unsigned<T>(a) + Unsigned<T>(b));
}
template <class T>
constexpr T wrapping_subtract(T a, T b) {
  return static_cast<T>(Unsigned<T>(a) - Unsigned<T>(b));
}
template <class T>
constexpr T wrapping_multiply(T a, T b) {
  return static_cast<T>(1u * Unsigned<T>(a) * Unsigned<T>(b));  // 1u: no promotion to int, which could overflow
}

template <class T>
constexpr T saturating_add(T a, T b, bool& saturated) {
  T result;
  if (!__builtin_add_overflow(a, b, &result)) return result;
  saturated = true;
  return b < 0 ? kMin<T> : kMax<T>;
}
template <class T>
constexpr T saturating_subtract(T a, T b, bool& saturated) {
  T result;
  if (!__builtin_sub_overflow(a, b, &result)) return result;
  saturated = true;
  return b < 0 ? kMax<T> : kMin<T>;
}
// SatQ of the shared pseudocode.
template <class T, class From>
constexpr T saturate(From value, bool& saturated) {
  if (std::in_range<T>(value)) return static_cast<T>(value);
  saturated = true;
  return value < 0 ? kMin<T> : kMax<T>;
}

template <class T>
constexpr T absolute_difference(T a, T b) {
  return a > b ? wrapping_subtract(a, b) : wrapping_subtract(b, a);
}

// Shifts by immediates: 0 to N - 1 to the left, 0 to N to the right.
template <class T>
constexpr T shift_left(T value, unsigned shift) {
  return static_cast<T>(Unsigned<T>(value) << shift);
}
template <class T>
constexpr T shift_right(T value, unsigned shift) {
  if constexpr (std::is_signed_v<T>) return static_cast<T>(value >> std::min(shift, kBits<T> - 1));
  return shift < kBits<T> ? static_cast<T>(value >> shift) : T{0};
}
// Half of the unit of the result is added first; `shift` is not 0. The sum may need N + 1 bits, hence this way.
template <class T>
constexpr T rounding_shift_right(T value, unsigned shift) {
  return static_cast<T>(shift_right(value, shift) + (value >> (shift - 1) & 1));
}
template <class T>
constexpr T saturating_shift_left(T value, unsigned shift, bool& saturated) {
  if (value == 0) return 0;
  if (shift < kBits<T>) {
    const T result = shift_left(value, shift);
    if (shift_right(result, shift) == value) return result;
  }
  saturated = true;
  return value < 0 ? kMin<T> : kMax<T>;
}

// Shifts by the signed low byte of a register's lane: to the left, or if negative to the right.
template <class T, bool rounding, bool saturating>
constexpr T shift_by_register(T value, T by, bool& saturated) {
  const int shift = static_cast<std::int8_t>(by);
  if (shift >= 0) {
    const auto left = static_cast<unsigned>(shift);
    if constexpr (saturating) return saturating_shift_left(value, left, saturated);
    return left < kBits<T> ? shift_left(value, left) : T{0};
  }
  const auto right = static_cast<unsigned>(-shift);
  if (right > kBits<T>) return rounding || value >= 0 ? T{0} : static_cast<T>(-1);
  return rounding ? rounding_shift_right(value, right) : shift_right(value, right);
}

// High half of the doubled product.
template <class T, bool rounding>
constexpr T doubling_multiply_high(T a, T b, bool& saturated) {
  if (a == kMin<T> && b == kMin<T>) {
    saturated = true;
    return kMax<T>;
  }
  const Wide<T> round = rounding ? Wide<T>{1} << (kBits<T> - 1) : 0;
  return static_cast<T>((Wide<T>{a} * b * 2 + round) >> kBits<T>);
}
// The doubled product of lanes that were widened to T.
template <class T>
constexpr T doubling_multiply_long(T a, T b, bool& saturated) {
  const T product = a * b;
  return saturating_add(product, product, saturated);
}

// The result of a comparison.
template <class T>
constexpr T all_ones_if(bool condition) {
  return static_cast<T>(-T{condition});
}

// Product of polynomials over {0, 1}, of which the lowest bits of T are wanted.
template <class T>
constexpr T polynomial_multiply(T a, T b) {
  T result = 0;
  for (unsigned i = 0; i < 8; ++i) result ^= static_cast<T>((b >> i & 1) * (a << i));
  return result;
}

template <class T>
constexpr T leading_sign_bits(T value) {
  return static_cast<T>(std::countl_zero(static_cast<Unsigned<T>>(value ^ shift_right(value, 1))) - 1);
}

}  // namespace cardvp::arm::interpreter
