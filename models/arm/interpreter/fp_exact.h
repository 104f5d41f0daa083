// Sums and products of numbers without rounding, but for a sticky lowest bit far below what any format keeps.
// Included by the fp_*.cpp only.
#pragma once

#include <utility>

#include "models/arm/interpreter/fp_number.h"

namespace cardvp::arm::interpreter::fp {

inline WideNumber widen(const Number& number) { return {number.sign, number.exponent, Wide{number.significand} << 63}; }

inline WideNumber exact_product(const Number& a, const Number& b) {
  // Significands have 53 bits at most (or are 0): nothing is lost by the last shift.
  const Wide product = Wide{a.significand} * b.significand;
  const bool carry = product >> 127;
  return {a.sign != b.sign, a.exponent + b.exponent + carry, carry ? product >> 1 : product};
}

// Both are 0 or normalised to bit 126. Where bits are lost the exponents are so far apart that at most one leading bit
// cancels.
inline WideNumber exact_sum(WideNumber a, WideNumber b) {
  if (a.significand == 0) return b;
  if (b.significand == 0) return a;
  if (a.exponent < b.exponent) std::swap(a, b);
  b.significand = shift_right_sticky(b.significand, static_cast<unsigned>(a.exponent - b.exponent));
  if (a.sign == b.sign) {
    a.significand += b.significand;
  } else if (a.significand >= b.significand) {
    a.significand -= b.significand;
  } else {
    a.significand = b.significand - a.significand;
    a.sign = b.sign;
  }
  return a;
}

}  // namespace cardvp::arm::interpreter::fp
