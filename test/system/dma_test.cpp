// The card's DMA as a program on its core uses it, by a scenario: model, RTL, and both in lockstep.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "test/system/program.h"

namespace cardvp::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct DmaScenario : testing::Test {
  Folder folder;

  Ended run(const std::string& use, const std::string& plugin) {
    json scenario = {{"name", "dma"}};
    scenario["card"]["boot"] = {{"type", "image"}, {"flash", CARDVP_DMA_PROGRAM}};
    scenario["card"]["rtl"]["dma"] = {{"use", use}, {"plugin", plugin}, {"checkers", true}};
    scenario["console"] = {{{"expect", "dma: id 444d4101"}},
                           {{"expect", "dma: head 12, status 1, wrong 0, behind 0"}},
                           // Descriptor 12, ERROR.CODE 5: its destination could not be written.
                           {{"expect", "dma: error c0005, status 2, interrupts 2"}}};
    return cardvp({"run", folder.file("s.json", scenario.dump()), "--out", folder / "out"});
  }
  json report() const { return json::parse(read_file(folder / "out/report.json")); }
};

struct DmaSystem : DmaScenario, testing::WithParamInterface<const char*> {};

TEST_P(DmaSystem, CopiesForAProgram) {
  const Ended ended = run(GetParam(), CARDVP_PLUGIN_DMA);
  EXPECT_EQ(ended.status, 0) << ended.error;
  EXPECT_EQ(report()["result"], "passed");
  if (std::string(GetParam()) == "model") return;
  const json rtl = report()["rtl"]["dma"];
  EXPECT_EQ(rtl["violations"], 0);
  EXPECT_GT(rtl["clocks"]["clk"]["cycles"], 12 * 10'001 / 8);
  EXPECT_EQ(rtl.value("differences", 0), 0);
}
INSTANTIATE_TEST_SUITE_P(All, DmaSystem, testing::Values("model", "rtl", "lockstep"),
                         [](const auto& use) { return std::string(use.param); });

struct DmaSystemBug : DmaScenario {};

// The first copy goes to DRAM + 0x20003, 10001 bytes.
TEST_F(DmaSystemBug, EndsTheRunWithItsAddress) {
  const Ended ended = run("lockstep", CARDVP_PLUGIN_DMA_BUG1);
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.error, HasSubstr("descriptor 0: 10001 bytes from 0x40010000 to 0x40020003: write at 0x40022714"));
  const json difference = report()["rtl"]["dma"]["first_difference"];
  EXPECT_EQ(difference["what"], "write at 0x40022714");
  EXPECT_EQ(difference["model"], "none");
}

}  // namespace
}  // namespace cardvp::test
