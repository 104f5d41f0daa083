#include "test/unit/transport/network.h"

#include <numeric>

namespace cardvp::nic::testing {
namespace {

struct CongestionTest : Network {
  // Bytes per second that come through, after some time to settle, of what is offered without end.
  double throughput(sc_time time = {20, SC_MS}) {
    offer(100'000'000, 64, 1400);
    run({5, SC_MS});
    const std::uint64_t before = b->bytes_received;
    run(time);
    scope.cancel();
    return static_cast<double>(b->bytes_received - before) / time.to_seconds();
  }
};

constexpr double kGigabit = 125e6;

TEST_F(CongestionTest, UsesTheBandwidthOfAllPaths) {
  make(8);
  for (unsigned i = 0; i < 8; ++i) set_path(i, {.bytes_per_second = 10 * kGigabit});
  EXPECT_GT(throughput(), 0.85 * 8 * 10 * kGigabit);
  EXPECT_LT(a->count("retransmissions"), a->count("packets") / 100);
}

TEST_F(CongestionTest, UnequalPathsGiveWhatTheyHave) {
  make(4);
  const double share[] = {10, 10, 5, 1};
  for (unsigned i = 0; i < 4; ++i) set_path(i, {.bytes_per_second = share[i] * kGigabit});
  EXPECT_GT(throughput(), 0.8 * 26 * kGigabit);
}

TEST_F(CongestionTest, KeepsQueuesShort) {
  make(4);
  for (unsigned i = 0; i < 4; ++i) set_path(i, {.bytes_per_second = 10 * kGigabit});
  throughput({1, SC_MS});
  // What was the right window is now 170 us of queue.
  for (unsigned i = 0; i < 4; ++i) set_path(i, {.bytes_per_second = 2 * kGigabit});
  throughput({40, SC_MS});
  for (unsigned i = 0; i < 4; ++i) {
    const auto found = sim.stats.histograms().find("a.path" + std::to_string(i) + ".round_trip");
    ASSERT_NE(found, sim.stats.histograms().end());
    // 20 us there and back, and 15 us of queueing that is aimed at; the queue itself would take 1 ms.
    EXPECT_LT(found->second.value->percentile(0.9), 60'000'000u);
  }
}

TEST_F(CongestionTest, SmallQueuesAreNotOverrun) {
  make(4);
  for (unsigned i = 0; i < 4; ++i) set_path(i, {.bytes_per_second = 10 * kGigabit, .longest_queue = {5, SC_US}});
  EXPECT_GT(throughput(), 0.7 * 40 * kGigabit);
  EXPECT_LT(a->count("retransmissions"), a->count("packets") / 20);
}

TEST_F(CongestionTest, AvoidsACongestedPath) {
  make(4);
  for (unsigned i = 0; i < 4; ++i) set_path(i, {.bytes_per_second = 10 * kGigabit});
  set_path(2, {.delay = {100, SC_US}, .bytes_per_second = kGigabit / 10});
  for (unsigned i = 0; i < 10000; ++i) {  // 5 Gbit/s: the others have room
    a->send(i % 16, 1400);
    run({2240, SC_NS});
  }
  run({1, SC_SEC});
  EXPECT_TRUE(b->complete(*a));
  for (const unsigned good : {0u, 1u, 3u}) EXPECT_GT(a->path_packets[good], 2500u);
  EXPECT_LT(a->path_packets[2], 250u);
}

TEST_F(CongestionTest, ALongerPathIsLookedAtNowAndThen) {
  make(4);
  set_path(3, {.delay = {150, SC_US}});
  const auto send_some = [&] {
    for (unsigned i = 0; i < 5000; ++i) {
      a->send(i % 16);
      run({10, SC_US});
    }
  };
  send_some();
  EXPECT_LT(a->path_packets[3], 80u);  // in 50 ms
  EXPECT_GT(a->path_packets[3], 30u);
  set_path(3, {});
  send_some();
  EXPECT_GT(a->path_packets[3], 1000u);
}

TEST_F(CongestionTest, ADeadPathIsTriedLessAndLess) {
  make(4);
  a->paths[1].up = false;
  for (unsigned i = 0; i < 20000; ++i) {
    a->send(i % 16);
    run({10, SC_US});
  }
  run({1, SC_MS});
  EXPECT_TRUE(b->complete(*a));
  EXPECT_LE(a->path_packets[1], 16 + 8u);  // the first window; then after 1, 2, 4, ... 128 ms
  EXPECT_GE(a->path_packets[1], 8u);
}

TEST_F(CongestionTest, ADeadPathIsLeftAndTriedAgain) {
  make(4);
  for (unsigned i = 0; i < 4; ++i) set_path(i, {.bytes_per_second = 10 * kGigabit});
  a->paths[1].up = b->paths[1].up = false;
  EXPECT_GT(throughput(), 0.8 * 30 * kGigabit);
  EXPECT_LT(a->path_packets[1], 200u);
  EXPECT_GT(a->count("rests"), 2u);

  a->paths[1].up = b->paths[1].up = true;
  const std::uint64_t packets = a->path_packets[1];
  EXPECT_GT(throughput({100, SC_MS}), 0.85 * 40 * kGigabit);
  EXPECT_GT(a->path_packets[1], packets + 50000);
}

TEST_F(CongestionTest, APathThatDiesInUseDelaysLittle) {
  make(4);
  for (unsigned i = 0; i < 4; ++i) set_path(i, {.bytes_per_second = 10 * kGigabit});
  offer(20000, 16, 1400);
  run({1, SC_MS});
  a->paths[3].up = false;
  run({30, SC_MS});  // 28 Mbyte at 30 Gbit/s take 7.5
  EXPECT_TRUE(b->complete(*a));
}

TEST_F(CongestionTest, RandomLossCostsLittle) {
  make(8);
  for (unsigned i = 0; i < 8; ++i) set_path(i, {.loss = 0.01, .bytes_per_second = 10 * kGigabit});
  EXPECT_GT(throughput(), 0.4 * 80 * kGigabit);
}

TEST_F(CongestionTest, ALongerRouteIsLearned) {
  make(2);
  for (unsigned i = 0; i < 2; ++i) set_path(i, {.bytes_per_second = kGigabit});
  throughput();
  for (unsigned i = 0; i < 2; ++i) set_path(i, {.delay = {200, SC_US}, .bytes_per_second = kGigabit});
  throughput({100, SC_MS});  // the shorter one is remembered for 100 ms at most
  EXPECT_GT(throughput(), 0.8 * 2 * kGigabit);
}

}  // namespace
}  // namespace cardvp::nic::testing
