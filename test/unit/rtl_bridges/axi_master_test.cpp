// The bridge to a block that is an AXI4 master, from a memory of the test's own. The block passes on, through
// registers, what the target bridge asks of it, so that every kind of burst that one bridge makes the other one gets.
#include "rtl/bridges/axi_master.h"

#include <gmock/gmock.h>

#include <cstring>
#include <numeric>

#include "rtl/bridges/axi_target.h"
#include "rtl/bridges/check_axi.h"
#include "test/unit/rtl_bridges/bridge_test.h"
#include "test/unit/rtl_bridges/test_memory.h"

namespace cardvp::rtl::test {
namespace {

using testing::Each;

class AxiMasterTest : public BridgeTest {
 protected:
  void SetUp() override {
    BlockConfig config;
    config.time_out_cycles = 2000;
    make(CARDVP_BRIDGE_MASTER, config);
    check();
  }
  AxiTarget& bridges(const AxiMasterConfig& config = {}, const AxiTargetConfig& target_config = {}) {
    target = std::make_unique<AxiTarget>(sim, *block, interface("s_axi"), target_config);
    master = std::make_unique<AxiMaster>(sim, *block, interface("m_axi"), memory, config);
    return *target;
  }

  TestMemory memory{32 * 1024};
  std::unique_ptr<AxiTarget> target;
  std::unique_ptr<AxiMaster> master;
};

struct Mood {
  unsigned latency;  // cycles
  std::size_t outstanding;
  unsigned stalls;  // percent
};
void PrintTo(const Mood& mood, std::ostream* out) {
  *out << fmt::format("{} outstanding, {} cycles, {} % stalls", mood.outstanding, mood.latency, mood.stalls);
}
class AxiMasterTraffic : public AxiMasterTest, public testing::WithParamInterface<Mood> {};

TEST_P(AxiMasterTraffic, EveryByteIsWhereItBelongs) {
  AxiMasterConfig config;
  config.read_latency = config.write_latency = GetParam().latency;
  config.outstanding = GetParam().outstanding;
  config.stalls = {GetParam().stalls, 23};
  AxiTargetConfig target_config;
  target_config.outstanding = 6;
  target_config.stalls = {GetParam().stalls, 29};
  bridges(config, target_config);
  Tally tally;
  for (unsigned i = 0; i < 4; ++i) {
    Traffic traffic;
    traffic.base = i * 8192;
    traffic.size = 8192;
    traffic.max_size = i == 0 ? 5000 : 300;
    traffic.shapes = traffic.types = true;
    traffic.bus = 16;
    traffic.id = i;
    tasks.spawn(exercise(*target, traffic, 200 + i, 300, tally));
  }
  sc_core::sc_start(sc_core::sc_time(100, sc_core::SC_MS));
  EXPECT_EQ(tally.ended, 4u);
  EXPECT_EQ(tally.errors, 0u);
  EXPECT_EQ(tally.mismatches, 0u);
  EXPECT_THAT(violations, Each(""));
  EXPECT_EQ(counted("m_axi.illegal_bursts"), 0u);
  EXPECT_FALSE(master->working());
}
INSTANTIATE_TEST_SUITE_P(All, AxiMasterTraffic, testing::Values(Mood{1, 1, 0}, Mood{20, 8, 0}, Mood{3, 4, 40}));

// The same pins without what AXI4-Lite does not have: accesses are words, the lowest bits of addresses say nothing.
TEST_F(AxiMasterTest, AsAxiLite) {
  const auto lite = [this](const char* name) {
    InterfaceDescription description = interface(name);
    description.kind = InterfaceKind::kAxiLite;
    for (const char* const signal :
         {"awid", "awlen", "awsize", "awburst", "wlast", "bid", "arid", "arlen", "arsize", "arburst", "rid", "rlast"})
      description.signals.erase(signal);
    return description;
  };
  checkers.reset();
  AxiChecker near(sim, *block, lite("s_axi")), far(sim, *block, lite("m_axi"));
  AxiTarget axi(sim, *block, lite("s_axi"), {.outstanding = 4, .stalls = {20, 1}});
  AxiMaster serving(sim, *block, lite("m_axi"), memory, {.stalls = {20, 2}});
  Tally tally;
  Traffic traffic;
  traffic.size = 4096;
  tasks.spawn(exercise(axi, traffic, 9, 500, tally));
  sc_core::sc_start(sc_core::sc_time(100, sc_core::SC_MS));
  EXPECT_EQ(tally.ended, 1u);
  EXPECT_EQ(tally.errors, 0u);
  EXPECT_EQ(tally.mismatches, 0u);
  EXPECT_EQ(near.violations() + far.violations(), 0u);
  std::vector<std::uint8_t> part(3);
  Transaction read(axi, false, 0x25, part);
  axi.access_now(read);
  EXPECT_EQ(get("s_axi_araddr"), 0x20u);
}

TEST_F(AxiMasterTest, WriteAndReadReachTheMemory) {
  AxiTarget& axi = bridges();
  std::vector<std::uint8_t> data(1000);
  std::iota(data.begin(), data.end(), std::uint8_t{1});
  EXPECT_EQ(run(axi, true, 0x105, data), Response::kOkay);
  EXPECT_TRUE(std::equal(data.begin(), data.end(), memory.bytes.begin() + 0x105));
  EXPECT_EQ(memory.bytes[0x104], 0);
  EXPECT_EQ(memory.bytes[0x105 + 1000], 0);
  EXPECT_EQ(counted("m_axi.bytes_written"), 1000u);
  EXPECT_LE(memory.writes, 2u);  // as few as there are bursts
}

// From the address's transfer to the first answer's, in cycles.
TEST_F(AxiMasterTest, LatencyIsWhatIsConfiguredOrWhatTheMemoryTakes) {
  AxiTarget& axi = bridges();
  std::vector<std::uint8_t> data(16);
  Transaction first(axi, false, 0, data);
  axi.access_now(first);
  const sc_core::sc_time at = block->time();
  Transaction again(axi, false, 0, data);
  axi.access_now(again);
  const sc_core::sc_time base = block->time() - at;
  memory.takes = ns(500);
  Transaction slow(axi, false, 0, data);
  const sc_core::sc_time begin = block->time();
  axi.access_now(slow);
  EXPECT_EQ(block->time() - begin, base + ns(500 - 10));
  memory.takes = {};
  target.reset();
  master.reset();
  block->reset();
  AxiTarget& slower = bridges({.read_latency = 31, .write_latency = 1, .outstanding = 8, .stalls = {}});
  Transaction settle(slower, true, 0, data);
  slower.access_now(settle);
  const sc_core::sc_time from = block->time();
  Transaction late(slower, false, 0, data);
  slower.access_now(late);
  EXPECT_EQ(block->time() - from, base + ns(300));
}

TEST_F(AxiMasterTest, WalkingOffTheMemoryIsTheMastersError) {
  AxiTarget& axi = bridges();
  const std::uint64_t end = memory.bytes.size();
  std::fill(memory.bytes.end() - 64, memory.bytes.end(), std::uint8_t{7});
  std::vector<std::uint8_t> data(128, 1);
  EXPECT_EQ(run(axi, false, end, data), Response::kDecErr);
  EXPECT_EQ(run(axi, true, end + 64, data), Response::kDecErr);
  EXPECT_EQ(run(axi, false, end - 64, std::span(data).first(64)), Response::kOkay);
  EXPECT_THAT(std::vector(data.begin(), data.begin() + 64), Each(7));
  EXPECT_EQ(run(axi, false, 0xffffff00, data), Response::kDecErr);
  EXPECT_EQ(counted("m_axi.errors"), 3u);
  EXPECT_THAT(violations, Each(""));
}

TEST_F(AxiMasterTest, BurstOverTheEndFailsInTheBeatsBeyond) {
  memory.bytes.resize(32 * 1024 - 32);  // not where a burst is cut
  AxiTarget& axi = bridges();
  std::fill(memory.bytes.end() - 32, memory.bytes.end(), std::uint8_t{7});
  std::vector<std::uint8_t> data(64, 1);
  EXPECT_EQ(run(axi, false, memory.bytes.size() - 32, data), Response::kDecErr);
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(data[i], i < 32 ? 7 : 0) << i;
}

// What a master may not do.
struct Bad {
  const char* rule;
  std::uint32_t address;
  unsigned len, size, burst, last_beat;
  bool write;
};
void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.rule; }
class AxiMasterFaults : public AxiMasterTest, public testing::WithParamInterface<Bad> {
 protected:
  void begin() {
    const Bad& bad = GetParam();
    bad_master = std::make_unique<AxiMaster>(sim, *block, interface("bad_axi"), memory);
    set("address", bad.address);
    set("len", bad.len);
    set("size", bad.size);
    set("burst", bad.burst);
    set("last_beat", bad.last_beat);
    set("write", bad.write);
  }
  // Runs the block long enough for a burst; the other interface's bridge makes the clock run.
  void go() {
    AxiTarget& axi = bridges();
    set("start", 1);
    std::vector<std::uint8_t> data(4096);
    EXPECT_EQ(run(axi, false, 0, data), Response::kOkay);
    set("start", 0);
  }
  std::unique_ptr<AxiMaster> bad_master;
};

TEST_P(AxiMasterFaults, AreAnsweredCountedAndReachNoMemory) {
  const Bad& bad = GetParam();
  begin();
  std::fill(memory.bytes.begin(), memory.bytes.end(), std::uint8_t{0xcc});
  go();
  EXPECT_EQ(get("answers"), bad.write ? 1u : bad.len + 1);
  EXPECT_EQ(get("answer"), 2u);  // SLVERR
  EXPECT_EQ(counted("bad_axi.illegal_bursts"), 1u);
  EXPECT_THAT(memory.bytes, Each(0xcc));
  EXPECT_GE(broken(bad.rule), 1u) << testing::PrintToString(violations);
  EXPECT_EQ(broken(""), broken(bad.rule)) << testing::PrintToString(violations);
}
INSTANTIATE_TEST_SUITE_P(All, AxiMasterFaults,
                         testing::Values(Bad{"BURST_4K bad_axi_araddr", 0xff0, 15, 2, 1, 15, false},
                                         Bad{"BURST_4K bad_axi_awaddr", 0xff0, 15, 2, 1, 15, true},
                                         Bad{"BURST_TYPE bad_axi_arburst", 0, 3, 2, 3, 3, false},
                                         Bad{"BURST_SIZE bad_axi_arsize", 0, 3, 3, 1, 3, false},
                                         Bad{"BURST_SIZE bad_axi_awsize", 0, 3, 7, 1, 3, true},
                                         Bad{"WRAP_LENGTH bad_axi_arlen", 0, 4, 2, 2, 4, false},
                                         Bad{"WRAP_ADDRESS bad_axi_araddr", 2, 3, 2, 2, 3, false},
                                         Bad{"FIXED_LENGTH bad_axi_arlen", 0, 16, 2, 0, 16, false},
                                         Bad{"WLAST bad_axi_wlast", 0, 7, 2, 1, 5, true},
                                         Bad{"WLAST bad_axi_wlast", 0, 7, 2, 1, 200, true}));

class AxiMasterOwn : public AxiMasterFaults {};
TEST_P(AxiMasterOwn, LegalBurstOfTheSameMasterIsServed) {
  begin();
  go();
  EXPECT_EQ(get("answers"), 1u);
  EXPECT_EQ(get("answer"), 0u);
  std::uint32_t word;
  std::memcpy(&word, memory.bytes.data() + 0x20 + 3 * 4, 4);
  EXPECT_EQ(word, 0x5a5a5au << 9 | 3);
  EXPECT_THAT(violations, Each(""));
}
INSTANTIATE_TEST_SUITE_P(All, AxiMasterOwn, testing::Values(Bad{"", 0x20, 7, 2, 1, 7, true}));

class AxiMasterHang : public AxiMasterFaults {};
TEST_P(AxiMasterHang, MasterThatTakesNoAnswerTimesOutAndTheRestGoesOn) {
  begin();
  set("hold", 1);
  go();
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_MS));
  EXPECT_TRUE(logged(R"(bridge=bad_axi transaction="read 0x40, 8 beats of 4 bytes" cycles=2000)"));
  EXPECT_EQ(get("bad_axi_rvalid"), 1u);
  std::vector<std::uint8_t> data(16);
  set("hold", 0);
  EXPECT_EQ(run(*target, false, 0, data), Response::kOkay);
}
INSTANTIATE_TEST_SUITE_P(All, AxiMasterHang, testing::Values(Bad{"", 0x40, 7, 2, 1, 7, false}));

}  // namespace
}  // namespace cardvp::rtl::test
