#include "test/unit/transport/network.h"

#include "models/nic/transport/header.h"

namespace cardvp::nic::testing {
namespace {

struct DeliveryTest : Network {
  void expect_all(sc_time limit = {2, SC_SEC}) {
    run(limit);
    EXPECT_TRUE(b->complete(*a)) << "not everything was delivered";
    EXPECT_TRUE(a->downs.empty());
    EXPECT_EQ(frames.in_use(), 0u);
    EXPECT_EQ(a->count("packets"), b->count("delivered"));
  }
};

TEST_F(DeliveryTest, OnePacketAndItsAcknowledgement) {
  make(8);
  a->send(7);
  run({9999, SC_NS});
  EXPECT_TRUE(b->received.empty());
  run({2, SC_NS});
  EXPECT_TRUE(b->complete(*a));
  expect_all();
  EXPECT_EQ(b->count("acks"), 1u);
  EXPECT_EQ(a->count("retransmissions"), 0u);
  EXPECT_TRUE(sim.scheduler.idle());  // nothing polls
}

TEST_F(DeliveryTest, WithoutLossNothingIsSentTwice) {
  make(8);
  offer(20000);
  expect_all();
  EXPECT_EQ(a->count("packets"), 20000u);
  EXPECT_EQ(a->count("retransmissions"), 0u);
  EXPECT_EQ(b->count("duplicates"), 0u);
  EXPECT_LE(b->count("acks"), 20000u / 8 + 1000);  // one for eight packets, and some that time asks for
}

TEST_F(DeliveryTest, OnePercentLoss) {
  make(8);
  for (unsigned i = 0; i < 8; ++i) set_path(i, {.loss = 0.01});
  offer(20000);
  expect_all();
  EXPECT_GE(a->count("retransmissions"), 150u);
  EXPECT_LE(a->count("retransmissions"), 400u);  // what was lost, and little else
}

TEST_F(DeliveryTest, TenPercentLossBothWaysWithTrafficBothWays) {
  make(8);
  for (unsigned i = 0; i < 8; ++i) set_path(i, {.loss = 0.1});
  offer(20000, 16);
  feed(*b, 20000, 16, 100);
  expect_all();
  EXPECT_TRUE(a->complete(*b));
}

TEST_F(DeliveryTest, TenPercentLossOfSealedPackets) {
  make(4);
  a->seals = b->seals = true;
  for (unsigned i = 0; i < 4; ++i) set_path(i, {.loss = 0.1});
  offer(10000);
  expect_all();
}

TEST_F(DeliveryTest, PathsOfDifferentDelay) {
  make(4);
  for (unsigned i = 0; i < 4; ++i) set_path(i, {.delay = {5.0 + 3 * i, SC_US}});
  offer(20000);
  expect_all();
  EXPECT_EQ(a->count("retransmissions"), 0u);  // paths that reorder lose nothing
  EXPECT_GT(b->count("reordered"), 1000u);
}

TEST_F(DeliveryTest, JitterReordersWithinPaths) {
  make(4);
  for (unsigned i = 0; i < 4; ++i) set_path(i, {.jitter = {20, SC_US}});
  offer(20000);
  expect_all();
  EXPECT_GT(a->count("spurious"), 0u);  // at first; then it is learned
  EXPECT_LT(a->count("retransmissions"), 400u);
}

TEST_F(DeliveryTest, OnePathIsEnough) {
  make(1);
  set_path(0, {.loss = 0.05});
  offer(5000, 1);
  expect_all();
}

TEST_F(DeliveryTest, ManyFlowsInOneSlotAreStillInOrder) {
  make(4);
  for (unsigned i = 0; i < 4; ++i) set_path(i, {.delay = {5.0 + 5 * i, SC_US}, .loss = 0.02});
  for (unsigned i = 0; i < 8000; ++i) {
    const sc_time next = a->send(i % 50 * 1024);
    if (next > sim.scheduler.now()) run(next - sim.scheduler.now());
  }
  expect_all();
}

TEST_F(DeliveryTest, OnlyAcknowledgementsAreLost) {
  make(4);
  b->lose = [n = 0u](std::span<const std::byte>) mutable { return ++n % 2 == 0; };
  offer(10000);
  expect_all();
  EXPECT_LT(a->count("retransmissions"), 1000u);
}

TEST_F(DeliveryTest, TheFirstPacketOfAFlowHoldsBackItsOwnFlowOnly) {
  make(2);
  bool first = true;
  a->lose = [&](std::span<const std::byte>) { return std::exchange(first, false); };
  a->send(1);
  a->send(1);
  a->send(2);
  run({11, SC_US});
  EXPECT_EQ(b->received, (std::map<std::uint32_t, std::uint32_t>{{2, 1}}));
  EXPECT_EQ(b->count("reordered"), 1u);
  expect_all();
  EXPECT_EQ(a->count("retransmissions"), 1u);
}

TEST_F(DeliveryTest, WhatIsLostGoesByAnotherPath) {
  make(2);
  a->paths[0].up = false;
  a->send(1);
  a->send(2);
  EXPECT_EQ(a->path_packets, (std::vector<std::uint64_t>{1, 1}));  // they take turns
  expect_all();
  EXPECT_EQ(a->path_packets, (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(DeliveryTest, APathThatLosesAllAcknowledgementsIsNotKeptForThem) {
  make(4);
  b->paths[0].up = false;
  offer(2000);
  run({20, SC_MS});
  EXPECT_TRUE(b->complete(*a));
  EXPECT_EQ(frames.in_use(), 0u);
  EXPECT_LT(b->path_packets[0], 100u);
}

TEST_F(DeliveryTest, ALatePacketIsLostOnceLaterOnesOfItsPathHaveCome) {
  make(1);
  unsigned number = 0;
  a->lose = [&](std::span<const std::byte>) { return number++ == 0; };
  for (unsigned i = 0; i < 8; ++i) a->send(1);
  run({40, SC_US});  // two round trips, far less than the first timeout
  EXPECT_TRUE(b->complete(*a));
  EXPECT_EQ(a->count("timeouts"), 0u);
}

TEST_F(DeliveryTest, TheWindowBoundsWhatIsUnderWay) {
  make(4, {.window_packets = 40, .waiting_packets = 50});
  for (unsigned i = 0; i < 4; ++i) a->paths[i].delay = b->paths[i].delay = {100, SC_US};
  for (unsigned i = 0; i < 200; ++i) a->send(i);  // a flow each: those that are dropped are missing nowhere
  EXPECT_EQ(a->count("packets"), 40u);
  EXPECT_EQ(a->count("drops.window"), 110u);
  run({1, SC_SEC});
  EXPECT_EQ(b->received.size(), 200 - a->count("drops.window"));
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(DeliveryTest, WhatCannotBeEncapsulatedIsDroppedAndCounted) {
  make(2);
  a->has_key = false;
  a->send(1);
  EXPECT_EQ(a->count("drops.no_outer"), 1u);
  EXPECT_EQ(frames.in_use(), 0u);
  a->has_key = true;
  a->send(2);
  run({1, SC_MS});
  EXPECT_EQ(b->received[2], 1u);
}

TEST_F(DeliveryTest, TheSameSeedsGiveTheSameRun) {
  make(8);
  End c("c", sim, frames, {.paths = 8}, 1), d("d", sim, frames, {.paths = 8}, 2);
  c.other = &d;
  d.other = &c;
  for (End* end : {a.get(), b.get(), &c, &d}) {
    for (TestPath& path : end->paths) path = {.jitter = {1, SC_US}, .loss = 0.05};
  }
  offer(5000);
  feed(c, 5000, 4, 100);
  expect_all();
  EXPECT_EQ(a->path_packets, c.path_packets);
  EXPECT_EQ(b->path_packets, d.path_packets);
  EXPECT_GT(a->count("retransmissions"), 0u);
  EXPECT_EQ(a->count("retransmissions"), c.count("retransmissions"));
  EXPECT_EQ(b->count("reordered"), d.count("reordered"));
}

}  // namespace
}  // namespace cardvp::nic::testing
