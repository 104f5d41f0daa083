#include "models/base/stats.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace cardvp {

unsigned Histogram::bucket_of(std::uint64_t value) {
  const unsigned width = static_cast<unsigned>(std::bit_width(value));
  if (width <= kSubBits + 1) return static_cast<unsigned>(value);
  const unsigned shift = width - kSubBits - 1;
  return (shift << kSubBits) + static_cast<unsigned>(value >> shift);
}

std::uint64_t Histogram::upper_edge(unsigned bucket) {
  if (bucket < (2u << kSubBits)) return bucket;
  const unsigned shift = (bucket >> kSubBits) - 1;
  const std::uint64_t top = (bucket & ((1u << kSubBits) - 1)) + (1u << kSubBits);
  return ((top + 1) << shift) - 1;
}

void Histogram::add(std::uint64_t value) {
  ++buckets_[bucket_of(value)];
  ++count_;
  sum_ += value;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double Histogram::mean() const { return count_ ? static_cast<double>(sum_) / static_cast<double>(count_) : 0; }

std::uint64_t Histogram::percentile(double fraction) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(fraction * static_cast<double>(count_));
  const std::uint64_t rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  std::uint64_t seen = 0;
  for (unsigned bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) return std::min(upper_edge(bucket), max_);
  }
  return max_;
}

Counter& Stats::counter(const std::string& name, const std::string& unit) {
  return *counters_.try_emplace(name, Entry<Counter>{unit}).first->second.value;
}

std::optional<std::uint64_t> Stats::value(const std::string& name) const {
  if (const auto found = counters_.find(name); found != counters_.end()) return found->second.value->value();
  const std::size_t behind = name.rfind('.') + 1;
  const auto declared = declared_.find(name.substr(0, behind));
  if (declared == declared_.end() || !declared->second(std::string_view(name).substr(behind))) return {};
  return 0;
}

Histogram& Stats::histogram(const std::string& name, const std::string& unit) {
  return *histograms_.try_emplace(name, Entry<Histogram>{unit}).first->second.value;
}

}  // namespace cardvp
