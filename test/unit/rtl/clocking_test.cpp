// When the clocks of a block run, and what that means to those who wait.
#include <gmock/gmock.h>

#include "test/unit/rtl/requester.h"

namespace cardvp::rtl::test {
namespace {

using Mode = Clocking::Mode;
using testing::ElementsAre;
using testing::HasSubstr;

BlockConfig with(Mode mode) {
  BlockConfig config;
  config.clocking.mode = mode;
  return config;
}

std::string name_of(const testing::TestParamInfo<Mode>& test) {
  switch (test.param) {
    case Mode::kOnDemand: return "OnDemand";
    case Mode::kBatched: return "Batched";
    case Mode::kEveryCycle: break;
  }
  return "EveryCycle";
}

class EveryClocking : public BlockTest, public testing::WithParamInterface<Mode> {};

// The four cycles of reset begin at 0; the first cycle with req is the fifth, whose rising edge is at 45 ns.
TEST_P(EveryClocking, TransactionEndsAtTheTimeOfItsLastEdge) {
  make(with(GetParam()));
  Requester requester(*block);
  sc_core::sc_time at;
  tasks.spawn(request(requester, 30, at));
  sc_core::sc_start(ns(1000));
  const sc_core::sc_time past = ns(GetParam() == Mode::kBatched ? 64 * 10 : 0);  // it may have begun a batch later
  EXPECT_GE(at, ns(45 + 29 * 10));
  EXPECT_LE(at, ns(45 + 29 * 10) + past);
  EXPECT_FALSE(requester.failed);
}

TEST_P(EveryClocking, InterruptIsToldAtItsTime) {
  BlockConfig config = with(GetParam());
  config.tie_offs = {{"enable", 1}};
  make(config);
  Requester requester(*block);
  std::vector<std::pair<sc_core::sc_time, std::uint64_t>> changes;
  block->watch("irq", [&](std::uint64_t level) { changes.emplace_back(sc_core::sc_time_stamp(), level); });
  sc_core::sc_time at;
  tasks.spawn(request(requester, 200, at));
  sc_core::sc_start(ns(5000));
  // The count is 7 after reset, so 100 after 93 more edges; the last edge of reset was at 35 ns.
  EXPECT_THAT(changes, ElementsAre(std::pair(ns(35 + 93 * 10), 1), std::pair(ns(35 + 94 * 10), 0)));
}

TEST_P(EveryClocking, TimeOutNamesTheTransactionAndTheSimulationGoesOn) {
  BlockConfig config = with(GetParam());
  config.time_out_cycles = 1000;
  make(config);
  Requester requester(*block);
  sc_core::sc_time at;
  tasks.spawn(request(requester, 0, at));
  sc_core::sc_start(ns(20'000));
  EXPECT_TRUE(requester.failed);
  EXPECT_GE(at, ns(45 + 1000 * 10));  // the first edge that is a thousand behind that at which it began
  EXPECT_LE(at, ns(45 + 1000 * 10 + (GetParam() == Mode::kBatched ? 64 * 10 : 0)));
  EXPECT_EQ(block->time_outs(), 1u);
  EXPECT_TRUE(logged("bridge=requester transaction=\"request 7\" cycles=1000"));
  requester.failed = false;
  tasks.spawn(request(requester, 3, at));
  sc_core::sc_start(ns(20'000));
  EXPECT_FALSE(requester.failed);
  EXPECT_GT(at, ns(20'000));
}

TEST_P(EveryClocking, CallsThatCannotWaitRunTheClockAhead) {
  make(with(GetParam()));
  Requester requester(*block);
  sc_core::sc_start(ns(1));
  const sc_core::sc_time before = block->time();
  Completion done(sim.scheduler);
  requester.begin(done, 10);
  EXPECT_TRUE(block->domain()->run_until(done));
  EXPECT_GE(done.at(), before + ns(9 * 10));
  EXPECT_EQ(sc_core::sc_time_stamp(), ns(1));
  const std::uint64_t cycles = block->domain()->cycles();
  sc_core::sc_start(done.at() - sc_core::sc_time_stamp());  // nothing runs twice
  EXPECT_LE(block->domain()->cycles(), cycles + 64);
}
INSTANTIATE_TEST_SUITE_P(All, EveryClocking, testing::Values(Mode::kOnDemand, Mode::kBatched, Mode::kEveryCycle),
                         name_of);

TEST_F(BlockTest, OnDemandTheClockStandsAndNoEventComes) {
  BlockConfig config;
  config.tie_offs = {{"enable", 1}};
  make(config);
  Requester requester(*block);
  sc_core::sc_time at;
  tasks.spawn(request(requester, 10, at));
  sc_core::sc_start(ns(1000));
  const std::uint64_t count = get("count"), activations = sim.scheduler.activations();
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_MS));
  EXPECT_EQ(get("count"), count);
  EXPECT_EQ(sim.scheduler.activations(), activations);
  tasks.spawn(request(requester, 10, at));  // the clock goes on as if it had not run meanwhile, in step with the time
  sc_core::sc_start(ns(1000));
  EXPECT_EQ(get("count"), count + 10);
  EXPECT_EQ(at, sc_core::sc_time(1, sc_core::SC_MS) + ns(1000 + 5 + 9 * 10));
}

TEST_F(BlockTest, OnDemandMakesUpForTheCyclesItStoodIfAsked) {
  BlockConfig config;
  config.tie_offs = {{"enable", 1}};
  config.clocking.skip_idle = false;
  make(config);
  Requester requester(*block);
  sc_core::sc_time at;
  tasks.spawn(request(requester, 10, at));
  sc_core::sc_start(ns(100'000));
  tasks.spawn(request(requester, 10, at));
  sc_core::sc_start(ns(1000));
  EXPECT_EQ(get("count"), 7u + 10'000 - 4 + 10);
}

TEST_F(BlockTest, OnDemandRunsWhileTheBlockSaysThatItIsBusy) {
  BlockConfig config;
  config.tie_offs = {{"enable", 1}};
  config.clocking.busy_port = "enable";  // any that is high for good
  config.clocking.run_ahead = 100;
  make(config);
  Requester requester(*block);
  sc_core::sc_time at;
  tasks.spawn(request(requester, 1, at));
  sc_core::sc_start(ns(10'000));
  EXPECT_GE(get("count"), 7u + 1000 - 4);
  EXPECT_LE(get("count"), 7u + 1000 - 4 + 101);
}

TEST_F(BlockTest, BatchedRunsByItselfAndRestsWhenNothingHappens) {
  BlockConfig config = with(Mode::kBatched);
  config.tie_offs = {{"enable", 1}};
  config.clocking.quiet_cycles = 500;
  make(config);
  sc_core::sc_start(ns(100'000));
  EXPECT_GE(block->domain()->cycles(), 500u);
  EXPECT_LE(block->domain()->cycles(), 500u + 64 + 4);
  const std::uint64_t activations = sim.scheduler.activations();
  sc_core::sc_start(ns(100'000));
  EXPECT_EQ(sim.scheduler.activations(), activations);
}

TEST_F(BlockTest, BatchedTakesAnEventForEachBatch) {
  BlockConfig config = with(Mode::kBatched);
  config.clocking.batch = 100;
  make(config);
  sc_core::sc_start(ns(100'000));  // 10000 cycles
  EXPECT_GE(block->domain()->cycles(), 10'000u);
  EXPECT_LE(sim.scheduler.activations(), 102u);
  EXPECT_GE(sim.scheduler.activations(), 99u);
}

TEST_F(BlockTest, EveryCycleIsInStepWithTheSimulatedTime) {
  make(with(Mode::kEveryCycle));
  sc_core::sc_start(ns(1));  // reset was done at once
  for (unsigned i = 0; i < 50; ++i) {
    sc_core::sc_start(ns(10));
    EXPECT_EQ(block->domain()->cycles(), std::max<std::uint64_t>(4, i + 1)) << i;
  }
}

TEST_F(BlockTest, BridgeWithinACycleCannotHaveAnother) {
  make({});
  Requester requester(*block);
  bool nested = true;
  requester.on_sample = [&] {
    Completion inner(sim.scheduler);
    nested = block->domain()->run_until(inner);
  };
  sc_core::sc_time at;
  tasks.spawn(request(requester, 3, at));
  sc_core::sc_start(ns(1000));
  EXPECT_FALSE(nested);
  EXPECT_FALSE(requester.failed);
}

TEST_F(BlockTest, ClocksOfTheirOwnPeriods) {
  make(with(Mode::kBatched), CARDVP_RTL_TWO_CLOCKS);
  sc_core::sc_start(ns(60'000));
  const std::uint64_t fast = block->domain("fast_clk")->cycles(), slow = block->domain("slow_clk")->cycles();
  EXPECT_GE(fast, 30'000u);
  EXPECT_NEAR(static_cast<double>(fast) / static_cast<double>(slow), 3, 0.01);
  EXPECT_EQ(get("fast_count"), fast - 16);
  // The slow clock rises at 3 ns and every 6 ns, with the fast one, which rises at 1 ns and every 2 ns: what it saw is
  // what there was before that edge, and at most two more have come since.
  EXPECT_GE(get("seen") + 3, get("fast_count"));
  EXPECT_LT(get("seen"), get("fast_count"));
  EXPECT_EQ(block->domain("nothing"), nullptr);
}

}  // namespace
}  // namespace cardvp::rtl::test
