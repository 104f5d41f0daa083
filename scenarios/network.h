// The network of a scenario: what its servers' cards know of each other, resolved from names. Each card gets its
// interfaces' VPC and rules, a peer for each other card that it shares a VPC with, and a route to each interface of its
// VPCs, on other cards or beside it; then the scenario's own routes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/json_reader.h"
#include "scenarios/scenario.h"

namespace cardvp::scenarios {

// `root`: the scenario. Throws platform::ConfigError.
void resolve_network(const platform::JsonReader& root, Scenario& scenario);

// By the name that workloads use: "a/eth0", or of one server without a name "eth0".
std::optional<InterfacePlace> find_interface(const std::vector<ServerScenario>& servers, const std::string& name);

}  // namespace cardvp::scenarios
