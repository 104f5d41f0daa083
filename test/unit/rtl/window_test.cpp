// Waveforms that are a window around a mark or a trigger.
#include <gmock/gmock.h>

#include "test/unit/rtl/waves.h"

namespace cardvp::rtl::test {
namespace {

TEST_F(WavesTest, WindowAroundAMark) {
  make(counting(100));
  sc_core::sc_start(ns(10'000));
  EXPECT_TRUE(block->has_waves());
  const std::uint64_t mark = cycles();
  block->mark_waves();
  sc_core::sc_start(ns(500));
  EXPECT_TRUE(block->has_waves());
  block->mark_waves();  // the first counts
  sc_core::sc_start(ns(5'000));
  EXPECT_FALSE(block->has_waves());
  // Files turn over every 116 cycles: the 8th time at 928, if the mark was at 1000.
  const std::uint64_t turned = (mark - 1) / (100 + kAhead) * (100 + kAhead);
  ASSERT_GT(mark, turned);
  EXPECT_EQ(vcd_before().times.front(), rise(turned - 115) - kPeriod / 2);
  expect_count(vcd_before(), turned - 115, turned);
  EXPECT_EQ(vcd().times.front(), rise(turned + 1) - kPeriod / 2);
  expect_count(vcd(), turned + 1, mark + 100);
  const auto files = std::distance(fs::directory_iterator(folder_), {});
  EXPECT_EQ(files, 2);
  sc_core::sc_start(ns(10'000));  // for good
  block->mark_waves();
  sc_core::sc_start(ns(10'000));
  expect_count(vcd(), turned + 1, mark + 100);
}

TEST_F(WavesTest, WindowFromTheStartIfTheMarkIsEarly) {
  std::ofstream(before(file_)) << "of another run";
  make(counting(100));
  sc_core::sc_start(ns(300));
  const std::uint64_t mark = cycles();
  block->mark_waves();
  sc_core::sc_start(ns(5'000));
  EXPECT_FALSE(fs::exists(before(file_)));
  EXPECT_EQ(vcd().times.front(), 0u);
  expect_count(vcd(), 1, mark + 100);
}

TEST_F(WavesTest, WindowOfAMarkAheadOfTheFirstCycle) {
  make(counting(100));
  block->mark_waves();
  sc_core::sc_start(ns(5'000));
  expect_count(vcd(), 1, 100);
}

TEST_F(WavesTest, WindowAroundATrigger) {
  BlockConfig config = counting(50);
  config.waves->trigger_port = "irq";  // in the 97th cycle
  make(config);
  sc_core::sc_start(ns(5'000));
  EXPECT_FALSE(block->has_waves());
  expect_count(vcd_before(), 1, 50 + kAhead);
  expect_count(vcd(), 50 + kAhead + 1, 97 + 50);
}

TEST_F(WavesTest, WindowThatTheEndCutsShortIsCompleted) {
  BlockConfig config;  // on demand: stands still
  config.tie_offs = {{"enable", 1}};
  config.waves = Waves{file_, {}, {}, 1, 100};
  make(config);
  Requester requester(*block);
  sc_core::sc_time at;
  tasks.spawn(request(requester, 10, at));
  sc_core::sc_start(ns(10'000));
  const std::uint64_t mark = cycles();
  EXPECT_EQ(mark, 14u);
  block->mark_waves();
  block.reset();
  EXPECT_EQ(vcd().times.back(), rise(mark + 100));
  EXPECT_EQ(vcd().at("block.count", rise(mark + 100)), count_after(mark + 100));
}

TEST_F(WavesTest, WindowIsNotCompletedForEver) {
  make(counting(3000));
  sc_core::sc_start(ns(100));
  const std::uint64_t mark = cycles();
  block->mark_waves();
  block->stop_waves();
  EXPECT_FALSE(block->has_waves());
  EXPECT_EQ(cycles(), mark + Block::kLateCycles);
  expect_count(vcd(), 1, mark + 1000);
}

TEST_F(WavesTest, WindowOfABlockThatHasStoppedEndsThere) {
  make(counting(100));
  sc_core::sc_start(ns(100));
  block->mark_waves();
  block->pin("command").set(1);
  sc_core::sc_start(ns(100));
  const std::uint64_t end = cycles();
  EXPECT_FALSE(block->running());
  block->stop_waves();
  EXPECT_EQ(cycles(), end);
  EXPECT_EQ(vcd().times.back(), rise(end));
}

TEST_F(WavesTest, WindowStoppedWithinACycleEndsThere) {
  BlockConfig config;
  config.waves = Waves{file_, {}, {}, 1, 100};
  make(config);
  Requester requester(*block);
  requester.on_sample = [&] {
    if (requester.sampled == 2) block->mark_waves();
    if (requester.sampled == 4) block->stop_waves();
  };
  sc_core::sc_time at;
  tasks.spawn(request(requester, 20, at));
  sc_core::sc_start(ns(10'000));
  EXPECT_FALSE(block->has_waves());
  EXPECT_FALSE(requester.failed);
  EXPECT_EQ(vcd().times.back(), rise(4 + 4) - kPeriod / 2);
}

// The clock runs for a bridge alone, which marks behind the 150th cycle.
TEST_F(WavesTest, WindowWhileABridgeWorks) {
  BlockConfig config;
  config.clocking.run_ahead = config.clocking.batch = kAhead;
  config.tie_offs = {{"enable", 1}};
  config.waves = Waves{file_, {}, {}, 1, 20};
  make(config);
  Requester requester(*block);
  requester.on_sample = [&] {
    if (cycles() == 150) block->mark_waves();
  };
  sc_core::sc_time at;
  tasks.spawn(request(requester, 250, at));
  sc_core::sc_start(ns(10'000));
  EXPECT_FALSE(requester.failed);
  EXPECT_EQ(cycles(), 4u + 250);
  EXPECT_FALSE(block->has_waves());
  constexpr std::uint64_t kTurned = 150 / 36 * 36;  // files turn over every 20 + 16 cycles
  expect_count(vcd_before(), kTurned - 35, kTurned);
  expect_count(vcd(), kTurned + 1, 150 + 20);
  EXPECT_EQ(vcd().times.front(), rise(kTurned + 1) - kPeriod / 2);
}

TEST_F(WavesTest, TransactionsStandInTheNextFileToo) {
  make(counting(100));
  const std::uint32_t track = block->add_track("requests");
  sc_core::sc_start(ns(100));
  block->note(track, "ask");
  sc_core::sc_start(ns(2'000));
  block->stop_waves();
  const Vcd waves = vcd();
  const auto& requests = waves.changes("transactions.requests");
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].first, waves.times.front());
  EXPECT_EQ(text_of(requests[0].second), "ask");
}

// An FST file begins with a block of type 0: its length, then the first and the last time, big-endian, of 64 bits.
std::pair<std::uint64_t, std::uint64_t> fst_times(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  unsigned char header[25] = {0xff};
  in.read(reinterpret_cast<char*>(header), sizeof header);
  EXPECT_EQ(header[0], 0);
  const auto number = [&](unsigned at) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i) value = value << 8 | header[at + i];
    return value;
  };
  return {number(9), number(17)};
}

// The fast clock rises at 1 ns and every 2 ns.
TEST_F(WavesTest, WindowOfSeveralClocksInFst) {
  BlockConfig config = counting(100);
  config.tie_offs.clear();
  const fs::path fst = folder_ / "waves.fst";
  config.waves->file = fst;
  make(config, CARDVP_RTL_TWO_CLOCKS);
  sc_core::sc_start(ns(2'000));
  const std::uint64_t mark = cycles(), turned = (mark - 1) / 116 * 116;
  block->mark_waves();
  sc_core::sc_start(ns(1'000));
  EXPECT_FALSE(block->has_waves());
  EXPECT_LE(fst_times(before(fst)).first, (mark - 100) * 2'000);
  EXPECT_EQ(fst_times(before(fst)).second, turned * 2'000 - 1'000);
  EXPECT_EQ(fst_times(fst).first, turned * 2'000);
  EXPECT_EQ(fst_times(fst).second, (mark + 100) * 2'000 - 1'000);
}

}  // namespace
}  // namespace cardvp::rtl::test
