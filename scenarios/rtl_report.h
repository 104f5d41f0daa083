// The part of report.json that is about RTL: what each block did, and where it was not as its model.
#pragma once

#include <nlohmann/json.hpp>

#include "platform/machine.h"

namespace cardvp::scenarios {

bool has_rtl(platform::Machine& machine);
// Of one card.
nlohmann::ordered_json rtl_json(platform::Card& card);

}  // namespace cardvp::scenarios
