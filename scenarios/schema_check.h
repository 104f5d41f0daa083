// JSON Schema validation that ends in one sentence a person can act on.
#pragma once

#include <nlohmann/json.hpp>

namespace cardvp::scenarios {

// schema.json, as it was built in.
const nlohmann::json& scenario_schema();

// Throws platform::ConfigError with the pointer of the deepest thing that is wrong, what the schema wants there, and
// what is there.
void check_schema(const nlohmann::json& schema, const nlohmann::json& document);

}  // namespace cardvp::scenarios
