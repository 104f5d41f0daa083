// gdb at the card's cores during a run (--gdb, --gdb-attach).
#pragma once

#include <filesystem>
#include <string_view>

#include "models/arm/gdb/gdb_server.h"
#include "platform/machine.h"
#include "scenarios/interrupt.h"
#include "scenarios/terminal.h"

namespace cardvp::scenarios {

class Debugging {
 public:
  // Says on the terminal how to connect. `firmware`: the image, for that.
  Debugging(const arm::gdb::GdbServer::Config& config, platform::Machine& machine,
            const std::filesystem::path& firmware, const InterruptGuard& guard, Terminal& terminal);
  Debugging(const Debugging&) = delete;
  Debugging& operator=(const Debugging&) = delete;

  // Between slices of simulated time: cores that sleep look for nobody.
  void poll() { server_.poll(); }
  // gdb's `kill`: the run is to end.
  bool killed() const { return killed_; }
  // The run has failed for this reason; gdb, if there is one, may look at the machine.
  void show(std::string_view reason) { server_.show(reason); }
  void finish(int status) { server_.finish(static_cast<unsigned>(status)); }

 private:
  bool killed_ = false;
  arm::gdb::GdbServer server_;
};

}  // namespace cardvp::scenarios
