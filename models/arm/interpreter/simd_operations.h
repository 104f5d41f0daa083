// The operations that the shapes of simd_shapes.h are made with.
#pragma once

#include "models/arm/interpreter/simd_arithmetic.h"

namespace cardvp::arm::interpreter {

inline constexpr auto kAdd = []<class T>(T n, T m) { return wrapping_add(n, m); };
inline constexpr auto kSubtract = []<class T>(T n, T m) { return wrapping_subtract(n, m); };
inline constexpr auto kMultiply = []<class T>(T n, T m) { return wrapping_multiply(n, m); };
inline constexpr auto kMultiplyAdd = []<class T>(T n, T m, T d) { return wrapping_add(d, wrapping_multiply(n, m)); };
inline constexpr auto kMultiplySubtract = []<class T>(T n, T m, T d) {
  return wrapping_subtract(d, wrapping_multiply(n, m));
};
inline constexpr auto kPolynomialMultiply = []<class T>(T n, T m) { return polynomial_multiply(n, m); };
inline constexpr auto kAbsoluteDifference = []<class T>(T n, T m) { return absolute_difference(n, m); };
inline constexpr auto kAbsoluteDifferenceAdd = []<class T>(T n, T m, T d) {
  return wrapping_add(d, absolute_difference(n, m));
};
inline constexpr auto kMaximum = []<class T>(T n, T m) { return std::max(n, m); };
inline constexpr auto kMinimum = []<class T>(T n, T m) { return std::min(n, m); };

inline constexpr auto kSaturatingAdd = []<class T>(T n, T m, bool& saturated) {
  return saturating_add(n, m, saturated);
};
inline constexpr auto kSaturatingSubtract = []<class T>(T n, T m, bool& saturated) {
  return saturating_subtract(n, m, saturated);
};

template <bool rounding>
inline constexpr auto kDoublingMultiplyHigh =
    []<class T>(T n, T m, bool& saturated) { return doubling_multiply_high<T, rounding>(n, m, saturated); };
inline constexpr auto kDoublingMultiplyLong = []<class T>(T n, T m, bool& saturated) {
  return doubling_multiply_long(n, m, saturated);
};
inline constexpr auto kDoublingMultiplyAddLong = []<class T>(T n, T m, T d, bool& saturated) {
  return saturating_add(d, doubling_multiply_long(n, m, saturated), saturated);
};
inline constexpr auto kDoublingMultiplySubtractLong = []<class T>(T n, T m, T d, bool& saturated) {
  return saturating_subtract(d, doubling_multiply_long(n, m, saturated), saturated);
};

inline constexpr auto kShiftLeft = []<class T>(T n, unsigned shift) { return shift_left(n, shift); };

}  // namespace cardvp::arm::interpreter
