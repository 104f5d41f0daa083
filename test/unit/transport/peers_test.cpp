#include "test/unit/transport/network.h"

#include "models/nic/transport/header.h"

namespace cardvp::nic::testing {
namespace {

struct PeersTest : Network {
  void all_paths(bool up) {
    for (End* end : {a.get(), b.get()}) {
      for (TestPath& path : end->paths) path.up = up;
    }
  }
  // What was lost with a peer is no fault of order.
  void forget_flows() {
    for (End* end : {a.get(), b.get()}) {
      end->sent.clear();
      end->received.clear();
    }
  }
};

TEST_F(PeersTest, GivesUpAPeerThatDoesNotAnswer) {
  make(4, {.give_up = {50, SC_MS}});
  all_paths(false);
  for (unsigned i = 0; i < 100; ++i) a->send(i);
  run({49, SC_MS});
  EXPECT_TRUE(a->downs.empty());
  EXPECT_GT(a->count("retransmissions"), 4u);
  run({2, SC_MS});
  ASSERT_EQ(a->downs.size(), 1u);
  EXPECT_EQ(a->downs[0].first, End::kPeer);
  EXPECT_EQ(a->count("peer_downs"), 1u);
  EXPECT_EQ(a->count("drops.outstanding"), 100u);
  EXPECT_EQ(frames.in_use(), 0u);
  EXPECT_TRUE(sim.scheduler.idle());
}

TEST_F(PeersTest, StartsAnewAfterGivingUp) {
  make(4, {.give_up = {50, SC_MS}});
  for (unsigned i = 0; i < 100; ++i) a->send(i % 4);
  run({10, SC_MS});
  EXPECT_TRUE(b->complete(*a));
  all_paths(false);
  a->send(1);
  run({100, SC_MS});
  EXPECT_EQ(a->downs.size(), 1u);
  all_paths(true);
  forget_flows();
  for (unsigned i = 0; i < 100; ++i) a->send(i % 4);
  run({10, SC_MS});
  EXPECT_TRUE(b->complete(*a));
  EXPECT_EQ(a->count("drops.outstanding"), 1u);
  EXPECT_EQ(a->downs.size(), 1u);
}

TEST_F(PeersTest, SurvivesAnOutageShorterThanThat) {
  make(4);
  offer(1000);
  run({20, SC_US});
  all_paths(false);
  run({300, SC_MS});
  all_paths(true);
  run({700, SC_MS});
  EXPECT_TRUE(b->complete(*a));
  EXPECT_TRUE(a->downs.empty());
}

TEST_F(PeersTest, AReceiverThatHasForgottenEverythingIsRecognised) {
  make(4);
  for (unsigned i = 0; i < 100; ++i) a->send(i % 4);
  run({10, SC_MS});
  EXPECT_TRUE(b->complete(*a));
  b->transport.reset();
  forget_flows();
  a->send(9);  // meets a receiver that does not know its stream, and is lost with it
  run({1, SC_MS});
  EXPECT_EQ(a->count("peer_restarts"), 1u);
  EXPECT_EQ(a->count("drops.outstanding"), 1u);
  forget_flows();
  for (unsigned i = 0; i < 100; ++i) a->send(i % 4);
  run({10, SC_MS});
  EXPECT_TRUE(b->complete(*a));
  EXPECT_EQ(a->count("peer_restarts"), 1u);
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(PeersTest, AReceiverThatForgetsInTheMiddleOfTraffic) {
  make(4);
  offer(100000, 100000);  // a flow each: gaps are allowed, but nothing may come twice
  run({500, SC_US});
  b->transport.reset();
  run({1, SC_SEC});
  EXPECT_EQ(a->count("peer_restarts"), 1u);
  EXPECT_GE(b->received.size() + a->count("drops.outstanding"), 100000u);
  EXPECT_LE(a->count("drops.outstanding"), 4096u);  // the window
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(PeersTest, ASenderThatStartsAnewIsRecognised) {
  make(4);
  bool first = true;
  a->lose = [&](std::span<const std::byte>) { return std::exchange(first, false); };
  for (unsigned i = 0; i < 10; ++i) a->send(1);
  run({15, SC_US});
  EXPECT_TRUE(b->received.empty());
  a->transport.drop_peer(End::kPeer);
  EXPECT_EQ(a->count("drops.outstanding"), 10u);
  forget_flows();
  for (unsigned i = 0; i < 10; ++i) a->send(1);
  run({10, SC_MS});
  EXPECT_TRUE(b->complete(*a));
  EXPECT_EQ(b->count("drops.held"), 9u);
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(PeersTest, LatePacketsOfAnEndedStreamAreStale) {
  make(2);
  a->paths[0].delay = a->paths[1].delay = {200, SC_US};
  a->send(1);
  run({100, SC_US});
  a->transport.drop_peer(End::kPeer);
  forget_flows();
  a->paths[0].delay = a->paths[1].delay = {10, SC_US};
  a->send(2);
  run({10, SC_MS});
  // The old one came between: it starts a stream, is stale once the new one is there.
  EXPECT_EQ(b->received[2], 1u);
}

TEST_F(PeersTest, PeersAreIndependent) {
  make(2);
  a->send(1);
  EXPECT_EQ(frames.in_use(), 2u);  // the packet, and its copy under way
  a->transport.drop_peer(99);
  EXPECT_EQ(frames.in_use(), 2u);
  a->transport.drop_peer(End::kPeer);
  EXPECT_EQ(frames.in_use(), 1u);
}

TEST_F(PeersTest, APacketThatNeverGetsThroughEndsThePeer) {
  // All of it is acknowledged but one packet, which the association below refuses each time.
  make(2, {.give_up = {50, SC_MS}});
  std::vector<std::byte> victim;
  a->lose = [&](std::span<const std::byte> option) {
    if (victim.empty()) victim.assign(option.begin(), option.end());
    return std::equal(option.begin(), option.end(), victim.begin(), victim.end());
  };
  for (unsigned i = 0; i < 40; ++i) {
    a->send(i);
    run({1, SC_MS});
  }
  EXPECT_TRUE(a->downs.empty());
  run({20, SC_MS});
  EXPECT_EQ(a->downs.size(), 1u);
}

}  // namespace
}  // namespace cardvp::nic::testing
