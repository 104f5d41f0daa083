// PL031 real time clock (Arm DDI 0224C), registers in pl031.def.
//
// It counts whole seconds of simulated time, from a configured time of day: never the wall clock's. Its seconds begin
// where those of simulated time do; loading it changes the number, not that. It runs from a battery, so it is started
// when the simulation begins, and keeps its time over a reset of the card.
//
// The core may be ahead of the kernel: an access sees a match up to its own time.
#pragma once

#include <cstdint>

#include "models/base/bus_target.h"

namespace cardvp::arm {

struct Pl031Config {
  std::uint32_t start_seconds = 1'767'225'600;  // when the simulation begins; Unix time: 2026-01-01T00:00:00Z
};

class Pl031 : public RegisterTarget {
 public:
  Pl031(sc_core::sc_module_name name, Sim& sim, const Pl031Config& config = {});

  Line interrupt;

  // Card reset: no match, no interrupt; the time goes on.
  void reset();

 private:
  bool access(const BusAccess& access) override;
  std::uint64_t elapsed() const;  // whole seconds of simulated time
  std::uint32_t seconds() const { return static_cast<std::uint32_t>(offset_ + elapsed()); }
  void compare();
  void schedule_match();
  void match();
  void update_interrupt();

  std::uint32_t offset_;  // of DR to the seconds of simulated time
  sc_core::sc_time match_at_;
  Callback<&Pl031::match> match_;  // pending if there will be a match, at match_at_
};

}  // namespace cardvp::arm
