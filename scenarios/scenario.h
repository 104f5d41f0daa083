// A scenario: one run, as its JSON file and the command line say it (schema.json).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "platform/config.h"
#include "scenarios/console_step.h"
#include "scenarios/workload.h"

namespace cardvp::scenarios {

struct ServerScenario {
  std::string name;  // empty: there is but one, and it has none
  platform::CardConfig card;
  platform::HostConfig host;

  // What workloads and reports call a volume of it: "docs", "a/docs".
  std::string qualified(const std::string& item) const { return name.empty() ? item : name + "/" + item; }
};

// What a counter must be at the end of the run.
struct ExpectedCounter {
  std::string pointer;  // in the scenario
  std::string counter;
  std::uint64_t least = 0, most = ~0ull;
};

struct Scenario {
  std::string name;
  std::string description;
  std::uint64_t seed = 1;
  std::vector<ServerScenario> servers;  // at least one
  wire::Config wire;
  std::vector<Workload> workloads;
  std::vector<ExpectedCounter> expected_counters;
  std::vector<ConsoleStep> console;                  // at the first server's card
  sc_core::sc_time boot_limit{100, sc_core::SC_MS};  // all links must be up by then
  sc_core::sc_time run_limit;                        // how long the run may take; zero: as long as it takes

  // Whether there is anything that hosts could do.
  bool has_hosts() const;
};

// The file's JSON. Throws std::runtime_error, with line and column where it is malformed.
nlohmann::json load_json(const std::filesystem::path& file);

// "--set": "/json/pointer=value", the value as JSON, or else as a string. Objects on the way are made, as every key of
// the schema has its default; whether the key exists is then for the schema. Throws platform::ConfigError where the
// pointer leads into something that is no object, or beyond an array's end; std::invalid_argument if it is none.
void apply_override(nlohmann::json& document, const std::string& text);

// Checks against the schema, then reads. `folder`: what paths are relative to. Throws platform::ConfigError.
Scenario parse_scenario(const nlohmann::json& document, const std::filesystem::path& folder);

}  // namespace cardvp::scenarios
