#include "models/arm/processor.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace cardvp::arm {

using sc_core::sc_time;

Processor::Processor(const ProcessorConfig& config, BusPort& bus, GenericTimer& timer, Peers* peers, const Logger& log)
    : config_(config),
      bus_(bus),
      timer_(timer),
      peers_(peers),
      log_(log),
      engine_(make_engine(*this)),
      registers_(engine_->registers()),
      mmu_(system_,
           [this](std::uint64_t physical, std::uint64_t& descriptor) {
             if (const std::byte* const host = bus_.direct(physical, AccessKind::kRead)) {
               std::memcpy(&descriptor, host, sizeof descriptor);
               return true;
             }
             sc_time delay = time_.elapsed();
             return bus_.read(physical, &descriptor, sizeof descriptor, delay);
           }),
      time_(*engine_, config.frequency_hz) {}

Processor::~Processor() = default;

void Processor::reset(const Entry& entry) {
  registers_ = {};
  system_.reset();
  system_[Sys::RVBAR_EL3] = entry.address;
  system_[Sys::CNTFRQ_EL0] = config_.timer_hz;
  constexpr std::uint64_t kUniprocessor = 1u << 30;
  const std::uint64_t affinity = system_[Sys::MPIDR_EL1] | (config_.alone ? kUniprocessor : 0) | config_.number;
  system_[Sys::MPIDR_EL1] = system_[Sys::VMPIDR_EL2] = affinity;
  if (config_.highest_level < 3) {
    system_[Sys::SCR_EL3] |= scr::kNs | scr::kHce;  // as it behaves without EL3
    system_[Sys::ID_AA64PFR0_EL1] &= ~0xf000ull;
  }
  if (config_.highest_level < 2) system_[Sys::ID_AA64PFR0_EL1] &= ~0xf00ull;
  timer_.reset();
  daif_ = 0x3c0;
  illegal_state_ = event_ = step_once_ = step_begun_ = false;
  wait_ = Wait::kNone;
  loop_count_ = 0;
  el_ = entry.level;
  use_sp_elx_ = true;
  registers_.pc = entry.address;
  std::copy(entry.arguments.begin(), entry.arguments.end(), registers_.x.begin());
  engine_->clear_exclusive();
  engine_->invalidate_all();
  translations_changed();
  select_context();
  resumed_ = false;
  self_hosted_changed();
  sample_left_ = sample_period_;
}

sc_time Processor::run(sc_time now) {
  time_.begin(now);
  timer_.update(now);
  wait_ = Wait::kNone;
  abandoned_ = false;
  sc_time limit = config_.quantum;
  const auto runs_on = [&] {
    return wait_ == Wait::kNone && loop_count_ < kLoop && !abandoned_ && time_.elapsed() < limit;
  };
  if (debugger_ && debugger_->wants_halt(*this)) halt_ = {Halt::Reason::kRequested};
  do {
    if (halt_) serve_debugger();
    if (abandoned_) break;
    if (illegal_state_) {
      take_illegal_state();
    } else if (take_interrupt()) {
      continue;
    }
    // A timer that expires within the quantum ends it, so that its interrupt is taken at its time.
    const sc_time expiry = timer_.next_expiry(time_.now());
    if (expiry - now < limit) limit = std::max(expiry - now, time_.elapsed());
    if (time_.elapsed() < limit || time_.elapsed() == sc_core::SC_ZERO_TIME) run_engine(limit - time_.elapsed());
  } while (halt_ || runs_on());
  // Other masters run now, so a reservation cannot be kept; that it is lost is an event (Arm ARM, B2.9 and D1.16). Who
  // waits for just that, in a lock's loop, gets it at the end of the quantum.
  if (!engine_->clear_exclusive()) return time_.elapsed();
  event_ = true;
  return wait_ == Wait::kEvent ? std::max(time_.elapsed(), config_.quantum) : time_.elapsed();
}

sc_time Processor::next_stream_event() const {
  constexpr std::uint64_t kEnable = 1u << 2, kFalling = 1u << 3;
  const std::uint64_t control = system_[Sys::CNTKCTL_EL1];
  if (wait_ != Wait::kEvent || !(control & kEnable)) return sc_core::sc_max_time();
  return timer_.next_transition(control >> 4 & 15, !(control & kFalling), time_.now());
}

void Processor::run_engine(sc_time time) {
  std::uint64_t left = time_.instructions_in(time);
  if (!sampler_) {
    engine_->run(left);
    return;
  }
  // In pieces, but to the same end: a program that polls a device sees where a quantum ends.
  bool stopped = false;
  while (left > 0 && !stopped) {
    const sc_time before = time_.elapsed();
    const std::uint64_t piece = std::min(left, time_.instructions_in(sample_left_));
    stopped = engine_->run(piece) == StopReason::kRequested;
    left -= piece;
    // A wait for a device may take several periods.
    sc_time passed = time_.elapsed() - before;
    for (; passed >= sample_left_; sample_left_ = sample_period_) {
      passed -= sample_left_;
      sampler_->sample(*this);
    }
    sample_left_ -= passed;
  }
}

void Processor::abandon() {
  abandoned_ = true;
  engine_->stop();
}

void Processor::power_off() {
  wait_ = Wait::kOff;
  engine_->stop();
}

void Processor::stand_by() {
  if (irq_ || fiq_) return;
  wait_ = Wait::kInterrupt;
  wait_pc_ = registers_.pc;
  engine_->stop();
}

void Processor::set_interrupt(bool& line, bool level) {
  line = level;
  if (level) engine_->stop();
}

bool Processor::waiting() const {
  switch (wait_) {
    case Wait::kNone: return loop_count_ >= kLoop;
    case Wait::kOff: return true;
    case Wait::kInterrupt: return !irq_ && !fiq_;
    default: return !event_ && !irq_ && !fiq_;
  }
}

void Processor::memory_changed() {
  engine_->flush_translations();
  engine_->invalidate_all();
  engine_->stop();
}

void Processor::translations_changed() {
  engine_->flush_translations();
  large_blocks_.clear();
}

void Processor::tell_code_modified(std::uint64_t physical, std::uint64_t bytes) {
  peers_ ? peers_->code_modified(physical, bytes) : code_modified(physical, bytes);
}

void Processor::flush_page(std::uint64_t address) {
  if (large_blocks_.may_hold(address)) return translations_changed();
  engine_->flush_page(address);
}

void Processor::timers_changed() { engine_->stop(); }

void Processor::select_context() {
  const std::uint64_t sctlr = system_[banked(el_).sctlr];
  engine_->select_context(el_, sctlr & (el_ == 0 ? sctlr::kSa0 : sctlr::kSa));
  engine_->enable_vectors(!vector_trap_target());
  if (self_observed_) observe();
}

bool Processor::translate(const MemoryAccess& access, Translation& result) {
  const unsigned el = access.unprivileged && el_ == 1 ? 0 : el_;
  const bool data = access.kind != AccessKind::kExecute;
  if (const std::uint64_t pc = mmu_.branch_address(access.address, el); !data && pc != access.address) {
    registers_.pc = pc;  // where the branch goes
    return false;
  }
  const bool strict = data && (system_[banked(el).sctlr] & sctlr::kA);
  if (access.unaligned && (access.must_align || strict)) return abort(access, Mmu::kAlignment), false;
  const Mmu::Result found = mmu_.translate(access.address, access.kind, el);
  if (!found.ok) return abort(access, found.fault), false;
  if (access.unaligned && found.device()) return abort(access, Mmu::kAlignment), false;
  if (!watchpoints_.empty() && data) {
    if (watched(access)) {
      halt_ = {Halt::Reason::kWatchpoint, access.address};
      return engine_->stop_ahead(), false;
    }
    result.watched = watched_page(access.address);
  }
  if (self_observed_ && data) {
    if (!access.maintenance && self_hosted_.watchpoint(access, debug_state())) {
      const unsigned target = self_hosted_.target(debug_state());
      system_[banked(target).far] = access.address;
      take_debug_exception(ec::kWatchpoint, std::uint32_t{access.kind == AccessKind::kWrite} << 6);
      return false;
    }
    result.watched |= self_hosted_.watchpoint_in(access.address);
  }
  if (found.block_bits > kPageBits) large_blocks_.add(access.address, found.block_bits);
  result.physical = found.physical;
  result.host = bus_.direct(found.physical, access.kind);
  result.aligned_only = strict || found.device();
  return true;
}

bool Processor::read_bus(const MemoryAccess& access, std::uint64_t physical, void* to) {
  const sc_time before = time_.elapsed();
  sc_time delay = before;
  const bool done = bus_.read(physical, to, access.size, delay);
  time_.wait(delay - before);
  if (time_.elapsed() >= config_.quantum) engine_->stop();
  if (!done) abort(access, Mmu::kExternal);
  return done;
}

bool Processor::write_bus(const MemoryAccess& access, std::uint64_t physical, const void* from) {
  const sc_time before = time_.elapsed();
  sc_time delay = before;
  const bool done = bus_.write(physical, from, access.size, delay);
  time_.wait(delay - before);
  if (time_.elapsed() >= config_.quantum) engine_->stop();
  if (!done) abort(access, Mmu::kExternal);
  return done;
}

Next Processor::hint(std::uint32_t, Hint hint) {
  if (hint == Hint::kSendEvent || hint == Hint::kSendEventLocal) {
    hint == Hint::kSendEvent&& peers_ ? peers_->send_event() : set_event();
    return Next::kFollowing;
  }
  const bool for_event = hint == Hint::kWaitForEvent;
  if (for_event && event_) {
    event_ = false;
    return Next::kFollowing;
  }
  if (irq_ || fiq_) return Next::kFollowing;
  const std::uint32_t iss = 0x1e0'0000 | for_event;  // CV, COND = always
  const auto trap_to = [&](unsigned target) {
    take_synchronous(target, ec::kWait, iss, registers_.pc);
    return Next::kPc;
  };
  if (el_ == 0 && !(system_[Sys::SCTLR_EL1] & (for_event ? sctlr::kNtwe : sctlr::kNtwi)))
    return trap_to(default_target());
  if (el_ < 2 && el2_enabled() && (system_[Sys::HCR_EL2] & (for_event ? hcr::kTwe : hcr::kTwi))) return trap_to(2);
  if (el_ < 3 && (system_[Sys::SCR_EL3] & (for_event ? scr::kTwe : scr::kTwi))) return trap_to(3);
  wait_ = for_event ? Wait::kEvent : Wait::kInterrupt;
  wait_pc_ = registers_.pc;
  if (log_.debugging()) log_.debug(for_event ? "WFE" : "WFI", {{"pc", hex(wait_pc_)}});
  engine_->stop();
  return Next::kFollowing;
}

std::string Processor::stuck() const {
  if (loop_count_ >= kLoop) return fmt::format("exception loop at {:#x}", loop_pc_);
  if (!sleeping() || !waiting()) return {};
  if ((daif_ & (kPstateI | kPstateF)) != (kPstateI | kPstateF)) return {};
  if (timer_.next_expiry(time_.now()) != sc_core::sc_max_time()) return {};
  if (next_stream_event() != sc_core::sc_max_time()) return {};
  return fmt::format("{} with interrupts masked at {:#x}", wait_ == Wait::kEvent ? "WFE" : "WFI", wait_pc_);
}

std::string Processor::describe() const {
  std::string text = fmt::format("pc  {:016x}  pstate {:08x} (EL{}{})\n", registers_.pc, pstate(), el_,
                                 !powered()   ? ", off"
                                 : sleeping() ? ", asleep"
                                              : "");
  for (unsigned i = 0; i < 31; ++i)
    text += fmt::format("x{:<2} {:016x}{}", i, registers_.x[i], i % 4 == 3 ? "\n" : "  ");
  text += fmt::format("sp  {:016x}\n", registers_.x[RegisterFile::kSp]);
  for (unsigned el = 1; el <= config_.highest_level; ++el) {
    const BankedRegisters& bank = banked(el);
    text += fmt::format("EL{}: ESR {:08x} FAR {:016x} ELR {:016x} SPSR {:08x} VBAR {:016x}\n", el, system_[bank.esr],
                        system_[bank.far], system_[bank.elr], system_[bank.spsr], system_[bank.vbar]);
  }
  return text;
}

}  // namespace cardvp::arm
