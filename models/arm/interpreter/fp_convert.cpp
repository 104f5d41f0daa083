#include "models/arm/interpreter/fp_convert.h"

#include <type_traits>

#include "models/arm/interpreter/fp_number.h"

namespace cardvp::arm::interpreter::fp {

namespace {

struct RoundedInteger {
  std::uint64_t magnitude = 0;
  bool is_inexact = false;
  bool is_too_large = false;  // for any 64 bits
};

// The number times 2^scale.
RoundedInteger round_to_integer(const Number& number, int scale, Rounding rounding) {
  const int shift = 63 - number.exponent - scale;
  if (shift < 0) return {.is_too_large = true};
  if (shift == 0) return {.magnitude = number.significand};
  const auto amount = static_cast<unsigned>(shift);
  // What is cut off, in units of 2^-64.
  const std::uint64_t rest =
      amount <= 64 ? number.significand << (64 - amount) : shift_right_sticky(number.significand, amount - 64);
  const std::uint64_t whole = amount < 64 ? number.significand >> amount : 0;
  return {.magnitude = whole + rounds_up(rounding, number.sign, whole & 1, rest, 1ull << 63), .is_inexact = rest != 0};
}

}  // namespace

template <class To, class From>
To convert(From value, Rounding rounding, Environment environment) {
  const Operand<From> operand = unpack(value, environment);
  const To sign = zero<To>(operand.sign());
  const bool has_no_specials = Format<To>::kBits == 16 && environment.uses_alternative_half();
  switch (operand.kind) {
    case Kind::kZero: return sign;
    case Kind::kFinite: return round<To>(operand.number, rounding, environment);
    case Kind::kInfinity:
      if (!has_no_specials) return infinity<To>(operand.sign());
      environment.raise(kInvalidOperation);
      return static_cast<To>(sign | static_cast<To>(~Format<To>::kSign));
    case Kind::kNan: break;
  }
  if (has_no_specials || is_signalling(operand.bits)) environment.raise(kInvalidOperation);
  if (has_no_specials) return sign;
  if (environment.uses_default_nan()) return Format<To>::kDefaultNan;
  // The fraction keeps its upper bits.
  const std::uint64_t fraction = std::uint64_t{operand.bits} << (64 - Format<From>::kFraction);
  return static_cast<To>(sign | Format<To>::kDefaultNan | static_cast<To>(fraction >> (64 - Format<To>::kFraction)));
}

template <class Integer, class From>
Integer to_fixed(From value, unsigned fraction_bits, Rounding rounding, Environment environment) {
  using Limits = std::numeric_limits<Integer>;
  const Operand<From> operand = unpack(value, environment);
  if (operand.is_zero()) return 0;
  if (operand.is_nan()) {
    environment.raise(kInvalidOperation);
    return 0;
  }
  const RoundedInteger rounded = operand.is_infinite()
                                     ? RoundedInteger{.is_too_large = true}
                                     : round_to_integer(operand.number, static_cast<int>(fraction_bits), rounding);
  const bool sign = operand.sign();
  const std::uint64_t limit = sign ? (Limits::is_signed ? 1ull << Limits::digits : 0) : std::uint64_t{Limits::max()};
  if (rounded.is_too_large || rounded.magnitude > limit) {
    environment.raise(kInvalidOperation);
    return sign ? Limits::min() : Limits::max();
  }
  if (rounded.is_inexact) environment.raise(kInexact);
  return static_cast<Integer>(sign ? -rounded.magnitude : rounded.magnitude);
}

template <class To, class Integer>
To from_fixed(Integer value, unsigned fraction_bits, Environment environment) {
  if (value == 0) return 0;
  const bool sign = value < 0;
  const std::uint64_t size = sign ? -static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  const int zeros = std::countl_zero(size);
  return round<To>(Number{sign, 63 - zeros - static_cast<int>(fraction_bits), size << zeros}, environment.rounding(),
                   environment);
}

template <class T>
T round_to_integral(T value, Rounding rounding, bool raises_inexact, Environment environment) {
  const Operand<T> operand = unpack(value, environment);
  if (operand.is_nan()) return process_nan(operand.bits, environment);
  if (!operand.is_finite() || operand.number.exponent >= static_cast<int>(Format<T>::kFraction)) return operand.bits;
  const RoundedInteger rounded = round_to_integer(operand.number, 0, rounding);
  if (rounded.is_inexact && raises_inexact) environment.raise(kInexact);
  if (rounded.magnitude == 0) return zero<T>(operand.sign());
  const int zeros = std::countl_zero(rounded.magnitude);
  return round<T>(Number{operand.sign(), 63 - zeros, rounded.magnitude << zeros}, Rounding::kZero, environment);
}

#define CONVERT(To, From) template To convert<To>(From, Rounding, Environment);
CONVERT(Half, Single)
CONVERT(Half, Double)
CONVERT(Single, Half)
CONVERT(Single, Double)
CONVERT(Double, Half)
CONVERT(Double, Single)
#undef CONVERT

#define FIXED(T, Integer)                                                 \
  template Integer to_fixed<Integer>(T, unsigned, Rounding, Environment); \
  template T from_fixed<T>(Integer, unsigned, Environment);
#define INSTANTIATE(T)    \
  FIXED(T, std::int32_t)  \
  FIXED(T, std::uint32_t) \
  FIXED(T, std::int64_t)  \
  FIXED(T, std::uint64_t) \
  template T round_to_integral(T, Rounding, bool, Environment);
INSTANTIATE(Single)
INSTANTIATE(Double)
#undef INSTANTIATE
#undef FIXED

}  // namespace cardvp::arm::interpreter::fp
