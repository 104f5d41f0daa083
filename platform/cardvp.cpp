// The program: command line, exit status.
#include <cstdlib>
#include <filesystem>
#include <optional>

#include <CLI/CLI.hpp>
#include <systemc>

#include "models/security/secret.h"
#include "platform/call_command.h"
#include "platform/key_command.h"
#include "platform/rtl_command.h"
#include "platform/scenario_arguments.h"
#include "platform/tables.h"
#include "scenarios/installation.h"
#include "scenarios/runner.h"
#include "scenarios/scenario.h"

namespace {

using namespace cardvp;
using scenarios::RunStatus;

struct Arguments {
  ScenarioArguments scenario;
  bool quiet = false;
  scenarios::RunOptions options;
  scenarios::ServeOptions serve;
};

void add_scenario_options(CLI::App& command, ScenarioArguments& arguments) {
  command.add_option("FILE", arguments.file, "Scenario, a JSON file (see `cardvp list`)")->required();
  add_override_option(command, arguments);
  command.add_option("--seed", arguments.seed, "Seed, in place of the scenario's")->type_name("N");
}

void add_run_options(CLI::App& command, Arguments& arguments) {
  command
      .add_option(
          "--out", arguments.options.out,
          "Folder for report.json, uart.log, timing.json and the files of --trace and --profile; made if need be")
      ->type_name("DIR");
  command
      .add_option("--trace", arguments.options.traces,
                  "Debug messages and trace.json of the models whose hierarchical name matches: card.nvme, 'host.*', "
                  "'*'. `exec` is none of them: it writes every instruction of the cores to exec.log, `exec:FUNCTION` "
                  "those of a function and of what it calls. May be repeated")
      ->type_name("PATTERN | exec[:FUNCTION]")
      ->allow_extra_args(false);
  const std::map<std::string, LogLevel> levels = {{"error", LogLevel::kError},
                                                  {"warning", LogLevel::kWarning},
                                                  {"info", LogLevel::kInfo},
                                                  {"debug", LogLevel::kDebug}};
  command.add_option("--log", arguments.options.level, "Messages of all models: error, warning (default), info, debug")
      ->type_name("LEVEL")
      ->transform(CLI::CheckedTransformer(levels, CLI::ignore_case).description(""));
  const auto add_gdb = [&](const char* name, bool wait, const char* help) {
    return command
        .add_option_function<std::uint16_t>(
            name,
            [&arguments, wait](const std::uint16_t& port) {
              arguments.options.gdb = arm::gdb::GdbServer::Config{port, wait};
            },
            help)
        ->type_name("PORT");
  };
  CLI::Option* const gdb = add_gdb("--gdb", true,
                                   "Wait at reset for gdb on this TCP port of 127.0.0.1; 0: any that is free, which is "
                                   "printed. See docs/firmware.md");
  add_gdb("--gdb-attach", false, "The same, but run at once: gdb can attach at any time")->excludes(gdb);
  command
      .add_option("--gateway", arguments.options.gateway,
                  "Take the operator's signed calls at this Unix socket, which is made, and removed at the end (see "
                  "`cardvp call`). With limits.run_ms the run goes on until then, no faster than the wall's clock once "
                  "there is nothing else to do; without, it ends as ever. When calls come is not part of the scenario: "
                  "such a run cannot be repeated exactly")
      ->type_name("SOCKET");
  command.add_flag("--quiet", arguments.quiet, "Show errors and warnings only");
}

void add_insight_options(CLI::App& command, scenarios::InsightOptions& options) {
  CLI::Option* const from =
      command.add_option("--trace-from", options.trace_from_us, "Of --trace exec: begin at this simulated time")
          ->type_name("US")
          ->check(CLI::NonNegativeNumber);
  CLI::Option* const to =
      command.add_option("--trace-to", options.trace_to_us, "Of --trace exec: end at this simulated time")
          ->type_name("US")
          ->check(CLI::NonNegativeNumber);
  for (CLI::Option* const option : {from, to}) option->needs("--trace");
  command
      .add_flag("--profile{1}", options.profile_period_us,
                "Write profile.folded: the simulated time of each stack of functions, sampled every microsecond, or "
                "with --profile=US every US of them")
      ->check(CLI::PositiveNumber)
      ->type_name("[US]");
  command
      .add_option("--symbols", options.symbols,
                  "Names for traces, profiles and backtraces, beside those of the card's own images: an ELF file or a "
                  "System.map; OFFSET, hexadecimal, is added to its addresses. May be repeated")
      ->type_name("FILE[@OFFSET]")
      ->allow_extra_args(false);
}

void add_console_option(CLI::App& command, Arguments& arguments) {
  command.add_flag(
      "--console", arguments.options.console,
      "Connect the terminal to the card's UART; Ctrl-] ends the run. What you type, and when, is not part of "
      "the scenario: such a run cannot be repeated exactly");
}

// One of the words that `choices` have, which the help lists in their order.
template <class Choice>
void add_choice(CLI::App& command, const std::string& name, Choice& to,
                const std::vector<std::pair<std::string, Choice>>& choices, const std::string& help) {
  std::string words;
  for (const auto& choice : choices) words += (words.empty() ? "" : " | ") + choice.first;
  command.add_option(name, to, help)
      ->type_name(words)
      ->transform(CLI::CheckedTransformer(choices, CLI::ignore_case).description(""));
}

void add_serve_options(CLI::App& command, Arguments& arguments) {
  scenarios::ServeOptions& serve = arguments.serve;
  command
      .add_option("--socket-dir", serve.sockets,
                  "Folder for the sockets, NAME.sock for each volume and interface; made if need be, for you alone")
      ->type_name("DIR")
      ->required();
  add_choice<scenarios::Pace>(command, "--pace", serve.pace,
                              {{"free", scenarios::Pace::kFree}, {"realtime", scenarios::Pace::kRealtime}},
                              "free (default): simulated time runs as fast as it can while a guest waits, so that the "
                              "card's own latencies cost "
                              "a guest nothing; realtime: never ahead of the wall's clock");
  add_choice<scenarios::Doorbells>(
      command, "--doorbells", serve.doorbells,
      {{"mapped", scenarios::Doorbells::kMapped}, {"messages", scenarios::Doorbells::kMessages}},
      "Of volumes. mapped (default): stores to shared memory, quick for the guest, but a processor is busy looking for "
      "them while there is I/O; messages: one each");
  command
      .add_option_function<unsigned>(
          "--interrupt-gap", [&serve](unsigned gap) { serve.interrupt_gap = std::chrono::microseconds(gap); },
          "Interrupts of a function are at least so far apart, in us of the wall's clock (default 0). 200 is good for "
          "deep queues, and slows a guest that waits for each command")
      ->type_name("US")
      ->check(CLI::Range(0, 10000));
}

RunStatus run(const Arguments& arguments, const scenarios::Scenario& scenario) {
  scenarios::Terminal terminal(arguments.quiet);
  return scenarios::run_scenario(scenario, arguments.options, terminal);
}

void list_scenarios() {
  for (const std::filesystem::path& file : scenarios::installed_scenarios()) {
    const nlohmann::json document = scenarios::load_json(file);
    fmt::print("{:<18} {}\n{:<18} {}\n", document.value("name", file.stem().string()),
               document.value("description", ""), "", file.lexically_normal().string());
  }
}

// What a command does, with exceptions turned into exit status and message.
template <class Function>
RunStatus guarded(RunStatus on_error, Function&& function) {
  try {
    return function();
  } catch (const ConfigError& error) {
    fmt::print(stderr, "cardvp: {}\n", error.what());
    return RunStatus::kConfiguration;
  } catch (const std::exception& error) {
    fmt::print(stderr, "cardvp: {}\n", error.what());
    return on_error;
  }
}

}  // namespace

int sc_main(int argc, char** argv) {
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);

  CLI::App app(
      "cardvp: a virtual platform of a Nitro-style offload card.\n"
      "Exit status: 0 the run passed, 1 it failed, 2 bad usage or configuration, 130 interrupted.");
  app.set_version_flag("--version", "cardvp " CARDVP_VERSION);
  app.require_subcommand(1);
  Arguments arguments;
  CLI::App* const run_command = app.add_subcommand("run", "Run a scenario");
  add_scenario_options(*run_command, arguments.scenario);
  add_run_options(*run_command, arguments);
  add_console_option(*run_command, arguments);
  add_insight_options(*run_command, arguments.options.insight);
  CLI::App* const serve_command = app.add_subcommand(
      "serve", "Give the functions of a scenario's cards to guests, over vfio-user sockets, until Ctrl-C");
  add_scenario_options(*serve_command, arguments.scenario);
  add_serve_options(*serve_command, arguments);
  add_run_options(*serve_command, arguments);
  CLI::App* const validate_command = app.add_subcommand("validate", "Check a scenario without running it");
  add_scenario_options(*validate_command, arguments.scenario);
  CallArguments call_arguments;
  CLI::App* const call_command = add_call_command(app, call_arguments);
  KeyArguments key_arguments;
  CLI::App* const key_command = add_key_command(app, key_arguments);
  RtlArguments rtl_arguments;
  CLI::App* const rtl_command = add_rtl_command(app, rtl_arguments);
  CLI::App* const list_command = app.add_subcommand("list", "List the scenarios that come with the program");
  CLI::App* const registers_command = app.add_subcommand("registers", "Print all register banks, as Markdown");
  CLI::App* const map_command = app.add_subcommand("map", "Print the card's address map, as Markdown");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(RunStatus::kConfiguration);
  }

  scenarios::take_exec_traces(arguments.options.traces, arguments.options.insight);

  const RunStatus status = guarded(RunStatus::kConfiguration, [&] {
    if (list_command->parsed()) list_scenarios();
    if (registers_command->parsed()) fmt::print("{}", platform::register_tables());
    if (map_command->parsed()) fmt::print("{}", platform::memory_map_tables());
    if (key_command->parsed()) run_key_command(*key_command, key_arguments);
    if (rtl_command->parsed()) run_rtl_command(*rtl_command, rtl_arguments);
    if (call_command->parsed()) {
      const std::string line = signed_call(call_arguments);
      return guarded(RunStatus::kFailed,
                     [&] { return send_call(call_arguments.socket, line) ? RunStatus::kOk : RunStatus::kFailed; });
    }
    if (!run_command->parsed() && !serve_command->parsed() && !validate_command->parsed()) return RunStatus::kOk;
    if (serve_command->parsed()) arguments.options.serve = arguments.serve;
    const scenarios::Scenario scenario = load(arguments.scenario);
    if (validate_command->parsed()) {
      fmt::print("{}: ok\n", arguments.scenario.file);
      return RunStatus::kOk;
    }
    return guarded(RunStatus::kFailed, [&] { return run(arguments, scenario); });
  });
  return static_cast<int>(status);
}

int main(int argc, char** argv) {
  if (!cardvp::security::exclude_openssl_from_dumps()) {  // first of all
    fmt::print(stderr, "cardvp: OpenSSL was used before it was given memory for keys\n");
    return 1;
  }
  ::setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
  return sc_core::sc_elab_and_sim(argc, argv);
}
