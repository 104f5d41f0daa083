// A small generator of random numbers (splitmix64): the same on every machine, and cheap to start at any seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace cardvp::arm::differential {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  // Below `bound`, which is at most 2^32; the bias is below 2^-32 x bound.
  std::uint32_t below(std::uint64_t bound) { return static_cast<std::uint32_t>((next() >> 32) * bound >> 32); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

  template <typename Array>
  auto pick(const Array& array) {
    return *(std::begin(array) + below(std::size(array)));
  }

 private:
  std::uint64_t state_;
};

}  // namespace cardvp::arm::differential
