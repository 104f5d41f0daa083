// What a run leaves behind: report.json, which the same scenario and seed give again byte for byte; timing.json, which
// is about the simulator; and the table on the terminal.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "platform/machine.h"
#include "scenarios/host_program.h"
#include "scenarios/scenario.h"

namespace cardvp::scenarios {

struct Outcome {
  enum class Result { kPassed, kFailed, kInterrupted } result = Result::kPassed;
  std::string reason;  // of a failure
};

// How fast the simulator was.
struct Timing {
  double wall_seconds = 0;
  double simulated_seconds = 0;
  double workload_wall_seconds = 0;
  std::uint64_t commands = 0;  // of the workloads
  std::uint64_t packets = 0;   // that traffic received
  std::uint64_t instructions = 0;
  std::uint64_t activations = 0;
  double peak_memory_mib = 0;

  double simulated_per_wall() const { return wall_seconds > 0 ? simulated_seconds / wall_seconds : 0; }
  double mips() const { return wall_seconds > 0 ? static_cast<double>(instructions) / wall_seconds / 1e6 : 0; }
  double commands_per_wall_second() const {
    return workload_wall_seconds > 0 ? static_cast<double>(commands) / workload_wall_seconds : 0;
  }
};

Timing measure(platform::Machine& machine, const HostProgram& program, double wall_seconds);

// A part of the report for each server, by name; the part itself if there is one server, and it has none.
nlohmann::ordered_json by_server(const Scenario& scenario,
                                 const std::function<nlohmann::ordered_json(std::size_t server)>& part);
nlohmann::ordered_json report_json(const Scenario& scenario, platform::Machine& machine, const HostProgram& program,
                                   const Outcome& outcome);
nlohmann::ordered_json timing_json(const Timing& timing, const HostProgram& program);

// Lines: a row for each workload.
std::vector<std::string> result_table(const HostProgram& program);
// How fast the simulator was.
std::string speed_line(const Timing& timing);

}  // namespace cardvp::scenarios
