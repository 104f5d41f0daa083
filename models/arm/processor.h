// The architecture layer of a core: exception levels, system registers, interrupts, translation. It drives an
// InstructionEngine and answers its callbacks. Armv8.0-A, AArch64 at every exception level; EL2 without stage 2.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "models/arm/bus_port.h"
#include "models/arm/generic_timer.h"
#include "models/arm/instruction_engine.h"
#include "models/arm/local_time.h"
#include "models/arm/mmu.h"
#include "models/arm/system_registers.h"
#include "models/base/log.h"

namespace cardvp::arm {

struct ProcessorConfig {
  std::uint64_t reset_address;
  double frequency_hz;
  std::uint64_t timer_hz;
  sc_core::sc_time quantum;
};

class Processor final : private EngineCallbacks {
 public:
  Processor(const ProcessorConfig& config, BusPort& bus, GenericTimer& timer, const Logger& log);
  ~Processor();

  // Not from within run().
  void reset();

  // Runs from the kernel's present time for about `quantum`, less if it waits for something or a timer expires before.
  // Returns how long it ran.
  sc_core::sc_time run(sc_core::sc_time now);
  // From within run(): it returns behind the present instruction.
  void abandon();

  void set_irq(bool level) { set_interrupt(irq_, level); }
  void set_fiq(bool level) { set_interrupt(fiq_, level); }

  // It executed WFI or WFE, and nothing that ends the wait has happened.
  bool waiting() const;
  std::string stuck() const;
  std::string describe() const;
  std::uint64_t instructions() const { return engine_->instructions(); }

  // A target withdrew DMI.
  void memory_changed();

 private:
  enum class Wait : std::uint8_t { kNone, kInterrupt, kEvent };
  enum class Vector : std::uint16_t { kSynchronous = 0x000, kIrq = 0x080, kFiq = 0x100 };
  // The trap of a system register access, if there is one.
  struct Trapped {
    bool taken = false;
    bool undefined = false;
    unsigned target = 0;
  };

  // EngineCallbacks
  bool translate(const MemoryAccess& access, Translation& result) override;
  bool read_bus(const MemoryAccess& access, std::uint64_t physical, void* to) override;
  bool write_bus(const MemoryAccess& access, std::uint64_t physical, const void* from) override;
  bool read_system(std::uint32_t word, std::uint64_t& value) override;
  Next write_system(std::uint32_t word, std::uint64_t value) override;
  Next hint(std::uint32_t word, Hint hint) override;
  void trap(Trap trap, std::uint32_t word) override;
  void exception_return(std::uint32_t word) override;

  // processor_exceptions.cpp
  std::uint64_t pstate() const;
  void set_level(unsigned el, bool use_sp_elx);
  bool el2_enabled() const;
  unsigned abort_target(bool external) const;
  unsigned default_target() const;
  // `return_address` is what ELR_ELx gets.
  void take(unsigned target, Vector vector, std::uint64_t return_address);
  void take_synchronous(unsigned target, unsigned exception_class, std::uint32_t iss, std::uint64_t return_address);
  void take_here(unsigned exception_class, std::uint32_t iss = 0);
  void undefined();
  void abort(const MemoryAccess& access, std::uint8_t status);
  bool take_interrupt();
  bool deliver(unsigned target, unsigned mask_bit, Vector vector);
  void note_progress(unsigned target, std::uint64_t return_address);

  // processor_registers.cpp
  Trapped check_access(Sys id, bool read) const;
  Trapped check_timer_access(Sys id) const;
  bool fail_access(const Trapped& trapped, std::uint32_t word);
  std::uint64_t read_register(Sys id);
  void write_register(Sys id, std::uint64_t value);
  void write_pstate(std::uint32_t word);
  std::uint64_t& stack_pointer(unsigned el);
  Next system_operation(std::uint32_t word, std::uint64_t value);
  bool cache_operation(std::uint32_t word, std::uint64_t address);
  bool zero_block(std::uint64_t address);
  void translate_address(std::uint32_t word, std::uint64_t address);

  void set_interrupt(bool& line, bool level);
  void timers_changed();
  void translations_changed();
  void select_context();

  ProcessorConfig config_;
  BusPort& bus_;
  GenericTimer& timer_;
  const Logger& log_;
  std::unique_ptr<InstructionEngine> engine_;
  RegisterFile& registers_;
  SystemRegisters system_;
  Mmu mmu_;
  LocalTime time_;

  unsigned el_ = 3;
  bool use_sp_elx_ = true;      // PSTATE.SP
  std::uint32_t daif_ = 0x3c0;  // PSTATE.D, A, I, F in their places of SPSR_ELx
  bool illegal_state_ = false;  // PSTATE.IL
  bool irq_ = false;
  bool fiq_ = false;
  bool event_ = false;      // the event register of WFE
  bool abandoned_ = false;  // the present run()
  Wait wait_ = Wait::kNone;
  std::uint64_t wait_pc_ = 0;
  // Synchronous exceptions in a row, at one address and exception level, with no return in between.
  std::uint64_t loop_pc_ = 0;
  unsigned loop_count_ = 0;
  static constexpr unsigned kLoop = 1000;
};

// PSTATE bits in their places of SPSR_ELx.
inline constexpr std::uint32_t kPstateF = 1u << 6, kPstateI = 1u << 7, kPstateIl = 1u << 20;

// Bits of HCR_EL2 and SCR_EL3.
namespace hcr {
inline constexpr std::uint64_t kFmo = 1u << 3, kImo = 1u << 4, kTwi = 1u << 13, kTwe = 1u << 14, kTsc = 1u << 19,
                               kTge = 1u << 27, kHcd = 1u << 29;
}
namespace scr {
inline constexpr std::uint64_t kNs = 1u << 0, kIrq = 1u << 1, kFiq = 1u << 2, kEa = 1u << 3, kSmd = 1u << 7,
                               kHce = 1u << 8, kSt = 1u << 11, kTwi = 1u << 12, kTwe = 1u << 13;
}
namespace sctlr {
inline constexpr std::uint64_t kM = 1u << 0, kA = 1u << 1, kSa = 1u << 3, kSa0 = 1u << 4, kUma = 1u << 9,
                               kDze = 1u << 14, kUct = 1u << 15, kNtwi = 1u << 16, kNtwe = 1u << 18, kUci = 1u << 26;
}

// Exception classes (Arm ARM, ESR_ELx.EC).
namespace ec {
enum : unsigned {
  kUnknown = 0x00,
  kWait = 0x01,
  kFloatingPoint = 0x07,
  kIllegalState = 0x0e,
  kSvc = 0x15,
  kHvc = 0x16,
  kSmc = 0x17,
  kSystemRegister = 0x18,
  kInstructionAbort = 0x20,  // + 1 if taken without a change of level
  kPcAlignment = 0x22,
  kDataAbort = 0x24,  // + 1 likewise
  kSpAlignment = 0x26,
  kBreakpoint = 0x3c,
};
}

}  // namespace cardvp::arm
