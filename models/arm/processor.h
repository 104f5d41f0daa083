// The architecture layer of a core: exception levels, system registers, interrupts, translation. It drives an
// InstructionEngine and answers its callbacks. Armv8.0-A, AArch64 at every exception level; EL2 without stage 2.
// Debuggers and the like act on it between instructions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/arm/bus_port.h"
#include "models/arm/debug.h"
#include "models/arm/entry.h"
#include "models/arm/generic_timer.h"
#include "models/arm/instruction_engine.h"
#include "models/arm/large_blocks.h"
#include "models/arm/local_time.h"
#include "models/arm/mmu.h"
#include "models/arm/peers.h"
#include "models/arm/self_hosted_debug.h"
#include "models/arm/system_registers.h"
#include "models/base/log.h"

namespace cardvp::arm {

struct ProcessorConfig {
  double frequency_hz;
  std::uint64_t timer_hz;
  sc_core::sc_time quantum;
  unsigned highest_level = 3;  // EL3 to EL1: the levels above are not implemented
  unsigned number = 0;         // MPIDR_EL1.Aff0
  bool alone = true;           // MPIDR_EL1.U
};

class Processor final : public DebugPort, private EngineCallbacks, private InstructionObserver {
 public:
  // Without `peers` it is alone, and PSCI is not supported.
  Processor(const ProcessorConfig& config, BusPort& bus, GenericTimer& timer, Peers* peers, const Logger& log);
  ~Processor();

  // Not from within run().
  void reset(const Entry& entry);

  // Runs from the kernel's present time for about `quantum`, less if it waits for something or a timer expires before.
  // Returns how long it ran.
  sc_core::sc_time run(sc_core::sc_time now);
  // From within run(): it returns behind the present instruction.
  void abandon();
  // The same, and nothing is executed until the next reset().
  void power_off();
  // From within run(): it waits for an interrupt behind the present instruction.
  void stand_by();

  void set_irq(bool level) { set_interrupt(irq_, level); }
  void set_fiq(bool level) { set_interrupt(fiq_, level); }
  void set_event() { event_ = true; }

  // When the event stream will end its WFE; sc_max_time() if it will not.
  sc_core::sc_time next_stream_event() const;

  // It executed WFI or WFE, and nothing that ends the wait has happened.
  bool waiting() const;
  std::string stuck() const;
  std::string describe() const;
  std::uint64_t instructions() const { return engine_->instructions(); }

  // A target withdrew DMI.
  void memory_changed();

  // What another core of the cluster did.
  void flush_translations() { translations_changed(); }
  void flush_page(std::uint64_t address);
  void code_modified(std::uint64_t physical, std::uint64_t bytes) { engine_->invalidate(physical, bytes); }
  void all_code_modified() { engine_->invalidate_all(); }

  // Null: none.
  void attach(Debugger* debugger);  // throws DebugRefused
  void lock_debug(std::function<void()> on_attempt);
  void attach(Tracer* tracer);
  void attach(Sampler* sampler, sc_core::sc_time period);

  // DebugPort (processor_debug.cpp)
  unsigned number() const override { return config_.number; }
  bool powered() const override { return wait_ != Wait::kOff; }
  bool sleeping() const override { return wait_ == Wait::kInterrupt || wait_ == Wait::kEvent; }
  bool admits_debugger() override;
  RegisterFile& registers() override { return registers_; }
  std::uint64_t pstate() const override;
  void set_pstate(std::uint64_t value) override;
  std::uint64_t read_system(Sys id) override { return read_register(id); }
  bool write_system(Sys id, std::uint64_t value) override;
  bool read_memory(std::uint64_t address, std::span<std::byte> to) override;
  bool write_memory(std::uint64_t address, std::span<const std::byte> from) override;
  void set_breakpoints(std::vector<std::uint64_t> addresses) override;
  void set_watchpoints(std::vector<Watchpoint> watchpoints) override;
  void step() override;

 private:
  enum class Wait : std::uint8_t { kNone, kInterrupt, kEvent, kOff };
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

  // InstructionObserver
  bool observes(std::uint64_t page) override;
  bool before_instruction() override;

  // processor_debug.cpp
  void observe();
  SelfHostedDebug::State debug_state() const;
  void self_hosted_changed();
  bool take_debug_exception();
  void take_debug_exception(unsigned exception_class, std::uint32_t iss);
  bool watched(const MemoryAccess& access) const;
  bool watched_page(std::uint64_t address) const;
  std::size_t debug_piece(std::uint64_t address, std::uint64_t physical, std::size_t size);
  void serve_debugger();

  // processor_exceptions.cpp
  void set_level(unsigned el, bool use_sp_elx);
  bool el2_enabled() const;
  unsigned vector_trap_target() const;
  void take_vector_trap();
  bool is_psci_call(Trap trap) const;
  void call_psci();
  unsigned abort_target(bool external) const;
  unsigned default_target() const;
  // `return_address` is what ELR_ELx gets.
  void take(unsigned target, Vector vector, std::uint64_t return_address);
  void trace_exception(const char* kind, unsigned from, unsigned to, std::uint64_t link);
  void take_synchronous(unsigned target, unsigned exception_class, std::uint32_t iss, std::uint64_t return_address);
  void take_here(unsigned exception_class, std::uint32_t iss = 0);
  void take_call(unsigned target, unsigned exception_class, std::uint32_t immediate);
  void undefined();
  void take_illegal_state();
  void abort(const MemoryAccess& access, std::uint8_t status);
  bool take_interrupt();
  bool deliver(unsigned target, unsigned mask_bit, Vector vector);
  void note_progress(unsigned target, std::uint64_t return_address);

  // processor_registers.cpp
  Trapped check_access(Sys id, bool read) const;
  Trapped check_timer_access(Sys id) const;
  Trapped check_debug_access(Sys id) const;
  bool fail_access(const Trapped& trapped, std::uint32_t word);
  std::uint64_t read_register(Sys id);
  void write_register(Sys id, std::uint64_t value);
  void write_pstate(std::uint32_t word);
  void set_translation_base(Sys id, std::uint64_t value);
  std::uint64_t& stack_pointer(unsigned el);

  // hypervisor_traps.cpp
  bool hypervisor_traps(std::uint32_t word) const;
  bool hypervisor_traps_implementation_defined(std::uint32_t word) const;

  // processor_operations.cpp
  Next system_operation(std::uint32_t word, std::uint64_t value);
  bool invalidate_translations(std::uint32_t word, std::uint64_t value);
  bool cache_operation(std::uint32_t word, std::uint64_t address);
  bool zero_block(std::uint64_t address);
  void translate_address(std::uint32_t word, std::uint64_t address);

  void run_engine(sc_core::sc_time time);
  void set_interrupt(bool& line, bool level);
  void timers_changed();
  void tell_code_modified(std::uint64_t physical, std::uint64_t bytes);
  void translations_changed();
  void select_context();

  ProcessorConfig config_;
  BusPort& bus_;
  GenericTimer& timer_;
  Peers* peers_;
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
  Wait wait_ = Wait::kOff;  // until the first reset
  std::uint64_t wait_pc_ = 0;
  // Synchronous exceptions in a row, at one address and exception level, with no return in between.
  std::uint64_t loop_pc_ = 0;
  unsigned loop_count_ = 0;
  static constexpr unsigned kLoop = 1000;

  LargeBlocks large_blocks_;  // among what the engine's soft TLB holds

  SelfHostedDebug self_hosted_{system_};
  bool step_once_ = false;       // PSTATE.SS, which an instruction clears as it completes;
  bool step_begun_ = false;      // one that is executing, or has completed,
  bool step_exclusive_ = false;  // and that is a load exclusive
  bool self_observed_ = false;   // self-hosted debug wants to see instructions

  Debugger* debugger_ = nullptr;
  bool debug_locked_ = false;
  std::function<void()> on_debug_attempt_;
  std::vector<std::uint64_t> breakpoints_;  // sorted
  std::vector<Watchpoint> watchpoints_;
  std::optional<Halt> halt_;  // to be told to the debugger
  bool stepping_ = false;     // halt behind the next instruction
  bool resumed_ = false;      // the next instruction is where the debugger let go
  Tracer* tracer_ = nullptr;
  Sampler* sampler_ = nullptr;
  sc_core::sc_time sample_period_, sample_left_;
};

// PSTATE bits in their places of SPSR_ELx.
inline constexpr std::uint32_t kPstateF = 1u << 6, kPstateI = 1u << 7, kPstateD = 1u << 9, kPstateIl = 1u << 20,
                               kPstateSs = 1u << 21;

// Bits of HCR_EL2 and SCR_EL3.
namespace hcr {
inline constexpr std::uint64_t kFmo = 1u << 3, kImo = 1u << 4, kTwi = 1u << 13, kTwe = 1u << 14, kTsc = 1u << 19,
                               kTge = 1u << 27, kTdz = 1u << 28, kHcd = 1u << 29;
}
namespace scr {
inline constexpr std::uint64_t kNs = 1u << 0, kIrq = 1u << 1, kFiq = 1u << 2, kEa = 1u << 3, kSmd = 1u << 7,
                               kHce = 1u << 8, kSt = 1u << 11, kTwi = 1u << 12, kTwe = 1u << 13;
}
namespace cptr {
inline constexpr std::uint64_t kTfp = 1u << 10, kTcpac = 1u << 31;
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
  kHardwareBreakpoint = 0x30,  // + 1 if taken without a change of level, as the next two
  kSoftwareStep = 0x32,
  kWatchpoint = 0x34,
  kBreakpoint = 0x3c,
};
}

}  // namespace cardvp::arm
