// Every executed instruction as a line of text: simulated time in microseconds, core, exception level, program counter,
// instruction word, disassembly, and the registers that it changed.
//
//   # core 0: uart_put+0x8 (controller)
//        12.345 0 EL1 000000000b100208 d2800020  mov     x0, #1                            x0=0x1
//        12.346 0 EL1 exception: SVC #0x0, EL0 to EL1, ESR 0x56000000, ELR 0x400010, at 0x40000400 <vectors+0x400>
//        12.360 0 EL1 return to EL0, at 0x400010 <main+0x10>
//
// A line with # says where execution goes on whenever that is another function, or another core's turn. An instruction
// that faults is seen like the others, with the exception behind it.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "models/arm/debug.h"
#include "models/arm/insight/disassembler.h"
#include "models/arm/insight/symbols.h"

namespace cardvp::arm {

struct ExecTraceConfig {
  // Of these functions, and of what they call, from entry to return. None: everything.
  std::vector<std::string> functions = {};
  sc_core::sc_time from = sc_core::SC_ZERO_TIME;
  sc_core::sc_time to = sc_core::sc_max_time();
};

class ExecTrace final : public Tracer {
 public:
  // Throws std::runtime_error if there is no function of a name that `config` has.
  ExecTrace(std::ostream& out, const Symbols& symbols, const ExecTraceConfig& config = {});

  void instruction(DebugPort& core, sc_core::sc_time now) override;
  void exception(DebugPort& core, sc_core::sc_time now, const ExceptionRecord& record) override;
  // Writes what is left to write. The cores must still be there.
  void finish();

 private:
  // A call of one of the functions; it has ended when the core is at the return address with the stack pointer as it
  // was.
  struct Call {
    unsigned level;
    std::uint64_t return_address, stack_pointer;
  };
  // The instruction whose line is not complete: what it changes is known when the core gets to the next one.
  struct Pending {
    DebugPort* core = nullptr;
    RegisterFile before;
    std::uint64_t pstate = 0;
  };

  bool selected(DebugPort& core, sc_core::sc_time now);
  bool within_call(DebugPort& core);
  void note_place(unsigned core, std::uint64_t pc);
  void begin_line(sc_core::sc_time now, unsigned core, unsigned level);
  void append_place(const char* before, std::uint64_t address);
  // `pstate` as the instruction left it.
  void end_instruction(std::uint64_t pstate);
  void end_pending() {
    if (pending_.core) end_instruction(pending_.core->pstate());
  }
  void end_line();
  void flush();

  std::ostream& out_;
  const Symbols& symbols_;
  ExecTraceConfig config_;
  Disassembler disassembler_;
  std::vector<std::uint64_t> starts_;       // of the functions, sorted
  std::vector<std::optional<Call>> calls_;  // by core
  Pending pending_;
  std::string buffer_;
  std::size_t line_ = 0;  // where the present line begins in it
  // Where the line before this one was.
  std::optional<unsigned> place_core_;
  std::uint64_t place_start_ = 0, place_end_ = 0;  // both 0: outside of all functions
};

}  // namespace cardvp::arm
