#include "models/arm/pl031.h"

#include <gtest/gtest.h>

#include <vector>

#include "models/base/registers.h"
#include "test/unit/bus/initiator.h"

namespace cardvp::arm {
namespace {

using sc_core::SC_MS;
using sc_core::SC_NS;
using sc_core::SC_SEC;
using sc_core::sc_start;
using sc_core::sc_time;

namespace pl031_registers {
#define CARDVP_REGISTERS "models/arm/pl031.def"
#include "models/base/declare_registers.h"
}  // namespace pl031_registers
namespace reg = pl031_registers::offset;  // as firmware has them

constexpr std::uint64_t kStart = 1767225600;  // date -u -d 2026-01-01 +%s

struct Rtc : testing::Test {
  Sim sim;
  Pl031 rtc{"rtc", sim};
  Initiator core{"core"};
  std::vector<sc_time> interrupts;

  void SetUp() override {
    rtc.interrupt.connect([this](bool level) {
      if (level) interrupts.push_back(sim.scheduler.now());
    });
    core.socket.bind(rtc.socket);
    sc_start(sc_core::SC_ZERO_TIME);
  }
  // The next access happens then: it takes 10 ns itself.
  void at(sc_time time) { core.ahead = time - sim.scheduler.now() - sc_time(10, SC_NS); }
  std::uint64_t read(std::uint64_t offset) { return core.read(offset); }
  void write(std::uint64_t offset, std::uint64_t value) { EXPECT_TRUE(core.write(offset, value)); }
  static sc_time seconds(double value) { return {value, SC_SEC}; }
  using Times = std::vector<sc_time>;
};

TEST_F(Rtc, IdentifiesItself) {
  std::uint64_t peripheral = 0, component = 0;
  for (unsigned n = 0; n < 4; ++n) {
    peripheral |= read(reg::PERIPH_ID0 + 4 * n) << (8 * n);
    component |= read(reg::PCELL_ID0 + 4 * n) << (8 * n);
  }
  EXPECT_EQ(peripheral & 0xfffff, 0x41031u);
  EXPECT_EQ(component, 0xb105f00du);
}

TEST_F(Rtc, CountsSimulatedSecondsFromItsStart) {
  EXPECT_EQ(read(reg::CR), 1u);
  EXPECT_EQ(read(reg::DR), kStart);
  sc_start(sc_time(999, SC_MS));
  EXPECT_EQ(read(reg::DR), kStart);
  sc_start(sc_time(1, SC_MS));
  EXPECT_EQ(read(reg::DR), kStart + 1);
  at(seconds(5));
  EXPECT_EQ(read(reg::DR), kStart + 5);
  at(seconds(5) - sc_time(1, sc_core::SC_PS));
  EXPECT_EQ(read(reg::DR), kStart + 4);
}

TEST_F(Rtc, LoadSetsTheNumberNotThePhase) {
  at(seconds(1.75));
  write(reg::LR, 100);
  at(seconds(1.999));
  EXPECT_EQ(read(reg::DR), 100u);
  at(seconds(2));
  EXPECT_EQ(read(reg::DR), 101u);
  EXPECT_EQ(read(reg::LR), 100u);
  write(reg::LR, 0xffffffff);
  at(seconds(4));
  EXPECT_EQ(read(reg::DR), 1u);  // 32 bits
}

TEST_F(Rtc, NothingStopsIt) {
  write(reg::CR, 0);
  EXPECT_EQ(read(reg::CR), 1u);
  at(seconds(1));
  EXPECT_EQ(read(reg::DR), kStart + 1);
}

TEST_F(Rtc, MatchesAtTheExactTime) {
  write(reg::IMSC, 1);
  at(seconds(0.3));
  write(reg::MR, kStart + 7);
  EXPECT_EQ(read(reg::RIS), 0u);
  sc_start(seconds(100));
  EXPECT_EQ(interrupts, Times{seconds(7)});
  EXPECT_TRUE(sim.scheduler.idle());
  core.ahead = sc_core::SC_ZERO_TIME;
  EXPECT_EQ(read(reg::RIS), 1u);
  EXPECT_EQ(read(reg::MIS), 1u);
  write(reg::ICR, 0);
  EXPECT_TRUE(rtc.interrupt.level());
  write(reg::ICR, 1);
  EXPECT_FALSE(rtc.interrupt.level());
  EXPECT_EQ(read(reg::RIS), 0u);
}

TEST_F(Rtc, MaskHidesTheMatch) {
  write(reg::MR, kStart + 1);
  sc_start(seconds(2));
  EXPECT_TRUE(interrupts.empty());
  EXPECT_EQ(read(reg::RIS), 1u);
  EXPECT_EQ(read(reg::MIS), 0u);
  write(reg::IMSC, 1);
  EXPECT_TRUE(rtc.interrupt.level());
  write(reg::IMSC, 0);
  EXPECT_FALSE(rtc.interrupt.level());
  EXPECT_EQ(read(reg::RIS), 1u);
}

TEST_F(Rtc, LoadMovesTheMatch) {
  write(reg::IMSC, 1);
  write(reg::MR, kStart + 10);
  write(reg::LR, kStart + 8);
  sc_start(seconds(5));
  EXPECT_EQ(interrupts, Times{seconds(2)});
}

TEST_F(Rtc, WritesThatMakeThemEqualMatchAtOnce) {
  write(reg::IMSC, 1);
  write(reg::MR, kStart);
  EXPECT_TRUE(rtc.interrupt.level());
  write(reg::ICR, 1);
  EXPECT_FALSE(rtc.interrupt.level());  // once
  write(reg::MR, 5);
  write(reg::LR, 5);
  EXPECT_TRUE(rtc.interrupt.level());
}

TEST_F(Rtc, AMatchInThePastIsMatchedAfterTheWrap) {
  write(reg::IMSC, 1);
  write(reg::MR, kStart - 1);  // in 136 years, which is behind the end of simulated time
  EXPECT_TRUE(sim.scheduler.idle());
  write(reg::LR, 0xfffffffe);
  write(reg::MR, 1);
  sc_start(seconds(10));
  EXPECT_EQ(interrupts, Times{seconds(3)});
}

TEST_F(Rtc, TheLastSecondsOfSimulatedTimeDoNotOverflow) {
  const std::uint64_t last = 18'446'744;  // 2^64 ps
  write(reg::MR, kStart + last + 1);
  EXPECT_TRUE(sim.scheduler.idle());
  write(reg::MR, kStart + last);
  EXPECT_FALSE(sim.scheduler.idle());
}

TEST_F(Rtc, AccessesAheadSeeTheMatch) {
  write(reg::MR, kStart + 1);
  at(seconds(1) - sc_time(1, SC_NS));
  EXPECT_EQ(read(reg::RIS), 0u);
  at(seconds(1));
  EXPECT_EQ(read(reg::RIS), 1u);
  at(seconds(1.1));
  write(reg::ICR, 1);
  sc_start(seconds(2));
  core.ahead = sc_core::SC_ZERO_TIME;
  EXPECT_EQ(read(reg::RIS), 0u);  // one match only
}

TEST_F(Rtc, ResetKeepsTheTime) {
  write(reg::IMSC, 1);
  write(reg::LR, 50);
  write(reg::MR, 52);
  sc_start(seconds(1));
  rtc.reset();
  sc_start(seconds(3));
  EXPECT_TRUE(interrupts.empty());
  EXPECT_EQ(read(reg::DR), 54u);
  EXPECT_EQ(read(reg::MR), 0u);
  EXPECT_EQ(read(reg::IMSC), 0u);
}

TEST_F(Rtc, ResetEndsTheInterrupt) {
  write(reg::IMSC, 1);
  write(reg::MR, kStart);
  rtc.reset();
  EXPECT_FALSE(rtc.interrupt.level());
  EXPECT_EQ(read(reg::RIS), 0u);
}

TEST_F(Rtc, BadAccessesAreBusErrors) {
  std::uint64_t data[2] = {};
  EXPECT_FALSE(core.access(false, reg::DR, data, 16));
  EXPECT_FALSE(core.access(false, reg::DR, data, 3));
  EXPECT_FALSE(core.write(reg::MR + 2, 0, 4));
  EXPECT_FALSE(core.write(0x020, 0));
  EXPECT_FALSE(core.write(0xfdc, 0));
  EXPECT_FALSE(core.write(0x1000, 0));
  write(reg::DR, 1);  // read-only
  EXPECT_EQ(read(reg::DR), kStart);
  EXPECT_EQ(core.read(reg::DR + 3, 1), kStart >> 24);
}

TEST(RtcConfig, StartsWhenItIsTold) {
  Sim sim;
  Pl031 rtc("rtc", sim, {.start_seconds = 0xfffffffe});
  Initiator core("core");
  core.socket.bind(rtc.socket);
  sc_start(sc_time(3, SC_SEC));
  EXPECT_EQ(core.read(reg::DR), 1u);
  EXPECT_EQ(core.read(reg::RIS), 1u);  // it came to MR's reset value, 0
}

}  // namespace
}  // namespace cardvp::arm
