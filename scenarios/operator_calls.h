// The operator in a run: calls the card's gateway as a scenario says, in simulated time.
#pragma once

#include "platform/machine.h"
#include "scenarios/workload.h"
#include "scenarios/workload_result.h"

namespace cardvp::scenarios {

// Calls, and waits for the answer. `error` of the result tells what was not as expected.
Task<> make_call(platform::Card& card, Scheduler& scheduler, const CallWorkload& call, WorkloadResult& result);

}  // namespace cardvp::scenarios
