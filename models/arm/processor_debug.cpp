// What debuggers, tracers and profilers do with a core (debug.h).
#include <algorithm>
#include <utility>

#include "models/arm/processor.h"

namespace cardvp::arm {

namespace {
bool overlap(const Watchpoint& watchpoint, std::uint64_t address, std::uint64_t bytes) {
  // By distances, as a range may end at the top of the address space.
  return address - watchpoint.address < watchpoint.bytes || watchpoint.address - address < bytes;
}
std::uint64_t page_of(std::uint64_t address) { return address & ~(kPageSize - 1); }
}  // namespace

void Processor::attach(Debugger* debugger) {
  if (debugger && !admits_debugger()) throw DebugRefused();
  debugger_ = debugger;
}

void Processor::lock_debug(std::function<void()> on_attempt) {
  debug_locked_ = true;
  on_debug_attempt_ = std::move(on_attempt);
  debugger_ = nullptr;
}

bool Processor::admits_debugger() {
  if (debug_locked_ && on_debug_attempt_) on_debug_attempt_();
  return !debug_locked_;
}

void Processor::attach(Tracer* tracer) {
  tracer_ = tracer;
  observe();
}

void Processor::attach(Sampler* sampler, sc_core::sc_time period) {
  sampler_ = sampler;
  sample_period_ = sample_left_ = period;
}

void Processor::observe() {
  engine_->observe(tracer_ || stepping_ || self_observed_ || !breakpoints_.empty() ? this : nullptr);
}

bool Processor::observes(std::uint64_t page) {
  if (tracer_ || stepping_) return true;
  if (self_observed_ && (self_hosted_.steps(debug_state()) || self_hosted_.breakpoint_in(page))) return true;
  const auto first = std::lower_bound(breakpoints_.begin(), breakpoints_.end(), page);
  return first != breakpoints_.end() && page_of(*first) == page;
}

bool Processor::before_instruction() {
  if (resumed_) {
    resumed_ = false;
  } else if (stepping_) {
    halt_ = {Halt::Reason::kStep};
  } else if (std::binary_search(breakpoints_.begin(), breakpoints_.end(), registers_.pc)) {
    halt_ = {Halt::Reason::kBreakpoint};
  }
  if (halt_ || (self_observed_ && take_debug_exception())) return false;
  if (tracer_) tracer_->instruction(*this, time_.now());
  return true;
}

SelfHostedDebug::State Processor::debug_state() const {
  const bool secure = config_.highest_level == 3 && !(system_[Sys::SCR_EL3] & scr::kNs);
  return {el_, el2_enabled(), secure, (daif_ & kPstateD) != 0};
}

void Processor::self_hosted_changed() {
  const bool wanted = self_hosted_.active();
  if (!wanted && !self_observed_) return;
  self_observed_ = wanted;
  engine_->flush_translations();  // which pages are watched may have changed
  observe();
}

// Breakpoint or software step, ahead of the instruction at the pc (Arm ARM, D2.9 and D2.12).
bool Processor::take_debug_exception() {
  const SelfHostedDebug::State state = debug_state();
  if (self_hosted_.steps(state)) {
    if (!step_once_ || step_begun_) {
      constexpr std::uint32_t kStepped = 1u << 24, kExclusive = 1u << 6;  // ISV, EX
      const std::uint32_t iss = step_begun_ ? kStepped | (step_exclusive_ ? kExclusive : 0) : 0;
      step_once_ = false;
      take_debug_exception(ec::kSoftwareStep, iss);
      return true;
    }
    step_begun_ = true;
    std::uint32_t word = 0;
    read_memory(registers_.pc, std::as_writable_bytes(std::span(&word, 1)));
    step_exclusive_ = (word & 0x3fc00000) == 0x08400000;  // LDXR and its kind
  }
  if (!self_hosted_.breakpoint(registers_.pc, state)) return false;
  take_debug_exception(ec::kHardwareBreakpoint, 0);
  return true;
}

void Processor::take_debug_exception(unsigned exception_class, std::uint32_t iss) {
  constexpr std::uint32_t kDebugEvent = 0x22;  // the fault status of all of them
  const unsigned target = self_hosted_.target(debug_state());
  take_synchronous(target, exception_class + (target == el_), iss | kDebugEvent, registers_.pc);
}

void Processor::serve_debugger() {
  const Halt halt = *halt_;
  halt_.reset();
  if (std::exchange(stepping_, false)) observe();
  debugger_->halted(*this, halt);
  resumed_ = stepping_ || std::binary_search(breakpoints_.begin(), breakpoints_.end(), registers_.pc);
}

void Processor::set_breakpoints(std::vector<std::uint64_t> addresses) {
  breakpoints_ = std::move(addresses);
  std::sort(breakpoints_.begin(), breakpoints_.end());
  observe();
}

void Processor::set_watchpoints(std::vector<Watchpoint> watchpoints) {
  watchpoints_ = std::move(watchpoints);
  engine_->flush_translations();
}

void Processor::step() {
  stepping_ = resumed_ = true;
  observe();
}

bool Processor::watched(const MemoryAccess& access) const {
  return std::any_of(watchpoints_.begin(), watchpoints_.end(), [&](const Watchpoint& watchpoint) {
    return (access.kind == AccessKind::kWrite ? watchpoint.on_write : watchpoint.on_read) && !access.maintenance &&
           overlap(watchpoint, access.address, access.size);
  });
}

bool Processor::watched_page(std::uint64_t address) const {
  return std::any_of(watchpoints_.begin(), watchpoints_.end(),
                     [&](const Watchpoint& watchpoint) { return overlap(watchpoint, page_of(address), kPageSize); });
}

void Processor::set_pstate(std::uint64_t value) {
  registers_.flags.set_nzcv(value >> 28 & 15);
  daif_ = value & 0x3c0;
  illegal_state_ = value & kPstateIl;
  step_once_ = value & kPstateSs;
  const unsigned level = value >> 2 & 3;
  if (level <= config_.highest_level && !(value & 0x12)) set_level(level, (value & 1) && level != 0);
}

bool Processor::write_system(Sys id, std::uint64_t value) {
  if (SystemRegisters::info(id).write_el == SystemRegisters::kNever) return false;
  write_register(id, value);
  return true;
}

// How much a debugger accesses at once: what is left of the page; of a device, what is left of a word.
std::size_t Processor::debug_piece(std::uint64_t address, std::uint64_t physical, std::size_t size) {
  const std::uint64_t unit = bus_.direct(physical, AccessKind::kRead) ? kPageSize : sizeof(std::uint32_t);
  return std::min<std::size_t>(size, unit - (address & (unit - 1)));
}

bool Processor::read_memory(std::uint64_t address, std::span<std::byte> to) {
  while (!to.empty()) {
    const Mmu::Result found = mmu_.look_up(address, el_);
    if (!found.ok) return false;
    const std::size_t size = debug_piece(address, found.physical, to.size());
    if (!bus_.debug_read(found.physical, to.data(), static_cast<unsigned>(size))) return false;
    to = to.subspan(size);
    address += size;
  }
  return true;
}

bool Processor::write_memory(std::uint64_t address, std::span<const std::byte> from) {
  while (!from.empty()) {
    const Mmu::Result found = mmu_.look_up(address, el_);
    if (!found.ok) return false;
    const std::size_t size = debug_piece(address, found.physical, from.size());
    if (!bus_.debug_write(found.physical, from.data(), static_cast<unsigned>(size))) return false;
    tell_code_modified(found.physical, size);
    from = from.subspan(size);
    address += size;
  }
  return true;
}

}  // namespace cardvp::arm
