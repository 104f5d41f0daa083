// `cardvp key`: the operator's side of keys, without a run: keys of volumes and of traffic between cards, wrapped for a
// card, and a card's attestation key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "platform/scenario_arguments.h"

namespace cardvp {

struct KeyArguments {
  std::string file;
  bool transit = false;        // a key of traffic between cards, not of a volume
  ScenarioArguments scenario;  // whose card it is about
  std::string server;          // of several, or else:
  std::optional<std::uint64_t> card_id;
  std::string device_secret;  // hexadecimal
};

CLI::App* add_key_command(CLI::App& app, KeyArguments& arguments);

// What its parsed subcommand says. Throws std::exception's of all kinds: everything that can go wrong is in what was
// given.
void run_key_command(const CLI::App& command, const KeyArguments& arguments);

}  // namespace cardvp
