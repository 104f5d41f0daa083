// One run of one machine: the simulated world and who looks after it between slices of simulated time.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "platform/gateway_server.h"
#include "platform/machine.h"
#include "scenarios/console.h"
#include "scenarios/debugging.h"
#include "scenarios/host_program.h"
#include "scenarios/insight.h"
#include "scenarios/interrupt.h"
#include "scenarios/keyboard.h"
#include "scenarios/report.h"
#include "scenarios/runner.h"
#include "scenarios/serving.h"
#include "scenarios/uart_log.h"

namespace cardvp::scenarios {

class Run {
 public:
  // `servers`: one for each of the scenario's; `files`: where their volumes' bytes are. All references outlive it.
  Run(const Scenario& scenario, const RunOptions& options, Terminal& terminal,
      std::vector<platform::ServerConfig> servers, VolumeFiles files, Insight& insight);

  // `debugging`: null without gdb.
  Outcome run(const InterruptGuard& guard, Debugging* debugging);
  // Null unless the options say so.
  const Serving* serving() const { return serving_ ? &*serving_ : nullptr; }

  platform::Machine& machine() { return machine_; }
  const HostProgram& program() const { return program_; }
  const Console& console() const { return console_; }
  const UartLog& uart(std::size_t server) const { return uarts_.at(server); }

 private:
  using WallClock = std::chrono::steady_clock;

  void watch(std::size_t server);
  Outcome serve(const InterruptGuard& guard, Debugging* debugging);
  sc_core::sc_time now() { return machine_.sim().scheduler.now(); }
  bool past_run_limit() { return scenario_.run_limit != sc_core::SC_ZERO_TIME && now() >= scenario_.run_limit; }
  bool takes_calls();
  bool waits_for_calls() { return takes_calls() && (machine_.idle() || finished()); }
  bool finished() { return console_.finished() && (!scenario_.has_hosts() || program_.finished()); }
  bool powered_off() const;
  bool held() const;
  std::string find_difference();
  bool complete();
  // Why the run cannot go on; empty: it can.
  std::string find_problem();
  void attend_gateways();
  void attend_wire();

  void show_progress();
  void show_output();
  std::chrono::microseconds ahead_of_the_wall();
  void attend_keyboard();
  // Of the counters that must be something; empty: they are.
  std::string find_miscount();
  Outcome failure(std::string reason);

  const Scenario& scenario_;
  Terminal& terminal_;
  Insight& insight_;
  std::deque<UartLog> uarts_;  // by server
  platform::Machine machine_;
  Console console_;
  HostProgram program_;
  std::optional<Serving> serving_;

  std::deque<platform::GatewayServer> gateways_;  // by server; empty: none
  std::optional<Keyboard> keyboard_;
  std::size_t shown_ = 0;  // bytes of the first UART's output
  WallClock::time_point due_ = WallClock::now();
};

}  // namespace cardvp::scenarios
