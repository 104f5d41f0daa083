// Waveforms: what is in the files, and from when on.
#include <gmock/gmock.h>

#include "test/unit/rtl/waves.h"

namespace cardvp::rtl::test {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST_F(WavesTest, PinsAndTransactions) {
  BlockConfig config;
  config.waves = Waves{file_, {}, {}, 1};
  make(config);
  Requester requester(*block);
  const std::uint32_t track = block->add_track("requests");
  requester.on_sample = [&] { block->note(track, requester.working() ? "ask" : ""); };
  sc_core::sc_time at;
  tasks.spawn(request(requester, 3, at));
  sc_core::sc_start(ns(1000));
  block->stop_waves();
  const Vcd waves = vcd();
  EXPECT_EQ(waves.timescale, "1ps");
  // Four cycles of reset, each 10 ns; then req is set ahead of the falling edge, for three cycles.
  EXPECT_THAT(waves.changes("block.req"), ElementsAre(Pair(0, "0"), Pair(40'000, "1")));
  EXPECT_THAT(waves.changes("block.ack"), ElementsAre(Pair(0, "0"), Pair(55'000, "1"), Pair(65'000, "0")));
  EXPECT_EQ(waves.changes("block.clk").size(), 14u);
  EXPECT_THAT(waves.changes("block.rst_n"), ElementsAre(Pair(0, "0"), Pair(40'000, "1")));
  // The note is made when the bridge samples, ahead of the rising edge.
  const auto& requests = waves.changes("transactions.requests");
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].first, 45'000u);
  EXPECT_EQ(text_of(requests[1].second), "ask");
}

TEST_F(WavesTest, FromATriggerOn) {
  BlockConfig config = counting(0);
  config.waves->trigger_port = "irq";
  make(config);
  sc_core::sc_start(ns(2000));
  block->stop_waves();
  const Vcd waves = vcd();
  EXPECT_EQ(waves.times.front(), rise(97) + kPeriod / 2);
  EXPECT_EQ(waves.at("block.count", waves.times.front()), 100u);
}

TEST_F(WavesTest, FromATriggerThatComesTooEarlyAndAgain) {
  BlockConfig config = counting(0);
  config.waves->trigger_port = "irq";
  config.waves->from = ns(1000);
  make(config);
  sc_core::sc_start(ns(2000));
  EXPECT_FALSE(block->has_waves());
  EXPECT_FALSE(fs::exists(file_));
  sc_core::sc_start(ns(65'536 * 10));
  block->stop_waves();
  EXPECT_EQ(vcd().times.front(), rise(97 + 65'536) + kPeriod / 2);
}

TEST_F(WavesTest, FromATimeOn) {
  BlockConfig config = counting(0);
  config.waves->from = ns(500);
  make(config);
  sc_core::sc_start(ns(1000));
  block->stop_waves();
  EXPECT_EQ(vcd().times.front(), 500'000u);
  EXPECT_EQ(vcd().at("block.count", 500'000), count_after(50));
}

TEST_F(WavesTest, CannotBeWritten) {
  BlockConfig config = counting(0);
  config.waves->file = "/nonexistent/waves.vcd";
  make(config);
  EXPECT_FALSE(block->start_waves("/nonexistent/waves.vcd"));
  EXPECT_FALSE(block->has_waves());
  config.waves->window_cycles = 10;
  make(config);
  sc_core::sc_start(ns(1000));
  EXPECT_TRUE(logged("no waveform file=/nonexistent/waves.vcd"));
  block->mark_waves();
  EXPECT_FALSE(block->has_waves());
}

TEST_F(WavesTest, StartedByHandTakesTheWindowsPlace) {
  make(counting(100));
  sc_core::sc_start(ns(1'000));
  const fs::path other = folder_ / "other.vcd";
  const std::uint64_t start = cycles();
  ASSERT_TRUE(block->start_waves(other));
  sc_core::sc_start(ns(5'000));
  block->mark_waves();
  sc_core::sc_start(ns(5'000));
  EXPECT_TRUE(block->has_waves());
  block->stop_waves();
  expect_count(vcd(), 1, start);
  expect_count(Vcd(other), start + 1, cycles());
}

}  // namespace
}  // namespace cardvp::rtl::test
