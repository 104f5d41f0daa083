// What commands that take a scenario have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "scenarios/scenario.h"

namespace cardvp {

struct ScenarioArguments {
  std::string file;
  std::vector<std::string> overrides;
  std::optional<std::uint64_t> seed;
};

inline void add_override_option(CLI::App& command, ScenarioArguments& arguments) {
  command
      .add_option("--set", arguments.overrides,
                  "Change a value: a JSON pointer and the value as JSON, or else as a string: --set "
                  "/host/workloads/0/queue_depth=4. May be repeated")
      ->type_name("/json/pointer=VALUE")
      ->allow_extra_args(false);
}

inline scenarios::Scenario load(const ScenarioArguments& arguments) {
  const std::filesystem::path file = arguments.file;
  nlohmann::json document = scenarios::load_json(file);
  for (const std::string& text : arguments.overrides) scenarios::apply_override(document, text);
  if (arguments.seed && document.is_object()) document["seed"] = *arguments.seed;
  return scenarios::parse_scenario(document, std::filesystem::absolute(file).parent_path());
}

}  // namespace cardvp
