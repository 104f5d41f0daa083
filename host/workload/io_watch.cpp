#include "host/workload/io_watch.h"

#include <algorithm>

namespace cardvp::host {

using sc_core::sc_time;

void IoWatch::ended(sc_time start, sc_time now, bool ok) {
  for (Span& span : spans_) {
    const auto overlaps = [&span](sc_time from) { return span.open || from < span.end; };
    if (ok && overlaps(now)) ++span.completed;
    if (overlaps(last_)) span.longest_pause = std::max(span.longest_pause, now - last_);
    if (!overlaps(start)) continue;
    span.longest_latency = std::max(span.longest_latency, now - start);
    if (!ok) ++span.failed;
  }
  last_ = now;
}

std::size_t IoWatch::open(sc_time now) {
  Span& span = spans_.emplace_back();
  span.begin = span.end = now;
  return spans_.size() - 1;
}

void IoWatch::close(std::size_t span, sc_time now) {
  spans_.at(span).end = now;
  spans_.at(span).open = false;
}

}  // namespace cardvp::host
