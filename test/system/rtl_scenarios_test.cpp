// The scenarios with RTL: they pass, twice with one report, and each fails when one thing in it is other than it says.
// Other scenarios pass with RTL in the card as without. Configurations that make no sense are named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "test/system/program.h"

namespace cardvp::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::string kScenarios = CARDVP_SOURCE_DIR "/scenarios/";

struct ScenarioRun {
  Folder folder;
  Ended ended;

  explicit ScenarioRun(const std::string& name, const std::vector<std::string>& overrides = {}) {
    std::vector<std::string> arguments = {"run", kScenarios + name + ".json", "--out", folder / "out"};
    for (const std::string& override : overrides) arguments.insert(arguments.end(), {"--set", override});
    ended = cardvp(arguments);
  }
  std::string text(const std::string& file) const { return read_file(folder / ("out/" + file)); }
  json report() const { return json::parse(text("report.json")); }
};

struct Broken {
  const char* scenario;
  std::vector<std::string> overrides;
  const char* reason;  // that the run then gives
};

void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.overrides.front(); }

struct RtlScenario : testing::TestWithParam<Broken> {};

TEST_P(RtlScenario, PassesAndGivesTheSameReportAgain) {
  const ScenarioRun first(GetParam().scenario), second(GetParam().scenario);
  EXPECT_EQ(first.ended.status, 0) << first.ended.error;
  EXPECT_EQ(first.text("report.json"), second.text("report.json"));
}

TEST_P(RtlScenario, FailsIfOneThingIsOtherThanItSays) {
  const ScenarioRun run(GetParam().scenario, GetParam().overrides);
  EXPECT_EQ(run.ended.status, 1);
  EXPECT_THAT(run.ended.error, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(All, RtlScenario,
                         testing::Values(Broken{"rtl_aes_volume",
                                                {"/card/rtl/aes/plugin=installed:aes_bug.so",
                                                 "/card/rtl/aes/use=lockstep"},
                                                "card.rtl.aes differs from its model at "},
                                         Broken{"rtl_lockstep_bug",
                                                {"/card/rtl/aes/plugin=installed:aes.so"},
                                                "/expect_counters/1: card.rtl.aes.differences is 0"},
                                         Broken{"rtl_custom_block",
                                                {"/card/rtl/blocks/0/interrupt=149"},
                                                "(/console/1): nothing is left that could happen"}),
                         [](const auto& tested) { return std::string(tested.param.scenario); });

TEST(RtlVolume, HasTheSameCiphertextAsTheModels) {
  const ScenarioRun rtl("rtl_aes_volume"), model("rtl_aes_volume", {"/card/rtl/aes/use=model", "/expect_counters=[]"});
  ASSERT_EQ(rtl.ended.status, 0) << rtl.ended.error;
  ASSERT_EQ(model.ended.status, 0) << model.ended.error;
  EXPECT_EQ(rtl.text("secret.img"), model.text("secret.img"));
  EXPECT_TRUE(rtl.report()["rtl"].contains("aes"));
  EXPECT_FALSE(model.report()["rtl"].contains("aes"));
}

TEST(RtlLockstep, TheFirstDifferenceIsInTheReportAndTheWaveform) {
  const ScenarioRun run("rtl_lockstep_bug");
  ASSERT_EQ(run.ended.status, 0) << run.ended.error;
  const json first = run.report()["rtl"]["aes"]["first_difference"];
  EXPECT_THAT(first["transaction"].get<std::string>(),
              HasSubstr("XTS encryption of 4096 bytes in units of 512, tweak 0"));
  EXPECT_THAT(first["what"].get<std::string>(), HasSubstr("of the data"));
  EXPECT_NE(first["model"], first["rtl"]);
  EXPECT_GT(first["at_ps"].get<std::uint64_t>(), 1'000'000'000u);
  EXPECT_GT(std::filesystem::file_size(run.folder / "out/aes.fst"), 1000u);
}

// What passes with the models passes with the RTL in lockstep, and nothing differs.
TEST(RtlLockstep, NoDifferenceInAWholeNetwork) {
  std::vector<std::string> overrides;
  for (const char* unit : {"a/aes", "a/sha2", "b/toeplitz", "b/checksum"}) {
    const std::string place = fmt::format("/servers/{}/card/rtl/{}/", unit[0] == 'a' ? 0 : 1, unit + 2);
    overrides.push_back(place + "use=lockstep");
    overrides.push_back(place + "checkers=true");
  }
  const ScenarioRun run("encrypted_transit", overrides);
  ASSERT_EQ(run.ended.status, 0) << run.ended.error;
  const json report = run.report();
  for (const char* server : {"a", "b"})
    for (const auto& [name, unit] : report["rtl"][server].items()) {
      EXPECT_EQ(unit["differences"], 0) << server << " " << name;
      EXPECT_EQ(unit["violations"], 0) << server << " " << name;
      EXPECT_EQ(unit["time_outs"], 0) << server << " " << name;
    }
  const auto count = [&report](const char* name) { return report["counters"][name]["value"].get<std::uint64_t>(); };
  EXPECT_GT(count("a.card.rtl.aes.comparisons"), 1000u);
  EXPECT_GT(count("a.card.rtl.sha2.comparisons"), 4u);
  EXPECT_GT(count("b.card.rtl.toeplitz.comparisons"), 1000u);
  EXPECT_GT(count("b.card.rtl.checksum.comparisons"), 1000u);
}

TEST(RtlErrors, NameThePlace) {
  const struct {
    const char* override;
    const char* pointer;
    const char* what;
  } broken[] = {
      {"/card/rtl/blocks/0/plugin=none.so", "/card/rtl/blocks/0/plugin", "cardvp rtl build"},
      {"/card/rtl/blocks/0/plugin=schema.json", "/card/rtl/blocks/0/plugin", "cardvp rtl build"},
      {"/card/rtl/blocks/0/plugin=installed:none.so", "/card/rtl/blocks/0/plugin", "rtl/plugins"},
      {"/card/rtl/blocks/0/address=0x1000", "/card/rtl/blocks/0/address", "0x20000000 to 0x2fffffff"},
      {"/card/rtl/blocks/0/address=0x2fffff80", "/card/rtl/blocks/0/address", "0x2fffff80"},
      {"/card/rtl/blocks/0/interrupt=147", "/card/rtl/blocks/0/interrupt", "148"},
      {"/card/rtl/blocks/0/interface=m_axi", "/card/rtl/blocks/0", "no target interface m_axi"},
      {"/card/rtl/blocks/0/waves/trigger={\"port\":\"nothing\"}", "/card/rtl/blocks/0", "nothing"},
      {"/card/rtl/blocks/0/tie_offs={\"nothing\":1}", "/card/rtl/blocks/0", "nothing"},
      {"/card/rtl/blocks/0/period_ns={\"rst_n\":1}", "/card/rtl/blocks/0", "no clock rst_n"},
      {"/card/rtl/aes={\"use\":\"rtl\",\"plugin\":\"installed:dot.so\"}", "/card/rtl/aes",
       "no axi_lite target called s_axil"},
      {"/card/rtl/dma={\"use\":\"rtl\",\"plugin\":\"installed:dot.so\"}", "/card/rtl/dma", "dot"},
      {"/card/rtl/aes/use=hardware", "/card/rtl/aes/use", "lockstep"},
  };
  for (const auto& [override, pointer, what] : broken) {
    const ScenarioRun run("rtl_custom_block", {override});
    EXPECT_EQ(run.ended.status, 2) << override;
    EXPECT_THAT(run.ended.error, HasSubstr(std::string(pointer) + ": ")) << override;
    EXPECT_THAT(run.ended.error, HasSubstr(what)) << override;
  }
}

TEST(RtlWaves, AreLeftOutWithASayingIfThereIsNoFolder) {
  const Ended ended = cardvp({"run", kScenarios + "rtl_custom_block.json"});
  EXPECT_EQ(ended.status, 0) << ended.error;
  EXPECT_THAT(ended.error, HasSubstr("no waveform, as the run has no folder for it (--out)"));
}

}  // namespace
}  // namespace cardvp::test
