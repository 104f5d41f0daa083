// The schema of scenarios; check_schema (models/support/schema_check.h) applies it.
#pragma once

#include "models/support/schema_check.h"

namespace cardvp::scenarios {

// schema.json, as it was built in.
const nlohmann::json& scenario_schema();

}  // namespace cardvp::scenarios
