#include "models/security/lanes.h"

#include <algorithm>
#include <cassert>

namespace cardvp::security {

using sc_core::sc_time;

Lanes::Reservation Lanes::reserve(sc_time now, sc_time start, sc_time duration) {
  assert(start >= now);
  Lane* best = nullptr;
  Lane::iterator best_place;
  sc_time best_begin;
  for (Lane& lane : lanes_) {
    while (!lane.empty() && lane.front().end <= now) lane.pop_front();
    sc_time begin = start;
    auto place = lane.begin();
    if (lane.empty() || lane.back().end <= start)
      place = lane.end();
    else
      for (; place != lane.end() && place->begin < begin + duration; ++place) begin = std::max(begin, place->end);
    if (best && begin >= best_begin) continue;
    best = &lane;
    best_place = place;
    best_begin = begin;
    if (begin == start) break;
  }
  const Busy made{best_begin, best_begin + duration};
  best->insert(best_place, made);
  return {static_cast<unsigned>(best - lanes_.data()), made.begin, made.end};
}

void Lanes::reset() {
  for (Lane& lane : lanes_) lane.clear();
}

}  // namespace cardvp::security
