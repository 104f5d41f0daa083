#include "scenarios/console_step.h"

#include <iterator>

#include <nlohmann/json.hpp>

namespace cardvp::scenarios {
namespace {

using Kind = ConsoleStep::Kind;

constexpr const char* kKeys[] = {"expect", "expect_regex", "send", "expect_power_off"};  // in the order of Kind

}  // namespace

std::string ConsoleStep::name() const {
  const std::string key = kKeys[static_cast<int>(kind)];
  return kind == Kind::kExpectPowerOff ? key : key + " " + nlohmann::json(text).dump();
}

ConsoleStep read_console_step(const platform::JsonReader& node) {
  ConsoleStep step;
  int kinds = 0;
  for (std::size_t i = 0; i < std::size(kKeys); ++i) {
    if (!node.has(kKeys[i])) continue;
    step.kind = static_cast<Kind>(i);
    ++kinds;
  }
  if (kinds != 1)
    throw platform::ConfigError(node.pointer(), "one of expect, expect_regex, send, expect_power_off",
                                kinds == 0 ? "none" : "several");
  if (step.kind != Kind::kExpectPowerOff) node.read(kKeys[static_cast<int>(step.kind)], step.text);
  if (step.kind == Kind::kExpectRegex) {
    try {
      step.pattern = std::regex(step.text, std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error&) {
      node.fail("expect_regex", "a regular expression (ECMAScript)");
    }
  }
  if (node.has("equals")) {
    if (step.kind != Kind::kExpectRegex || step.pattern.mark_count() == 0)
      node.fail("equals", "no value, as there is no expect_regex with a (group) to compare");
    step.equals.emplace();
    node.read("equals", *step.equals);
  }
  if (node.has("pace_us") && step.kind != Kind::kSend) node.fail("pace_us", "no value, as nothing is sent");
  if (node.has("within_ms") && step.kind == Kind::kSend)
    node.fail("within_ms", "no value, as sending takes no waiting");
  node.read_time("within_ms", step.within, sc_core::SC_MS);
  node.read_time("pace_us", step.pace, sc_core::SC_US);
  return step;
}

}  // namespace cardvp::scenarios
