// What debuggers, tracers and profilers see of a core, and how they get their say. They are attached to a Core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <systemc>
#include <vector>

#include "models/arm/registers.h"
#include "models/arm/system_registers.h"

namespace cardvp::arm {

struct Watchpoint {
  std::uint64_t address;  // virtual
  std::uint64_t bytes;
  bool on_read;
  bool on_write;
};

struct Halt {
  enum class Reason : std::uint8_t { kRequested, kBreakpoint, kWatchpoint, kStep };
  Reason reason;
  std::uint64_t address = 0;  // kWatchpoint: of the data; the access has not happened yet
};

// One core, seen between two instructions: from within Debugger::halted(), Tracer, Sampler, or while nothing runs.
class DebugPort {
 public:
  virtual unsigned number() const = 0;
  virtual bool powered() const = 0;   // false: PSCI keeps it off
  virtual bool sleeping() const = 0;  // in WFI or WFE

  // Whether a debugger may have this core. To be asked by whatever is going to serve one; where the core is locked
  // (Core::lock_debug), whoever locked it is told of the attempt. Tracers and samplers, which are this simulator's
  // instruments and no port of the machine, do not ask.
  virtual bool admits_debugger() = 0;

  // x, sp (x[RegisterFile::kSp]), pc, v, fpcr and fpsr may be changed.
  virtual RegisterFile& registers() = 0;
  // As SPSR_ELx has it. Writing can change flags, masks and the exception level.
  virtual std::uint64_t pstate() const = 0;
  virtual void set_pstate(std::uint64_t value) = 0;
  unsigned level() const { return pstate() >> 2 & 3; }

  // As from the highest level, without traps. Writing false: it is read-only.
  virtual std::uint64_t read_system(Sys id) = 0;
  virtual bool write_system(Sys id, std::uint64_t value) = 0;

  // By virtual address, as translated for the present level; permissions do not count, devices see no side effects.
  // False: something of it is not mapped, or nobody answers there.
  virtual bool read_memory(std::uint64_t address, std::span<std::byte> to) = 0;
  virtual bool write_memory(std::uint64_t address, std::span<const std::byte> from) = 0;

  // Execution halts ahead of an instruction at one of these addresses; not at the one where it is resumed.
  virtual void set_breakpoints(std::vector<std::uint64_t> addresses) = 0;
  // Execution halts ahead of an instruction that makes such an access.
  virtual void set_watchpoints(std::vector<Watchpoint> watchpoints) = 0;
  // When resumed, it halts again behind one instruction (which may be the first of an exception's handler).
  virtual void step() = 0;

 protected:
  ~DebugPort() = default;
};

// A debugger came to a core that is locked.
class DebugRefused : public std::runtime_error {
 public:
  DebugRefused() : std::runtime_error("debug access of this core is locked") {}
};

class Debugger {
 public:
  // `core` stands still, and with it all other cores and simulated time, until this returns.
  virtual void halted(DebugPort& core, const Halt& halt) = 0;
  // Asked ahead of every quantum, and of the first instruction after reset. True: halted(kRequested) follows at once.
  virtual bool wants_halt(DebugPort& core) = 0;

 protected:
  ~Debugger() = default;
};

struct ExceptionRecord {
  const char* kind;                       // "synchronous", "IRQ", "FIQ", "SError", "return"
  unsigned from, to;                      // exception levels
  std::uint64_t syndrome, fault_address;  // ESR and FAR of the target level; meaningful for synchronous ones
  std::uint64_t link;                     // ELR: the preferred return address
  std::uint64_t target;                   // where execution goes on
};

class Tracer {
 public:
  // Ahead of the instruction at registers().pc. All instructions are seen, also those that will fault.
  virtual void instruction(DebugPort& core, sc_core::sc_time now) = 0;
  virtual void exception(DebugPort& core, sc_core::sc_time now, const ExceptionRecord& record) = 0;

 protected:
  ~Tracer() = default;
};

class Sampler {
 public:
  // After every `period` (Core::attach) of simulated time that the core spent executing; waits do not count.
  virtual void sample(DebugPort& core) = 0;

 protected:
  ~Sampler() = default;
};

}  // namespace cardvp::arm
