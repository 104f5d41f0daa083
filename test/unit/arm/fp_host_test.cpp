// The soft-float core against the host's floating-point unit, which implements the same IEEE 754 operations: every
// rounding mode, results and exceptions. Left out is where the architectures differ: x86 detects tininess after
// rounding and propagates NaNs in another order; it has its own names for what denormal operands are.
#include <gtest/gtest.h>

#ifdef __x86_64__

#include <xmmintrin.h>

#include <bit>
#include <cmath>
#include <random>
#include <type_traits>
#include <vector>

#include "models/arm/interpreter/fp_arithmetic.h"
#include "models/arm/interpreter/fp_convert.h"

namespace cardvp::arm::interpreter::fp {
namespace {

template <class T>
using HostType = std::conditional_t<sizeof(T) == 4, float, double>;

template <class T>
struct Outcome {
  T bits;
  std::uint32_t exceptions;  // as in FPSR
};

// FPCR's rounding modes, in MXCSR's code.
constexpr unsigned kHostRounding[] = {0x0000, 0x4000, 0x2000, 0x6000};

// Compiled code must not move what `operation` does out of the changed environment, hence the assembly in it.
template <class T, class Operation>
Outcome<T> on_host(Rounding rounding, Operation operation) {
  const unsigned saved = _mm_getcsr();
  _mm_setcsr(0x1f80 | kHostRounding[static_cast<unsigned>(rounding)]);
  const auto result = operation();
  const unsigned csr = _mm_getcsr();
  _mm_setcsr(saved);
  std::uint32_t exceptions = 0;
  if (csr & 0x01) exceptions |= kInvalidOperation;
  if (csr & 0x04) exceptions |= kDivideByZero;
  if (csr & 0x08) exceptions |= kOverflow;
  if (csr & 0x10) exceptions |= kUnderflow;
  if (csr & 0x20) exceptions |= kInexact;
  return {std::bit_cast<T>(result), exceptions};
}

template <class T, class Operation>
Outcome<T> on_core(Rounding rounding, std::uint32_t fpsr, Operation operation) {
  const Environment environment(static_cast<std::uint32_t>(rounding) << Environment::kRoundingShift, fpsr);
  const T bits = operation(environment);
  return {bits, fpsr};
}

template <class T>
void expect_same(const Outcome<T>& core, const Outcome<T>& host, bool exceptions_too = true) {
  if (is_nan(host.bits)) {
    ASSERT_TRUE(is_nan(core.bits)) << std::hex << core.bits;
  } else {
    ASSERT_EQ(core.bits, host.bits) << std::hex << core.bits << " and not " << host.bits;
  }
  // The only results whose tininess depends on when it is detected.
  const bool borderline = magnitude(host.bits) == T{1} << Format<T>::kFraction;
  const std::uint32_t compared = ~(borderline ? std::uint32_t{kUnderflow} : 0);
  if (exceptions_too) {
    ASSERT_EQ(core.exceptions & compared, host.exceptions & compared) << std::hex << host.bits;
  }
}

// Random operands, of which many are special or close to what is special, or close to each other.
template <class T>
class Operands {
 public:
  T next() {
    using F = Format<T>;
    const std::uint64_t random = random_();
    T value = static_cast<T>(random_());
    switch (random % 8) {
      case 0: return kSpecial[random / 8 % std::size(kSpecial)] ^ (random & 0x1000 ? F::kSign : T{0});
      case 1: value = (last_ & ~T{0xff}) | (value & 0xff); break;                  // cancels in subtractions
      case 2: value &= F::kSign | F::kFractionMask; break;                         // denormal
      case 3: value &= ~(F::kFractionMask >> (random / 8 % F::kFraction)); break;  // few bits: exact results, ties
      case 4:
      case 5: {  // exponents close to the last one's
        const T exponent =
            (last_ & F::kInfinity) + (static_cast<T>(random / 8 % 128) << F::kFraction) - (T{64} << F::kFraction);
        value = (value & (F::kSign | F::kFractionMask)) | (exponent & F::kInfinity);
        break;
      }
      default: break;
    }
    return last_ = value;
  }

 private:
  using F = Format<T>;
  static constexpr T kOne = static_cast<T>(F::kBias) << F::kFraction;
  static constexpr T kSpecial[] = {0,
                                   1,
                                   F::kFractionMask,
                                   F::kFractionMask + 1,
                                   F::kFractionMask + 2,
                                   kOne - 1,
                                   kOne,
                                   kOne + 1,
                                   F::kInfinity - 1,
                                   F::kInfinity,
                                   F::kDefaultNan,
                                   F::kInfinity + 1,
                                   2 * F::kFractionMask + 2};
  std::mt19937_64 random_{1};
  T last_ = 0;
};

constexpr Rounding kRoundings[] = {Rounding::kNearestEven, Rounding::kPlusInfinity, Rounding::kMinusInfinity,
                                   Rounding::kZero};
constexpr int kTrials = 15'000;

template <class T>
class HostOracle : public testing::Test {};
struct Names {
  template <class T>
  static std::string GetName(int) {
    return sizeof(T) == 4 ? "Single" : "Double";
  }
};
using Formats = testing::Types<Single, Double>;
TYPED_TEST_SUITE(HostOracle, Formats, Names);

#define SSE(instruction, a, b)                                           \
  [&] {                                                                  \
    auto result = std::bit_cast<HostType<TypeParam>>(a);                 \
    const auto other = std::bit_cast<HostType<TypeParam>>(b);            \
    if constexpr (sizeof(TypeParam) == 4) {                              \
      asm volatile(instruction "ss %1, %0" : "+x"(result) : "x"(other)); \
    } else {                                                             \
      asm volatile(instruction "sd %1, %0" : "+x"(result) : "x"(other)); \
    }                                                                    \
    return result;                                                       \
  }

// Each operation twice: exactly, and as it goes once inexactness cannot be news (where the host may be made use of).
#define BINARY_TEST(name, function, instruction)                                                     \
  TYPED_TEST(HostOracle, name) {                                                                     \
    using T = TypeParam;                                                                             \
    Operands<T> operands;                                                                            \
    for (int trial = 0; trial < kTrials; ++trial) {                                                  \
      const T a = operands.next(), b = operands.next();                                              \
      SCOPED_TRACE(testing::Message() << std::hex << a << " " << b);                                 \
      for (const Rounding rounding : kRoundings) {                                                   \
        const auto operation = [&](Environment environment) { return function(a, b, environment); }; \
        const Outcome<T> host = on_host<T>(rounding, SSE(instruction, a, b));                        \
        const Outcome<T> core = on_core<T>(rounding, 0, operation);                                  \
        ASSERT_NO_FATAL_FAILURE(expect_same(core, host));                                            \
        const Outcome<T> again = on_core<T>(rounding, kInexact, operation);                          \
        ASSERT_EQ(again.bits, core.bits);                                                            \
        ASSERT_EQ(again.exceptions, core.exceptions | kInexact);                                     \
      }                                                                                              \
    }                                                                                                \
  }
BINARY_TEST(Adds, add, "add")
BINARY_TEST(Subtracts, subtract, "sub")
BINARY_TEST(Multiplies, multiply, "mul")
BINARY_TEST(Divides, divide, "div")
#undef BINARY_TEST

TYPED_TEST(HostOracle, TakesSquareRoots) {
  using T = TypeParam;
  Operands<T> operands;
  for (int trial = 0; trial < kTrials; ++trial) {
    const T a = operands.next();
    SCOPED_TRACE(testing::Message() << std::hex << a);
    for (const Rounding rounding : kRoundings) {
      const auto operation = [&](Environment environment) { return square_root(a, environment); };
      const Outcome<T> core = on_core<T>(rounding, 0, operation);
      ASSERT_NO_FATAL_FAILURE(expect_same(core, on_host<T>(rounding, SSE("sqrt", T{0}, a))));
      const Outcome<T> again = on_core<T>(rounding, kInexact, operation);
      ASSERT_EQ(again.bits, core.bits);
      ASSERT_EQ(again.exceptions, core.exceptions | kInexact);
    }
  }
}

TYPED_TEST(HostOracle, MultipliesAndAdds) {
  using T = TypeParam;
  if (!__builtin_cpu_supports("fma")) GTEST_SKIP() << "this host does not fuse";
  Operands<T> operands;
  for (int trial = 0; trial < kTrials; ++trial) {
    const T a = operands.next(), b = operands.next();
    T addend = operands.next();
    if (trial % 4 == 0) {  // cancels most of the product
      std::uint32_t fpsr = 0;
      addend = negate(multiply(a, b, Environment(0, fpsr)));
    }
    SCOPED_TRACE(testing::Message() << std::hex << addend << " + " << a << " * " << b);
    for (const Rounding rounding : kRoundings) {
      const auto host = on_host<T>(rounding, [&] {
        auto result = std::bit_cast<HostType<T>>(a);
        const auto factor = std::bit_cast<HostType<T>>(b), sum = std::bit_cast<HostType<T>>(addend);
        if constexpr (sizeof(T) == 4) {
          asm volatile("vfmadd213ss %2, %1, %0" : "+x"(result) : "x"(factor), "x"(sum));
        } else {
          asm volatile("vfmadd213sd %2, %1, %0" : "+x"(result) : "x"(factor), "x"(sum));
        }
        return result;
      });
      const auto operation = [&](Environment environment) { return multiply_add(addend, a, b, environment); };
      const Outcome<T> core = on_core<T>(rounding, 0, operation);
      // x86 leaves it open what a quiet NaN added to infinity * 0 raises; the Arm tests say what it does there.
      ASSERT_NO_FATAL_FAILURE(expect_same(core, host, !is_nan(addend)));
      const Outcome<T> again = on_core<T>(rounding, kInexact, operation);
      ASSERT_EQ(again.bits, core.bits);
      ASSERT_EQ(again.exceptions, core.exceptions | kInexact);
    }
  }
}

TEST(HostOracle, ConvertsBetweenSingleAndDouble) {
  Operands<Double> doubles;
  Operands<Single> singles;
  for (int trial = 0; trial < kTrials; ++trial) {
    // half of them in the range of single precision
    Double wide = doubles.next();
    if (trial % 2) wide = (wide & 0xbfff'ffff'ffff'ffff) % 0x9000'0000'0000'0000 | 0x3800'0000'0000'0000;
    const Single narrow = singles.next();
    SCOPED_TRACE(testing::Message() << std::hex << wide << " " << narrow);
    for (const Rounding rounding : kRoundings) {
      const auto narrowed = on_host<Single>(rounding, [&] {
        float result;
        asm volatile("xorps %0, %0; cvtsd2ss %1, %0" : "=&x"(result) : "x"(std::bit_cast<double>(wide)));
        return result;
      });
      ASSERT_NO_FATAL_FAILURE(expect_same(
          on_core<Single>(rounding, 0, [&](Environment e) { return convert<Single>(wide, rounding, e); }), narrowed));
      const auto widened = on_host<Double>(rounding, [&] {
        double result;
        asm volatile("xorpd %0, %0; cvtss2sd %1, %0" : "=&x"(result) : "x"(std::bit_cast<float>(narrow)));
        return result;
      });
      ASSERT_NO_FATAL_FAILURE(expect_same(
          on_core<Double>(rounding, 0, [&](Environment e) { return convert<Double>(narrow, rounding, e); }), widened));
    }
  }
}

TYPED_TEST(HostOracle, ConvertsIntegers) {
  using T = TypeParam;
  std::mt19937_64 random(1);
  Operands<T> operands;
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto integer = static_cast<std::int64_t>(random()) >> random() % 64;
    // from 2^-4 to 2^67
    const T value = (operands.next() & (Format<T>::kSign | Format<T>::kFractionMask)) |
                    static_cast<T>(Format<T>::kBias - 4 + static_cast<int>(random() % 72)) << Format<T>::kFraction;
    SCOPED_TRACE(testing::Message() << std::hex << integer << " " << value);
    for (const Rounding rounding : kRoundings) {
      const auto from = on_host<T>(rounding, [&] {
        HostType<T> result;
        if constexpr (sizeof(T) == 4) {
          asm volatile("xorps %0, %0; cvtsi2ssq %1, %0" : "=&x"(result) : "r"(integer));
        } else {
          asm volatile("xorpd %0, %0; cvtsi2sdq %1, %0" : "=&x"(result) : "r"(integer));
        }
        return result;
      });
      ASSERT_NO_FATAL_FAILURE(
          expect_same(on_core<T>(rounding, 0, [&](Environment e) { return from_fixed<T>(integer, 0, e); }), from));
      const auto to = on_host<std::uint64_t>(rounding, [&] {
        std::int64_t result;
        if constexpr (sizeof(T) == 4) {
          asm volatile("cvtss2siq %1, %0" : "=r"(result) : "x"(std::bit_cast<float>(value)));
        } else {
          asm volatile("cvtsd2siq %1, %0" : "=r"(result) : "x"(std::bit_cast<double>(value)));
        }
        return result;
      });
      const auto core = on_core<std::uint64_t>(rounding, 0, [&](Environment e) {
        return static_cast<std::uint64_t>(to_fixed<std::int64_t>(value, 0, rounding, e));
      });
      ASSERT_EQ(core.exceptions, to.exceptions);
      if (core.exceptions & kInvalidOperation) {  // x86 has one answer to all that is too large
        ASSERT_EQ(core.bits, is_negative(value) ? 1ull << 63 : ~0ull >> 1);
      } else {
        ASSERT_EQ(core.bits, to.bits);
      }
    }
  }
}

TYPED_TEST(HostOracle, RoundsToIntegralValues) {
  using T = TypeParam;
  Operands<T> operands;
  std::mt19937_64 random(1);
  for (int trial = 0; trial < kTrials; ++trial) {
    T value = operands.next();
    if (trial % 2) {
      value = (value & (Format<T>::kSign | Format<T>::kFractionMask)) |
              static_cast<T>(Format<T>::kBias - 3 + static_cast<int>(random() % 60)) << Format<T>::kFraction;
    }
    if (is_nan(value)) continue;
    SCOPED_TRACE(testing::Message() << std::hex << value);
    for (const Rounding rounding : kRoundings) {
      const auto number = std::bit_cast<HostType<T>>(value);
      const HostType<T> expected = rounding == Rounding::kPlusInfinity    ? std::ceil(number)
                                   : rounding == Rounding::kMinusInfinity ? std::floor(number)
                                   : rounding == Rounding::kZero          ? std::trunc(number)
                                                                          : std::nearbyint(number);
      const bool exact = expected == number;
      for (const bool raises : {false, true}) {
        const auto core =
            on_core<T>(rounding, 0, [&](Environment e) { return round_to_integral(value, rounding, raises, e); });
        ASSERT_EQ(core.bits, std::bit_cast<T>(expected));
        ASSERT_EQ(core.exceptions, raises && !exact ? kInexact : 0u);
      }
    }
    const auto away = on_core<T>(Rounding::kNearestEven, 0, [&](Environment e) {
      return round_to_integral(value, Rounding::kNearestAway, false, e);
    });
    ASSERT_EQ(away.bits, std::bit_cast<T>(std::round(std::bit_cast<HostType<T>>(value))));
  }
}

}  // namespace
}  // namespace cardvp::arm::interpreter::fp

#endif
