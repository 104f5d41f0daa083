// What a scenario does at the card's UART: a list of steps, one after another.
#pragma once

#include <optional>
#include <regex>
#include <string>

#include <systemc>

#include "platform/json_reader.h"

namespace cardvp::scenarios {

struct ConsoleStep {
  enum class Kind : std::uint8_t { kExpect, kExpectRegex, kSend, kExpectPowerOff };

  Kind kind = Kind::kExpect;
  std::string text;                              // what is expected or sent; the pattern
  std::regex pattern;                            // kExpectRegex
  std::optional<std::string> equals;             // kExpectRegex: what its first group must be
  sc_core::sc_time within{10, sc_core::SC_SEC};  // how long it may take; not of kSend
  sc_core::sc_time pace{100, sc_core::SC_US};    // kSend: ahead of each character

  // As in the scenario: `expect "=> "`.
  std::string name() const;
};

// Throws platform::ConfigError for what the schema cannot say.
ConsoleStep read_console_step(const platform::JsonReader& node);

}  // namespace cardvp::scenarios
