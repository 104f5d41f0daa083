// The SDK's timers (firmware/sdk/include/timers.h) on a timer that a test runs.
extern "C" {
#include "firmware/sdk/include/timers.h"
#include "firmware/sdk/include/timer.h"
}

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace {

std::uint64_t now = 1000;
std::uint64_t rings = 0;  // 0: stopped
unsigned wakes = 0;

}  // namespace

extern "C" std::uint64_t now_us(void) { return now; }
extern "C" void timer_start(std::uint32_t us) { rings = now + us; }
extern "C" void timer_stop(void) { rings = 0; }

namespace cardvp {
namespace {

using testing::ElementsAre;

struct Timers : testing::Test {
  struct Timer : timers_entry {
    Timers* test;
    int number;
    std::uint64_t period;
  };
  Timer make(int number, std::uint64_t period = 0) {
    Timer timer{};
    timer.test = this;
    timer.number = number;
    timer.period = period;
    timer.expired = [](void* context) {
      auto& self = *static_cast<Timer*>(context);
      self.test->expired.emplace_back(self.number, now);
      if (self.period) timers_set(&self, self.at_us + self.period);
    };
    return timer;
  }
  void set(Timer& timer, std::uint64_t at) {
    timer.context = &timer;
    timers_set(&timer, at);
  }
  void run_to(std::uint64_t end) {
    while (rings != 0 && rings <= end) {
      now = std::max(now, rings);
      ++wakes;
      timers_run();
    }
    now = end;
  }
  std::vector<std::pair<int, std::uint64_t>> expired;
};

TEST_F(Timers, InOrderOfTime) {
  Timer a = make(1), b = make(2), c = make(3);
  set(a, 3000), set(b, 2000), set(c, 4000);
  EXPECT_EQ(rings, 2000u);
  run_to(10000);
  EXPECT_THAT(expired, ElementsAre(std::pair(2, 2000u), std::pair(1, 3000u), std::pair(3, 4000u)));
  EXPECT_EQ(rings, 0u);  // stopped
  EXPECT_EQ(wakes, 3u);
}

TEST_F(Timers, SameTimeInOrderOfSetting) {
  Timer a = make(1), b = make(2);
  set(b, 2000), set(a, 2000);
  run_to(3000);
  EXPECT_THAT(expired, ElementsAre(std::pair(2, 2000u), std::pair(1, 2000u)));
}

TEST_F(Timers, MovedAndCancelled) {
  Timer a = make(1), b = make(2);
  set(a, 2000), set(b, 2500);
  set(a, 5000);
  EXPECT_EQ(rings, 2500u);
  timers_cancel(&b);
  EXPECT_EQ(rings, 5000u);
  timers_cancel(&b);  // again: nothing
  run_to(6000);
  EXPECT_THAT(expired, ElementsAre(std::pair(1, 5000u)));
  set(a, 7000);
  timers_cancel(&a);
  EXPECT_EQ(rings, 0u);
}

TEST_F(Timers, ThatSetThemselvesAgain) {
  Timer a = make(1, 1000), b = make(2);
  set(a, 2000), set(b, 2500);
  run_to(4000);
  EXPECT_THAT(expired, ElementsAre(std::pair(1, 2000u), std::pair(2, 2500u), std::pair(1, 3000u), std::pair(1, 4000u)));
  timers_cancel(&a);
}

TEST_F(Timers, InThePast) {
  Timer a = make(1);
  set(a, 10);
  EXPECT_EQ(rings, now);
  run_to(now);
  EXPECT_EQ(expired.size(), 1u);
}

// Longer than the hardware timer can be set to.
TEST_F(Timers, FarAhead) {
  Timer a = make(1);
  const std::uint64_t at = 20'000'000'000;
  set(a, at);
  run_to(at - 1);
  EXPECT_TRUE(expired.empty());
  run_to(at);
  EXPECT_THAT(expired, ElementsAre(std::pair(1, at)));
}

TEST_F(Timers, WokenTooEarly) {
  Timer a = make(1);
  set(a, 5000);
  now = 4999;
  timers_run();
  EXPECT_TRUE(expired.empty());
  EXPECT_EQ(rings, 5000u);
  timers_cancel(&a);
}

}  // namespace
}  // namespace cardvp
