// The dialogue with one gdb, from its connecting to its leaving: answers what it asks while the machine stands still,
// and keeps what it has chosen. Cores are threads: core n is thread n + 1.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/arm/debug.h"
#include "models/arm/gdb/breakpoints.h"
#include "models/arm/gdb/packet.h"

namespace cardvp::arm::gdb {

// What can be done with the machine, for the `monitor` commands.
struct Monitor {
  std::function<sc_core::sc_time()> now;
  std::function<void()> reset;  // null: there is no such thing
};

class Session {
 public:
  enum class Next : std::uint8_t { kStay, kResume, kDetach, kKill };
  struct Answer {
    std::vector<std::string> replies;
    Next next = Next::kStay;
  };

  // `cores` in the order of their numbers, of which gdb sees `stopped` first. Takes over their breakpoints.
  Session(const std::vector<DebugPort*>& cores, DebugPort& stopped, const Monitor& monitor);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Answer answer(std::string_view packet);
  bool acknowledges() const { return acknowledges_; }
  // `monitor reset` was asked for: due when execution goes on.
  bool take_reset() { return std::exchange(reset_, false); }

  // What `core` stopped for, in gdb's words; also the answer to its `?` from now on. No halt: a signal that gdb shows.
  enum class Signal : std::uint8_t { kInterrupt = 2, kTrap = 5, kAbort = 6 };
  const std::string& stopped(DebugPort& core, const Halt& halt);
  const std::string& stopped(DebugPort& core, Signal signal);

  // Text that gdb shows, and that it takes only while it waits for a stop.
  static std::string console(std::string_view text);

  // kStep comes from a step that gdb asked for; one that it interrupted may be late.
  bool stepping(const DebugPort& core) const { return stepping_[core.number()]; }

 private:
  struct Refused {};  // thrown; answered with an error
  enum class Action : std::uint8_t { kRun, kStep };

  Answer dispatch(std::string_view packet);
  std::string query(Fields fields);
  Answer extended(Fields fields);  // v packets
  Answer resume(Fields fields);
  Answer refuse_to_resume(DebugPort& core);
  std::string set_query(Fields fields);
  std::string supported(Fields fields);
  std::string transfer(Fields fields);
  std::string monitor(std::string_view command);
  std::string threads() const;
  std::string thread_info(const DebugPort& core) const;
  std::string select_thread(Fields fields);
  std::string read_registers();
  std::string write_registers(Fields fields);
  std::string read_one_register(Fields fields);
  std::string write_one_register(Fields fields);
  std::string read_memory(Fields fields);
  std::string write_memory(Fields fields, bool binary);
  std::string change_breakpoint(Fields fields, bool insert);
  const std::string& stop(DebugPort& core, Signal signal, std::string_view reason);

  DebugPort& core_of(std::uint64_t thread) const;

  std::vector<DebugPort*> cores_;
  const Monitor& monitor_;
  DebugPort* selected_;
  bool acknowledges_ = true;
  bool knows_breakpoint_reasons_ = false;
  bool reset_ = false;
  std::string stop_reply_;
  Breakpoints breakpoints_;
  std::vector<Breakpoints> applied_;  // to each core
  std::vector<bool> stepping_;
};

}  // namespace cardvp::arm::gdb
