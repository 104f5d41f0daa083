#include "models/arm/watchdog.h"

#include <gtest/gtest.h>

#include <vector>

#include "models/base/registers.h"
#include "test/unit/bus/initiator.h"

namespace cardvp::arm {
namespace {

using sc_core::SC_NS;
using sc_core::sc_start;
using sc_core::sc_time;
using sc_core::SC_US;

namespace watchdog_registers {
#define CARDVP_REGISTERS "models/arm/watchdog.def"
#include "models/base/declare_registers.h"
}  // namespace watchdog_registers
namespace reg = watchdog_registers::offset;  // as firmware has them

constexpr std::uint32_t kKey = 0x600dd06e;
constexpr std::uint64_t kExpired = 1, kCausedReset = 2;

struct WatchdogTest : testing::Test {
  Sim sim;
  Watchdog watchdog{"watchdog", sim};
  Initiator core{"core"};
  std::vector<sc_time> interrupts, resets;

  void SetUp() override {
    watchdog.interrupt.connect([this](bool level) {
      if (level) interrupts.push_back(sim.scheduler.now());
    });
    watchdog.on_reset([this] {
      resets.push_back(sim.scheduler.now());
      watchdog.reset();
    });
    core.socket.bind(watchdog.socket);
    sc_start(sc_core::SC_ZERO_TIME);
  }
  std::uint64_t read(std::uint64_t at) { return core.read(at); }
  void write(std::uint64_t at, std::uint64_t value) { EXPECT_TRUE(core.write(at, value)); }
  // The write itself happens at `time`: the access takes 10 ns.
  void write_at(sc_time time, std::uint64_t at, std::uint64_t value) {
    core.ahead = time - sim.scheduler.now() - sc_time(10, SC_NS);
    write(at, value);
  }
  std::uint64_t read_at(sc_time time, std::uint64_t at) {
    core.ahead = time - sim.scheduler.now() - sc_time(10, SC_NS);
    return read(at);
  }
  static sc_time us(double value) { return {value, SC_US}; }
  using Times = std::vector<sc_time>;
};

TEST_F(WatchdogTest, ExpiresTwiceAtExactTimes) {
  write(reg::PERIOD, 100);
  write_at(us(3), reg::CONTROL, 1);  // the core is 3 us ahead
  sc_start();
  EXPECT_EQ(interrupts, Times{us(103)});
  EXPECT_EQ(resets, Times{us(203)});
  EXPECT_EQ(read(reg::STATUS), kCausedReset);
  EXPECT_EQ(read(reg::CONTROL), 0u);
  EXPECT_FALSE(watchdog.interrupt.level());
  EXPECT_TRUE(sim.scheduler.idle());
}

TEST_F(WatchdogTest, RunsNothingUnlessEnabledWithAPeriod) {
  write(reg::PERIOD, 100);
  write(reg::FEED, kKey);
  EXPECT_TRUE(sim.scheduler.idle());
  write(reg::PERIOD, 0);
  write(reg::CONTROL, 1);
  EXPECT_TRUE(sim.scheduler.idle());
  write(reg::PERIOD, 100);  // counts from the next start
  EXPECT_TRUE(sim.scheduler.idle());
  write(reg::FEED, kKey);
  EXPECT_FALSE(sim.scheduler.idle());
  write(reg::CONTROL, 0);
  EXPECT_TRUE(sim.scheduler.idle());
}

TEST_F(WatchdogTest, FeedingStartsAFullPeriodFromTheWrite) {
  write(reg::PERIOD, 100);
  write_at(us(1), reg::CONTROL, 1);
  sc_start(us(90));
  write_at(us(95), reg::FEED, kKey);  // 5 us ahead of the kernel
  sc_start(us(100));
  write_at(us(194.5), reg::FEED, kKey);
  sc_start(us(104));  // to 294
  EXPECT_TRUE(interrupts.empty());
  sc_start(us(1));
  EXPECT_EQ(interrupts, Times{us(294.5)});
}

TEST_F(WatchdogTest, FeedNeedsItsKey) {
  write(reg::PERIOD, 100);
  write_at(us(1), reg::CONTROL, 1);
  write_at(us(50), reg::FEED, kKey - 1);
  core.ahead = us(60);
  ASSERT_TRUE(core.write(reg::FEED, kKey & 0xffff, 2));
  sc_start(us(102));
  EXPECT_EQ(interrupts, Times{us(101)});
}

TEST_F(WatchdogTest, FeedAfterTheFirstExpiryClearsIt) {
  write(reg::PERIOD, 100);
  write_at(us(1), reg::CONTROL, 1);
  sc_start(us(150));
  EXPECT_TRUE(watchdog.interrupt.level());
  EXPECT_EQ(read_at(us(150), reg::STATUS), kExpired);
  write_at(us(160), reg::FEED, kKey);
  EXPECT_FALSE(watchdog.interrupt.level());
  sc_start();
  EXPECT_EQ(interrupts, (Times{us(101), us(260)}));
  EXPECT_EQ(resets, Times{us(360)});
}

TEST_F(WatchdogTest, AccessesAheadSeeExpiriesUpToTheirTime) {
  write(reg::PERIOD, 100);
  write_at(us(1), reg::CONTROL, 1);
  sc_start(us(99));
  EXPECT_EQ(read_at(us(100.999), reg::STATUS), 0u);
  EXPECT_EQ(read_at(us(101), reg::STATUS), kExpired);
  EXPECT_TRUE(watchdog.interrupt.level());
  write_at(us(102), reg::FEED, kKey);  // late for the first expiry: the next period starts here
  sc_start();
  EXPECT_EQ(interrupts.size(), 2u);
  EXPECT_EQ(interrupts[1], us(202));
  EXPECT_EQ(resets, Times{us(302)});
}

TEST_F(WatchdogTest, WritesAfterTheSecondExpiryComeTooLate) {
  write(reg::PERIOD, 10);
  write_at(us(1), reg::CONTROL, 1);
  write_at(us(21), reg::FEED, kKey);  // the core missed both
  write_at(us(22), reg::CONTROL, 0);
  sc_start();
  EXPECT_EQ(resets, Times{us(21)});
  EXPECT_EQ(read_at(us(30), reg::STATUS), kCausedReset);
}

TEST_F(WatchdogTest, DisablingEndsThePeriod) {
  write(reg::PERIOD, 100);
  write_at(us(1), reg::CONTROL, 1);
  write_at(us(2), reg::CONTROL, 1);  // already: no new period
  sc_start(us(50));
  write_at(us(60), reg::CONTROL, 0);
  sc_start(us(500));
  EXPECT_TRUE(interrupts.empty());
  write_at(us(600), reg::CONTROL, 1);
  sc_start(us(200));
  EXPECT_EQ(interrupts, Times{us(700)});
}

TEST_F(WatchdogTest, ShorterPeriodExpiresEarlier) {
  write(reg::PERIOD, 1000);
  write_at(us(1), reg::CONTROL, 1);
  write(reg::PERIOD, 20);
  write_at(us(5), reg::FEED, kKey);
  sc_start(us(100));
  EXPECT_EQ(interrupts, Times{us(25)});
}

TEST_F(WatchdogTest, LongestPeriodIsRight) {
  write(reg::PERIOD, 0xffffffff);
  write_at(us(1), reg::CONTROL, 1);
  sc_start();
  EXPECT_EQ(interrupts, Times{us(4294967296.0)});
  EXPECT_EQ(resets, Times{us(4294967296.0 + 4294967295.0)});
}

TEST_F(WatchdogTest, CausedResetSurvivesUntilItIsCleared) {
  write(reg::PERIOD, 10);
  write_at(us(1), reg::CONTROL, 1);
  sc_start();
  watchdog.reset();
  EXPECT_EQ(read(reg::STATUS), kCausedReset);
  EXPECT_EQ(read(reg::PERIOD), 0u);
  write(reg::STATUS, kCausedReset);
  EXPECT_EQ(read(reg::STATUS), 0u);
}

}  // namespace
}  // namespace cardvp::arm
