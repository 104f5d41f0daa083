#include "platform/call_command.h"

#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/call_signature.h"
#include "platform/gateway_client.h"

namespace cardvp {
namespace {

// Greater than that of any call before, unless somebody has counted further; outside of the simulation, so the clock
// of the wall is as good as any.
std::uint64_t next_sequence() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count());
}

}  // namespace

std::string signed_call(const CallArguments& arguments) {
  nlohmann::json params = nlohmann::json::parse(arguments.params, nullptr, false);
  if (!params.is_object()) throw std::runtime_error("PARAMS: expected a JSON object, such as '{\"volume\": \"v\"}'");
  const std::uint64_t sequence = arguments.sequence.value_or(next_sequence());
  nlohmann::ordered_json call = {{"id", sequence}, {"sequence", sequence}, {"method", arguments.method}};
  call["params"] = std::move(params);
  if (arguments.card) call["card"] = *arguments.card;
  return platform::sign_call(arguments.key, call.dump());
}

CLI::App* add_call_command(CLI::App& app, CallArguments& arguments) {
  CLI::App* const command =
      app.add_subcommand("call",
                         "Call the card of a run that was started with --gateway, and print the answer. Exit status 0: "
                         "a result, 1: an error, or no answer. See docs/control-plane.md");
  command->add_option("SOCKET", arguments.socket, "The run's --gateway")->required();
  command->add_option("METHOD", arguments.method, "ping, status, alarms, attach_volume, detach_volume, destroy_key")
      ->required();
  command->add_option("PARAMS", arguments.params, "A JSON object: '{\"volume\": \"v\"}'");
  command->add_option("--key", arguments.key, "The operator's private key, a PEM file")->type_name("FILE")->required();
  command
      ->add_option("--sequence", arguments.sequence,
                   "Number of the call, greater than that of any before; default: the clock, in microseconds")
      ->type_name("N");
  command->add_option("--card", arguments.card, "Sign for the card of this number (/card/fuses/card_id) alone")
      ->type_name("N");
  return command;
}

bool send_call(const std::string& socket, const std::string& line) {
  const std::string answer = platform::call_gateway(socket, line);
  fmt::print("{}\n", answer);
  const nlohmann::json parsed = nlohmann::json::parse(answer, nullptr, false);
  return parsed.is_object() && parsed.contains("result");
}

}  // namespace cardvp
