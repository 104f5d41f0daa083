// JSON Schema validation that ends in one sentence a person can act on.
#pragma once

#include <nlohmann/json.hpp>

namespace cardvp {

// Throws ConfigError with the pointer of the deepest thing that is wrong, what the schema wants there, and
// what is there.
void check_schema(const nlohmann::json& schema, const nlohmann::json& document);

}  // namespace cardvp
