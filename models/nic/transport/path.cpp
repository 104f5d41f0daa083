#include "models/nic/transport/path.h"

namespace cardvp::nic::transport {

using sc_core::SC_MS;
using sc_core::sc_time;
using sc_core::SC_US;

PathLimits::PathLimits(const TransportConfig& config)
    : most_window(static_cast<double>(config.window_packets)),
      first_timeout(config.first_timeout.value()),
      least_timeout(config.least_timeout.value()),
      queueing(sc_time(15, SC_US).value()),
      ack_delay(sc_time(5, SC_US).value()),
      least_rest(sc_time(1, SC_MS).value()),
      memory(sc_time(50, SC_MS).value()) {}

void Path::acknowledged(Ticks left, Ticks round_trip, Ticks now) {
  const bool was_full = in_flight_ + 1 >= window_;
  --in_flight_;
  const Ticks target = shortest_ == ~Ticks{0} ? ~Ticks{0} : shortest_ + limits_->queueing;
  if (round_trip > target) {
    // The share of the excess in the round trip, at most a half at a time.
    const double excess = static_cast<double>(round_trip - target) / static_cast<double>(round_trip);
    if (left >= shrunk_at_) shrink(std::max(0.5, 1 - 0.8 * excess), now);
  } else if (was_full) {
    // A window that is not used proves nothing by growing.
    window_ = std::min(limits_->most_window, window_ + (doubling_ ? 1 : 1 / window_));
  }
}

void Path::lost(Ticks left, Ticks now) {
  --in_flight_;
  if (left >= shrunk_at_) shrink(0.7, now);
}

bool Path::timed_out(unsigned packets, Ticks now) {
  if (backoff_ < kMostBackoff) ++backoff_;
  silent_ += packets;
  if (silent_ < kSilent) return false;
  window_ = 1;
  doubling_ = true;
  shrunk_at_ = now;
  rest_until_ = now + (limits_->least_rest << rests_);
  if (rests_ < kMostRests) ++rests_;
  return true;
}

Ticks Path::timeout(bool back_off) const {
  Ticks time = limits_->first_timeout;
  if (smoothed_) {
    // A path that was steady for long may still get a queue within one round trip.
    const Ticks margin = std::max({4 * variation_, smoothed_ / 2, 2 * limits_->queueing});
    time = std::max(limits_->least_timeout, smoothed_ + margin + limits_->ack_delay);
  }
  return back_off ? time << backoff_ : time;
}

void Path::measure(Ticks round_trip, Ticks now) {
  if (smoothed_ == 0) {
    smoothed_ = round_trip;
    variation_ = round_trip / 2;
  } else {
    const Ticks difference = round_trip > smoothed_ ? round_trip - smoothed_ : smoothed_ - round_trip;
    variation_ = (3 * variation_ + difference) / 4;
    smoothed_ = (7 * smoothed_ + round_trip) / 8;
  }
  if (now >= period_end_) forget_shortest(now);
  shortest_of_period_ = std::min(shortest_of_period_, round_trip);
  shortest_ = std::min(shortest_, round_trip);
}

void Path::forget_shortest(Ticks now) {
  const bool is_recent = now < period_end_ + limits_->memory;
  shortest_ = is_recent ? shortest_of_period_ : ~Ticks{0};
  shortest_of_period_ = ~Ticks{0};
  if (period_end_ != 0) {
    shrink(0.5, now);
    doubling_ = true;
  }
  period_end_ = now + limits_->memory;
}

void Path::shrink(double factor, Ticks now) {
  window_ = std::max(1.0, window_ * factor);
  doubling_ = false;
  shrunk_at_ = now;
}

}  // namespace cardvp::nic::transport
