// An allowance: so much in a second, and a burst of it at once. By reservation: who wants to pass learns when it may.
// (The generic cell rate algorithm, ITU-T I.371, annex A: a token bucket that keeps one time instead of a level.)
#pragma once

#include <algorithm>
#include <cstdint>

#include <systemc>

namespace cardvp::nic {

class Allowance {
 public:
  // `rate`: units in a second, 0: no limit.
  void set(std::uint64_t rate, sc_core::sc_time burst) {
    rate_ = rate;
    burst_ = burst.value();
    if (rate == 0) full_ = 0;
  }
  bool limited() const { return rate_ != 0; }

  // When what comes at `at` may pass: while anything of the burst is left. A packet is never cut, so one may overdraw
  // it; the next waits for that.
  sc_core::sc_time when(sc_core::sc_time at) const {
    return full_ > at.value() + burst_ ? sc_core::sc_time::from_value(full_ - burst_) : at;
  }
  // `units` pass at `at`, which is not before when().
  void take(sc_core::sc_time at, std::uint64_t units) {
    if (rate_ == 0) return;
    constexpr unsigned __int128 kPicoseconds = 1'000'000'000'000;
    // What a division leaves is carried over, so that the rate is exact over any time.
    const unsigned __int128 cost = units * kPicoseconds + rest_;
    full_ = std::max<std::uint64_t>(full_, at.value()) + static_cast<std::uint64_t>(cost / rate_);
    rest_ = static_cast<std::uint64_t>(cost % rate_);
  }
  void reset() { full_ = rest_ = 0; }

 private:
  std::uint64_t rate_ = 0;
  std::uint64_t burst_ = 0;  // ps
  std::uint64_t full_ = 0;   // ps: when the whole burst will be there again
  std::uint64_t rest_ = 0;   // 1 / rate_ of a ps
};

}  // namespace cardvp::nic
