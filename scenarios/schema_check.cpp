#include "scenarios/schema_check.h"

namespace cardvp::scenarios {

extern const char kScenarioSchemaText[];  // made from schema.json by CMakeLists.txt

const nlohmann::json& scenario_schema() {
  static const nlohmann::json schema = nlohmann::json::parse(kScenarioSchemaText);
  return schema;
}

}  // namespace cardvp::scenarios
