#include "rtl/description.h"

#include <array>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace cardvp::rtl {
namespace {

using nlohmann::ordered_json;

constexpr std::array<std::string_view, 5> kKinds = {"axi_lite", "axi4", "axi_stream", "apb", "register_port"};
constexpr std::array<std::string_view, 4> kRoles = {"target", "master", "source", "sink"};

template <class Enum, std::size_t kCount>
Enum parse(const std::array<std::string_view, kCount>& names, const std::string& text) {
  for (std::size_t i = 0; i < kCount; ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  throw std::invalid_argument("unknown word: " + text);
}

}  // namespace

std::string_view to_string(InterfaceKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }
std::string_view to_string(InterfaceRole role) { return kRoles[static_cast<std::size_t>(role)]; }
InterfaceKind kind_from(const std::string& text) { return parse<InterfaceKind>(kKinds, text); }
InterfaceRole role_from(const std::string& text) { return parse<InterfaceRole>(kRoles, text); }

std::string to_text(const BlockDescription& description) {
  ordered_json document = {{"name", description.name}, {"top", description.top}};
  document["clocks"] = ordered_json::array();
  for (const ClockDescription& clock : description.clocks)
    document["clocks"].push_back({{"port", clock.port}, {"period_ps", clock.period_ps}});
  document["resets"] = ordered_json::array();
  for (const ResetDescription& reset : description.resets)
    document["resets"].push_back({{"port", reset.port},
                                  {"active", reset.active_low ? "low" : "high"},
                                  {"cycles", reset.cycles},
                                  {"clock", reset.clock}});
  document["interfaces"] = ordered_json::array();
  for (const InterfaceDescription& interface : description.interfaces)
    document["interfaces"].push_back({{"name", interface.name},
                                      {"kind", to_string(interface.kind)},
                                      {"role", to_string(interface.role)},
                                      {"clock", interface.clock},
                                      {"signals", interface.signals}});
  document["interrupts"] = description.interrupts;
  document["address_size"] = description.address_size;
  return document.dump();
}

BlockDescription description_from_text(std::string_view text) {
  const nlohmann::json document = nlohmann::json::parse(text);
  BlockDescription description;
  description.name = document.at("name");
  description.top = document.at("top");
  for (const auto& clock : document.at("clocks"))
    description.clocks.push_back({clock.at("port"), clock.at("period_ps")});
  for (const auto& reset : document.at("resets"))
    description.resets.push_back(
        {reset.at("port"), reset.at("active") == "low", reset.at("cycles"), reset.at("clock")});
  for (const auto& interface : document.at("interfaces"))
    description.interfaces.push_back({interface.at("name"), kind_from(interface.at("kind")),
                                      role_from(interface.at("role")), interface.at("clock"),
                                      interface.at("signals").get<std::map<std::string, std::string>>()});
  description.interrupts = document.at("interrupts").get<std::vector<std::string>>();
  description.address_size = document.at("address_size");
  if (description.clocks.empty()) throw std::invalid_argument("no clock");
  return description;
}

}  // namespace cardvp::rtl
