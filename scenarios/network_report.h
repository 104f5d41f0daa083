// The parts of report.json and of the table that are about the network.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "scenarios/host_drivers.h"
#include "scenarios/workload_result.h"

namespace cardvp::scenarios {

// What the hosts found of their interfaces.
nlohmann::ordered_json interfaces_json(const HostDrivers& drivers);

// What a workload of the kinds "traffic", "replay", "ping", "dhcp" has to say. Empty: nothing.
nlohmann::ordered_json network_json(const WorkloadResult& result);
// The same in a few words, for the table; empty: it is no such workload.
std::string network_text(const WorkloadResult& result);

}  // namespace cardvp::scenarios
