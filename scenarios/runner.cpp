#include "scenarios/runner.h"

#include <chrono>
#include <optional>

#include "scenarios/debugging.h"
#include "scenarios/host_program.h"
#include "scenarios/installation.h"
#include "scenarios/interrupt.h"
#include "scenarios/media.h"
#include "scenarios/output_folder.h"
#include "scenarios/report.h"
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

CardConfig with_images(CardConfig card, Terminal& terminal) {
  if (card.rom.empty()) card.rom = installed_firmware("rom.bin");
  if (card.rom.empty())
    throw ConfigError("/card/rom", "a boot ROM image, as there is no firmware/rom.bin beside the program", "nothing");
  if (!std::filesystem::is_regular_file(card.rom)) throw ConfigError("/card/rom", "a file", card.rom.string());
  if (card.firmware.empty()) card.firmware = installed_firmware("controller.img");
  if (!std::filesystem::exists(card.firmware))
    terminal.error(fmt::format("cardvp: firmware image {}: there is no such file, the card's flash stays erased",
                               card.firmware.empty() ? "firmware/controller.img" : card.firmware.string()));
  else if (!std::filesystem::is_regular_file(card.firmware))
    throw ConfigError("/card/firmware", "a file", card.firmware.string());
  return card;
}

// One run of one machine.
class Run {
 public:
  Run(const Scenario& scenario, const RunOptions& options, Terminal& terminal, const CardConfig& card, Media&& media)
      : scenario_(scenario),
        terminal_(terminal),
        uart_([&terminal](const std::string& line) { terminal.line(line); }),
        machine_(scenario.seed, card, scenario.host, std::move(media.media),
                 {options.level, options.traces,
                  [&terminal](const LogRecord& record) { terminal.error(Log::format(record)); }}),
        program_(machine_, scenario, std::move(media.files), [this] { machine_.pause(); }) {
    machine_.card().uart().on_transmit([this](char c, sc_core::sc_time at) { uart_.add(c, at); });
  }

  // `debugging`: null without gdb.
  Outcome run(const InterruptGuard& guard, Debugging* debugging) {
    program_.start();
    while (!program_.finished()) {
      machine_.run_for(kSlice);
      if (debugging) debugging->poll();
      if (debugging && debugging->killed()) return {Outcome::Result::kInterrupted, "ended by gdb"};
      if (guard.interrupted()) return {Outcome::Result::kInterrupted, "interrupted"};
      if (program_.finished()) break;
      if (!program_.link_up() && now() >= scenario_.boot_limit)
        return failure(fmt::format("the card's link did not come up within {} (limits.boot_ms)",
                                   scenario_.boot_limit.to_string()));
      if (machine_.idle())
        return failure(program_.link_up() ? "nothing is left that could happen while " + program_.activity()
                                          : "the card's link does not come up");
      if (terminal_.wants_progress()) show_progress();
    }
    uart_.finish(now());
    if (!program_.error().empty()) return {Outcome::Result::kFailed, program_.error()};
    return {};
  }

  Machine& machine() { return machine_; }
  const HostProgram& program() const { return program_; }
  const UartLog& uart() const { return uart_; }

 private:
  sc_core::sc_time now() { return machine_.sim().scheduler.now(); }

  void show_progress() {
    terminal_.progress(fmt::format("{}: {:.0f} %, {:.3f} ms simulated", program_.activity(), program_.fraction() * 100,
                                   now().to_seconds() * 1e3));
  }

  // The machine itself is at fault, most likely its firmware: shows what there is to see of it.
  Outcome failure(std::string reason) {
    uart_.finish(now());
    const std::string stuck = machine_.card().core().stuck();
    if (!stuck.empty()) reason += "; the core is stuck: " + stuck;
    for (const std::string& refusal : machine_.card().control_plane().refusals())
      reason += "; the firmware refused to " + refusal;
    terminal_.error(machine_.card().core().describe());
    terminal_.error(uart_.last_lines().empty() ? "cardvp: the UART was silent" : "cardvp: the UART's last lines:");
    for (const std::string& line : uart_.last_lines()) terminal_.error("  " + line);
    return {Outcome::Result::kFailed, std::move(reason)};
  }

  const Scenario& scenario_;
  Terminal& terminal_;
  UartLog uart_;
  Machine machine_;
  HostProgram program_;
};

void write_reports(const OutputFolder& out, Run& run, const Scenario& scenario, const Outcome& outcome,
                   const Timing& timing, bool traced) {
  constexpr int kIndent = 2;
  out.write("uart.log", run.uart().text());
  out.write("report.json", report_json(scenario, run.machine(), run.program(), outcome).dump(kIndent) + "\n");
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

RunStatus run_scenario(const Scenario& scenario, const RunOptions& options, Terminal& terminal) {
  const auto start = std::chrono::steady_clock::now();
  const InterruptGuard guard;
  std::optional<OutputFolder> out;
  if (!options.out.empty()) out.emplace(options.out);
  const WorkFolder work;
  const CardConfig card = with_images(scenario.card, terminal);
  Media media;
  try {
    media = make_media(card, work.path());
  } catch (const std::exception&) {
    if (!guard.interrupted()) throw;
    return RunStatus::kInterrupted;  // Ctrl-C reaches mke2fs as well
  }

  Run run(scenario, options, terminal, card, std::move(media));
  std::optional<Debugging> debugging;
  if (options.gdb) debugging.emplace(*options.gdb, run.machine(), card.firmware, guard, terminal);
  const Outcome outcome = run.run(guard, debugging ? &*debugging : nullptr);
  if (debugging && outcome.result == Outcome::Result::kFailed) debugging->show(outcome.reason);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const Timing timing = measure(run.machine(), run.program(), wall.count());

  if (!run.program().results().empty()) {
    terminal.line("");
    for (const std::string& line : result_table(run.program(), timing)) terminal.line(line);
  }
  if (!outcome.reason.empty()) terminal.error(fmt::format("cardvp: {}: {}", scenario.name, outcome.reason));
  if (out) write_reports(*out, run, scenario, outcome, timing, !options.traces.empty());
  const RunStatus status = status_of(outcome.result);
  if (debugging) debugging->finish(static_cast<int>(status));
  return status;
}

}  // namespace cardvp::scenarios
