#include "scenarios/runner.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "platform/gateway_server.h"
#include "scenarios/console.h"
#include "scenarios/debugging.h"
#include "scenarios/host_program.h"
#include "scenarios/interrupt.h"
#include "scenarios/keyboard.h"
#include "scenarios/media.h"
#include "scenarios/output_folder.h"
#include "scenarios/report.h"
#include "scenarios/run_files.h"
#include "scenarios/security_report.h"
#include "scenarios/uart_log.h"
#include "scenarios/work_folder.h"

namespace cardvp::scenarios {
namespace {

using platform::CardConfig;
using platform::ConfigError;
using platform::Machine;

// Between slices of simulated time the run looks up: for Ctrl-C, limits, progress. The simulated machine does not
// notice.
const sc_core::sc_time kSlice{100, sc_core::SC_US};

// The fuses of a card that left its developers lock the cores' debug port; better said now than by an alarm.
void refuse_debugger(const CardConfig& card) {
  if (card.fuses.life_cycle == memory::kDevelopment) return;
  throw ConfigError("/card/fuses/life_cycle", "\"development\" for a run with gdb, as no other card lets a debugger in",
                    card.fuses.life_cycle == memory::kProduction ? "\"production\"" : "\"returned\"");
}

// One run of one machine.
class Run {
 public:
  Run(const Scenario& scenario, const RunOptions& options, Terminal& terminal, const CardConfig& card, Media&& media,
      Insight& insight)
      : scenario_(scenario),
        terminal_(terminal),
        insight_(insight),
        uart_([this](const std::string& line) {
          if (!keyboard_) terminal_.line(line);
        }),
        machine_(scenario.seed, card, scenario.host, std::move(media.media),
                 {options.level, options.traces,
                  [&terminal](const LogRecord& record) { terminal.error(Log::format(record)); }}),
        console_(machine_, scenario.console, [this] { machine_.pause(); }),
        program_(machine_, scenario, std::move(media.files), [this] { machine_.pause(); }) {
    machine_.card().uart().on_transmit([this](char c, sc_core::sc_time at) {
      uart_.add(c, at);
      console_.output(c, at);
    });
    machine_.card().on_power_off([this] { console_.power_off(); });
    if (!options.gateway.empty()) gateway_.emplace(options.gateway, machine_.card().gateway());
    if (options.console) keyboard_.emplace();
  }

  // `debugging`: null without gdb.
  Outcome run(const InterruptGuard& guard, Debugging* debugging) {
    console_.start();
    if (has_host()) program_.start();
    while (!complete()) {
      machine_.run_for(kSlice);
      if (debugging) debugging->poll();
      if (debugging && debugging->killed()) return {Outcome::Result::kInterrupted, "ended by gdb"};
      if (gateway_) gateway_->poll();
      if (guard.interrupted()) return {Outcome::Result::kInterrupted, "interrupted"};
      if (complete()) break;
      if (const std::string problem = find_problem(); !problem.empty()) return failure(problem);
      if (keyboard_)
        attend_keyboard();
      else if (waits_for_calls())
        attend_gateway();
      if (!keyboard_ && terminal_.wants_progress()) show_progress();
    }
    if (keyboard_) show_output();
    if (!console_.error().empty()) return failure(console_.error());
    uart_.finish(now());
    if (!program_.error().empty()) return {Outcome::Result::kFailed, program_.error()};
    return {};
  }

  Machine& machine() { return machine_; }
  const HostProgram& program() const { return program_; }
  const Console& console() const { return console_; }
  const UartLog& uart() const { return uart_; }

 private:
  using WallClock = std::chrono::steady_clock;

  sc_core::sc_time now() { return machine_.sim().scheduler.now(); }
  // Without volumes there is nothing that a host could do.
  bool has_host() const { return !scenario_.card.volumes.empty(); }
  bool past_run_limit() { return scenario_.run_limit != sc_core::SC_ZERO_TIME && now() >= scenario_.run_limit; }

  // With a limit, the operator's calls may come up to then, as long as all goes well.
  bool takes_calls() {
    return gateway_ && program_.error().empty() && scenario_.run_limit != sc_core::SC_ZERO_TIME && !past_run_limit();
  }
  // There is nothing to do but what a call would bring.
  bool waits_for_calls() { return takes_calls() && (machine_.idle() || finished()); }
  bool finished() { return console_.finished() && (!has_host() || program_.finished()); }

  bool complete() {
    if (!console_.error().empty()) return true;
    if (keyboard_ && keyboard_->quit()) return true;
    if (!finished()) return false;
    if (machine_.card().powered_off()) return true;
    if (keyboard_ || takes_calls()) return false;
    return has_host() || !scenario_.console.empty() || past_run_limit();
  }

  // Why the run cannot go on; empty: it can.
  std::string find_problem() {
    if (past_run_limit() && !keyboard_)
      return fmt::format("the run took longer than {} (limits.run_ms)", scenario_.run_limit.to_string());
    if (console_.overdue(now())) return console_.step() + ": not met in time (within_ms)";
    if (has_host() && !program_.link_up() && now() >= scenario_.boot_limit)
      return fmt::format("the {} within {} (limits.boot_ms)",
                         held() ? "card did not let the host out of reset" : "card's link did not come up",
                         scenario_.boot_limit.to_string());
    if (machine_.card().powered_off() && has_host()) return "the card powered itself off while " + program_.activity();
    if (keyboard_ || takes_calls() || !machine_.idle()) return {};  // keys and calls may change everything
    if (!console_.finished()) return console_.step() + ": nothing is left that could happen";
    if (!has_host()) return "nothing is left that could happen";
    if (program_.link_up()) return "nothing is left that could happen while " + program_.activity();
    return held() ? "the card does not let the host out of reset" : "the card's link does not come up";
  }
  bool held() { return machine_.host().boot().held(); }

  void show_progress() {
    if (!console_.finished() || !has_host())
      terminal_.progress(fmt::format("{}, {:.3f} ms simulated", console_.activity(), now().to_seconds() * 1e3));
    else
      terminal_.progress(fmt::format("{}: {:.0f} %, {:.3f} ms simulated", program_.activity(),
                                     program_.fraction() * 100, now().to_seconds() * 1e3));
  }

  void show_output() {
    Keyboard::show(std::string_view(uart_.text()).substr(shown_));
    shown_ = uart_.text().size();
  }

  // One slice is over. A person expects the guest's seconds to be no shorter than their own; what has been lost while
  // the guest was busy is not made up for. How long to wait now.
  std::chrono::microseconds ahead_of_the_wall() {
    constexpr auto kTolerance = std::chrono::milliseconds(20);
    due_ = std::max(due_ + std::chrono::microseconds(100), WallClock::now() - kTolerance);  // kSlice
    const auto early = due_ - WallClock::now();
    return std::max(std::chrono::duration_cast<std::chrono::microseconds>(early - kTolerance),
                    std::chrono::microseconds(0));
  }

  void attend_keyboard() {
    show_output();
    keyboard_->wait(ahead_of_the_wall());
    machine_.card().uart().type(keyboard_->take());
  }

  void attend_gateway() {
    if (const std::chrono::microseconds early = ahead_of_the_wall(); early.count() > 0) gateway_->wait(early);
  }

  // The machine itself is at fault, most likely its firmware: shows what there is to see of it.
  Outcome failure(std::string reason) {
    uart_.finish(now());
    const std::string stuck = machine_.card().cluster().stuck();
    if (!stuck.empty()) reason += "; the core is stuck: " + stuck;
    for (const std::string& refusal : machine_.card().control_plane().refusals())
      reason += "; the firmware refused to " + refusal;
    terminal_.error(machine_.card().cluster().describe());
    for (const std::string& line : insight_.backtraces(machine_)) terminal_.error(line);
    terminal_.error(uart_.last_lines().empty() ? "cardvp: the UART was silent" : "cardvp: the UART's last lines:");
    for (const std::string& line : uart_.last_lines()) terminal_.error("  " + line);
    return {Outcome::Result::kFailed, std::move(reason)};
  }

  const Scenario& scenario_;
  Terminal& terminal_;
  Insight& insight_;
  UartLog uart_;
  Machine machine_;
  Console console_;
  HostProgram program_;

  std::optional<platform::GatewayServer> gateway_;
  std::optional<Keyboard> keyboard_;
  std::size_t shown_ = 0;  // bytes of the UART's output
  WallClock::time_point due_ = WallClock::now();
};

void write_reports(const OutputFolder& out, Run& run, const Scenario& scenario, const Outcome& outcome,
                   const Timing& timing, bool traced) {
  constexpr int kIndent = 2;
  for (const WorkloadResult& result : run.program().results())
    if (result.attest) write_attestation(*result.attest, attestation_folder(out, result.name));
  out.write("uart.log", run.uart().text());
  nlohmann::ordered_json report = report_json(scenario, run.machine(), run.program(), outcome);
  report["uart"] = {{"bytes", run.uart().text().size()}, {"sha256_of_bytes_and_times", run.uart().digest()}};
  report["console"] = run.console().json();
  out.write("report.json", report.dump(kIndent) + "\n");
  out.write("timing.json", timing_json(timing, run.program()).dump(kIndent) + "\n");
  if (traced) out.write("trace.json", [&run](std::ostream& file) { run.machine().sim().trace.write(file); });
}

RunStatus status_of(Outcome::Result result) {
  switch (result) {
    case Outcome::Result::kPassed: return RunStatus::kOk;
    case Outcome::Result::kFailed: return RunStatus::kFailed;
    case Outcome::Result::kInterrupted: break;
  }
  return RunStatus::kInterrupted;
}

}  // namespace

RunStatus run_scenario(Scenario scenario, const RunOptions& options, Terminal& terminal) {
  const auto start = std::chrono::steady_clock::now();
  const InterruptGuard guard;
  if (options.gdb) refuse_debugger(scenario.card);
  std::optional<OutputFolder> out;
  if (!options.out.empty()) out.emplace(options.out);
  if (out)
    for (const Workload& workload : scenario.workloads)
      if (workload.type == "attest") attestation_folder(*out, workload.name);  // nothing of an earlier run
  const WorkFolder work;
  const CardConfig card = with_images(scenario.card, terminal);
  scenario.workloads = with_files(std::move(scenario.workloads));
  Media media;
  try {
    media = make_media(card, work.path(), options.out.empty() ? work.path() : options.out);
  } catch (const std::exception&) {
    if (!guard.interrupted()) throw;
    return RunStatus::kInterrupted;  // Ctrl-C reaches mke2fs as well
  }

  Insight insight(options.insight, card, out, terminal);
  Run run(scenario, options, terminal, card, std::move(media), insight);
  insight.attach(run.machine());
  std::optional<Debugging> debugging;
  if (options.gdb) debugging.emplace(*options.gdb, run.machine(), card.firmware, guard, terminal);
  const Outcome outcome = run.run(guard, debugging ? &*debugging : nullptr);
  if (debugging && outcome.result == Outcome::Result::kFailed) debugging->show(outcome.reason);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const Timing timing = measure(run.machine(), run.program(), wall.count());

  terminal.line("");
  if (!run.program().results().empty())
    for (const std::string& line : result_table(run.program())) terminal.line(line);
  terminal.line(speed_line(timing));
  for (const std::string& line : alarm_lines(run.machine())) terminal.error("cardvp: " + line);
  if (!outcome.reason.empty()) terminal.error(fmt::format("cardvp: {}: {}", scenario.name, outcome.reason));
  insight.finish();
  if (out) write_reports(*out, run, scenario, outcome, timing, !options.traces.empty());
  const RunStatus status = status_of(outcome.result);
  if (debugging) debugging->finish(static_cast<int>(status));
  return status;
}

}  // namespace cardvp::scenarios
