#include "models/wire/path.h"

namespace cardvp::wire {

using sc_core::sc_time;

namespace {

bool happens(double probability, Random& random) {
  constexpr double kUnit = 1.0 / (std::uint64_t{1} << 53);
  return probability > 0 && static_cast<double>(random() >> 11) * kUnit < probability;
}

// Uniform, ends included.
sc_time up_to(sc_time most, Random& random) {
  if (most == sc_core::SC_ZERO_TIME) return most;
  const auto scaled = static_cast<unsigned __int128>(random()) * (most.value() + 1);
  return sc_time::from_value(static_cast<std::uint64_t>(scaled >> 64));
}

}  // namespace

Path::Crossing Path::cross(sc_time at, std::size_t frame_bytes, Random& random) {
  if (at >= config_.down_from && at < config_.down_until) return {Drop::kPathDown, {}};
  if (happens(config_.loss, random)) return {Drop::kLost, {}};
  if (config_.bandwidth != 0) {
    if (!line_.takes(at, frame_bytes, queue_)) return {Drop::kPathFull, {}};
    at = line_.reserve(at, frame_bytes);
  }
  return {Drop::kNone, at + config_.delay + up_to(config_.jitter, random)};
}

}  // namespace cardvp::wire
