// Exceptions: routing, entry and return (Arm ARM, D1.10 to D1.13).
#include <algorithm>

#include "models/arm/processor.h"

namespace cardvp::arm {

namespace {
constexpr std::uint32_t kInstructionLength = 1u << 25;  // ESR_ELx.IL: every A64 instruction has 32 bits
}

bool Processor::el2_enabled() const { return config_.highest_level >= 2 && (system_[Sys::SCR_EL3] & scr::kNs); }

std::uint64_t Processor::pstate() const {
  return std::uint64_t{registers_.flags.nzcv()} << 28 | (illegal_state_ ? kPstateIl : 0) |
         (step_once_ ? kPstateSs : 0) | daif_ | el_ << 2 | (use_sp_elx_ ? 1 : 0);
}

std::uint64_t& Processor::stack_pointer(unsigned el) {
  const unsigned selected = use_sp_elx_ ? el_ : 0;
  return el == selected ? registers_.x[RegisterFile::kSp] : registers_.banked_sp[el];
}

void Processor::set_level(unsigned el, bool use_sp_elx) {
  registers_.banked_sp[use_sp_elx_ ? el_ : 0] = registers_.x[RegisterFile::kSp];
  el_ = el;
  use_sp_elx_ = use_sp_elx;
  registers_.x[RegisterFile::kSp] = registers_.banked_sp[use_sp_elx_ ? el_ : 0];
  select_context();
}

unsigned Processor::default_target() const {
  if (el_ != 0) return el_;
  return el2_enabled() && (system_[Sys::HCR_EL2] & hcr::kTge) ? 2 : 1;
}

unsigned Processor::abort_target(bool external) const {
  return external && (system_[Sys::SCR_EL3] & scr::kEa) ? 3 : default_target();
}

void Processor::take(unsigned target, Vector vector, std::uint64_t return_address) {
  const BankedRegisters& bank = banked(target);
  const unsigned from = el_;
  const std::uint64_t base = el_ < target ? 0x400 : use_sp_elx_ ? 0x200 : 0x000;
  if (step_begun_ && vector != Vector::kSynchronous) step_once_ = false;  // the instruction had completed
  system_[bank.spsr] = pstate();
  system_[bank.elr] = return_address;
  illegal_state_ = step_once_ = step_begun_ = false;
  daif_ = 0x3c0;
  set_level(target, true);
  registers_.pc = system_[bank.vbar] + base + static_cast<unsigned>(vector);
  if (tracer_)
    trace_exception(vector == Vector::kSynchronous ? "synchronous"
                    : vector == Vector::kIrq       ? "IRQ"
                                                   : "FIQ",
                    from, target, return_address);
  if (log_.debugging())
    log_.debug("exception", {{"to", "EL" + std::to_string(target)},
                             {"vector", hex(registers_.pc)},
                             {"elr", hex(return_address)},
                             {"spsr", hex(system_[bank.spsr])},
                             {"esr", vector == Vector::kSynchronous ? hex(system_[bank.esr]) : "-"}});
}

void Processor::trace_exception(const char* kind, unsigned from, unsigned to, std::uint64_t link) {
  const BankedRegisters& bank = banked(std::max(from, to));
  tracer_->exception(*this, time_.now(), {kind, from, to, system_[bank.esr], system_[bank.far], link, registers_.pc});
}

void Processor::note_progress(unsigned target, std::uint64_t return_address) {
  const bool again = target == el_ && return_address == loop_pc_;
  loop_count_ = again ? loop_count_ + 1 : 0;
  loop_pc_ = return_address;
  if (loop_count_ < kLoop) return;
  log_.error("the core makes no progress: the same exception again and again", {{"pc", hex(loop_pc_)}});
  engine_->stop();
}

void Processor::take_synchronous(unsigned target, unsigned exception_class, std::uint32_t iss,
                                 std::uint64_t return_address) {
  note_progress(target, return_address);
  system_[banked(target).esr] = exception_class << 26 | kInstructionLength | iss;
  take(target, Vector::kSynchronous, return_address);
}

void Processor::take_here(unsigned exception_class, std::uint32_t iss) {
  take_synchronous(default_target(), exception_class, iss, registers_.pc);
}

// SVC, HVC, SMC: they complete, also as a step (Arm ARM, SSAdvance).
void Processor::take_call(unsigned target, unsigned exception_class, std::uint32_t immediate) {
  step_once_ = false;
  take_synchronous(target, exception_class, immediate, registers_.pc + 4);
}

void Processor::undefined() { take_here(ec::kUnknown); }

// A misaligned PC and an instruction abort have priority (Arm ARM, synchronous exception prioritization).
void Processor::take_illegal_state() {
  if (registers_.pc & 3) return trap(Trap::kPcAlignment, 0);
  Translation found;
  if (translate({registers_.pc, 4, AccessKind::kExecute}, found)) take_here(ec::kIllegalState);
}

void Processor::abort(const MemoryAccess& access, std::uint8_t status) {
  const bool external = status == Mmu::kExternal || (status & ~3) == Mmu::kExternalOnWalk;
  const unsigned target = abort_target(external);
  const bool fetch = access.kind == AccessKind::kExecute;
  const unsigned base = fetch ? ec::kInstructionAbort : ec::kDataAbort;
  system_[banked(target).far] = access.address;
  const bool write = access.kind == AccessKind::kWrite || access.maintenance;
  const std::uint32_t iss = std::uint32_t{access.maintenance} << 8 | std::uint32_t{write} << 6 | status;
  take_synchronous(target, base + (target == el_), iss, registers_.pc);
}

// The level that FP and SIMD instructions trap to; 0: they do not (Arm ARM, D1.14).
unsigned Processor::vector_trap_target() const {
  const std::uint64_t fpen = system_[Sys::CPACR_EL1] >> 20 & 3;
  if (el_ < 2 && (!(fpen & 1) || (el_ == 0 && fpen == 1))) return el_ == 0 ? default_target() : 1;
  if (el_ < 3 && el2_enabled() && (system_[Sys::CPTR_EL2] & cptr::kTfp)) return 2;
  return system_[Sys::CPTR_EL3] & cptr::kTfp ? 3 : 0;
}

void Processor::take_vector_trap() {
  const unsigned target = vector_trap_target();
  // What CPACR_EL1 traps and HCR_EL2.TGE routes to EL2 has no syndrome there.
  if (el_ == 0 && target == 2 && (system_[Sys::CPACR_EL1] >> 20 & 3) != 3) return undefined();
  constexpr std::uint32_t kAlways = 0x1e0'0000;  // CV, COND
  take_synchronous(target, ec::kFloatingPoint, kAlways, registers_.pc);
}

bool Processor::is_psci_call(Trap trap) const {
  if (el_ == 0) return false;
  switch (psci_conduit(config_.highest_level)) {
    case PsciConduit::kHvc: return trap == Trap::kHypervisorCall;
    case PsciConduit::kSmc: return trap == Trap::kMonitorCall && !(el_ == 1 && (system_[Sys::HCR_EL2] & hcr::kTsc));
    case PsciConduit::kNone: break;
  }
  return false;
}

// SMC Calling Convention: x0 to x3 in, x0 out.
void Processor::call_psci() {
  constexpr std::uint64_t kNotSupported = ~0ull;
  std::array<std::uint64_t, 4> arguments;
  std::copy_n(registers_.x.begin(), arguments.size(), arguments.begin());
  registers_.pc += 4;
  registers_.x[0] = peers_ ? peers_->psci(config_.number, arguments, time_.now()) : kNotSupported;
}

void Processor::trap(Trap trap, std::uint32_t word) {
  const std::uint32_t immediate = word >> 5 & 0xffff;
  if (is_psci_call(trap)) return call_psci();
  switch (trap) {
    case Trap::kUndefined: return undefined();
    case Trap::kFloatingPoint: return take_vector_trap();
    case Trap::kSupervisorCall: return take_call(default_target(), ec::kSvc, immediate);
    case Trap::kHypervisorCall:
      if (el_ == 0 || !(system_[Sys::SCR_EL3] & scr::kHce) || (el_ == 1 && !el2_enabled()) ||
          (el_ < 3 && (system_[Sys::HCR_EL2] & hcr::kHcd)))
        return undefined();
      return take_call(el_ == 3 ? 3 : 2, ec::kHvc, immediate);
    case Trap::kMonitorCall:
      if (el_ == 0) return undefined();
      if (el_ == 1 && el2_enabled() && (system_[Sys::HCR_EL2] & hcr::kTsc))
        return take_synchronous(2, ec::kSmc, immediate, registers_.pc);
      if (config_.highest_level < 3 || (system_[Sys::SCR_EL3] & scr::kSmd)) return undefined();
      return take_call(3, ec::kSmc, immediate);
    case Trap::kBreakpoint: return take_here(ec::kBreakpoint, immediate);
    case Trap::kSpAlignment: return take_here(ec::kSpAlignment);
    case Trap::kPcAlignment:
      registers_.pc = mmu_.branch_address(registers_.pc, el_);
      system_[banked(default_target()).far] = registers_.pc;
      return take_here(ec::kPcAlignment);
  }
}

void Processor::exception_return(std::uint32_t) {
  if (el_ == 0) return undefined();
  const unsigned from = el_;
  const BankedRegisters& bank = banked(el_);
  const std::uint64_t spsr = system_[bank.spsr];
  const unsigned mode = spsr & 0x1f, target = mode >> 2 & 3;
  const bool stepped = self_observed_ && self_hosted_.steps(debug_state());
  loop_count_ = 0;
  registers_.pc = system_[bank.elr];
  registers_.flags.set_nzcv(spsr >> 28 & 15);
  daif_ = spsr & 0x3c0;
  if (engine_->clear_exclusive()) event_ = true;
  const bool tge = el2_enabled() && (system_[Sys::HCR_EL2] & hcr::kTge);
  const bool legal = !(mode & 0x12) && !(target == 0 && (mode & 1)) && target <= el_ &&
                     !(target == 2 && !el2_enabled()) && !(target == 1 && tge);
  if (legal) {
    set_level(target, mode & 1);
    illegal_state_ = spsr & kPstateIl;
  } else {
    illegal_state_ = true;
  }
  registers_.pc = mmu_.branch_address(registers_.pc, el_);
  step_begun_ = false;
  step_once_ = self_observed_ && !stepped && (spsr & kPstateSs) && self_hosted_.steps(debug_state());
  if (tracer_) trace_exception("return", from, el_, registers_.pc);
  // An interrupt that was masked, or the illegal state, is looked at ahead of the next instruction.
  if (illegal_state_ || irq_ || fiq_) engine_->stop();
}

bool Processor::deliver(unsigned target, unsigned mask_bit, Vector vector) {
  if (target < el_ || (target == el_ && (daif_ & mask_bit))) return false;
  // To EL1 from EL0 PSTATE masks too; what is routed to a higher level than that is not masked from below.
  if (target == 1 && (daif_ & mask_bit)) return false;
  take(target, vector, registers_.pc);
  return true;
}

bool Processor::take_interrupt() {
  const auto target = [this](std::uint64_t scr_bit, std::uint64_t hcr_bit) -> unsigned {
    if (system_[Sys::SCR_EL3] & scr_bit) return 3;
    return el2_enabled() && (system_[Sys::HCR_EL2] & (hcr_bit | hcr::kTge)) ? 2 : 1;
  };
  if (fiq_ && deliver(target(scr::kFiq, hcr::kFmo), kPstateF, Vector::kFiq)) return true;
  return irq_ && deliver(target(scr::kIrq, hcr::kImo), kPstateI, Vector::kIrq);
}

}  // namespace cardvp::arm
