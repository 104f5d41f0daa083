// Watchdog (watchdog.def): an interrupt at its first expiry, a reset of the card at the second.
//
// Periods count from the simulated time of the write that starts them, to the picosecond. The firmware's core may be
// ahead of the kernel: an access sees the expiries up to its own time, and at equal times the expiry comes first. What
// is written after the second expiry has no effect, as the card is to be reset.
#pragma once

#include <functional>

#include "models/base/bus_target.h"

namespace cardvp::arm {

class Watchdog : public RegisterTarget {
 public:
  Watchdog(sc_core::sc_module_name name, Sim& sim);

  Line interrupt;  // asserted from the first expiry to the next feed
  // Called at the second expiry: resets the card, this block included.
  void on_reset(std::function<void()> handler) { handler_ = std::move(handler); }

  // Card reset. STATUS.CAUSED_RESET stays.
  void reset();

 private:
  bool access(const BusAccess& access) override;
  bool expired() const;
  void start_period();
  void stop();
  void first_expiry();
  void expire();
  void arm();

  std::function<void()> handler_;
  bool running_ = false;
  sc_core::sc_time period_;    // of the one that runs
  sc_core::sc_time deadline_;  // its end
  sc_core::sc_time armed_for_;
  Callback<&Watchdog::expire> expiry_;  // pending while running, at or before the deadline: feeding is cheap
  Counter& resets_;
};

}  // namespace cardvp::arm
