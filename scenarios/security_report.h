// The part of report.json that is about trust: what was measured, who let the host go, what was tried and refused.
#pragma once

#include <nlohmann/json.hpp>

#include "platform/machine.h"
#include "scenarios/host_program.h"
#include "scenarios/scenario.h"

namespace cardvp::scenarios {

// Of one server.
nlohmann::ordered_json security_json(const Scenario& scenario, platform::Machine& machine, const HostProgram& program,
                                     std::size_t server);

// What a workload of the kinds that move no data has to say: "call", "attest", "firmware_update", "flash_write".
// Empty: nothing.
nlohmann::ordered_json details_json(const WorkloadResult& result);
// The same in a word or two, for the table: "denied", "1.0.0 -> 1.1.0".
std::string details_text(const WorkloadResult& result);

// Lines for a person: one for each kind of alarm.
std::vector<std::string> alarm_lines(platform::Machine& machine);

}  // namespace cardvp::scenarios
