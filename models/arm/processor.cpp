#include "models/arm/processor.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace cardvp::arm {

using sc_core::sc_time;

Processor::Processor(const ProcessorConfig& config, BusPort& bus, GenericTimer& timer, const Logger& log)
    : config_(config),
      bus_(bus),
      timer_(timer),
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

void Processor::reset() {
  registers_ = {};
  system_.reset();
  system_[Sys::RVBAR_EL3] = config_.reset_address;
  system_[Sys::CNTFRQ_EL0] = config_.timer_hz;
  timer_.reset();
  daif_ = 0x3c0;
  illegal_state_ = event_ = false;
  wait_ = Wait::kNone;
  loop_count_ = 0;
  el_ = 3;
  use_sp_elx_ = true;
  registers_.pc = config_.reset_address;
  engine_->clear_exclusive();
  engine_->invalidate_all();
  translations_changed();
  select_context();
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
  do {
    if (illegal_state_) {
      take_here(ec::kIllegalState);
    } else if (take_interrupt()) {
      continue;
    }
    // A timer that expires within the quantum ends it, so that its interrupt is taken at its time.
    const sc_time expiry = timer_.next_expiry(time_.now());
    if (expiry - now < limit) limit = std::max(expiry - now, time_.elapsed());
    if (time_.elapsed() < limit || time_.elapsed() == sc_core::SC_ZERO_TIME)
      engine_->run(time_.instructions_in(limit - time_.elapsed()));
  } while (runs_on());
  // Other masters run now, so a reservation cannot be kept; that it is lost is an event (Arm ARM, B2.9 and D1.16).
  if (engine_->clear_exclusive()) event_ = true;
  return time_.elapsed();
}

void Processor::abandon() {
  abandoned_ = true;
  engine_->stop();
}

void Processor::set_interrupt(bool& line, bool level) {
  line = level;
  if (level) engine_->stop();
}

bool Processor::waiting() const {
  switch (wait_) {
    case Wait::kNone: return loop_count_ >= kLoop;
    case Wait::kInterrupt: return !irq_ && !fiq_;
    default: return !event_ && !irq_ && !fiq_;
  }
}

void Processor::memory_changed() {
  engine_->flush_translations();
  engine_->invalidate_all();
  engine_->stop();
}

void Processor::translations_changed() { engine_->flush_translations(); }

void Processor::timers_changed() { engine_->stop(); }

void Processor::select_context() {
  const std::uint64_t sctlr = system_[banked(el_).sctlr];
  engine_->select_context(el_, sctlr & (el_ == 0 ? sctlr::kSa0 : sctlr::kSa));
}

bool Processor::translate(const MemoryAccess& access, Translation& result) {
  const unsigned el = access.unprivileged && el_ == 1 ? 0 : el_;
  const bool data = access.kind != AccessKind::kExecute;
  const bool strict = data && (system_[banked(el).sctlr] & sctlr::kA);
  if (access.unaligned && (access.must_align || strict)) return abort(access, Mmu::kAlignment), false;
  const Mmu::Result found = mmu_.translate(access.address, access.kind, el);
  if (!found.ok) return abort(access, found.fault), false;
  if (access.unaligned && found.device()) return abort(access, Mmu::kAlignment), false;
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
    event_ = true;
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
  if (wait_ == Wait::kNone || !waiting()) return {};
  if ((daif_ & (kPstateI | kPstateF)) != (kPstateI | kPstateF)) return {};
  if (timer_.next_expiry(time_.now()) != sc_core::sc_max_time()) return {};
  return fmt::format("{} with interrupts masked at {:#x}", wait_ == Wait::kEvent ? "WFE" : "WFI", wait_pc_);
}

std::string Processor::describe() const {
  std::string text = fmt::format("pc  {:016x}  pstate {:08x} (EL{})\n", registers_.pc, pstate(), el_);
  for (unsigned i = 0; i < 31; ++i)
    text += fmt::format("x{:<2} {:016x}{}", i, registers_.x[i], i % 4 == 3 ? "\n" : "  ");
  text += fmt::format("sp  {:016x}\n", registers_.x[RegisterFile::kSp]);
  for (unsigned el = 1; el <= 3; ++el) {
    const BankedRegisters& bank = banked(el);
    text += fmt::format("EL{}: ESR {:08x} FAR {:016x} ELR {:016x} SPSR {:08x} VBAR {:016x}\n", el, system_[bank.esr],
                        system_[bank.far], system_[bank.elr], system_[bank.spsr], system_[bank.vbar]);
  }
  return text;
}

}  // namespace cardvp::arm
