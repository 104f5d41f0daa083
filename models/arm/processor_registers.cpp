// MRS, MSR and SYS: access rules, traps, and the registers that are more than storage.
#include "models/arm/processor.h"
#include "models/arm/system_instruction.h"

namespace cardvp::arm {

namespace {

// ESR_ELx.ISS of a trapped MRS, MSR or SYS.
constexpr std::uint32_t trap_syndrome(std::uint32_t word) {
  return op0(word) << 20 | op2(word) << 17 | op1(word) << 14 | crn(word) << 10 | (word & 31) << 5 | crm(word) << 1 |
         is_read(word);
}

struct TimerRegister {
  GenericTimer::Id timer;
  enum { kValue, kControl, kCompare } what;
};
// The three registers of each timer stand in a row in system_registers.def.
TimerRegister timer_register(Sys id) {
  static constexpr GenericTimer::Id kOrder[] = {GenericTimer::kPhysical, GenericTimer::kVirtual,
                                                GenericTimer::kHypervisor, GenericTimer::kSecure};
  const unsigned index = static_cast<unsigned>(id) - static_cast<unsigned>(Sys::CNTP_TVAL_EL0);
  return {kOrder[index / 3], static_cast<decltype(TimerRegister::what)>(index % 3)};
}
constexpr bool is_timer_register(Sys id) { return id >= Sys::CNTP_TVAL_EL0 && id <= Sys::CNTPS_CVAL_EL1; }

}  // namespace

Processor::Trapped Processor::check_timer_access(Sys id) const {
  if (id >= Sys::CNTPS_TVAL_EL1 && id <= Sys::CNTPS_CVAL_EL1) {
    if (el_ == 3) return {};
    if (el_ == 2 || config_.highest_level < 3 || el2_enabled()) return {.undefined = true};
    return {.taken = !(system_[Sys::SCR_EL3] & scr::kSt), .target = 3};
  }
  const bool physical_timer = id >= Sys::CNTP_TVAL_EL0 && id <= Sys::CNTP_CVAL_EL0;
  const bool physical = physical_timer || id == Sys::CNTPCT_EL0;
  if (el_ == 0) {
    const std::uint64_t enables = system_[Sys::CNTKCTL_EL1];
    bool enabled = true;
    if (physical_timer) {
      enabled = enables >> 9 & 1;
    } else if (id >= Sys::CNTV_TVAL_EL0 && id <= Sys::CNTV_CVAL_EL0) {
      enabled = enables >> 8 & 1;
    } else if (id == Sys::CNTPCT_EL0) {
      enabled = enables & 1;
    } else if (id == Sys::CNTVCT_EL0) {
      enabled = enables >> 1 & 1;
    } else if (id == Sys::CNTFRQ_EL0) {
      enabled = enables & 3;
    }
    if (!enabled) return {.taken = true, .target = default_target()};
  }
  if (el_ < 2 && physical && el2_enabled() && !(system_[Sys::CNTHCTL_EL2] >> (physical_timer ? 1 : 0) & 1))
    return {.taken = true, .target = 2};
  return {};
}

// Debug registers: MDCR_EL2 and MDCR_EL3 TDA and TDOSA.
Processor::Trapped Processor::check_debug_access(Sys id) const {
  const bool lock = id == Sys::OSLAR_EL1 || id == Sys::OSLSR_EL1 || id == Sys::OSDLR_EL1;
  const std::uint64_t trap = lock ? 1u << 10 : 1u << 9;
  if (el_ < 2 && el2_enabled() && (system_[Sys::MDCR_EL2] & (trap | 1u << 8))) return {.taken = true, .target = 2};
  return {.taken = el_ < 3 && (system_[Sys::MDCR_EL3] & trap), .target = 3};
}

Processor::Trapped Processor::check_access(Sys id, bool read) const {
  if (id == Sys::kUndefined) return {.undefined = true};
  if (id == Sys::kReservedId) return {.undefined = !read || el_ == 0};
  const SystemRegisters::Info& info = SystemRegisters::info(id);
  const unsigned lowest = read ? info.read_el : info.write_el;
  if (el_ < lowest) return {.undefined = true};
  if (id >= Sys::CNTFRQ_EL0 && id <= Sys::CNTPS_CVAL_EL1) return check_timer_access(id);
  if (id >= Sys::MDSCR_EL1) return check_debug_access(id);
  const std::uint64_t sctlr = system_[Sys::SCTLR_EL1];
  switch (id) {
    case Sys::DAIF: return {.taken = el_ == 0 && !(sctlr & sctlr::kUma), .target = default_target()};
    case Sys::CTR_EL0: return {.taken = el_ == 0 && !(sctlr & sctlr::kUct), .target = default_target()};
    case Sys::SP_EL0: return {.undefined = !use_sp_elx_};
    default: return {};
  }
}

bool Processor::fail_access(const Trapped& trapped, std::uint32_t word) {
  const auto trap_to = [&](unsigned target) {
    take_synchronous(target, ec::kSystemRegister, trap_syndrome(word), registers_.pc);
    return true;
  };
  if (hypervisor_traps_implementation_defined(word)) return trap_to(2);
  if (trapped.undefined) return undefined(), true;
  if (trapped.taken) return trap_to(trapped.target);
  return hypervisor_traps(word) && trap_to(2);
}

bool Processor::read_system(std::uint32_t word, std::uint64_t& value) {
  if (op0(word) < 2) {  // SYSL: nothing is allocated
    undefined();
    return false;
  }
  const Sys id = find_system_register(system_key(word));
  if ((id == Sys::FPCR || id == Sys::FPSR) && vector_trap_target()) {
    take_vector_trap();
    return false;
  }
  if (fail_access(check_access(id, true), word)) return false;
  value = id == Sys::kReservedId ? 0 : read_register(id);
  return true;
}

std::uint64_t Processor::read_register(Sys id) {
  if (is_timer_register(id)) {
    const auto [timer, what] = timer_register(id);
    if (what == TimerRegister::kCompare) return timer_.compare(timer);
    return what == TimerRegister::kControl ? timer_.control(timer, time_.now()) : timer_.value(timer, time_.now());
  }
  switch (id) {
    case Sys::CNTPCT_EL0: return timer_.count(time_.now());
    case Sys::CNTVCT_EL0: return timer_.virtual_count(time_.now());
    case Sys::CurrentEL: return el_ << 2;
    case Sys::SPSel: return use_sp_elx_;
    case Sys::NZCV: return std::uint64_t{registers_.flags.nzcv()} << 28;
    case Sys::DAIF: return daif_;
    case Sys::FPCR: return registers_.fpcr;
    case Sys::FPSR: return registers_.fpsr;
    case Sys::SP_EL0: return stack_pointer(0);
    case Sys::SP_EL1: return stack_pointer(1);
    case Sys::SP_EL2: return stack_pointer(2);
    case Sys::ISR_EL1: return (irq_ ? kPstateI : 0) | (fiq_ ? kPstateF : 0);
    case Sys::MIDR_EL1: return el_ == 1 && el2_enabled() ? system_[Sys::VPIDR_EL2] : system_[id];
    case Sys::MPIDR_EL1: return el_ == 1 && el2_enabled() ? system_[Sys::VMPIDR_EL2] : system_[id];
    case Sys::DCZID_EL0: {
      const bool prohibited = (el_ == 0 && !(system_[Sys::SCTLR_EL1] & sctlr::kDze)) ||
                              (el_ < 2 && el2_enabled() && (system_[Sys::HCR_EL2] & hcr::kTdz));
      return system_[id] | (prohibited ? 0x10 : 0);
    }
    default: return system_[id];
  }
}

Next Processor::write_system(std::uint32_t word, std::uint64_t value) {
  if (op0(word) == 0) {
    // MSR (immediate) to SPSel needs EL1; to DAIF from EL0, SCTLR_EL1.UMA.
    const bool spsel = op1(word) == 0;
    if (fail_access(check_access(spsel ? Sys::SPSel : Sys::DAIF, false), word)) return Next::kPc;
    write_pstate(word);
    return Next::kFollowing;
  }
  if (op0(word) == 1) return system_operation(word, value);
  const Sys id = find_system_register(system_key(word));
  if ((id == Sys::FPCR || id == Sys::FPSR) && vector_trap_target()) {
    take_vector_trap();
    return Next::kPc;
  }
  if (fail_access(check_access(id, false), word)) return Next::kPc;
  write_register(id, value);
  return Next::kFollowing;
}

void Processor::write_pstate(std::uint32_t word) {
  if (op1(word) == 0) return set_level(el_, crm(word) & 1);
  const std::uint32_t bits = crm(word) << 6;
  daif_ = op2(word) == 6 ? daif_ | bits : daif_ & ~bits;
  if (self_observed_) observe();
  if (irq_ || fiq_) engine_->stop();
}

void Processor::write_register(Sys id, std::uint64_t value) {
  const sc_core::sc_time at = time_.now();
  if (is_timer_register(id)) {
    const auto [timer, what] = timer_register(id);
    switch (what) {
      case TimerRegister::kValue: timer_.set_value(timer, value, at); break;
      case TimerRegister::kControl: timer_.set_control(timer, value, at); break;
      case TimerRegister::kCompare: timer_.set_compare(timer, value, at); break;
    }
    return timers_changed();
  }
  switch (id) {
    case Sys::SPSel: return set_level(el_, value & 1);
    case Sys::NZCV: return registers_.flags.set_nzcv(value >> 28 & 15);
    case Sys::DAIF:
      daif_ = value & 0x3c0;
      if (self_observed_) observe();
      if (irq_ || fiq_) engine_->stop();
      return;
    case Sys::FPCR: registers_.fpcr = static_cast<std::uint32_t>(value & SystemRegisters::info(id).writable); return;
    case Sys::FPSR: registers_.fpsr = static_cast<std::uint32_t>(value & SystemRegisters::info(id).writable); return;
    case Sys::CPACR_EL1:
    case Sys::CPTR_EL2:
    case Sys::CPTR_EL3: system_.write(id, value); return select_context();
    case Sys::SP_EL0: stack_pointer(0) = value; return;
    case Sys::SP_EL1: stack_pointer(1) = value; return;
    case Sys::SP_EL2: stack_pointer(2) = value; return;
    case Sys::CNTVOFF_EL2:
      system_.write(id, value);
      timer_.set_virtual_offset(value, at);
      return timers_changed();
    case Sys::SCTLR_EL1:
    case Sys::SCTLR_EL2:
    case Sys::SCTLR_EL3:
      system_.write(id, value);
      select_context();
      return translations_changed();
    case Sys::TTBR0_EL1:
    case Sys::TTBR1_EL1: return set_translation_base(id, value);
    case Sys::TCR_EL1:
    case Sys::MAIR_EL1:
    case Sys::TTBR0_EL2:
    case Sys::TCR_EL2:
    case Sys::MAIR_EL2:
    case Sys::TTBR0_EL3:
    case Sys::TCR_EL3:
    case Sys::MAIR_EL3: system_.write(id, value); return translations_changed();
    case Sys::HCR_EL2:
      if (value & 1) log_.warning("stage 2 translation is not there: HCR_EL2.VM stays 0", {{"pc", hex(registers_.pc)}});
      [[fallthrough]];
    case Sys::SCR_EL3:
      system_.write(id, value);
      if (irq_ || fiq_) engine_->stop();
      return translations_changed();
    case Sys::OSLAR_EL1:
      system_[Sys::OSLSR_EL1] = (system_[Sys::OSLSR_EL1] & ~2ull) | (value & 1) << 1;
      return self_hosted_changed();
    case Sys::MDSCR_EL1:
    case Sys::MDCR_EL2:
    case Sys::DBGBVR0_EL1:
    case Sys::DBGBVR1_EL1:
    case Sys::DBGBCR0_EL1:
    case Sys::DBGBCR1_EL1:
    case Sys::DBGWVR0_EL1:
    case Sys::DBGWVR1_EL1:
    case Sys::DBGWCR0_EL1:
    case Sys::DBGWCR1_EL1: system_.write(id, value); return self_hosted_changed();
    default: system_.write(id, value);
  }
}

void Processor::set_translation_base(Sys id, std::uint64_t value) {
  if (system_[id] == value) return;
  system_[id] = value;
  if (id == Sys::TTBR1_EL1) return translations_changed();
  engine_->flush_lower_half();
}

}  // namespace cardvp::arm
