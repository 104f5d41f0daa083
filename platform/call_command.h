// `cardvp call`: one signed call to the gateway of a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

namespace cardvp {

struct CallArguments {
  std::string socket, method, key;
  std::string params = "{}";
  std::optional<std::uint64_t> sequence, card;
};

CLI::App* add_call_command(CLI::App& app, CallArguments& arguments);

// The gateway's line. Throws std::runtime_error for params that are no JSON object, or a key that is none.
std::string signed_call(const CallArguments& arguments);
// Prints the answer; whether it is a result. Throws std::runtime_error if there is none.
bool send_call(const std::string& socket, const std::string& line);

}  // namespace cardvp
