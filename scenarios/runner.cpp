#include "scenarios/runner.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "scenarios/media.h"
#include "scenarios/output_folder.h"
#include "scenarios/rtl_report.h"
#include "scenarios/run.h"
#include "scenarios/run_files.h"
#include "scenarios/security_report.h"
#include "scenarios/work_folder.h"

namespace cardvp::scenarios {
namespace {

using platform::CardConfig;
using platform::ConfigError;

// The fuses of a card that left its developers lock the cores' debug port; better said now than by an alarm.
void refuse_debugger(const CardConfig& card) {
  if (card.fuses.life_cycle == memory::kDevelopment) return;
  throw ConfigError(card.pointer + "/fuses/life_cycle",
                    "\"development\" for a run with gdb, as no other card lets a debugger in",
                    card.fuses.life_cycle == memory::kProduction ? "\"production\"" : "\"returned\"");
}

// Where the files of one server go.
OutputFolder server_folder(const OutputFolder& out, const std::string& name) {
  return name.empty() ? out : out.folder(name, {"uart.log"});
}

void write_reports(const OutputFolder& out, Run& run, const Scenario& scenario, const Outcome& outcome,
                   const Timing& timing, bool traced, Terminal& terminal) {
  constexpr int kIndent = 2;
  for (const WorkloadResult& result : run.program().results())
    if (result.attest) write_attestation(*result.attest, attestation_folder(out, result.name));
  for (std::size_t server = 0; server < scenario.servers.size(); ++server)
    server_folder(out, scenario.servers[server].name).write("uart.log", run.uart(server).text());
  nlohmann::ordered_json report = report_json(scenario, run.machine(), run.program(), outcome);
  report["uart"] = by_server(scenario, [&run](std::size_t server) -> nlohmann::ordered_json {
    const UartLog& uart = run.uart(server);
    return {{"bytes", uart.text().size()}, {"sha256_of_bytes_and_times", uart.digest()}};
  });
  report["console"] = run.console().json();
  if (const auto coverage = collect_coverage(run.machine(), out); !coverage.empty()) {
    report["rtl_coverage"] = coverage_json(coverage);
    for (const std::string& line : coverage_lines(coverage)) terminal.line(line);
  }
  out.write("report.json", report.dump(kIndent) + "\n");
  out.write("timing.json", timing_json(timing, run.program()).dump(kIndent) + "\n");
  if (traced) out.write("trace.json", [&run](std::ostream& file) { run.machine().sim().trace.write(file); });
}

// The servers of the run, with what their configurations name.
std::vector<platform::ServerConfig> make_servers(const Scenario& scenario, const RunOptions& options,
                                                 const WorkFolder& work, Terminal& terminal, VolumeFiles& files) {
  const auto& output = options.out.empty() ? work.path() : options.out;
  std::vector<platform::ServerConfig> servers;
  for (const ServerScenario& server : scenario.servers) {
    const std::filesystem::path folder = work.path() / server.name;
    std::filesystem::create_directory(folder);
    platform::ServerConfig& config = servers.emplace_back();
    config.name = server.name;
    config.card = with_images(server.card, terminal);
    if (!options.out.empty()) config.card.rtl.folder = options.out / server.name;
    config.host = server.host;
    Media media = make_media(config.card, folder, output);
    files.push_back(std::move(media.files));
    config.media = std::move(media.media);
  }
  return servers;
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
  if (options.gdb) refuse_debugger(scenario.servers.front().card);
  std::optional<OutputFolder> out;
  if (!options.out.empty()) out.emplace(options.out);
  if (out)
    for (const Workload& workload : scenario.workloads)
      if (workload.type == "attest") attestation_folder(*out, workload.name);  // nothing of an earlier run
  const WorkFolder work;
  scenario.workloads = with_files(std::move(scenario.workloads));
  std::vector<platform::ServerConfig> servers;
  VolumeFiles files;
  try {
    servers = make_servers(scenario, options, work, terminal, files);
  } catch (const std::exception&) {
    if (!guard.interrupted()) throw;
    return RunStatus::kInterrupted;  // Ctrl-C reaches mke2fs as well
  }

  const CardConfig first = servers.front().card;
  Insight insight(options.insight, first, out, terminal);
  Run run(scenario, options, terminal, std::move(servers), std::move(files), insight);
  insight.attach(run.machine().card());
  std::optional<Debugging> debugging;
  if (options.gdb) debugging.emplace(*options.gdb, run.machine(), first.firmware, guard, terminal);
  const Outcome outcome = run.run(guard, debugging ? &*debugging : nullptr);
  if (debugging && outcome.result == Outcome::Result::kFailed) debugging->show(outcome.reason);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const Timing timing = measure(run.machine(), run.program(), wall.count());

  terminal.line("");
  if (!run.program().results().empty())
    for (const std::string& line : result_table(run.program())) terminal.line(line);
  terminal.line(speed_line(timing));
  if (const Serving* const serving = run.serving()) terminal.line(serving->summary());
  for (const std::string& line : alarm_lines(run.machine())) terminal.error("cardvp: " + line);
  if (!outcome.reason.empty()) terminal.error(fmt::format("cardvp: {}: {}", scenario.name, outcome.reason));
  insight.finish();
  if (out) write_reports(*out, run, scenario, outcome, timing, !options.traces.empty(), terminal);
  const RunStatus status = status_of(outcome.result);
  if (debugging) debugging->finish(static_cast<int>(status));
  return status;
}

}  // namespace cardvp::scenarios
