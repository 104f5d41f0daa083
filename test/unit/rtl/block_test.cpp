// One instance: ports, resets, what stops it, waveforms, coverage.
#include "rtl/block.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "test/unit/rtl/requester.h"

namespace cardvp::rtl::test {
namespace {

using testing::HasSubstr;

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::filesystem::path temporary(const std::string& name) {
  const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
  return std::filesystem::temp_directory_path() / fmt::format("cardvp-rtl-{}-{}-{}", ::getpid(), test->name(), name);
}

BlockConfig batched() {
  BlockConfig config;
  config.clocking.mode = Clocking::Mode::kBatched;
  return config;
}

TEST_F(BlockTest, PinsOfEveryWidth) {
  make(batched());
  block->pin("long_in").set(0xff'ffff'fffe);
  const std::vector<std::uint8_t> bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  block->pin("wide_in").set_bytes(bytes);
  sc_core::sc_start(ns(100));
  EXPECT_EQ(get("long_out"), 0xff'ffff'ffffu);
  std::vector<std::uint8_t> inverted(16);
  block->pin("wide_out").get_bytes(inverted);
  for (unsigned i = 0; i < 16; ++i) EXPECT_EQ(inverted[i], static_cast<std::uint8_t>(~bytes[i])) << i;
  block->pin("long_in").set(~std::uint64_t{0});  // the 41st bit is none of the pin's
  EXPECT_EQ(get("long_in"), 0xff'ffff'ffffu);
  EXPECT_FALSE(block->pin("nothing"));
  EXPECT_EQ(block->pin("wide_in").width(), 128u);
}

TEST_F(BlockTest, ResetLastsAsLongAsTheDescriptionSays) {
  make(batched());
  sc_core::sc_start(ns(200));
  EXPECT_EQ(get("in_reset"), 4u);
  EXPECT_EQ(get("rst_n"), 1u);
  EXPECT_EQ(get("count"), 7u);  // the parameter of the description
  block->reset();
  EXPECT_EQ(get("in_reset"), 8u);
}

TEST_F(BlockTest, ResetFailsWhatIsInFlight) {
  make({});
  Requester requester(*block);
  EXPECT_EQ(requester.resets, 1u);
  sc_core::sc_time at;
  block->domain();  // the first
  requester.on_sample = [&] {
    if (requester.sampled == 5) block->reset();
  };
  tasks.spawn(request(requester, 0, at));
  sc_core::sc_start(ns(100'000));
  EXPECT_TRUE(requester.failed);
  EXPECT_GT(at, sc_core::SC_ZERO_TIME);
  EXPECT_EQ(get("in_reset"), 8u);
}

TEST_F(BlockTest, TieOffsPlusargsAndPeriods) {
  BlockConfig config = batched();
  config.tie_offs = {{"enable", 1}};
  config.plusargs = {"+word=1234"};
  config.period_ps = {{"clk", 4'000}};
  make(config);
  sc_core::sc_start(ns(400));
  EXPECT_EQ(get("from_plusarg"), 1234u);
  EXPECT_EQ(block->domain()->period(), ns(4));
  EXPECT_EQ(get("count"), 7 + block->domain()->cycles() - 4);
  EXPECT_GE(block->domain()->cycles(), 100u);
}

TEST_F(BlockTest, PortsThatAreNotThereAreRefused) {
  BlockConfig config;
  config.tie_offs = {{"enabel", 1}};
  EXPECT_THROW(make(config), std::invalid_argument);
}

struct Ending {
  unsigned command;
  const char* reason;
  friend void PrintTo(const Ending& ending, std::ostream* out) { *out << ending.reason; }
};
class BlockEnds : public BlockTest, public testing::WithParamInterface<Ending> {};

TEST_P(BlockEnds, WhatIsInFlightFailsAndTheSimulationGoesOn) {
  make({});
  Requester requester(*block);
  block->pin("command").set(GetParam().command);
  sc_core::sc_time at;
  tasks.spawn(request(requester, 0, at));
  sc_core::sc_start(ns(10'000));
  EXPECT_FALSE(block->running());
  EXPECT_THAT(block->error(), HasSubstr(GetParam().reason));
  EXPECT_TRUE(requester.failed);
  EXPECT_TRUE(logged("transaction=\"request 7\""));
  requester.failed = false;
  tasks.spawn(request(requester, 3, at));  // and whatever comes later
  sc_core::sc_start(ns(10'000));
  EXPECT_TRUE(requester.failed);
  EXPECT_EQ(sc_core::sc_time_stamp(), ns(20'000));
}
INSTANTIATE_TEST_SUITE_P(All, BlockEnds,
                         testing::Values(Ending{1, "$finish"}, Ending{2, "$stop"}, Ending{3, "command 3"}));

TEST_F(BlockTest, LoopThatDoesNotSettleBreaksTheBlockAlone) {
  make({});
  Requester requester(*block);
  block->pin("oscillate").set(1);
  sc_core::sc_time at;
  tasks.spawn(request(requester, 1, at));
  sc_core::sc_start(ns(10'000));
  EXPECT_FALSE(block->running());
  EXPECT_THAT(block->error(), HasSubstr("converge"));
  EXPECT_TRUE(requester.failed);
}

TEST_F(BlockTest, WhatItPrintsIsLogged) {
  make(batched());
  block->pin("command").set(4);
  sc_core::sc_start(ns(100));
  EXPECT_TRUE(logged("count 7"));
}

// Value changes of a VCD file, "time name value", of the scalar or vector whose name it is.
std::vector<std::string> changes(const std::string& vcd, const std::string& name) {
  std::istringstream lines(vcd);
  std::string code, time;
  std::vector<std::string> result;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::vector<std::string> word;
    for (std::string text; words >> text;) word.push_back(text);
    if (word.size() >= 5 && word[0] == "$var" && word[4] == name && code.empty()) code = word[3];
    if (line.starts_with('#')) time = line.substr(1);
    if (code.empty() || line.starts_with('$')) continue;
    if (word.size() == 2 && word[1] == code) result.push_back(time + " " + word[0]);
    if (word.size() == 1 && word[0].substr(1) == code) result.push_back(time + " " + word[0].substr(0, 1));
  }
  return result;
}

TEST_F(BlockTest, WaveformHasPinsAndTransactions) {
  const auto file = temporary("waves.vcd");
  BlockConfig config;
  config.waves = Waves{file, {}, {}, 1};
  make(config);
  Requester requester(*block);
  const std::uint32_t track = block->add_track("requests");
  requester.on_sample = [&] { block->note(track, requester.working() ? "ask" : ""); };
  sc_core::sc_time at;
  tasks.spawn(request(requester, 3, at));
  sc_core::sc_start(ns(1000));
  block->stop_waves();
  const std::string vcd = read(file);
  std::filesystem::remove(file);
  // Four cycles of reset, each 10 ns, then req is set ahead of the falling edge at 40 ns.
  const auto req = changes(vcd, "req");
  ASSERT_GE(req.size(), 2u);
  EXPECT_EQ(req[1], "40000 1");
  const auto clock = changes(vcd, "clk");
  ASSERT_GE(clock.size(), 3u);
  EXPECT_EQ(clock[1], "5000 1");
  EXPECT_EQ(clock[2], "10000 0");
  EXPECT_THAT(vcd, HasSubstr("transactions"));
  EXPECT_THAT(vcd, HasSubstr("011000010111001101101011 "));  // "ask"
}

TEST_F(BlockTest, WaveformFromATriggerOn) {
  const auto file = temporary("waves.vcd");
  BlockConfig config = batched();
  config.tie_offs = {{"enable", 1}};
  config.waves = Waves{file, {}, "irq", 1};
  make(config);
  sc_core::sc_start(ns(2000));
  block->stop_waves();
  const auto count = changes(read(file), "count");
  std::filesystem::remove(file);
  ASSERT_FALSE(count.empty());
  EXPECT_THAT(count.front(), HasSubstr(" b0000000001100100"));  // 100
}

TEST_F(BlockTest, WaveformFromATimeOn) {
  const auto file = temporary("waves.vcd");
  BlockConfig config = batched();
  config.waves = Waves{file, ns(500), {}, 1};
  make(config);
  sc_core::sc_start(ns(1000));
  block->stop_waves();
  const auto clock = changes(read(file), "clk");
  std::filesystem::remove(file);
  ASSERT_FALSE(clock.empty());
  EXPECT_EQ(clock.front(), "500000 0");
}

TEST_F(BlockTest, WaveformThatCannotBeWrittenIsTold) {
  make({});
  EXPECT_FALSE(block->start_waves("/nonexistent/waves.vcd"));
  EXPECT_FALSE(block->has_waves());
}

TEST_F(BlockTest, CoverageCountsToggles) {
  const auto file = temporary("coverage.dat");
  BlockConfig config = batched();
  config.tie_offs = {{"enable", 1}};
  make(config);
  sc_core::sc_start(ns(1000));
  ASSERT_TRUE(block->write_coverage(file));
  const std::string text = read(file);
  std::filesystem::remove(file);
  EXPECT_THAT(text, HasSubstr("# SystemC::Coverage-3"));
  EXPECT_THAT(text, testing::ContainsRegex("count\\[0\\][^\n]*' [1-9]"));
  EXPECT_THAT(text, testing::ContainsRegex("wide_in\\[0\\][^\n]*' 0"));
}

}  // namespace
}  // namespace cardvp::rtl::test
