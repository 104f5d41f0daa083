#include "test/differential/operands.h"

namespace cardvp::arm::differential {

namespace {

// The parts of an IEEE 754 binary format.
struct Format {
  unsigned fraction;  // bits
  unsigned exponent;  // bits
  std::uint64_t bias() const { return (1u << (exponent - 1)) - 1; }
  unsigned width() const { return fraction + exponent + 1; }
};
constexpr Format kHalf{10, 5}, kSingle{23, 8}, kDouble{52, 11};

std::uint64_t number(Random& random, const Format& format) {
  const std::uint64_t ones = (std::uint64_t{1} << format.fraction) - 1, infinity = (1u << format.exponent) - 1;
  const auto make = [&](std::uint64_t exponent, std::uint64_t fraction) {
    return random.next() >> 63 << (format.width() - 1) | exponent << format.fraction | (fraction & ones);
  };
  // Fractions at which rounding turns over: few bits set, few bits clear, or anything.
  const auto fraction = [&]() -> std::uint64_t {
    const std::uint64_t few = std::uint64_t{1} << random.below(format.fraction) | random.below(4);
    switch (random.below(4)) {
      case 0: return few;
      case 1: return ~few;
      case 2: return random.next() & ~std::uint64_t{0} << random.below(format.fraction);
      default: return random.next();
    }
  };
  switch (random.below(16)) {
    case 0: return make(0, 0);
    case 1: return make(infinity, 0);
    case 2: return make(infinity, fraction() | std::uint64_t{1} << (format.fraction - 1));        // quiet NaN
    case 3: return make(infinity, (fraction() & ones >> 1) | 1);                                  // signalling NaN
    case 4: return make(0, random.one_in(2) ? 1u + random.below(3) : fraction());                 // denormal
    case 5: return make(random.one_in(2) ? 1 : infinity - 1, random.one_in(2) ? 0 : fraction());  // the extremes
    case 6: return make(format.bias(), 0);                                                        // 1
    case 7: return make(format.bias() + random.below(format.bias() < 16 ? 15 : 66), fraction());  // at integer limits
    case 8: return make(format.bias() - 1 + random.below(4), std::uint64_t{random.below(8)} << (format.fraction - 3));
    case 9:
    case 10: return make(format.bias() - 4 + random.below(8), fraction());    // cancel each other
    case 11: return make(1 + random.below(format.fraction + 4), fraction());  // products and quotients underflow
    default: return make(random.below(infinity + 1), fraction());
  }
}

std::uint64_t lane(Random& random, unsigned bits) {
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - bits);
  switch (random.below(8)) {
    case 0: return 0;
    case 1: return mask;
    case 2: return mask >> 1;        // the largest,
    case 3: return (mask >> 1) + 1;  // and the smallest signed integer
    case 4: return (random.below(16) - 8ull) & mask;
    default: return random.next() & mask;
  }
}

}  // namespace

std::uint64_t integer(Random& random) {
  switch (random.below(8)) {
    case 0: return lane(random, 64);
    case 1: return lane(random, 32);
    case 2: return random.below(130) - 2ull;
    case 3: return static_cast<std::uint64_t>(static_cast<std::int32_t>(random.next()));
    case 4: return std::uint64_t{1} << random.below(64);
    case 5: return ~std::uint64_t{0} << random.below(64);
    default: return random.next();
  }
}

std::uint64_t vector_lanes(Random& random) {
  const auto fill = [](unsigned bits, auto make) {
    std::uint64_t result = 0;
    for (unsigned at = 0; at < 64; at += bits) result |= make() << at;
    return result;
  };
  switch (random.below(8)) {
    case 0: return fill(16, [&] { return number(random, kHalf); });
    case 1:
    case 2: return fill(32, [&] { return number(random, kSingle); });
    case 3:
    case 4: return number(random, kDouble);
    case 5: return random.next();
    default: {
      const unsigned bits = 8u << random.below(4);
      return fill(bits, [&] { return lane(random, bits); });
    }
  }
}

}  // namespace cardvp::arm::differential
