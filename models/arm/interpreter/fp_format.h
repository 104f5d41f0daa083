// The binary floating-point formats of A64, and what FPCR and FPSR have to say about operations on them.
// Values are passed as their bits: std::uint16_t is half, std::uint32_t single, std::uint64_t double precision.
#pragma once

#include <cstdint>
#include <limits>

namespace cardvp::arm::interpreter::fp {

using Half = std::uint16_t;
using Single = std::uint32_t;
using Double = std::uint64_t;

template <class T>
struct Format {
  static constexpr unsigned kBits = std::numeric_limits<T>::digits;
  static constexpr unsigned kFraction = kBits == 16 ? 10 : kBits == 32 ? 23 : 52;  // bits of the fraction
  static constexpr int kBias = kBits == 16 ? 15 : kBits == 32 ? 127 : 1023;
  static constexpr int kMaxExponent = 2 * kBias + 1;  // biased; of infinities and NaNs
  static constexpr T kSign = static_cast<T>(T{1} << (kBits - 1));
  static constexpr T kInfinity = static_cast<T>(static_cast<T>(kMaxExponent) << kFraction);
  static constexpr T kFractionMask = static_cast<T>((T{1} << kFraction) - 1);
  static constexpr T kQuiet = static_cast<T>(T{1} << (kFraction - 1));
  static constexpr T kDefaultNan = kInfinity | kQuiet;
  static constexpr T kMaxNormal = kInfinity - 1;
};

template <class T>
constexpr T infinity(bool sign) {
  return static_cast<T>(Format<T>::kInfinity | (sign ? Format<T>::kSign : 0));
}
template <class T>
constexpr T max_normal(bool sign) {
  return static_cast<T>(Format<T>::kMaxNormal | (sign ? Format<T>::kSign : 0));
}
template <class T>
constexpr T zero(bool sign) {
  return sign ? Format<T>::kSign : T{0};
}
// sign * 1.0 * 2^exponent, and sign * 1.5 * 2^exponent
template <class T>
constexpr T power_of_two(bool sign, int exponent) {
  return static_cast<T>(zero<T>(sign) | static_cast<T>(exponent + Format<T>::kBias) << Format<T>::kFraction);
}
template <class T>
constexpr T one_and_a_half(bool sign, int exponent = 0) {
  return power_of_two<T>(sign, exponent) | Format<T>::kQuiet;
}

template <class T>
constexpr T magnitude(T value) {
  return value & static_cast<T>(~Format<T>::kSign);
}
template <class T>
constexpr bool is_negative(T value) {
  return value & Format<T>::kSign;
}
template <class T>
constexpr bool is_nan(T value) {
  return magnitude(value) > Format<T>::kInfinity;
}
template <class T>
constexpr bool is_signalling(T value) {
  return is_nan(value) && !(value & Format<T>::kQuiet);
}
template <class T>
constexpr bool is_quiet_nan(T value) {
  return is_nan(value) && (value & Format<T>::kQuiet);
}
template <class T>
constexpr bool is_denormal(T value) {
  return magnitude(value) - T{1} < Format<T>::kFractionMask;
}

// The first four are FPCR.RMode.
enum class Rounding : std::uint8_t { kNearestEven, kPlusInfinity, kMinusInfinity, kZero, kNearestAway, kOdd };

// FPSR's cumulative exception bits.
enum Exception : std::uint32_t {
  kInvalidOperation = 1 << 0,
  kDivideByZero = 1 << 1,
  kOverflow = 1 << 2,
  kUnderflow = 1 << 3,
  kInexact = 1 << 4,
  kInputDenormal = 1 << 7,
};

// What an operation sees of FPCR and FPSR. Small, so that it is passed by value.
class Environment {
 public:
  static constexpr unsigned kRoundingShift = 22;
  static constexpr std::uint32_t kRounding = 3 << kRoundingShift, kFlushToZero = 1 << 24, kDefaultNan = 1 << 25,
                                 kAlternativeHalf = 1 << 26;

  Environment(std::uint32_t fpcr, std::uint32_t& fpsr) : fpcr_(fpcr), fpsr_(&fpsr) {}

  Rounding rounding() const { return static_cast<Rounding>((fpcr_ & kRounding) >> kRoundingShift); }
  bool flushes_to_zero() const { return fpcr_ & kFlushToZero; }
  bool uses_default_nan() const { return fpcr_ & kDefaultNan; }
  bool uses_alternative_half() const { return fpcr_ & kAlternativeHalf; }
  void raise(Exception exception) const { *fpsr_ |= exception; }

  // Whether host arithmetic can stand in: it rounds to nearest even, knows denormals, and need not tell inexactness.
  bool is_host_like() const { return !(fpcr_ & (kRounding | kFlushToZero)) && (*fpsr_ & kInexact); }

 private:
  std::uint32_t fpcr_;
  std::uint32_t* fpsr_;
};

}  // namespace cardvp::arm::interpreter::fp
