#include "models/arm/self_hosted_debug.h"

namespace cardvp::arm {

namespace {

constexpr Sys kBreakpointValue[] = {Sys::DBGBVR0_EL1, Sys::DBGBVR1_EL1};
constexpr Sys kBreakpointControl[] = {Sys::DBGBCR0_EL1, Sys::DBGBCR1_EL1};
constexpr Sys kWatchpointValue[] = {Sys::DBGWVR0_EL1, Sys::DBGWVR1_EL1};
constexpr Sys kWatchpointControl[] = {Sys::DBGWCR0_EL1, Sys::DBGWCR1_EL1};
constexpr unsigned kContextAware = 1;  // the breakpoint that can match contexts

constexpr std::uint64_t kTge = 1u << 27;    // HCR_EL2
constexpr std::uint64_t kTde = 1u << 8;     // MDCR_EL2
constexpr std::uint64_t kSdd = 1u << 16;    // MDCR_EL3
constexpr std::uint64_t kLocked = 1u << 1;  // OSLSR_EL1

constexpr unsigned field(std::uint64_t value, unsigned high, unsigned low) {
  return static_cast<unsigned>(value >> low & ((2u << (high - low)) - 1));
}

// DBGBCR<n>_EL1 and DBGWCR<n>_EL1 have these fields in the same places (Arm ARM, AArch64.StateMatch).
bool state_matches(std::uint64_t control, unsigned level, bool secure) {
  const unsigned security = field(control, 15, 14), levels = field(control, 2, 1);
  const bool higher = control >> 13 & 1;
  if ((security == 1 && secure) || (security == 2 && !secure)) return false;
  switch (level) {
    case 0: return levels & 2;
    case 1: return levels & 1;
    case 2: return (higher && !(security == 2 && levels == 0)) || security == 3;
    default: return higher && !(security & 1);
  }
}

// Breakpoint types, DBGBCR<n>_EL1.BT.
enum Type : unsigned { kAddress = 0, kLinkedAddress = 1, kContext = 2, kLinkedContext = 3 };
Type type(std::uint64_t control) { return static_cast<Type>(field(control, 23, 20)); }

struct Range {
  std::uint64_t first, last;
};
// The bytes of a watchpoint, by MASK or BAS; false: none (Arm ARM, D2.10.5).
bool watched_bytes(std::uint64_t value, std::uint64_t control, Range& range) {
  const unsigned mask = field(control, 28, 24), select = field(control, 12, 5);
  if (mask >= 3) {
    const std::uint64_t low = (std::uint64_t{1} << mask) - 1;
    range = {value & ~low, value | low};
    return true;
  }
  if (select == 0) return false;
  unsigned first = 0, last = 7;
  while (!(select >> first & 1)) ++first;
  while (!(select >> last & 1)) --last;
  range = {value + first, value + last};
  return true;
}

}  // namespace

unsigned SelfHostedDebug::target(const State& state) const {
  const bool to_el2 = (registers_[Sys::MDCR_EL2] & kTde) || (registers_[Sys::HCR_EL2] & kTge);
  return state.level == 2 || (state.el2 && to_el2) ? 2 : 1;
}

bool SelfHostedDebug::enabled(const State& state) const {
  if ((registers_[Sys::OSLSR_EL1] & kLocked) || state.level == 3) return false;
  if (state.secure && (registers_[Sys::MDCR_EL3] & kSdd)) return false;
  const bool to_el2 = state.el2 && ((registers_[Sys::MDCR_EL2] & kTde) || (registers_[Sys::HCR_EL2] & kTge));
  const unsigned to = to_el2 ? 2 : 1;
  if (state.level < to) return true;
  return state.level == to && (registers_[Sys::MDSCR_EL1] & kKde) && !state.masked;
}

bool SelfHostedDebug::context_matches(unsigned breakpoint, const State& state) const {
  return state.level < 2 &&
         static_cast<std::uint32_t>(registers_[kBreakpointValue[breakpoint]]) == registers_[Sys::CONTEXTIDR_EL1];
}

bool SelfHostedDebug::linked_context(unsigned breakpoint, const State& state) const {
  if (breakpoint != kContextAware) return false;
  const std::uint64_t control = registers_[kBreakpointControl[breakpoint]];
  return (control & 1) && type(control) == kLinkedContext && context_matches(breakpoint, state);
}

bool SelfHostedDebug::breakpoint_matches(unsigned number, std::uint64_t pc, const State& state) const {
  const std::uint64_t control = registers_[kBreakpointControl[number]];
  if (!(control & 1) || !state_matches(control, state.level, state.secure)) return false;
  const bool here = registers_[kBreakpointValue[number]] == pc;
  switch (type(control)) {
    case kAddress: return here;
    case kLinkedAddress: return here && linked_context(field(control, 19, 16), state);
    case kContext: return number == kContextAware && context_matches(number, state);
    default: return false;  // by itself a linked context breakpoint matches nothing
  }
}

bool SelfHostedDebug::breakpoint(std::uint64_t pc, const State& state) const {
  if (!(registers_[Sys::MDSCR_EL1] & kMde) || !enabled(state)) return false;
  for (unsigned number = 0; number < kBreakpoints; ++number)
    if (breakpoint_matches(number, pc, state)) return true;
  return false;
}

bool SelfHostedDebug::watchpoint(const MemoryAccess& access, const State& state) const {
  if (!(registers_[Sys::MDSCR_EL1] & kMde) || access.kind == AccessKind::kExecute || !enabled(state)) return false;
  const unsigned level = access.unprivileged && state.level == 1 ? 0 : state.level;
  const unsigned direction = access.kind == AccessKind::kWrite ? 2 : 1;
  for (unsigned number = 0; number < kWatchpoints; ++number) {
    const std::uint64_t control = registers_[kWatchpointControl[number]];
    Range range;
    if (!(control & 1) || !(field(control, 4, 3) & direction) || !state_matches(control, level, state.secure) ||
        !watched_bytes(registers_[kWatchpointValue[number]], control, range))
      continue;
    const bool linked = control >> 20 & 1;
    if (linked && !linked_context(field(control, 19, 16), state)) continue;
    if (access.address <= range.last && access.address + access.size - 1 >= range.first) return true;
  }
  return false;
}

bool SelfHostedDebug::breakpoint_in(std::uint64_t page) const {
  for (unsigned number = 0; number < kBreakpoints; ++number) {
    const std::uint64_t control = registers_[kBreakpointControl[number]];
    if ((control & 1) &&
        (type(control) == kContext || registers_[kBreakpointValue[number]] / kPageSize == page / kPageSize))
      return true;
  }
  return false;
}

bool SelfHostedDebug::watchpoint_in(std::uint64_t page) const {
  for (unsigned number = 0; number < kWatchpoints; ++number) {
    const std::uint64_t control = registers_[kWatchpointControl[number]];
    Range range;
    if ((control & 1) && watched_bytes(registers_[kWatchpointValue[number]], control, range) &&
        range.first / kPageSize <= page / kPageSize && page / kPageSize <= range.last / kPageSize)
      return true;
  }
  return false;
}

}  // namespace cardvp::arm
