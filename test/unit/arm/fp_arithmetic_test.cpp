// What Arm's floating point prescribes beyond IEEE 754. Expected values are derived by hand from the Arm ARM's
// pseudocode (J1.3.3: FPRound, FPProcessNaNs, FPMulAdd, ...).
#include "models/arm/interpreter/fp_arithmetic.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "models/arm/interpreter/fp_compare.h"
#include "models/arm/interpreter/fp_convert.h"
#include "models/arm/interpreter/fp_estimate.h"

namespace cardvp::arm::interpreter::fp {
namespace {

constexpr std::uint32_t kPlus = 1 << 22, kMinus = 2 << 22, kZero = 3 << 22, kFz = 1 << 24, kDn = 1 << 25,
                        kAhp = 1 << 26;
constexpr Double kInf = 0x7ff0'0000'0000'0000, kNan = 0x7ff8'0000'0000'0000, kSign = 1ull << 63,
                 kSmallestNormal = 0x0010'0000'0000'0000, kLargestDenormal = kSmallestNormal - 1, kLargest = kInf - 1,
                 kOne = 0x3ff0'0000'0000'0000, kTwo = 0x4000'0000'0000'0000;
// NaNs that tell where they came from.
constexpr Double kSnan1 = kInf | 1, kSnan2 = kInf | 2, kQnan1 = kNan | 0x11, kQnan2 = kNan | 0x12,
                 kQnan3 = kSign | kNan | 0x13;

Double of(double value) { return std::bit_cast<Double>(value); }
Single of(float value) { return std::bit_cast<Single>(value); }

// One operation: its result and what it raised.
struct Machine {
  std::uint32_t fpcr = 0, fpsr = 0;
  Environment environment() { return Environment(fpcr, fpsr); }
};
#define EXPECT_FP(fpcr_value, expected, exceptions, function, ...)     \
  do {                                                                 \
    Machine machine{fpcr_value};                                       \
    EXPECT_EQ(function(__VA_ARGS__, machine.environment()), expected); \
    EXPECT_EQ(machine.fpsr, std::uint32_t{exceptions});                \
  } while (false)

TEST(FpNan, SignallingOnesComeFirstThenOperandOrder) {
  EXPECT_FP(0, kQnan1, 0, add, kQnan1, kQnan2);
  EXPECT_FP(0, kQnan2, 0, add, kQnan2, kQnan1);
  EXPECT_FP(0, kQnan1, 0, add, kOne, kQnan1);
  EXPECT_FP(0, kNan | 2, kInvalidOperation, add, kQnan1, kSnan2);
  EXPECT_FP(0, kNan | 1, kInvalidOperation, multiply, kSnan1, kSnan2);
  EXPECT_FP(0, kQnan3, 0, divide, kInf, kQnan3);
  EXPECT_FP(0, kQnan3, 0, subtract, kOne, kQnan3);  // the NaN is not negated
  EXPECT_FP(0, kNan | 1, kInvalidOperation, square_root, kSnan1);
  EXPECT_FP(0, Single{0x7fc0'0001}, kInvalidOperation, add, Single{0x7f80'0001}, Single{0x7fc0'0002});
}

TEST(FpNan, OfFusedOperationsTheAddendsComesFirst) {
  EXPECT_FP(0, kQnan1, 0, multiply_add, kQnan1, kQnan2, kQnan3);
  EXPECT_FP(0, kQnan2, 0, multiply_add, kOne, kQnan2, kQnan3);
  EXPECT_FP(0, kNan | 2, kInvalidOperation, multiply_add, kQnan1, kQnan3, kSnan2);
  EXPECT_FP(0, kNan | 1, kInvalidOperation, multiply_add, kSnan1, kSnan2, kOne);
  // A quiet addend does not hide an invalid product, a signalling one does.
  EXPECT_FP(0, kNan, kInvalidOperation, multiply_add, kQnan1, kInf, Double{0});
  EXPECT_FP(0, kNan, kInvalidOperation, multiply_add, kQnan1, kSign, kInf);
  EXPECT_FP(0, kNan | 1, kInvalidOperation, multiply_add, kSnan1, kInf, Double{0});
  // FPNeg of an operand negates a NaN, too.
  EXPECT_FP(0, kSign | kQnan2, 0, multiply_subtract, kOne, kQnan2, kOne);
  EXPECT_FP(0, kSign | kQnan1, 0, negated_multiply_add, kQnan1, kOne, kOne);
  EXPECT_FP(0, kSign | kQnan1, 0, negated_product, kQnan1, kOne);
  EXPECT_FP(0, kQnan3 ^ kSign, 0, absolute_difference, kQnan3, kOne);
}

TEST(FpNan, DefaultNanReplacesAll) {
  EXPECT_FP(kDn, kNan, 0, add, kQnan3, kOne);
  EXPECT_FP(kDn, kNan, kInvalidOperation, add, kQnan3, kSnan1);
  EXPECT_FP(kDn, kNan, 0, multiply_add, kOne, kQnan3, kOne);
  EXPECT_FP(kDn, kNan, 0, maximum, kOne, kQnan3);
  EXPECT_FP(kDn, kNan, 0, reciprocal_estimate, kQnan3);
  EXPECT_FP(kDn, Single{0x7fc0'0000}, 0, convert<Single>, kQnan3, Rounding::kNearestEven);
}

TEST(FpInvalid, GivesTheDefaultNan) {
  EXPECT_FP(0, kNan, kInvalidOperation, add, kInf, kInf | kSign);
  EXPECT_FP(0, kNan, kInvalidOperation, subtract, kInf, kInf);
  EXPECT_FP(0, kNan, kInvalidOperation, multiply, kInf, Double{0});
  EXPECT_FP(0, kNan, kInvalidOperation, divide, kInf, kInf);
  EXPECT_FP(0, kNan, kInvalidOperation, divide, Double{0}, kSign);
  EXPECT_FP(0, kNan, kInvalidOperation, square_root, of(-1.0));
  EXPECT_FP(0, kNan, kInvalidOperation, multiply_add, kInf | kSign, kInf, kOne);
  EXPECT_FP(0, kSign, 0, square_root, kSign);
  EXPECT_FP(0, kInf | kSign, kDivideByZero, divide, kOne, kSign);
  EXPECT_FP(0, kInf, 0, divide, kInf, Double{0});
  // FMULX
  EXPECT_FP(0, kTwo, 0, multiply_extended, kInf, Double{0});
  EXPECT_FP(0, kTwo | kSign, 0, multiply_extended, kSign, kInf);
  EXPECT_FP(0, of(6.0), 0, multiply_extended, of(2.0), of(3.0));
}

TEST(FpZero, SignOfAnExactZeroDependsOnTheRoundingMode) {
  EXPECT_FP(0, Double{0}, 0, subtract, kOne, kOne);
  EXPECT_FP(kPlus, Double{0}, 0, subtract, kOne, kOne);
  EXPECT_FP(kMinus, kSign, 0, subtract, kOne, kOne);
  EXPECT_FP(kMinus, kSign, 0, add, Double{0}, kSign);
  EXPECT_FP(0, kSign, 0, add, kSign, kSign);
  EXPECT_FP(kMinus, Double{0}, 0, add, Double{0}, Double{0});
  EXPECT_FP(kMinus, kSign, 0, multiply_add, of(-6.0), of(2.0), of(3.0));
  EXPECT_FP(0, kSign, 0, multiply_add, kSign, kSign, kOne);
  EXPECT_FP(0, Double{0}, 0, multiply_add, Double{0}, kSign, kOne);
}

TEST(FpFused, RoundsOnce) {
  // (1 + 2^-52) * (1 - 2^-52) - 1 = -2^-104, which a rounded product would lose.
  EXPECT_FP(0, of(-std::ldexp(1.0, -104)), 0, multiply_add, of(-1.0), kOne + 1, of(1 - std::ldexp(1.0, -52)));
  // 1 + 2^-200: the addend counts in directed rounding although it is far below.
  EXPECT_FP(kPlus, kOne + 1, kInexact, multiply_add, Double{1}, kOne, kOne);
  EXPECT_FP(kZero, kOne - 1, kInexact, multiply_add, Double{1} | kSign, kOne, kOne);
  // (2^26 + 2^-26)^2 = 2^52 + 2 + 2^-52, of which the addend leaves the last.
  const Double factor = of(0x1p26 + 0x1p-26);
  EXPECT_FP(0, of(0x1p-52), 0, multiply_add, of(-0x1p52 - 2), factor, factor);
}

TEST(FpTiny, IsDetectedBeforeRounding) {
  // Rounded up to the smallest normal number, from below it: underflow on Arm, none where tininess is detected after
  // rounding. (1 - 2^-53) * 2^-1022.
  EXPECT_FP(0, kSmallestNormal, kUnderflow | kInexact, multiply, kSmallestNormal, kOne - 1);
  EXPECT_FP(0, Single{0x0080'0000}, kUnderflow | kInexact, multiply, Single{0x0080'0000}, Single{0x3f7f'ffff});
  // The same once inexactness is recorded already.
  Machine later{0, kInexact};
  EXPECT_EQ(multiply(kSmallestNormal, kOne - 1, later.environment()), kSmallestNormal);
  EXPECT_EQ(later.fpsr, std::uint32_t{kUnderflow | kInexact});
  // Exact denormal results do not underflow.
  EXPECT_FP(0, kSmallestNormal >> 1, 0, multiply, kSmallestNormal, of(0.5));
  EXPECT_FP(0, Double{1}, kUnderflow | kInexact, divide, Double{3}, of(2.5));
  EXPECT_FP(kPlus, Double{1}, kUnderflow | kInexact, multiply, Double{1}, Double{1});
  EXPECT_FP(0, Double{0}, kUnderflow | kInexact, multiply, Double{1}, Double{1});
}

TEST(FpOverflow, GoesToInfinityOrToTheLargestNumber) {
  EXPECT_FP(0, kInf, kOverflow | kInexact, add, kLargest, kLargest);
  EXPECT_FP(kPlus, kInf, kOverflow | kInexact, add, kLargest, kLargest);
  EXPECT_FP(kMinus, kLargest, kOverflow | kInexact, add, kLargest, kLargest);
  EXPECT_FP(kZero, kLargest, kOverflow | kInexact, add, kLargest, kLargest);
  EXPECT_FP(kPlus, kLargest | kSign, kOverflow | kInexact, multiply, kLargest, kLargest | kSign);
  EXPECT_FP(kMinus, kInf | kSign, kOverflow | kInexact, multiply, kLargest, kLargest | kSign);
}

TEST(FpFlushToZero, FlushesOperandsAndResults) {
  EXPECT_FP(kFz, kOne, kInputDenormal, add, kOne, kLargestDenormal);
  EXPECT_FP(kFz, kSign, kInputDenormal, multiply, kOne, kLargestDenormal | kSign);
  EXPECT_FP(kFz, kInf, kInputDenormal | kDivideByZero, divide, kOne, Double{1});
  EXPECT_FP(kFz, kNan, kInputDenormal | kInvalidOperation, multiply, kInf, Double{1});
  // Results: underflow alone, neither inexact nor rounded up, even if exact, even if rounding would make it normal.
  EXPECT_FP(kFz, Double{0}, kUnderflow, multiply, kSmallestNormal, of(0.5));
  EXPECT_FP(kFz | kPlus, kSign, kUnderflow, multiply, kSmallestNormal, of(-0.75));
  EXPECT_FP(kFz, Double{0}, kUnderflow, multiply, kSmallestNormal, kOne - 1);
  EXPECT_FP(kFz, kSmallestNormal, 0, multiply, kSmallestNormal, kOne);
  // Both operands are looked at even if one is a NaN.
  EXPECT_FP(kFz, kQnan1, kInputDenormal, add, Double{1}, kQnan1);
  // Comparisons, minimum, maximum and conversions see zeros.
  EXPECT_FP(kFz, 0b0110u, kInputDenormal, compare, Double{1}, Double{0}, false);
  EXPECT_FP(kFz, Double{0}, kInputDenormal, maximum, Double{1}, kSign);
  EXPECT_FP(kFz, 0, kInputDenormal, to_fixed<std::int32_t>, Double{1}, 0u, Rounding::kPlusInfinity);
  EXPECT_FP(kFz, Double{0}, kInputDenormal, round_to_integral, Double{1}, Rounding::kPlusInfinity, true);
  EXPECT_FP(kFz, Double{0}, kInputDenormal, convert<Double>, Single{1}, Rounding::kNearestEven);
  EXPECT_FP(kFz, Single{0}, kUnderflow, convert<Single>, of(std::ldexp(1.0, -130)), Rounding::kNearestEven);
  // Half precision is left alone, as an operand and as a result.
  EXPECT_FP(kFz, of(std::ldexp(1.0f, -24)), 0, convert<Single>, Half{1}, Rounding::kNearestEven);
  EXPECT_FP(kFz, Half{1}, 0, convert<Half>, of(std::ldexp(1.0f, -24)), Rounding::kNearestEven);
  EXPECT_FP(kFz, Half{0}, kInputDenormal, convert<Half>, Single{1}, Rounding::kPlusInfinity);
}

TEST(FpCompare, TellsOrder) {
  EXPECT_FP(0, 0b1000u, 0, compare, of(-1.0), kOne, false);
  EXPECT_FP(0, 0b0110u, 0, compare, kSign, Double{0}, true);
  EXPECT_FP(0, 0b0010u, 0, compare, of(-1.0), of(-2.0), false);
  EXPECT_FP(0, 0b0010u, 0, compare, kInf, kLargest, false);
  EXPECT_FP(0, 0b0011u, 0, compare, kQnan1, kOne, false);
  EXPECT_FP(0, 0b0011u, kInvalidOperation, compare, kOne, kQnan1, true);
  EXPECT_FP(0, 0b0011u, kInvalidOperation, compare, kOne, kSnan1, false);
  EXPECT_FP(0, 0b1000u, 0, compare, Single{0x8000'0001}, Single{0}, false);
  EXPECT_FP(0, true, 0, equal, kSign, Double{0});
  EXPECT_FP(0, false, 0, equal, kQnan1, kQnan1);
  EXPECT_FP(0, false, kInvalidOperation, equal, kSnan1, kQnan1);
  EXPECT_FP(0, true, 0, greater_or_equal, kOne, kOne);
  EXPECT_FP(0, false, 0, greater, kOne, kOne);
  EXPECT_FP(0, false, kInvalidOperation, greater, kQnan1, kOne);
  EXPECT_FP(0, false, kInvalidOperation, greater_or_equal, kQnan1, kOne);
}

TEST(FpMinMax, KnowsSignsOfZeroAndNans) {
  EXPECT_FP(0, Double{0}, 0, maximum, kSign, Double{0});
  EXPECT_FP(0, kSign, 0, minimum, Double{0}, kSign);
  EXPECT_FP(0, of(-1.0), 0, maximum, of(-2.0), of(-1.0));
  EXPECT_FP(0, of(-2.0), 0, minimum, of(-2.0), of(-1.0));
  EXPECT_FP(0, kQnan1, 0, maximum, kOne, kQnan1);
  EXPECT_FP(0, kOne, 0, maximum_number, kOne, kQnan1);
  EXPECT_FP(0, kInf | kSign, 0, maximum_number, kQnan1, kInf | kSign);
  EXPECT_FP(0, kOne, 0, minimum_number, kQnan1, kOne);
  EXPECT_FP(0, kQnan1, 0, minimum_number, kQnan1, kQnan2);
  EXPECT_FP(0, kNan | 1, kInvalidOperation, maximum_number, kSnan1, kOne);
  EXPECT_FP(0, kNan | 2, kInvalidOperation, minimum_number, kQnan1, kSnan2);
}

TEST(FpConvert, SaturatesToIntegers) {
  constexpr auto kZ = Rounding::kZero;
  EXPECT_FP(0, INT32_MAX, kInvalidOperation, to_fixed<std::int32_t>, of(2147483648.0), 0u, kZ);
  EXPECT_FP(0, INT32_MAX, kInexact, to_fixed<std::int32_t>, of(2147483647.5), 0u, kZ);
  EXPECT_FP(0, INT32_MAX, kInvalidOperation, to_fixed<std::int32_t>, of(2147483647.5), 0u, Rounding::kNearestEven);
  EXPECT_FP(0, INT32_MIN, 0, to_fixed<std::int32_t>, of(-2147483648.0), 0u, kZ);
  EXPECT_FP(0, INT32_MIN, kInvalidOperation, to_fixed<std::int32_t>, of(-2147483649.0), 0u, kZ);
  EXPECT_FP(0, 0u, kInvalidOperation, to_fixed<std::uint32_t>, of(-1.0), 0u, kZ);
  EXPECT_FP(0, 0u, kInexact, to_fixed<std::uint32_t>, of(-0.75), 0u, kZ);
  EXPECT_FP(0, 0u, kInvalidOperation, to_fixed<std::uint32_t>, of(-0.75), 0u, Rounding::kMinusInfinity);
  EXPECT_FP(0, UINT64_MAX, kInvalidOperation, to_fixed<std::uint64_t>, kInf, 0u, kZ);
  EXPECT_FP(0, INT64_MIN, kInvalidOperation, to_fixed<std::int64_t>, kInf | kSign, 0u, kZ);
  EXPECT_FP(0, std::uint64_t{0xffff'ffff'ffff'f800}, 0, to_fixed<std::uint64_t>, of(0x1.fffffffffffffp63), 0u, kZ);
  EXPECT_FP(0, std::int64_t{0}, kInvalidOperation, to_fixed<std::int64_t>, kQnan3, 0u, kZ);
  EXPECT_FP(0, -3, kInexact, to_fixed<std::int32_t>, of(-2.5), 0u, Rounding::kNearestAway);
  EXPECT_FP(0, 3, kInexact, to_fixed<std::int32_t>, of(2.5), 0u, Rounding::kNearestAway);
  EXPECT_FP(0, 2, kInexact, to_fixed<std::int32_t>, of(2.5), 0u, Rounding::kNearestEven);
  // fixed point
  EXPECT_FP(0, 0x180, 0, to_fixed<std::int32_t>, of(1.5), 8u, kZ);
  EXPECT_FP(0, std::uint64_t{1} << 63, 0, to_fixed<std::uint64_t>, of(0.5f), 64u, kZ);
  EXPECT_FP(0, of(-1.5), 0, from_fixed<Double>, std::int32_t{-0x180}, 8u);
  EXPECT_FP(0, of(0.5f), 0, from_fixed<Single>, std::uint64_t{1} << 63, 64u);
  EXPECT_FP(0, of(16777216.0f), kInexact, from_fixed<Single>, std::int32_t{16777217}, 0u);
  EXPECT_FP(kPlus, of(16777218.0f), kInexact, from_fixed<Single>, std::int32_t{16777217}, 0u);
  EXPECT_FP(0, of(-0x1p63), 0, from_fixed<Double>, INT64_MIN, 0u);
  EXPECT_FP(kMinus, Double{0}, 0, from_fixed<Double>, std::int64_t{0}, 0u);
}

TEST(FpConvert, KeepsTheUpperBitsOfNans) {
  constexpr auto kNear = Rounding::kNearestEven;
  EXPECT_FP(0, Single{0xffc0'0000}, 0, convert<Single>, kQnan3, kNear);
  EXPECT_FP(0, Single{0x7fe0'0001}, kInvalidOperation, convert<Single>, Double{0x7ff4'0000'3fff'ffff}, kNear);
  EXPECT_FP(0, Double{0x7ff8'0000'2000'0000}, kInvalidOperation, convert<Double>, Single{0x7f80'0001}, kNear);
  EXPECT_FP(0, Half{0xfe01}, 0, convert<Half>, Single{0xffc0'2000}, kNear);
  EXPECT_FP(0, Single{0x7fc0'2000}, kInvalidOperation, convert<Single>, Half{0x7c01}, kNear);
}

TEST(FpConvert, RoundsToHalf) {
  constexpr auto kNear = Rounding::kNearestEven;
  EXPECT_FP(0, Half{0x3c00}, 0, convert<Half>, of(1.0f), kNear);
  EXPECT_FP(0, Half{0x3c00}, kInexact, convert<Half>, of(1.0 + 0x1p-11), kNear);
  EXPECT_FP(0, Half{0x3c01}, kInexact, convert<Half>, of(1.0 + 0x1p-11 + 0x1p-40), kNear);
  EXPECT_FP(0, Half{0x7bff}, kInexact, convert<Half>, of(65519.0f), kNear);
  EXPECT_FP(0, Half{0x7c00}, kInexact | kOverflow, convert<Half>, of(65520.0f), kNear);
  EXPECT_FP(0, Half{0x7bff}, kInexact | kOverflow, convert<Half>, of(1e300), Rounding::kZero);
  EXPECT_FP(0, Half{0}, kInexact | kUnderflow, convert<Half>, of(0x1p-25), kNear);
  EXPECT_FP(0, Half{0xfc00}, 0, convert<Half>, kInf | kSign, kNear);
}

TEST(FpConvert, AlternativeHalfPrecisionHasNoSpecialValues) {
  constexpr auto kNear = Rounding::kNearestEven;
  EXPECT_FP(kAhp, of(65536.0f), 0, convert<Single>, Half{0x7c00}, kNear);
  EXPECT_FP(kAhp, of(-131008.0), 0, convert<Double>, Half{0xffff}, kNear);
  EXPECT_FP(kAhp, Half{0x7c00}, 0, convert<Half>, of(65536.0f), kNear);
  EXPECT_FP(kAhp, Half{0x7fff}, kInvalidOperation, convert<Half>, of(131072.0f), kNear);
  EXPECT_FP(kAhp, Half{0x7fff}, kInvalidOperation, convert<Half>, of(131040.0f), kNear);  // rounds up to 131072
  EXPECT_FP(kAhp, Half{0x7fff}, kInexact, convert<Half>, of(131039.0f), kNear);
  EXPECT_FP(kAhp, Half{0xffff}, kInvalidOperation, convert<Half>, kInf | kSign, kNear);
  EXPECT_FP(kAhp, Half{0x8000}, kInvalidOperation, convert<Half>, kQnan3, kNear);
  // other formats do not care
  EXPECT_FP(kAhp, kInf, kOverflow | kInexact, add, kLargest, kLargest);
}

TEST(FpConvert, WidensEveryHalf) {
  for (unsigned bits = 0; bits < 0x8000; ++bits) {
    const unsigned exponent = bits >> 10, fraction = bits & 0x3ff;
    Machine machine;
    const double wide =
        std::bit_cast<double>(convert<Double>(static_cast<Half>(bits), Rounding::kNearestEven, machine.environment()));
    if (exponent == 31) {
      EXPECT_EQ(std::isinf(wide), fraction == 0);
      EXPECT_EQ(std::isnan(wide), fraction != 0);
      continue;
    }
    const double expected = exponent ? std::ldexp(1024.0 + fraction, static_cast<int>(exponent) - 25)
                                     : std::ldexp(static_cast<double>(fraction), -24);
    ASSERT_EQ(wide, expected);
    ASSERT_EQ(convert<Half>(of(wide), Rounding::kNearestEven, machine.environment()), bits);
    ASSERT_EQ(machine.fpsr, 0u);
  }
}

TEST(FpConvert, RoundsToOdd) {
  constexpr auto kOdd = Rounding::kOdd;
  EXPECT_FP(0, of(1.0f), 0, convert<Single>, kOne, kOdd);
  EXPECT_FP(0, Single{0x3f80'0001}, kInexact, convert<Single>, kOne + 1, kOdd);
  EXPECT_FP(0, Single{0x3f80'0001}, kInexact, convert<Single>, of(1.0 + 0x1.8p-23), kOdd);
  EXPECT_FP(0, Single{0x7f7f'ffff}, kInexact | kOverflow, convert<Single>, of(1e300), kOdd);
  EXPECT_FP(0, Single{0x8000'0001}, kInexact | kUnderflow, convert<Single>, of(-1e-300), kOdd);
}

TEST(FpRoundToIntegral, KeepsTheSignOfZeroAndRaisesInexactnessIfAsked) {
  EXPECT_FP(0, kSign, 0, round_to_integral, of(-0.25), Rounding::kZero, false);
  EXPECT_FP(0, kSign, kInexact, round_to_integral, of(-0.25), Rounding::kPlusInfinity, true);
  EXPECT_FP(0, of(-3.0), 0, round_to_integral, of(-2.5), Rounding::kNearestAway, false);
  EXPECT_FP(0, of(-2.0), 0, round_to_integral, of(-2.5), Rounding::kNearestEven, false);
  EXPECT_FP(0, kNan | 1, kInvalidOperation, round_to_integral, kSnan1, Rounding::kZero, false);
  EXPECT_FP(0, kInf, 0, round_to_integral, kInf, Rounding::kZero, true);
  EXPECT_FP(0, of(0x1.fffffep30f) + 0, 0, round_to_integral, of(0x1.fffffep30f), Rounding::kZero, true);
}

TEST(FpEstimate, Reciprocals) {
  // 1.0 is 256/512: 2^19 / 513 = 1021, halved and rounded 511, so 1.99609375 * 2^-1.
  EXPECT_FP(0, of(0.998046875f), 0, reciprocal_estimate, of(1.0f));
  EXPECT_FP(0, of(-0.998046875 / 4), 0, reciprocal_estimate, of(-4.0));
  // 1.5: 384: 2^19 / 769 = 681, so 341: 341/256 * 2^-1.
  EXPECT_FP(0, of(341.0f / 512), 0, reciprocal_estimate, of(1.5f));
  EXPECT_FP(0, Single{0}, 0, reciprocal_estimate, Single{0x7f80'0000});
  EXPECT_FP(0, Single{0xff80'0000}, kDivideByZero, reciprocal_estimate, Single{0x8000'0000});
  // Less than 2^-128 overflows, by rounding mode.
  EXPECT_FP(0, Single{0x7f80'0000}, kOverflow | kInexact, reciprocal_estimate, Single{0x001f'ffff});
  EXPECT_FP(kZero, Single{0x7f7f'ffff}, kOverflow | kInexact, reciprocal_estimate, Single{0x001f'ffff});
  EXPECT_FP(kPlus, Single{0xff7f'ffff}, kOverflow | kInexact, reciprocal_estimate, Single{0x801f'ffff});
  EXPECT_FP(kMinus, Single{0xff80'0000}, kOverflow | kInexact, reciprocal_estimate, Single{0x801f'ffff});
  // 2^-128 itself: 511/256 * 2^127.
  EXPECT_FP(0, Single{0x7f7f'8000}, 0, reciprocal_estimate, Single{0x0020'0000});
  EXPECT_FP(0, Single{0x7eff'8000}, 0, reciprocal_estimate, Single{0x0040'0000});
  // 2^126 and 2^127: 511/512 of the denormals 2^-126 and 2^-127; flushed from 2^126 on.
  EXPECT_FP(0, Single{0x007f'c000}, 0, reciprocal_estimate, Single{0x7e80'0000});
  EXPECT_FP(0, Single{0x003f'e000}, 0, reciprocal_estimate, Single{0x7f00'0000});
  EXPECT_FP(kFz, Single{0}, kUnderflow, reciprocal_estimate, Single{0x7e80'0000});
  EXPECT_FP(kFz, Single{0x00ff'8000}, 0, reciprocal_estimate, Single{0x7e00'0000});
  EXPECT_FP(kFz, Single{0x7f80'0000}, kInputDenormal | kDivideByZero, reciprocal_estimate, Single{0x0040'0000});
}

TEST(FpEstimate, ReciprocalSquareRoots) {
  // 1.0 has an odd biased exponent, so it is 128/512, in the middle of its interval 257/1024. The largest b with
  // 257 * b^2 < 2^28 is 1021, halved and rounded 511.
  EXPECT_FP(0, of(511.0f / 512), 0, reciprocal_square_root_estimate, of(1.0f));
  EXPECT_FP(0, of(511.0 / 1024), 0, reciprocal_square_root_estimate, of(4.0));
  // 2.0 is 256/512, of an interval twice as wide: 514/1024, 722, 361.
  EXPECT_FP(0, of(361.0f / 512), 0, reciprocal_square_root_estimate, of(2.0f));
  // 3.0 is 384/512: 770/1024; 590^2 * 770 < 2^28 < 591^2 * 770; 295.
  EXPECT_FP(0, of(295.0 / 512), 0, reciprocal_square_root_estimate, of(3.0));
  EXPECT_FP(0, of(0x1p74f * (511.0f / 512)), 0, reciprocal_square_root_estimate, Single{2});  // 2^-148
  EXPECT_FP(0, Single{0}, 0, reciprocal_square_root_estimate, Single{0x7f80'0000});
  EXPECT_FP(0, Single{0xff80'0000}, kDivideByZero, reciprocal_square_root_estimate, Single{0x8000'0000});
  EXPECT_FP(0, kNan, kInvalidOperation, reciprocal_square_root_estimate, of(-4.0));
  EXPECT_FP(0, kNan, kInvalidOperation, reciprocal_square_root_estimate, kInf | kSign);
}

TEST(FpEstimate, ReciprocalExponent) {
  EXPECT_FP(0, Single{0x4000'0000}, 0, reciprocal_exponent, of(1.5f));  // biased 127 -> 128
  EXPECT_FP(0, Single{0xff00'0000}, 0, reciprocal_exponent, Single{0x8000'0001});
  EXPECT_FP(0, Single{0x8000'0000}, 0, reciprocal_exponent, Single{0xff80'0000});
  EXPECT_FP(kFz, Single{0x7f00'0000}, kInputDenormal, reciprocal_exponent, Single{1});
  EXPECT_FP(0, Double{0x7fe0'0000'0000'0000}, 0, reciprocal_exponent, Double{0});
  EXPECT_FP(0, Single{0x7fc0'0001}, kInvalidOperation, reciprocal_exponent, Single{0x7f80'0001});
}

TEST(FpEstimate, Steps) {
  EXPECT_FP(0, of(-4.0), 0, reciprocal_step, of(2.0), of(3.0));
  EXPECT_FP(0, kTwo, 0, reciprocal_step, kInf, Double{0});
  EXPECT_FP(0, kInf | kSign, 0, reciprocal_step, kInf, kOne);
  EXPECT_FP(0, kTwo, 0, reciprocal_step, Double{0}, kOne);
  EXPECT_FP(kMinus, kSign, 0, reciprocal_step, kOne, kTwo);
  EXPECT_FP(0, kQnan1 | kSign, 0, reciprocal_step, kQnan1, kQnan2);  // the first operand is negated
  EXPECT_FP(0, of(-1.5), 0, reciprocal_square_root_step, of(2.0), of(3.0));
  EXPECT_FP(0, of(1.5), 0, reciprocal_square_root_step, kInf, kSign);
  EXPECT_FP(0, of(1.5), 0, reciprocal_square_root_step, Double{0}, kOne);
  // Rounded once: 3 - (1 + 2^-52)^2 = 2 - 2^-51 - 2^-104, half of it 1 - 2^-52 - 2^-105.
  EXPECT_FP(0, kOne - 2, kInexact, reciprocal_square_root_step, kOne + 1, kOne + 1);
  EXPECT_FP(kZero, kOne - 3, kInexact, reciprocal_square_root_step, kOne + 1, kOne + 1);
}

TEST(FpEstimate, UnsignedFixedPoint) {
  EXPECT_EQ(unsigned_reciprocal_estimate(Single{0x7fff'ffff}), Single{0xffff'ffff});
  EXPECT_EQ(unsigned_reciprocal_estimate(Single{0x8000'0000}), Single{511} << 23);
  EXPECT_EQ(unsigned_reciprocal_estimate(Single{0xffff'ffff}), Single{256} << 23);
  EXPECT_EQ(unsigned_reciprocal_square_root_estimate(Single{0x3fff'ffff}), Single{0xffff'ffff});
  EXPECT_EQ(unsigned_reciprocal_square_root_estimate(Single{0x4000'0000}), Single{511} << 23);
  EXPECT_EQ(unsigned_reciprocal_square_root_estimate(Single{0xffff'ffff}), Single{256} << 23);
}

}  // namespace
}  // namespace cardvp::arm::interpreter::fp
