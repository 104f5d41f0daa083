// How figures are written in reports.
#pragma once

#include <cmath>

#include <nlohmann/json.hpp>
#include <systemc>

#include "models/base/stats.h"

namespace cardvp::scenarios {

inline constexpr double kPsPerNs = 1000;

inline double rounded(double value, double digits = 1000) { return std::round(value * digits) / digits; }
inline double ns(std::uint64_t ps) { return static_cast<double>(ps) / kPsPerNs; }
inline double ns(sc_core::sc_time time) { return ns(time.value()); }
inline double rate(std::uint64_t amount, double seconds) {
  return seconds > 0 ? static_cast<double>(amount) / seconds : 0;
}

// Of a histogram in ps.
inline nlohmann::ordered_json latency_json(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"min", ns(histogram.min())},
          {"mean", rounded(histogram.mean() / kPsPerNs)},
          {"p50", ns(histogram.percentile(0.50))},
          {"p99", ns(histogram.percentile(0.99))},
          {"p99.9", ns(histogram.percentile(0.999))},
          {"max", ns(histogram.max())}};
}

}  // namespace cardvp::scenarios
