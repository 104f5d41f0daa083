#include "host/workload/random.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace cardvp::host {

std::uint64_t split_mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

Random::Random(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {
    word = split_mix(seed);
    seed += 0x9e3779b97f4a7c15;
  }
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

// With h(x) = x^-theta, and H its integral, the area under h over [k - 1/2, k + 1/2] is at least h(k), since h is
// convex. A point drawn evenly from the area under h, from H(3/2) - h(1) to H(n + 1/2), names the integer next to it;
// it counts if it lies in the part of that integer's area that is h(k) large.
Zipf::Zipf(std::uint64_t n, double theta)
    : n_(static_cast<double>(n)), theta_(theta), low_(integral(1.5) - 1), high_(integral(n_ + 0.5)) {
  accept_ = 2 - inverse(integral(2.5) - density(2));
}

double Zipf::density(double x) const { return std::exp(-theta_ * std::log(x)); }

double Zipf::integral(double x) const {
  const double log = std::log(x);
  const double power = (1 - theta_) * log;
  // (x^(1 - theta) - 1) / (1 - theta), which becomes log x where theta is near 1.
  return std::abs(power) < 1e-8 ? log * (1 + power / 2) : std::expm1(power) / (1 - theta_);
}

double Zipf::inverse(double y) const {
  const double t = std::max(y * (1 - theta_), -1.0);
  return std::exp(std::abs(t) < 1e-8 ? y * (1 - t / 2) : std::log1p(t) / (1 - theta_));
}

std::uint64_t Zipf::draw(Random& random) const {
  for (;;) {
    const double area = high_ + random.unit() * (low_ - high_);
    const double x = inverse(area);
    const double k = std::clamp(std::floor(x + 0.5), 1.0, n_);
    if (k - x <= accept_ || area >= integral(k + 0.5) - density(k)) return static_cast<std::uint64_t>(k) - 1;
  }
}

}  // namespace cardvp::host
