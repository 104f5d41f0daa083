#include "models/arm/interpreter/fp_arithmetic.h"

#include <cmath>

#include "models/arm/interpreter/fp_exact.h"
#include "models/arm/interpreter/fp_host.h"

namespace cardvp::arm::interpreter::fp {

namespace {

template <class T>
T exact_add(T bits_a, T bits_b, bool negate_b, Environment environment) {
  const Operand<T> a = unpack(bits_a, environment);
  Operand<T> b = unpack(bits_b, environment);
  if (a.is_nan() || b.is_nan()) return process_nans<T>(environment, a.bits, b.bits);
  b.number.sign ^= negate_b;
  if (a.is_infinite() && b.is_infinite() && a.sign() != b.sign()) return invalid<T>(environment);
  if (a.is_infinite()) return infinity<T>(a.sign());
  if (b.is_infinite()) return infinity<T>(b.sign());
  if (a.is_zero() && b.is_zero() && a.sign() == b.sign()) return zero<T>(a.sign());
  return round<T>(exact_sum(widen(a.number), widen(b.number)), environment);
}

template <class T>
T exact_multiply(T bits_a, T bits_b, Environment environment, bool extended) {
  const Operand<T> a = unpack(bits_a, environment), b = unpack(bits_b, environment);
  if (a.is_nan() || b.is_nan()) return process_nans<T>(environment, a.bits, b.bits);
  const bool sign = a.sign() != b.sign();
  if ((a.is_infinite() && b.is_zero()) || (a.is_zero() && b.is_infinite()))
    return extended ? power_of_two<T>(sign, 1) : invalid<T>(environment);
  if (a.is_infinite() || b.is_infinite()) return infinity<T>(sign);
  if (a.is_zero() || b.is_zero()) return zero<T>(sign);
  return round<T>(exact_product(a.number, b.number), environment);
}

template <class T>
T exact_divide(T bits_a, T bits_b, Environment environment) {
  const Operand<T> a = unpack(bits_a, environment), b = unpack(bits_b, environment);
  if (a.is_nan() || b.is_nan()) return process_nans<T>(environment, a.bits, b.bits);
  if ((a.is_infinite() && b.is_infinite()) || (a.is_zero() && b.is_zero())) return invalid<T>(environment);
  const bool sign = a.sign() != b.sign();
  if (a.is_infinite()) return infinity<T>(sign);
  if (b.is_zero()) {
    environment.raise(kDivideByZero);
    return infinity<T>(sign);
  }
  if (a.is_zero() || b.is_infinite()) return zero<T>(sign);
  const Wide dividend = Wide{a.number.significand} << 63;
  const Wide quotient = dividend / b.number.significand;  // between 2^62 and 2^64
  const bool rest = quotient * b.number.significand != dividend;
  return round<T>(WideNumber{sign, a.number.exponent - b.number.exponent, quotient << 63 | rest}, environment);
}

template <class T>
T exact_square_root(T bits, Environment environment) {
  const Operand<T> operand = unpack(bits, environment);
  if (operand.is_nan()) return process_nan(operand.bits, environment);
  if (operand.is_zero()) return zero<T>(operand.sign());
  if (operand.sign()) return invalid<T>(environment);
  if (operand.is_infinite()) return infinity<T>(false);
  const Number& number = operand.number;
  // Bit by bit as on paper, from a radicand of 1 to 4 in 124 bits, of which the lower half is 0. Ends with the root in
  // 62 bits.
  const bool odd = number.exponent & 1;
  std::uint64_t radicand = odd ? number.significand : number.significand >> 1;  // its lowest bit is 0 in any format
  std::uint64_t root = 0, rest = 0;
  for (int i = 0; i < 62; ++i) {
    rest = rest << 2 | radicand >> 62;
    radicand <<= 2;
    const std::uint64_t trial = root << 2 | 1;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      root |= 1;
    }
  }
  return round<T>(WideNumber{false, (number.exponent - odd) / 2, Wide{root} << 65 | (rest != 0)}, environment);
}

template <class T>
T exact_multiply_add(T bits_addend, T bits_a, T bits_b, Environment environment) {
  const Operand<T> addend = unpack(bits_addend, environment), a = unpack(bits_a, environment),
                   b = unpack(bits_b, environment);
  const bool no_product = (a.is_infinite() && b.is_zero()) || (a.is_zero() && b.is_infinite());
  if (is_quiet_nan(addend.bits) && no_product) return invalid<T>(environment);
  if (addend.is_nan() || a.is_nan() || b.is_nan()) return process_nans<T>(environment, addend.bits, a.bits, b.bits);
  const bool sign = a.sign() != b.sign();
  const bool infinite = a.is_infinite() || b.is_infinite();
  if (no_product || (addend.is_infinite() && infinite && addend.sign() != sign)) return invalid<T>(environment);
  if (addend.is_infinite()) return infinity<T>(addend.sign());
  if (infinite) return infinity<T>(sign);
  const WideNumber product = exact_product(a.number, b.number);
  if (addend.is_zero() && product.significand == 0 && addend.sign() == sign) return zero<T>(sign);
  return round<T>(exact_sum(widen(addend.number), product), environment);
}

}  // namespace

template <class T>
T add(T a, T b, Environment environment) {
  if (environment.is_host_like()) [[likely]] {
    const T result = from_host(to_host(a) + to_host(b));
    if (is_plainly_normal(result)) [[likely]]
      return result;
  }
  return exact_add(a, b, false, environment);
}

template <class T>
T subtract(T a, T b, Environment environment) {
  if (environment.is_host_like()) [[likely]] {
    const T result = from_host(to_host(a) - to_host(b));
    if (is_plainly_normal(result)) [[likely]]
      return result;
  }
  return exact_add(a, b, true, environment);
}

template <class T>
T multiply(T a, T b, Environment environment) {
  if (environment.is_host_like()) [[likely]] {
    const T result = from_host(to_host(a) * to_host(b));
    if (is_plainly_normal(result)) [[likely]]
      return result;
  }
  return exact_multiply(a, b, environment, false);
}

template <class T>
T multiply_extended(T a, T b, Environment environment) {
  return exact_multiply(a, b, environment, true);
}

template <class T>
T divide(T a, T b, Environment environment) {
  if (environment.is_host_like()) [[likely]] {
    const T result = from_host(to_host(a) / to_host(b));
    if (is_plainly_normal(result)) [[likely]]
      return result;
  }
  return exact_divide(a, b, environment);
}

template <class T>
T square_root(T value, Environment environment) {
  if (environment.is_host_like()) [[likely]] {
    const T result = from_host(std::sqrt(to_host(value)));
    if (is_plainly_normal(result)) [[likely]]
      return result;
  }
  return exact_square_root(value, environment);
}

template <class T>
T multiply_add(T addend, T a, T b, Environment environment) {
  if (environment.is_host_like() && host_fuses()) [[likely]] {
    const T result = from_host(host_fma(to_host(a), to_host(b), to_host(addend)));
    if (is_plainly_normal(result)) [[likely]]
      return result;
  }
  return exact_multiply_add(addend, a, b, environment);
}

#define INSTANTIATE(T)                             \
  template T add(T, T, Environment);               \
  template T subtract(T, T, Environment);          \
  template T multiply(T, T, Environment);          \
  template T multiply_extended(T, T, Environment); \
  template T divide(T, T, Environment);            \
  template T square_root(T, Environment);          \
  template T multiply_add(T, T, T, Environment);
INSTANTIATE(Single)
INSTANTIATE(Double)
#undef INSTANTIATE

}  // namespace cardvp::arm::interpreter::fp
