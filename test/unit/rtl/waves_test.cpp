// Waveforms: what is in the files, from when to when. The block's clock rises at 5 ns and every 10 ns; the count is 7
// in reset, which takes four cycles, and one more with each that follows.
#include <gmock/gmock.h>
#include <unistd.h>

#include "test/unit/rtl/requester.h"
#include "test/unit/rtl/vcd.h"

namespace cardvp::rtl::test {
namespace {

using testing::ElementsAre;
using testing::Pair;
namespace fs = std::filesystem;

constexpr std::uint64_t kPeriod = 10'000;
std::uint64_t rise(std::uint64_t cycle) { return 5'000 + (cycle - 1) * kPeriod; }  // of the first, the second ...
std::uint64_t count_after(std::uint64_t cycle) { return cycle <= 4 ? 7 : 7 + cycle - 4; }

class WavesTest : public BlockTest {
 protected:
  WavesTest() { fs::create_directories(folder_); }
  ~WavesTest() override {
    block.reset();
    fs::remove_all(folder_);
  }

  static constexpr unsigned kAhead = 16;
  // A counter that runs by itself, in batches of kAhead cycles.
  BlockConfig counting(unsigned window) {
    BlockConfig config;
    config.clocking.mode = Clocking::Mode::kBatched;
    config.clocking.batch = config.clocking.run_ahead = kAhead;
    config.tie_offs = {{"enable", 1}};
    config.waves = Waves{file_, {}, {}, 1, window};
    return config;
  }
  std::uint64_t cycles() { return block->domain()->cycles(); }
  Vcd vcd() { return Vcd(file_); }
  Vcd vcd_before() { return Vcd(before(file_)); }

  const fs::path folder_ = fs::temp_directory_path() / fmt::format("cardvp-waves-{}", ::getpid());
  const fs::path file_ = folder_ / "waves.vcd";
};

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

// Of the counter, at each rising edge from one cycle to another, both included.
void expect_count(const Vcd& waves, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t cycle = first; cycle <= last; ++cycle)
    ASSERT_EQ(waves.at("block.count", rise(cycle)), count_after(cycle)) << cycle;
  EXPECT_EQ(waves.times.back(), rise(last));
}

TEST_F(WavesTest, WindowAroundAMark) {
  fs::create_directories(folder_);
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
