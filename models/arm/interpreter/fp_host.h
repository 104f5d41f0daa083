// The host's own float and double, for results that are the same on every IEEE 754 host. Files that include this are
// compiled with -ffp-contract=off.
#pragma once

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "models/arm/interpreter/fp_format.h"

namespace cardvp::arm::interpreter::fp {

static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559);

// Fused multiply-add, where the host has an instruction for it: the first x86-64 processors had none, so programs built
// for all of them ask the one that they run on. Without it the C library would compute what multiply_add does as well.
#if defined(__x86_64__) && !defined(__FMA__)
inline bool host_fuses() { return __builtin_cpu_supports("fma"); }
[[gnu::target("fma")]] inline float host_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
[[gnu::target("fma")]] inline double host_fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
inline bool host_fuses() { return true; }
#else
inline bool host_fuses() { return false; }
#endif
inline float host_fma(float a, float b, float c) { return std::fma(a, b, c); }
inline double host_fma(double a, double b, double c) { return std::fma(a, b, c); }
#endif

template <class T>
using Host = std::conditional_t<Format<T>::kBits == 32, float, double>;

template <class T>
inline Host<T> to_host(T value) {
  return std::bit_cast<Host<T>>(value);
}
inline Single from_host(float value) { return std::bit_cast<Single>(value); }
inline Double from_host(double value) { return std::bit_cast<Double>(value); }

// A finite result beyond all doubt of underflow: then no operand was a NaN or an infinity, and no exception but
// inexactness can have occurred. The smallest normal number is left out, since what was rounded may have been less.
template <class T>
inline bool is_plainly_normal(T result) {
  constexpr T kFirst = T{2} << Format<T>::kFraction;
  return magnitude(result) - kFirst < Format<T>::kInfinity - kFirst;
}

}  // namespace cardvp::arm::interpreter::fp
