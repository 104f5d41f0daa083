// One instance: ports, resets, what stops it, waveforms, coverage.
#include "rtl/block.h"

#include <gmock/gmock.h>

#include "test/unit/rtl/requester.h"

namespace cardvp::rtl::test {
namespace {

using testing::HasSubstr;

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
  const char* name;
  unsigned command;
  const char* reason;
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
                         testing::Values(Ending{"Finish", 1, "$finish"}, Ending{"Stop", 2, "$stop"},
                                         Ending{"Fatal", 3, "command 3"}),
                         [](const auto& test) { return std::string(test.param.name); });

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

}  // namespace
}  // namespace cardvp::rtl::test
