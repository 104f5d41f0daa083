// Runs a scenario from the card's reset to its report.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/arm/gdb/gdb_server.h"
#include "models/base/log.h"
#include "scenarios/insight.h"
#include "scenarios/scenario.h"
#include "scenarios/serve_options.h"
#include "scenarios/terminal.h"

namespace cardvp::scenarios {

struct RunOptions {
  std::filesystem::path out;  // folder for reports; empty: none are written
  std::vector<std::string> traces;
  LogLevel level = LogLevel::kWarning;
  InsightOptions insight;
  bool console = false;  // standard input and output are the card's UART
  std::optional<arm::gdb::GdbServer::Config> gdb;
  std::optional<ServeOptions> serve;  // the functions go to guests, no workload runs; until it is interrupted
  std::filesystem::path gateway;      // socket for the operator's calls (platform/gateway_server.h); empty: none
};

// The exit status of the program.
enum class RunStatus : int { kOk = 0, kFailed = 1, kConfiguration = 2, kInterrupted = 130 };

// Says on the terminal how it goes. Once in a process. Throws platform::ConfigError for what the configuration names
// and does not exist, std::runtime_error if a run is not possible for another reason.
RunStatus run_scenario(Scenario scenario, const RunOptions& options, Terminal& terminal);

}  // namespace cardvp::scenarios
