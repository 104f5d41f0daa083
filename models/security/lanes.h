// The lanes of the engine: each does one thing at a time. By reservation: who wants one learns when it will be done.
#pragma once

#include <cstdint>
#include <vector>

#include <systemc>

namespace cardvp::security {

class Lanes {
 public:
  explicit Lanes(unsigned count);

  struct Reservation {
    unsigned lane;
    sc_core::sc_time begin;
    sc_core::sc_time end;
  };
  // The lane that is free first, of those the one with the lowest number; from `start` on or as soon after as it is
  // free.
  Reservation reserve(sc_core::sc_time start, sc_core::sc_time duration);

  void reset();

 private:
  struct Lane {
    sc_core::sc_time free;
    unsigned number;
    bool operator>(const Lane& other) const { return free != other.free ? free > other.free : number > other.number; }
  };
  std::vector<Lane> lanes_;  // a heap, the first to be free on top
};

}  // namespace cardvp::security
