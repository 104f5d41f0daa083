// The lanes of the engine: each does one thing at a time. By reservation: who wants one learns when it will be done.
//
// A start may be in the future (the data of a volume is still on its way from the medium), and what is reserved later
// may start earlier: it takes the gap in front if it fits.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include <systemc>

namespace cardvp::security {

class Lanes {
 public:
  explicit Lanes(unsigned count) : lanes_(count) {}

  struct Reservation {
    unsigned lane;
    sc_core::sc_time begin;
    sc_core::sc_time end;
  };
  // The lane that is free for `duration` first, from `start` on (not before `now`); of those the one with the lowest
  // number. `now` never goes back.
  Reservation reserve(sc_core::sc_time now, sc_core::sc_time start, sc_core::sc_time duration);

  void reset();

 private:
  struct Busy {
    sc_core::sc_time begin;
    sc_core::sc_time end;
  };
  using Lane = std::deque<Busy>;  // in order of time, nothing that is over

  std::vector<Lane> lanes_;
};

}  // namespace cardvp::security
