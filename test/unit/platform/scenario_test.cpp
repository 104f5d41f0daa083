#include "scenarios/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/platform/temporary_folder.h"

namespace cardvp {
namespace {

using nlohmann::json;
using platform::ConfigError;
using scenarios::apply_override;
using testing::HasSubstr;

TEST(Override, TakesJsonOrElseAString) {
  json document = {{"a", {{"b", 1}}}, {"list", {1, 2}}};
  apply_override(document, "/a/b=2");
  apply_override(document, "/list/1={\"x\": [true]}");
  apply_override(document, "/a/s=some words = more");
  apply_override(document, "/a/n=\"5\"");
  EXPECT_EQ(document,
            json::parse(R"({"a": {"b": 2, "s": "some words = more", "n": "5"}, "list": [1, {"x": [true]}]})"));
}

TEST(Override, MakesTheObjectsOnTheWay) {
  json document = json::object();
  apply_override(document, "/card/core/frequency_mhz=5");
  EXPECT_EQ(document, json::parse(R"({"card": {"core": {"frequency_mhz": 5}}})"));
}

TEST(Override, UnescapesThePointer) {
  json document = json::object();
  apply_override(document, "/a~1b~0c=1");
  EXPECT_EQ(document, json::parse(R"({"a/b~c": 1})"));
}

TEST(Override, RefusesPointersIntoNothing) {
  const auto blamed = [](const char* text) -> std::string {
    json document = {{"list", {1, 2}}, {"number", 3}};
    try {
      apply_override(document, text);
    } catch (const ConfigError& error) {
      return error.pointer();
    }
    return "accepted";
  };
  EXPECT_EQ(blamed("/list/2=1"), "/list/2");
  EXPECT_EQ(blamed("/list/-=1"), "/list/-");
  EXPECT_EQ(blamed("/list/1x=1"), "/list/1x");
  EXPECT_EQ(blamed("/list/-1=1"), "/list/-1");
  EXPECT_EQ(blamed("/list/99999999999999999999=1"), "/list/99999999999999999999");
  EXPECT_EQ(blamed("/number/x=1"), "/number");
  EXPECT_EQ(blamed("/list/0/x=1"), "/list/0");
}

TEST(Override, RefusesWhatIsNoPointer) {
  for (const char* text : {"", "a=1", "/a", "/a~2=1", "/a~=1"}) {
    json document = json::object();
    EXPECT_THROW(apply_override(document, text), std::invalid_argument) << text;
  }
}

TEST(Load, MalformedJsonIsToldByLineAndColumn) {
  const TemporaryFolder folder;
  const auto message = [&](const char* text) -> std::string {
    try {
      scenarios::load_json(folder.file("s.json", text));
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(message("{\n  \"a\": 1,\n  \"b\" 2\n}"), HasSubstr("line 3, column 7"));
  EXPECT_THAT(message("{,"), HasSubstr("line 1, column 2"));
  EXPECT_THAT(message(""), HasSubstr("line 1, column 1"));
  EXPECT_THAT(message("{\n\n"), HasSubstr("malformed JSON"));
}

TEST(Load, AMissingFileIsNamed) {
  try {
    scenarios::load_json("/nowhere/s.json");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/s.json"));
  }
  EXPECT_THROW(scenarios::load_json("/tmp"), std::runtime_error);
}

TEST(Scenario, EveryInstalledOneIsValid) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(CARDVP_SOURCE_DIR "/scenarios")) {
    if (entry.path().extension() != ".json" || entry.path().filename() == "schema.json") continue;
    ++count;
    EXPECT_NO_THROW(scenarios::parse_scenario(scenarios::load_json(entry.path()), entry.path().parent_path()))
        << entry.path();
  }
  EXPECT_GE(count, 1);
}

TEST(Scenario, WorkloadsHaveSeedsOfTheirOwn) {
  const json document = json::parse(R"({"name": "t", "seed": 5,
    "card": {"volumes": [{"name": "v", "medium": {"type": "memory", "size_mib": 8}}]},
    "host": {"workloads": [{"type": "io", "name": "a", "volume": "v"}, {"type": "io", "name": "b", "volume": "v"}]}})");
  const auto seeds = [](const json& from) {
    std::vector<std::uint64_t> all;
    for (const auto& workload : scenarios::parse_scenario(from, "/").workloads)
      all.push_back(std::get<host::IoWorkloadConfig>(workload.what).seed);
    return all;
  };
  const auto first = seeds(document);
  EXPECT_NE(first[0], first[1]);
  EXPECT_EQ(first, seeds(document));
  json other = document;
  other["seed"] = 6;
  EXPECT_NE(first[0], seeds(other)[0]);
}

}  // namespace
}  // namespace cardvp
