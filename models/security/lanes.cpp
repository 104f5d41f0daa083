#include "models/security/lanes.h"

#include <algorithm>
#include <functional>

namespace cardvp::security {

Lanes::Lanes(unsigned count) : lanes_(count) { reset(); }

void Lanes::reset() {
  for (unsigned number = 0; number < lanes_.size(); ++number) lanes_[number] = {sc_core::SC_ZERO_TIME, number};
}

Lanes::Reservation Lanes::reserve(sc_core::sc_time start, sc_core::sc_time duration) {
  std::pop_heap(lanes_.begin(), lanes_.end(), std::greater<>());
  Lane& lane = lanes_.back();
  const sc_core::sc_time begin = std::max(start, lane.free);
  lane.free = begin + duration;
  const Reservation made{lane.number, begin, lane.free};
  std::push_heap(lanes_.begin(), lanes_.end(), std::greater<>());
  return made;
}

}  // namespace cardvp::security
