// Random numbers that are the same everywhere: the distributions of the standard library are its own choice.
#pragma once

#include <array>
#include <cstdint>

namespace cardvp::host {

// xoshiro256** (Blackman and Vigna, 2018), seeded by SplitMix64.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t next();
  // 0 to bound - 1. For bounds far below 2^64 as here, the bias of multiply-and-shift is out of reach.
  std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>(static_cast<unsigned __int128>(next()) * bound >> 64);
  }
  // 0 <= x < 1
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::array<std::uint64_t, 4> state_;
};

// One step of SplitMix64: a good hash of 64 bits to 64 bits.
std::uint64_t split_mix(std::uint64_t value);

// Ranks 0 to n - 1, rank r with a probability proportional to 1 / (r + 1)^theta, in constant time and space:
// rejection-inversion (Hörmann and Derflinger, 1996).
class Zipf {
 public:
  // n >= 1, theta > 0
  Zipf(std::uint64_t n, double theta);
  std::uint64_t draw(Random& random) const;

 private:
  double integral(double x) const;  // of x^-theta, from 1
  double inverse(double y) const;   // of integral
  double density(double x) const;

  double n_;
  double theta_;
  double low_;  // integral's range that is drawn from
  double high_;
  double accept_;  // this close to its integer, a candidate needs no second look
};

}  // namespace cardvp::host
