// Gateway: the methods that are about the network.
#include <algorithm>
#include <map>

#include "platform/gateway_parts.h"
#include "platform/network_requests.h"

namespace cardvp::platform {
namespace {

using nlohmann::json;

// An integer from `least` to `most`; nothing: there is none of that name, or it is something else.
std::optional<std::uint64_t> number_at(const json& params, const char* key, std::uint64_t most,
                                       std::uint64_t least = 0) {
  const auto found = params.find(key);
  if (found == params.end() || !found->is_number_unsigned()) return {};
  const auto number = found->get<std::uint64_t>();
  if (number < least || number > most) return {};
  return number;
}

std::string one_of(const std::string& key, const std::vector<std::string_view>& values) {
  std::string text;
  for (const std::string_view value : values) text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", value);
  return fmt::format("{}: expected one of {}", key, text);
}

// Why a rule's parameters are not as the scenario's schema would have them; empty: they are.
std::string rule_problem(const json& params) {
  static const std::map<std::string, std::vector<std::string_view>> kNames = {
      {"direction", {"ingress", "egress"}}, {"protocol", {"any", "icmp", "tcp", "udp", "icmpv6"}}};
  for (const auto& [key, values] : kNames) {
    const auto found = params.find(key);
    if (found == params.end()) continue;
    if (!found->is_string() || std::find(values.begin(), values.end(), found->get<std::string>()) == values.end())
      return one_of(key, values);
  }
  for (const char* key : {"ports", "peer"})
    if (params.contains(key) && !params.at(key).is_string()) return fmt::format("{}: expected a string", key);
  return params.contains("peer") ? "" : "peer: expected a prefix, such as \"10.0.0.0/16\"";
}

}  // namespace

// The interface that a call names; null: none of the card's.
struct Gateway::InterfaceOf {
  const InterfaceConfig* config = nullptr;
  std::uint16_t function = 0;
};

Gateway::InterfaceOf Gateway::interface_of(const Call& call) const {
  const std::string* const name = call.text("interface");
  const std::vector<InterfaceConfig>& all = config_.network.interfaces;
  for (std::size_t i = 0; name && i < all.size(); ++i)
    if (all[i].name == *name) return {&all[i], static_cast<std::uint16_t>(config_.volumes.size() + i)};
  return {};
}

json Gateway::interface_states() const {
  json states = json::array();
  const std::vector<InterfaceConfig>& all = config_.network.interfaces;
  for (std::size_t i = 0; i < all.size(); ++i)
    states.push_back({{"name", all[i].name}, {"attached", control_plane_.attached(config_.volumes.size() + i)}});
  return states;
}

Task<Gateway::Answer> Gateway::ask_about(InterfaceOf interface, memory::Message message) {
  const ControlResult result = co_await ask(message);
  if (!result.ok()) co_return Answer::of(result);
  co_return Answer::of(json{{"interface", interface.config->name}, {"function", interface.function}});
}

namespace {
constexpr const char* kNoInterface = "interface: expected the name of one of the card's interfaces";
}

Task<Gateway::Answer> Gateway::attach_interface(const Call& call) {
  const InterfaceOf interface = interface_of(call);
  if (!interface.config) co_return Answer::bad_call(kNoInterface);
  const memory::Message message =
      attach_interface_request(*interface.config, config_.network.speed_mbit, interface.function);
  co_return co_await ask_about(interface, message);
}

Task<Gateway::Answer> Gateway::detach_interface(const Call& call) {
  const InterfaceOf interface = interface_of(call);
  if (!interface.config) co_return Answer::bad_call(kNoInterface);
  const memory::Message message = plain_request(CONTROL_DETACH_INTERFACE, interface.function);
  co_return co_await ask_about(interface, message);
}

Task<Gateway::Answer> Gateway::set_link(const Call& call) {
  const InterfaceOf interface = interface_of(call);
  if (!interface.config) co_return Answer::bad_call(kNoInterface);
  const auto up = call.params.find("up");
  if (up == call.params.end() || !up->is_boolean()) co_return Answer::bad_call("up: expected true or false");
  const memory::Message message = link_request(up->get<bool>(), interface.function);
  co_return co_await ask_about(interface, message);
}

Task<Gateway::Answer> Gateway::add_rule(const Call& call) {
  const InterfaceOf interface = interface_of(call);
  if (!interface.config) co_return Answer::bad_call(kNoInterface);
  const auto number = number_at(call.params, "number", kMostRules - 1);
  if (!number) co_return Answer::bad_call(fmt::format("number: expected a rule's number, below {}", kMostRules));
  std::string problem = rule_problem(call.params);
  RuleConfig rule;
  try {
    if (problem.empty()) rule = read_rule(JsonReader(call.params)).front();
  } catch (const ConfigError& error) {
    problem = error.what();
  }
  if (!problem.empty()) co_return Answer::bad_call(problem);
  const memory::Message message = rule_request(rule, static_cast<std::uint16_t>(*number), interface.function);
  co_return co_await ask_about(interface, message);
}

Task<Gateway::Answer> Gateway::remove_rule(const Call& call) {
  const InterfaceOf interface = interface_of(call);
  if (!interface.config) co_return Answer::bad_call(kNoInterface);
  const auto number = number_at(call.params, "number", kMostRules - 1);
  if (!number) co_return Answer::bad_call(fmt::format("number: expected a rule's number, below {}", kMostRules));
  const memory::Message message = remove_rule_request(static_cast<std::uint16_t>(*number), interface.function);
  co_return co_await ask_about(interface, message);
}

Task<Gateway::Answer> Gateway::set_allowances(const Call& call) {
  const InterfaceOf interface = interface_of(call);
  if (!interface.config) co_return Answer::bad_call(kNoInterface);
  struct Limit {
    const char* key;
    std::uint64_t most, least;
  };
  static constexpr Limit kLimits[] = {
      {"bandwidth_in_mbit_s", 1'000'000, 0},      {"bandwidth_out_mbit_s", 1'000'000, 0},
      {"packets_per_second", 0xffffffff, 0},      {"connections", 0xffffffff, 0},
      {"slow_packets_per_second", 0xffffffff, 0}, {"burst_us", 10'000'000, 1}};
  for (const auto& [key, most, least] : kLimits)
    if (call.params.contains(key) && !number_at(call.params, key, most, least))
      co_return Answer::bad_call(fmt::format("{}: expected an integer from {} to {}", key, least, most));
  Allowances allowances = interface.config->allowances;
  read_allowances(JsonReader(call.params), allowances);
  const memory::Message message = allowances_request(allowances, interface.function);
  co_return co_await ask_about(interface, message);
}

Task<Gateway::Answer> Gateway::rekey(const Call&) {
  const memory::Message message = plain_request(CONTROL_REKEY);
  const ControlResult result = co_await ask(message);
  if (!result.ok()) co_return Answer::of(result);
  co_return Answer::of(json::object());
}

}  // namespace cardvp::platform
