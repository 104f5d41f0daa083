// Pauses at random, for tests of a block's handshakes: in so many of 100 cycles a bridge is not ready, or has nothing
// to send. Same seed, same pauses.
#pragma once

#include <cstdint>

namespace cardvp::rtl {

struct Stalls {
  unsigned percent = 0;
  std::uint64_t seed = 1;
};

class Stall {
 public:
  explicit Stall(const Stalls& stalls) : percent_(stalls.percent), state_(stalls.seed | 1) {}

  bool now() {
    if (percent_ == 0) return false;
    state_ ^= state_ << 13;  // xorshift64
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return (state_ >> 33) % 100 < percent_;
  }

 private:
  unsigned percent_;
  std::uint64_t state_;
};

}  // namespace cardvp::rtl
