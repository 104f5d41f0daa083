#include "models/pcie/direction.h"

#include <algorithm>

namespace cardvp::pcie {

using sc_core::sc_time;

sc_time Direction::take(sc_time now, sc_time earliest, sc_time duration) {
  while (!gaps_.empty() && gaps_.front().end <= now) gaps_.erase(gaps_.begin());
  for (auto gap = gaps_.begin(); gap != gaps_.end(); ++gap) {
    const sc_time start = std::max(gap->begin, earliest);
    const sc_time end = start + duration;
    if (end > gap->end) continue;
    if (start > gap->begin) gap = gaps_.insert(gap, {gap->begin, start}) + 1;
    gap->begin = end;
    return end;
  }
  const sc_time idle_from = std::max(now, busy_until_);
  const sc_time start = std::max(idle_from, earliest);
  if (start > idle_from) gaps_.push_back({idle_from, start});
  if (gaps_.size() > kMaxGaps) gaps_.erase(gaps_.begin());
  return busy_until_ = start + duration;
}

}  // namespace cardvp::pcie
