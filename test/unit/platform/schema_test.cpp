// Bad scenarios: each is refused with the pointer of the culprit.
#include "scenarios/schema_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/config_error.h"
#include "scenarios/scenario.h"

namespace cardvp {
namespace {

using nlohmann::json;
using platform::ConfigError;
using testing::HasSubstr;

json scenario() {
  return json::parse(R"({
    "name": "t",
    "card": {"volumes": [
      {"name": "v", "medium": {"type": "memory", "size_mib": 8}},
      {"name": "f", "block_size": 4096, "medium": {"type": "file", "path": "x", "read_only": true}}]},
    "host": {"workloads": [
      {"type": "checksum", "name": "c", "volume": "f"},
      {"type": "io", "name": "i", "volume": "v", "queue_depth": 4}]}})");
}

struct Case {
  const char* pointer;  // what to change
  const char* value;    // JSON; null: take it out
  const char* blamed;   // the pointer that the error names
  const char* expected;
};

// A name for the test: "host/workloads/1/theta=0", without what a shell or CMake would take for its own.
void PrintTo(const Case& test, std::ostream* out) {
  for (const char c : std::string(test.pointer).substr(1) + "=" + (test.value ? test.value : "nothing"))
    if (std::string_view("\"[]{}:, ").find(c) == std::string_view::npos) *out << c;
}

class BadScenario : public testing::TestWithParam<Case> {};

TEST_P(BadScenario, IsRefusedWithThePointer) {
  json document = scenario();
  const json::json_pointer at(GetParam().pointer);
  if (GetParam().value)
    document[at] = json::parse(GetParam().value);
  else
    document[at.parent_pointer()].erase(at.back());
  try {
    scenarios::parse_scenario(document, "/");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.pointer(), GetParam().blamed) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(std::string("expected ") + GetParam().expected)) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Schema, BadScenario,
    testing::Values(
        Case{"/host/workloads/1/queue_depth", "0", "/host/workloads/1/queue_depth", "an integer from 1 to 4095"},
        Case{"/host/workloads/1/queue_depth", "1.5", "/host/workloads/1/queue_depth", "an integer"},
        Case{"/host/workloads/1/queue_depth", "\"four\"", "/host/workloads/1/queue_depth", "an integer"},
        Case{"/host/workloads/1/theta", "0", "/host/workloads/1/theta", "a number above 0"},
        Case{"/host/workloads/1/pattern", "\"zig\"", "/host/workloads/1/pattern", "one of \"sequential\""},
        Case{"/host/workloads/1/expect_medium", "true", "/host/workloads/1/expect_medium", "one of the keys"},
        Case{"/host/workloads/0/pattern", "\"random\"", "/host/workloads/0/pattern", "one of the keys"},
        Case{"/host/workloads/0/type", "\"sum\"", "/host/workloads/0/type", "one of \"checksum\", \"io\", \"call\""},
        Case{"/host/workloads/0", R"({"type": "call", "name": "c"})", "/host/workloads/0/method", "a string"},
        Case{"/host/workloads/0", R"({"type": "call", "name": "c", "method": "ping", "volume": "v"})",
             "/host/workloads/0/volume", "one of the keys"},
        Case{"/host/workloads/0", R"({"type": "firmware_update", "name": "u", "action": 8})",
             "/host/workloads/0/action", "an integer from 0 to 7"},
        Case{"/host/workloads/0", R"({"type": "flash_write", "name": "w", "size": 0})", "/host/workloads/0/size",
             "an integer from 1"},
        Case{"/host/workloads/0", R"({"type": "attest", "name": "a", "background": true})",
             "/host/workloads/0/background", "one of the keys"},
        Case{"/host/workloads/0/background", "1", "/host/workloads/0/background", "a boolean"},
        Case{"/host/workloads/0/volume", nullptr, "/host/workloads/0/volume", "a string"},
        Case{"/name", nullptr, "/name", "a string"}, Case{"/name", "\"a b\"", "/name", "a string like"},
        Case{"/card", nullptr, "/card", "an object"}, Case{"/card/volumes", "{}", "/card/volumes", "an array"},
        Case{"/card/pcie", R"({"lanes": 3})", "/card/pcie/lanes", "one of 1, 2, 4, 8, 16"},
        Case{"/card/pcie", R"({"lane": 4})", "/card/pcie/lane", "one of the keys generation, lanes"},
        Case{"/card/a~1b", "1", "/card/a~1b", "one of the keys"}, Case{"/extra", "1", "/extra", "one of the keys"},
        Case{"/card/volumes/0/medium/path", "\"x\"", "/card/volumes/0/medium/path", "one of the keys"},
        Case{"/card/volumes/0/medium/size_mib", nullptr, "/card/volumes/0/medium/size_mib", "an integer from 1"},
        Case{"/card/volumes/1/medium/path", nullptr, "/card/volumes/1/medium/path", "a string"},
        Case{"/card/volumes/0/serial", "\"123456789012345678901\"", "/card/volumes/0/serial", "a string like"},
        Case{"/card/security", R"({"lanes": 65})", "/card/security/lanes", "an integer from 1 to 64"},
        Case{"/card/security", R"({"slots": 16})", "/card/security/slots", "an integer from 17"},
        Case{"/card/security", R"({"hash": {"latency": 1}})", "/card/security/hash/latency", "one of the keys"},
        Case{"/card/volumes/0/encryption", "{}", "/card/volumes/0/encryption/key", "one of \"wrapped\", \"ephemeral\""},
        Case{"/card/volumes/0/encryption", R"({"key": "ephemeral", "wrapped_key": "00"})",
             "/card/volumes/0/encryption/wrapped_key", "one of the keys key"},
        Case{"/card/volumes/0/encryption", R"({"key": "wrapped", "wrapped_key": "00"})",
             "/card/volumes/0/encryption/wrapped_key", "a string like"},
        Case{"/card/fuses", R"({"device_secret": "00"})", "/card/fuses/device_secret", "a string like"},
        Case{"/seed", "-1", "/seed", "an integer from 0"}));

INSTANTIATE_TEST_SUITE_P(
    Semantic, BadScenario,
    testing::Values(
        Case{"/card/volumes/1/name", "\"v\"", "/card/volumes/1/name", "a name that no other volume has"},
        Case{"/card/volumes/1/medium/create", "true", "/card/volumes/1/medium/size_mib", "a size"},
        Case{"/card/volumes/0/encryption", R"({"key": "wrapped"})", "/card/volumes/0/encryption/wrapped_key",
             "the wrapped key of a volume that is attached"},
        Case{"/host/workloads/0/name", "\"i\"", "/host/workloads/1/name", "a name that no other workload has"},
        Case{"/host/workloads/0/volume", "\"w\"", "/host/workloads/0/volume", "the name of one of the card's volumes"},
        Case{"/host/workloads/0/block_size", "512", "/host/workloads/0/block_size", "a multiple of 4096"},
        Case{"/host/workloads/1/queues", "5", "/host/workloads/1/queues", "at most 4"},
        Case{"/host/workloads/1/region_mib", "9", "/host/workloads/1/region_mib", "at most the 8 MiB"},
        Case{"/host/workloads/1", R"({"type": "io", "name": "i", "volume": "f", "read_percent": 50})",
             "/host/workloads/1/read_percent", "100"},
        Case{"/host/workloads/0", R"({"type": "checksum", "name": "c", "volume": "v", "expect_medium": true})",
             "/host/workloads/0/expect_medium", "false"},
        Case{"/host/workloads/0",
             R"({"type": "checksum", "name": "c", "volume": "f", "expect_medium": true, "expect_error": "x"})",
             "/host/workloads/0/expect_medium", "false where an error is expected"},
        Case{"/host/workloads/0", R"({"type": "attest", "name": "c", "volume": "w"})", "/host/workloads/0/volume",
             "the name of one of the card's volumes"},
        Case{"/host/workloads/0", R"({"type": "call", "name": "c", "method": "ping", "surprise": true})",
             "/host/workloads/0/surprise", "no value"},
        Case{"/card/volumes/1/medium", R"({"type": "file", "path": "out:x", "size_mib": 1})",
             "/card/volumes/1/medium/create", "true"},
        Case{"/card/volumes/1/medium", R"({"type": "file", "path": "out:../x", "size_mib": 1, "create": true})",
             "/card/volumes/1/medium/path", "a file's name"}));

// What one workload writes beside another must be known to it.
TEST(Schema, WorkloadsOfOneVolumeInTheBackgroundVerifyBothOrNeither) {
  const auto blamed = [](bool first, bool second, bool background, const char* volume) -> std::string {
    json document = scenario();
    document["card"]["volumes"].push_back({{"name", "u"}, {"medium", {{"type", "memory"}, {"size_mib", 8}}}});
    document["host"]["workloads"] = {
        {{"type", "io"},
         {"name", "a"},
         {"volume", "v"},
         {"read_percent", 50},
         {"verify", first},
         {"background", background}},
        {{"type", "io"}, {"name", "b"}, {"volume", volume}, {"read_percent", 50}, {"verify", second}}};
    try {
      scenarios::parse_scenario(document, "/");
    } catch (const ConfigError& error) {
      return error.pointer();
    }
    return "";
  };
  EXPECT_EQ(blamed(true, false, true, "v"), "/host/workloads/1/verify");
  EXPECT_EQ(blamed(false, true, true, "v"), "/host/workloads/1/verify");
  EXPECT_EQ(blamed(true, true, true, "v"), "");
  EXPECT_EQ(blamed(true, false, true, "u"), "");
  EXPECT_EQ(blamed(true, false, false, "v"), "");
}

TEST(Schema, AnEncryptedFileIsNotComparedWithWhatTheHostReads) {
  json document = scenario();
  document["card"]["volumes"][1]["encryption"] = {{"key", "ephemeral"}};
  document["host"]["workloads"][0]["expect_medium"] = true;
  try {
    scenarios::parse_scenario(document, "/");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.pointer(), "/host/workloads/0/expect_medium");
  }
}

TEST(Schema, AVolumeThatComesLaterBringsItsKeyThen) {
  json document = scenario();
  document["card"]["volumes"][0]["attached"] = false;
  document["card"]["volumes"][0]["encryption"] = {{"key", "wrapped"}, {"wrapped_key", std::string(144, '0')}};
  try {
    scenarios::parse_scenario(document, "/");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.pointer(), "/card/volumes/0/encryption/wrapped_key");
  }
}

TEST(Schema, ASecretIsInNoErrorMessage) {
  const std::string secret = "5ec2e7" + std::string(64, '7');
  json document = scenario();
  document["card"]["fuses"] = {{"device_secret", secret}};
  try {
    scenarios::parse_scenario(document, "/");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()).find("5ec2e7"), std::string::npos) << error.what();
  }
  try {
    scenarios::apply_override(document, "/card/fuses/device_secret/0=1");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string(error.what()).find("5ec2e7"), std::string::npos) << error.what();
  }
}

TEST(Schema, TheDocumentItselfMustBeAnObject) {
  try {
    scenarios::parse_scenario(json::array(), "/");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.pointer(), "");
  }
}

// Unknown keys are errors everywhere, so every object of the schema must be closed; and docs are made from
// descriptions.
void expect_closed_and_described(const json& schema, const std::string& where) {
  if (schema.contains("properties") && where.find("/if") == std::string::npos) {
    const bool branches = schema.contains("allOf");  // closed by its branches
    EXPECT_TRUE(branches || schema.value("additionalProperties", true) == false) << where;
    for (const auto& [name, property] : schema["properties"].items())
      EXPECT_TRUE(property.empty() || property.contains("description") || property.contains("$ref"))
          << where << "/" << name;
  }
  if (!schema.is_structured()) return;
  for (const auto& [key, value] : schema.items()) expect_closed_and_described(value, where + "/" + key);
}

TEST(Schema, EveryObjectIsClosedAndEveryKeyDescribed) { expect_closed_and_described(scenarios::scenario_schema(), ""); }

}  // namespace
}  // namespace cardvp
