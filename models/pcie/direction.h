// One direction of a link: which times its wire is taken. Nothing is simulated here; packets reserve.
#pragma once

#include <vector>

#include <systemc>

namespace cardvp::pcie {

class Direction {
 public:
  // Takes the wire for `duration` from now on, behind everything that was reserved in order before. Returns the end.
  sc_core::sc_time reserve(sc_core::sc_time now, sc_core::sc_time duration) {
    return ordered_until_ = take(now, std::max(now, ordered_until_), duration);
  }

  // Takes it from `earliest` on, which is in the future: completions of a request that is still under way. What is
  // reserved meanwhile may still use the time until then.
  sc_core::sc_time reserve_ahead(sc_core::sc_time now, sc_core::sc_time earliest, sc_core::sc_time duration) {
    return take(now, earliest, duration);
  }

  void clear() { *this = Direction(); }

 private:
  struct Gap {
    sc_core::sc_time begin, end;
  };
  // Reservations ahead lie within one round trip, so gaps are few; a bound keeps the search short whatever the
  // latency. The oldest gap is given up first: capacity is lost, never order.
  static constexpr std::size_t kMaxGaps = 16;

  sc_core::sc_time take(sc_core::sc_time now, sc_core::sc_time earliest, sc_core::sc_time duration);

  sc_core::sc_time busy_until_;
  sc_core::sc_time ordered_until_;
  std::vector<Gap> gaps_;  // free times before busy_until_, by time
};

}  // namespace cardvp::pcie
