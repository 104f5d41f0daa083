// Self-hosted debug of Armv8.0 (Arm ARM, D2): which debug exceptions the system registers ask for. Two breakpoints, of
// which the second matches contexts too, two watchpoints, software step. Holds no state of its own.
#pragma once

#include <cstdint>

#include "models/arm/instruction_engine.h"
#include "models/arm/system_registers.h"

namespace cardvp::arm {

class SelfHostedDebug {
 public:
  explicit SelfHostedDebug(const SystemRegisters& registers) : registers_(registers) {}

  // Of the core, as far as debug exceptions depend on it.
  struct State {
    unsigned level;
    bool el2;     // implemented, and enabled in this security state
    bool secure;  // or without security states
    bool masked;  // PSTATE.D
  };

  // Some debug exception could be asked for. False spares the other questions.
  bool active() const { return registers_[Sys::MDSCR_EL1] & (kMde | kSs); }
  unsigned target(const State& state) const;
  // PSTATE.SS counts: the state steps (Arm ARM, D2.12).
  bool steps(const State& state) const { return (registers_[Sys::MDSCR_EL1] & kSs) && enabled(state); }
  bool breakpoint(std::uint64_t pc, const State& state) const;
  bool watchpoint(const MemoryAccess& access, const State& state) const;
  // Something in the page at this address might match.
  bool breakpoint_in(std::uint64_t page) const;
  bool watchpoint_in(std::uint64_t page) const;

 private:
  static constexpr std::uint64_t kSs = 1u << 0, kKde = 1u << 13, kMde = 1u << 15;
  static constexpr unsigned kBreakpoints = 2, kWatchpoints = 2;

  bool enabled(const State& state) const;
  bool linked_context(unsigned breakpoint, const State& state) const;
  bool context_matches(unsigned breakpoint, const State& state) const;
  bool breakpoint_matches(unsigned number, std::uint64_t pc, const State& state) const;

  const SystemRegisters& registers_;
};

}  // namespace cardvp::arm
