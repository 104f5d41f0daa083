#include "models/arm/interpreter/fp_estimate.h"

#include <array>

#include "models/arm/interpreter/fp_arithmetic.h"
#include "models/arm/interpreter/fp_exact.h"

namespace cardvp::arm::interpreter::fp {

namespace {

// Estimates for operands of 9 bits, with results of 9 bits: the reciprocal of 256/512 to 511/512 ...
constexpr auto kReciprocals = [] {
  std::array<std::uint16_t, 512> table{};
  for (unsigned a = 256; a < 512; ++a) table[a] = static_cast<std::uint16_t>(((1u << 19) / (2 * a + 1) + 1) / 2);
  return table;
}();
// ... and the reciprocal square root of 128/512 to 511/512.
constexpr auto kReciprocalRoots = [] {
  std::array<std::uint16_t, 512> table{};
  for (unsigned a = 128; a < 512; ++a) {
    const std::uint64_t middle = a < 256 ? 2 * a + 1 : 2 * ((a & ~1u) + 1);
    std::uint64_t root = 512;
    while (middle * (root + 1) * (root + 1) < 1u << 28) ++root;
    table[a] = static_cast<std::uint16_t>((root + 1) / 2);
  }
  return table;
}();

// The estimate's 9 bits as significand.
template <class T>
T with_estimate(bool sign, int biased, unsigned estimate) {
  using F = Format<T>;
  T fraction = static_cast<T>(estimate & 0xff) << (F::kFraction - 8);
  if (biased < 1) {  // 0 or -1: denormal
    fraction = (fraction | T{1} << F::kFraction) >> (1 - biased);
    biased = 0;
  }
  return zero<T>(sign) | static_cast<T>(biased) << F::kFraction | fraction;
}

template <class T>
bool multiplies_infinity_by_zero(const Operand<T>& a, const Operand<T>& b) {
  return (a.is_infinite() && b.is_zero()) || (a.is_zero() && b.is_infinite());
}

// (constant - a * b) / 2^halvings, rounded once; the constant is 1.5 * 2^halvings, or 2 with no halving.
template <class T>
T step(T bits_a, T bits_b, Number constant, int halvings, T for_invalid, Environment environment) {
  const Operand<T> a = unpack(negate(bits_a), environment), b = unpack(bits_b, environment);
  if (a.is_nan() || b.is_nan()) return process_nans<T>(environment, a.bits, b.bits);
  if (multiplies_infinity_by_zero(a, b)) return for_invalid;
  if (a.is_infinite() || b.is_infinite()) return infinity<T>(a.sign() != b.sign());
  WideNumber result = exact_sum(widen(constant), exact_product(a.number, b.number));
  result.exponent -= halvings;
  return round<T>(result, environment);
}

}  // namespace

template <class T>
T reciprocal_estimate(T value, Environment environment) {
  using F = Format<T>;
  const Operand<T> operand = unpack(value, environment);
  const bool sign = operand.sign();
  if (operand.is_nan()) return process_nan(operand.bits, environment);
  if (operand.is_infinite()) return zero<T>(sign);
  if (operand.is_zero()) {
    environment.raise(kDivideByZero);
    return infinity<T>(sign);
  }
  const int biased = operand.number.exponent + F::kBias;
  if (biased < -1) {
    environment.raise(kOverflow);
    environment.raise(kInexact);
    return overflows_to_infinity(environment.rounding(), sign) ? infinity<T>(sign) : max_normal<T>(sign);
  }
  const int result = 2 * F::kBias - 1 - biased;
  if (environment.flushes_to_zero() && result < 1) {
    environment.raise(kUnderflow);
    return zero<T>(sign);
  }
  return with_estimate<T>(sign, result, kReciprocals[operand.number.significand >> 55]);
}

template <class T>
T reciprocal_square_root_estimate(T value, Environment environment) {
  using F = Format<T>;
  const Operand<T> operand = unpack(value, environment);
  if (operand.is_nan()) return process_nan(operand.bits, environment);
  if (operand.is_zero()) {
    environment.raise(kDivideByZero);
    return infinity<T>(operand.sign());
  }
  if (operand.sign()) return invalid<T>(environment);
  if (operand.is_infinite()) return zero<T>(false);
  const int biased = operand.number.exponent + F::kBias;
  const unsigned scaled = static_cast<unsigned>(operand.number.significand >> (biased % 2 ? 56 : 55));
  return with_estimate<T>(false, (3 * F::kBias - 1 - biased) / 2, kReciprocalRoots[scaled]);
}

template <class T>
T reciprocal_exponent(T value, Environment environment) {
  using F = Format<T>;
  value = flush_input(value, environment);
  if (is_nan(value)) return process_nan(value, environment);
  const T exponent = value & F::kInfinity;
  const T result = exponent ? exponent ^ F::kInfinity : static_cast<T>(F::kMaxExponent - 1) << F::kFraction;
  return (value & F::kSign) | result;
}

template <class T>
T reciprocal_step(T a, T b, Environment environment) {
  return step(a, b, Number{false, 1, 1ull << 63}, 0, power_of_two<T>(false, 1), environment);
}
template <class T>
T reciprocal_square_root_step(T a, T b, Environment environment) {
  return step(a, b, Number{false, 1, 3ull << 62}, 1, one_and_a_half<T>(false), environment);
}

Single unsigned_reciprocal_estimate(Single value) {
  return value >> 31 ? static_cast<Single>(kReciprocals[value >> 23]) << 23 : ~Single{0};
}
Single unsigned_reciprocal_square_root_estimate(Single value) {
  return value >> 30 ? static_cast<Single>(kReciprocalRoots[value >> 23]) << 23 : ~Single{0};
}

#define INSTANTIATE(T)                                        \
  template T reciprocal_estimate(T, Environment);             \
  template T reciprocal_square_root_estimate(T, Environment); \
  template T reciprocal_exponent(T, Environment);             \
  template T reciprocal_step(T, T, Environment);              \
  template T reciprocal_square_root_step(T, T, Environment);
INSTANTIATE(Single)
INSTANTIATE(Double)
#undef INSTANTIATE

}  // namespace cardvp::arm::interpreter::fp
