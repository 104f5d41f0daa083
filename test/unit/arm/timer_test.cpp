#include "models/arm/generic_timer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cardvp::arm {
namespace {

using sc_core::sc_time;

// 62.5 MHz: a tick is 16 ns.
struct Timers : testing::Test {
  Scheduler scheduler{"scheduler"};
  Line lines[GenericTimer::kTimers];
  GenericTimer timer{scheduler, 62'500'000, {&lines[0], &lines[1], &lines[2], &lines[3]}};
  std::vector<std::string> seen;

  void SetUp() override {
    static constexpr const char* kNames[] = {"p", "v", "s", "h"};
    for (unsigned i = 0; i < GenericTimer::kTimers; ++i)
      lines[i].connect([this, i](bool level) {
        seen.push_back(std::to_string(scheduler.now().value() / 1000) + kNames[i] + (level ? "1" : "0"));
      });
  }
  static sc_time ns(double value) { return {value, sc_core::SC_NS}; }
};
using Seen = std::vector<std::string>;

TEST_F(Timers, CountSimulatedTime) {
  EXPECT_EQ(timer.count(ns(0)), 0u);
  EXPECT_EQ(timer.count(ns(15.999)), 0u);
  EXPECT_EQ(timer.count(ns(16)), 1u);
  EXPECT_EQ(timer.count(sc_time(3600, sc_core::SC_SEC)), 225'000'000'000u);
}

TEST_F(Timers, RiseAtTheirExactTime) {
  timer.set_control(GenericTimer::kPhysical, 1, ns(0));  // CVAL 0: at once
  timer.set_compare(GenericTimer::kPhysical, 1000, ns(0));
  timer.set_value(GenericTimer::kVirtual, 10, ns(0));
  timer.set_control(GenericTimer::kVirtual, 1, ns(0));
  timer.set_value(GenericTimer::kSecure, 5, ns(0));
  timer.set_control(GenericTimer::kSecure, 3, ns(0));  // masked
  timer.set_value(GenericTimer::kHypervisor, 20, ns(0));
  timer.set_control(GenericTimer::kHypervisor, 1, ns(0));
  EXPECT_EQ(timer.next_expiry(ns(0)), ns(160));
  sc_core::sc_start();
  EXPECT_EQ(seen, (Seen{"0p1", "0p0", "160v1", "320h1", "16000p1"}));
  EXPECT_EQ(timer.control(GenericTimer::kSecure, scheduler.now()), 7u);  // ISTATUS in spite of the mask
  EXPECT_EQ(timer.value(GenericTimer::kVirtual, scheduler.now()), 0xffffffffu & (10u - 1000u));
}

TEST_F(Timers, AreSetAheadOfTheKernel) {
  // The core is 3 us ahead: what is due before is level at once, what is due later rises then.
  timer.set_compare(GenericTimer::kPhysical, 100, ns(3000));
  timer.set_control(GenericTimer::kPhysical, 1, ns(3000));
  timer.set_compare(GenericTimer::kVirtual, 200, ns(3000));
  timer.set_control(GenericTimer::kVirtual, 1, ns(3000));
  EXPECT_EQ(seen, (Seen{"0p1"}));
  sc_core::sc_start();
  EXPECT_EQ(seen, (Seen{"0p1", "3200v1"}));
}

TEST_F(Timers, VirtualOffsetMovesTheVirtualTimerAlone) {
  timer.set_virtual_offset(50, ns(0));
  EXPECT_EQ(timer.virtual_count(ns(1600)), 50u);
  timer.set_compare(GenericTimer::kVirtual, 100, ns(1600));
  timer.set_control(GenericTimer::kVirtual, 1, ns(1600));
  sc_core::sc_start();
  EXPECT_EQ(seen, (Seen{"2400v1"}));
}

TEST_F(Timers, NeverWhenTheTimeIsBeyondTheEndOfTime) {
  timer.set_compare(GenericTimer::kPhysical, ~0ull, ns(0));
  timer.set_control(GenericTimer::kPhysical, 1, ns(0));
  EXPECT_EQ(timer.next_expiry(ns(0)), sc_core::sc_max_time());
  sc_core::sc_start();
  EXPECT_EQ(seen, Seen{});
}

TEST_F(Timers, ResetDropsTheOutputs) {
  timer.set_control(GenericTimer::kPhysical, 1, ns(0));
  timer.reset();
  EXPECT_EQ(seen, (Seen{"0p1", "0p0"}));
  EXPECT_EQ(timer.control(GenericTimer::kPhysical, ns(0)), 0u);
}

}  // namespace
}  // namespace cardvp::arm
