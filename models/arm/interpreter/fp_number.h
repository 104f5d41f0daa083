// Floating-point numbers taken apart, for exact arithmetic, and rounded back into a format (Arm ARM, J1.3.3:
// FPUnpack, FPRound, FPProcessNaN). Included by the fp_*.cpp only.
#pragma once

#include <bit>
#include <cstdint>

#include "models/arm/interpreter/fp_format.h"

namespace cardvp::arm::interpreter::fp {

using Wide = unsigned __int128;

// What is shifted out stays visible as a lowest bit ("sticky"), which is all that rounding needs to know of it.
template <class W>
constexpr W shift_right_sticky(W value, unsigned amount) {
  constexpr unsigned kBits = sizeof(W) * 8;
  if (amount == 0) return value;
  if (amount >= kBits) return value != 0;
  return value >> amount | (value << (kBits - amount) != 0);
}

// A finite number that is not 0: significand * 2^(exponent - 63), with the significand's top bit set.
struct Number {
  bool sign;
  int exponent;
  std::uint64_t significand;
};
// Zero has significand 0.
struct WideNumber {
  bool sign;
  int exponent;
  Wide significand;  // times 2^(exponent - 126)
};

enum class Kind : std::uint8_t { kZero, kFinite, kInfinity, kNan };

template <class T>
struct Operand {
  T bits;  // with a flushed denormal gone
  Kind kind;
  Number number;  // only the sign, unless finite

  bool is_zero() const { return kind == Kind::kZero; }
  bool is_finite() const { return kind == Kind::kFinite; }
  bool is_infinite() const { return kind == Kind::kInfinity; }
  bool is_nan() const { return kind == Kind::kNan; }
  bool sign() const { return number.sign; }
};

// Flushing concerns no half precision in Armv8.0.
template <class T>
inline T flush_input(T value, Environment environment) {
  if constexpr (Format<T>::kBits > 16) {
    if (environment.flushes_to_zero() && is_denormal(value)) {
      environment.raise(kInputDenormal);
      return zero<T>(is_negative(value));
    }
  }
  return value;
}

template <class T>
inline Operand<T> unpack(T value, Environment environment) {
  using F = Format<T>;
  value = flush_input(value, environment);
  const T fraction = value & F::kFractionMask;
  const int biased = static_cast<int>(magnitude(value) >> F::kFraction);
  Operand<T> result{value, Kind::kFinite, {is_negative(value), 0, 0}};
  if (biased == 0) {
    if (fraction == 0) {
      result.kind = Kind::kZero;
    } else {
      const std::uint64_t wide = std::uint64_t{fraction} << (63 - F::kFraction);
      const int zeros = std::countl_zero(wide);
      result.number.exponent = 1 - F::kBias - zeros;
      result.number.significand = wide << zeros;
    }
  } else if (biased == F::kMaxExponent && !(F::kBits == 16 && environment.uses_alternative_half())) {
    result.kind = fraction ? Kind::kNan : Kind::kInfinity;
  } else {
    result.number.exponent = biased - F::kBias;
    result.number.significand = 1ull << 63 | std::uint64_t{fraction} << (63 - F::kFraction);
  }
  return result;
}

// Whether a magnitude that was cut is to be incremented. `rest` is what was cut off, `half` one half in its unit.
inline bool rounds_up(Rounding rounding, bool sign, bool is_odd, std::uint64_t rest, std::uint64_t half) {
  switch (rounding) {
    case Rounding::kNearestEven: return rest > half || (rest == half && is_odd);
    case Rounding::kNearestAway: return rest >= half;
    case Rounding::kPlusInfinity: return rest && !sign;
    case Rounding::kMinusInfinity: return rest && sign;
    case Rounding::kZero:
    case Rounding::kOdd: break;
  }
  return false;
}
// Where what is too large goes: to the infinity, or to the largest number.
inline bool overflows_to_infinity(Rounding rounding, bool sign) { return rounds_up(rounding, sign, true, 2, 1); }

template <class T>
inline T round(const Number& number, Rounding rounding, Environment environment) {
  using F = Format<T>;
  constexpr unsigned kCut = 63 - F::kFraction;
  const bool alternative = F::kBits == 16 && environment.uses_alternative_half();
  const int top = F::kMaxExponent + alternative;  // the first biased exponent that is too large
  const T sign = zero<T>(number.sign);
  int biased = number.exponent + F::kBias;
  std::uint64_t significand = number.significand;
  const bool tiny = biased < 1;
  if (tiny) {
    if (F::kBits > 16 && environment.flushes_to_zero()) {
      environment.raise(kUnderflow);
      return sign;
    }
    significand = shift_right_sticky(significand, static_cast<unsigned>(1 - biased));
    biased = 1;
  }
  std::uint64_t result = 0;
  const std::uint64_t rest = significand & ((1ull << kCut) - 1);
  if (biased < top) {
    if (tiny && rest) environment.raise(kUnderflow);
    // The leading bit, where there is one, counts the exponent up, and so does a carry out of the fraction.
    result = (std::uint64_t(biased - 1) << F::kFraction) + (significand >> kCut);
    if (rounding == Rounding::kOdd) {
      result |= rest != 0;
    } else {
      result += rounds_up(rounding, number.sign, result & 1, rest, 1ull << (kCut - 1));
    }
  }
  if (biased >= top || result >= static_cast<std::uint64_t>(top) << F::kFraction) {
    if (alternative) {
      environment.raise(kInvalidOperation);
      return static_cast<T>(sign | static_cast<T>(~F::kSign));
    }
    environment.raise(kOverflow);
    environment.raise(kInexact);
    return overflows_to_infinity(rounding, number.sign) ? infinity<T>(number.sign) : max_normal<T>(number.sign);
  }
  if (rest) environment.raise(kInexact);
  return static_cast<T>(sign | static_cast<T>(result));
}

// A result that may be 0: an exact zero is positive, but for rounding towards minus infinity.
template <class T>
inline T round(const WideNumber& number, Environment environment) {
  const Rounding rounding = environment.rounding();
  if (number.significand == 0) return zero<T>(rounding == Rounding::kMinusInfinity);
  const auto high = static_cast<std::uint64_t>(number.significand >> 64);
  const auto low = static_cast<std::uint64_t>(number.significand);
  const int zeros = high ? std::countl_zero(high) : 64 + std::countl_zero(low);
  const Wide normalised = number.significand << zeros;
  const auto significand = static_cast<std::uint64_t>(normalised >> 64) | (static_cast<std::uint64_t>(normalised) != 0);
  return round<T>(Number{number.sign, number.exponent + 1 - zeros, significand}, rounding, environment);
}

template <class T>
inline T process_nan(T value, Environment environment) {
  if (is_signalling(value)) environment.raise(kInvalidOperation);
  return environment.uses_default_nan() ? Format<T>::kDefaultNan : static_cast<T>(value | Format<T>::kQuiet);
}
// The NaN that results from operands of which at least one is a NaN: signalling ones first, each in operand order.
template <class T, class... Operands>
inline T process_nans(Environment environment, Operands... operands) {
  T chosen = 0;
  const auto choose = [&](T value, bool suits) {
    if (!is_nan(chosen) && suits) chosen = value;
  };
  (choose(operands, is_signalling(operands)), ...);
  (choose(operands, is_nan(operands)), ...);
  return process_nan(chosen, environment);
}
template <class T>
inline T invalid(Environment environment) {
  environment.raise(kInvalidOperation);
  return Format<T>::kDefaultNan;
}

}  // namespace cardvp::arm::interpreter::fp
