// The generic timer (Arm ARM, D10): one counter and the four timers of a core. Levels change at exact simulated times.
#pragma once

#include <array>
#include <cstdint>

#include "models/base/model.h"

namespace cardvp::arm {

class GenericTimer {
 public:
  enum Id : unsigned { kPhysical, kVirtual, kSecure, kHypervisor, kTimers };

  // The outputs, in the order of Id.
  GenericTimer(Scheduler& scheduler, std::uint64_t hz, std::array<Line*, kTimers> outputs);

  void reset();

  // All times are the core's local time, which may be ahead of the kernel's.
  std::uint64_t count(sc_core::sc_time at) const;
  std::uint64_t virtual_count(sc_core::sc_time at) const { return count(at) - offset_; }
  void set_virtual_offset(std::uint64_t offset, sc_core::sc_time at);

  std::uint64_t control(Id id, sc_core::sc_time at) const;
  void set_control(Id id, std::uint64_t value, sc_core::sc_time at);
  std::uint64_t compare(Id id) const { return timers_[id].compare; }
  void set_compare(Id id, std::uint64_t value, sc_core::sc_time at);
  std::uint64_t value(Id id, sc_core::sc_time at) const;
  void set_value(Id id, std::uint64_t value, sc_core::sc_time at);

  // The event stream (Arm ARM, D10.2.3): the first time after `after` at which a bit of the virtual counter changes to
  // 1
  // (`rising`) or to 0.
  sc_core::sc_time next_transition(unsigned bit, bool rising, sc_core::sc_time after) const;

  // Brings the outputs up to a time.
  void update(sc_core::sc_time at);
  // When an output will next rise; sc_max_time() if none will.
  sc_core::sc_time next_expiry(sc_core::sc_time after) const;

 private:
  struct Timer {
    Line* output;
    bool enabled = false;
    bool masked = false;
    std::uint64_t compare = 0;
  };
  std::uint64_t offset_of(Id id) const { return id == kVirtual ? offset_ : 0; }
  bool met(Id id, sc_core::sc_time at) const { return count(at) - offset_of(id) >= timers_[id].compare; }
  // The first picosecond at which the physical counter shows a value; sc_max_time() if that is beyond the end of time.
  sc_core::sc_time time_of(unsigned __int128 count) const;
  void expire();

  Scheduler& scheduler_;
  std::uint64_t hz_;
  std::uint64_t offset_ = 0;  // CNTVOFF_EL2
  std::array<Timer, kTimers> timers_;
  sc_core::sc_time latest_;  // up to which the outputs are right
  Callback<&GenericTimer::expire> expiry_{scheduler_, *this};
};

}  // namespace cardvp::arm
