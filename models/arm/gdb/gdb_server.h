// A gdb at the cores, over TCP: run control, all-stop. While the cores are halted this serves gdb from within the
// simulation, so that nothing in it goes on and simulated time stands still; while they run it only looks whether
// somebody came, or pressed Ctrl-C.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "models/arm/debug.h"
#include "models/arm/gdb/connection.h"
#include "models/arm/gdb/packet.h"
#include "models/arm/gdb/session.h"

namespace cardvp::arm::gdb {

class GdbServer final : public Debugger {
 public:
  struct Config {
    std::uint16_t port = 0;  // 0: any that is free
    bool wait = true;        // ahead of the first instruction, for a gdb that lets it go on
  };
  struct Surroundings {
    Monitor monitor;
    std::function<bool()> cancelled;  // the run is to end: halts nothing any more
    std::function<void()> kill;       // gdb wants the run to end
  };

  // To be attached to all of `cores`, which are in the order of their numbers. Throws DebugRefused if one of them is
  // locked, with no port open then, std::runtime_error: no such port.
  GdbServer(const Config& config, std::vector<DebugPort*> cores, Surroundings surroundings);

  std::uint16_t port() const { return connection_.port(); }

  void halted(DebugPort& core, const Halt& halt) override;
  bool wants_halt(DebugPort& core) override;

  // Cores that sleep do not ask: to be called now and then while nothing runs.
  void poll();
  // The machine cannot go on: lets a gdb that is there look at it first.
  void show(std::string_view reason);
  // The run is over. `status` as a program's.
  void finish(unsigned status);

 private:
  static std::vector<DebugPort*> admitted(std::vector<DebugPort*> cores);

  void look();
  void serve(DebugPort& core);
  void handle(const PacketReader::Event& event);
  void act(Session::Next next);
  void leave();
  void send(std::string_view packet);

  std::vector<DebugPort*> cores_;
  Surroundings surroundings_;
  Connection connection_;
  PacketReader reader_;
  std::optional<Session> session_;  // while there is a client
  std::string last_sent_;
  bool wait_;  // for the first client
  bool halt_wanted_;
  bool serving_ = false;  // gdb has the say; otherwise it waits for a stop
  unsigned asked_ = 0;
};

}  // namespace cardvp::arm::gdb
