// The flow cache alone: keys, pairs, ageing, what makes room, and a long random run against a plain list.
#include <map>
#include <random>

#include "test/unit/vpc/machine.h"

namespace cardvp::nic {
namespace {

sc_core::sc_time seconds(double value) { return {value, sc_core::SC_SEC}; }

constexpr std::uint8_t kFin = 1, kSyn = 2, kRst = 4, kAck = 16;

net::FlowKey key(std::uint16_t port, std::uint8_t protocol = net::kProtocolTcp) {
  return {net::IpAddress::v4(0x0a000001), net::IpAddress::v4(0x0a000101), port, 80, protocol};
}

FlowAction to_peer(std::uint16_t peer = 0) {
  FlowAction action;
  action.action = VPC_TO_PEER;
  action.peer = peer;
  action.vni = 7;
  return action;
}

FlowAction to_interface(std::uint16_t function) {
  FlowAction action;
  action.action = VPC_TO_INTERFACE;
  action.function = function;
  return action;
}

struct FlowCacheTest : testing::Test {
  explicit FlowCacheTest(std::size_t entries = 4096) : cache(entries) {}
  FlowCache cache;
  sc_core::sc_time now = seconds(10);
  const FlowScope out = FlowScope::egress(3), in = FlowScope::ingress(0, 7);

  const FlowAction* find(FlowScope scope, const net::FlowKey& of, std::uint8_t flags = kAck) {
    return cache.find(scope, of, FlowCache::hash(scope, of), flags, now);
  }
  // A connection of interface 3 with peer `peer`.
  bool connect(std::uint16_t port, std::uint16_t peer = 0, std::uint16_t owner = 3) {
    const Flow flow{FlowScope::egress(owner), key(port), to_peer(peer)};
    const Flow reverse{FlowScope::ingress(peer, 7), key(port).reversed(), to_interface(owner)};
    return cache.insert(flow, &reverse, owner, now);
  }
};

TEST_F(FlowCacheTest, KnowsBothDirectionsOfAConnection) {
  EXPECT_EQ(find(out, key(1)), nullptr);
  ASSERT_TRUE(connect(1));
  const FlowAction* const there = find(out, key(1));
  ASSERT_TRUE(there);
  EXPECT_EQ(there->action, VPC_TO_PEER);
  EXPECT_EQ(there->vni, 7u);
  const FlowAction* const back = find(in, key(1).reversed());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->action, VPC_TO_INTERFACE);
  EXPECT_EQ(back->function, 3);
  EXPECT_EQ(cache.flows(now), 2u);
  EXPECT_EQ(cache.connections(3, now), 1u);
}

TEST_F(FlowCacheTest, AFlowOfOneScopeIsUnknownFromAnother) {
  ASSERT_TRUE(connect(1));
  EXPECT_EQ(find(FlowScope::egress(2), key(1)), nullptr);
  EXPECT_EQ(find(in, key(1)), nullptr);
  EXPECT_EQ(find(out, key(1).reversed()), nullptr);
  EXPECT_EQ(find(FlowScope::ingress(1, 7), key(1).reversed()), nullptr);  // another card
  EXPECT_EQ(find(FlowScope::ingress(0, 8), key(1).reversed()), nullptr);  // another VPC
  net::FlowKey other = key(1);
  other.protocol = net::kProtocolUdp;
  EXPECT_EQ(find(out, other), nullptr);
}

TEST_F(FlowCacheTest, AnIdleConnectionIsForgottenAndAUsedOneIsNot) {
  cache.set_idle_timeout(seconds(100));
  ASSERT_TRUE(connect(1));
  ASSERT_TRUE(connect(2));
  now = seconds(109.999);
  EXPECT_TRUE(find(in, key(1).reversed()));  // either direction keeps both
  now = seconds(110);
  EXPECT_EQ(find(out, key(2)), nullptr);
  EXPECT_TRUE(find(out, key(1)));
  EXPECT_EQ(cache.flows(now), 2u);
  now = seconds(209.9);
  EXPECT_EQ(cache.connections(3, now), 1u);
  now = seconds(210);
  EXPECT_EQ(cache.connections(3, now), 0u);  // nobody looked it up
  EXPECT_EQ(cache.flows(now), 0u);
}

TEST_F(FlowCacheTest, AnEndedTcpConnectionGoesSoon) {
  ASSERT_TRUE(connect(1));
  ASSERT_TRUE(connect(2));
  ASSERT_TRUE(connect(3));
  EXPECT_TRUE(find(out, key(1), kFin | kAck));
  EXPECT_TRUE(find(out, key(2), kFin | kAck));
  EXPECT_TRUE(find(in, key(2).reversed(), kFin | kAck));
  EXPECT_TRUE(find(in, key(3).reversed(), kRst));
  now += seconds(0.5);
  EXPECT_TRUE(find(out, key(2)));  // what ends a connection still passes
  now += seconds(0.999);
  EXPECT_EQ(cache.connections(3, now), 2u);  // 3 is over
  now += seconds(0.001);
  EXPECT_EQ(cache.connections(3, now), 1u);  // and 2; 1 is half open
  EXPECT_TRUE(find(in, key(1).reversed()));
}

TEST_F(FlowCacheTest, PortsThatAreUsedAgainAreAConnectionAgain) {
  ASSERT_TRUE(connect(1));
  EXPECT_TRUE(find(out, key(1), kRst));
  EXPECT_TRUE(find(out, key(1), kSyn));
  now += seconds(2);
  EXPECT_TRUE(find(out, key(1)));
}

TEST_F(FlowCacheTest, ANewVerdictTakesTheOldOnesPlace) {
  ASSERT_TRUE(connect(1, 0));
  ASSERT_TRUE(connect(1, 5));
  ASSERT_TRUE(find(out, key(1)));
  EXPECT_EQ(find(out, key(1))->peer, 5);
  EXPECT_EQ(find(in, key(1).reversed()), nullptr);  // the old pair is gone as a whole
  EXPECT_EQ(cache.connections(3, now), 1u);
  EXPECT_EQ(cache.flows(now), 2u);
}

TEST_F(FlowCacheTest, WhatIsDroppedIsNoConnection) {
  FlowAction drop;
  drop.reason = reason_of(VPC_REASON_RULES);
  ASSERT_TRUE(cache.insert({out, key(1), drop}, nullptr, 3, now));
  ASSERT_TRUE(find(out, key(1)));
  EXPECT_EQ(find(out, key(1))->reason, reason_of(VPC_REASON_RULES));
  EXPECT_EQ(cache.connections(3, now), 0u);
  EXPECT_EQ(cache.flows(now), 1u);
}

TEST_F(FlowCacheTest, AnInterfaceTakesItsFlowsWithIt) {
  ASSERT_TRUE(connect(1, 0, 3));
  ASSERT_TRUE(connect(2, 0, 4));
  const Flow local{FlowScope::egress(4), key(3), to_interface(3)};
  ASSERT_TRUE(cache.insert(local, nullptr, 4, now));
  cache.remove_interface(3);
  EXPECT_EQ(find(FlowScope::egress(3), key(1)), nullptr);
  EXPECT_EQ(find(in, key(1).reversed()), nullptr);
  EXPECT_EQ(find(FlowScope::egress(4), key(3)), nullptr);
  EXPECT_TRUE(find(FlowScope::egress(4), key(2)));
  EXPECT_EQ(cache.connections(3, now), 0u);
  EXPECT_EQ(cache.connections(4, now), 1u);
}

TEST_F(FlowCacheTest, APeerTakesItsFlowsWithIt) {
  ASSERT_TRUE(connect(1, 0));
  ASSERT_TRUE(connect(2, 1));
  const Flow one_way{FlowScope::ingress(1, 9), key(3), to_interface(3)};
  ASSERT_TRUE(cache.insert(one_way, nullptr, 3, now));
  cache.remove_peer(1);
  EXPECT_TRUE(find(out, key(1)));
  EXPECT_EQ(find(out, key(2)), nullptr);
  EXPECT_EQ(find(FlowScope::ingress(1, 9), key(3)), nullptr);
  EXPECT_EQ(cache.flows(now), 2u);
}

// One set: eight places.
struct FlowSetTest : FlowCacheTest {
  FlowSetTest() : FlowCacheTest(8) {}
  bool one_way(std::uint16_t port, FlowAction action = to_peer()) {
    return cache.insert({out, key(port), action}, nullptr, 3, now);
  }
};

TEST_F(FlowSetTest, AFullSetKeepsWhatIsUsed) {
  EXPECT_EQ(cache.capacity(), 8u);
  for (std::uint16_t port = 1; port <= 8; ++port) ASSERT_TRUE(one_way(port));
  EXPECT_FALSE(one_way(9));
  EXPECT_EQ(cache.flows(now), 8u);
  EXPECT_EQ(cache.connections(3, now), 8u);
  for (std::uint16_t port = 1; port <= 8; ++port) EXPECT_TRUE(find(out, key(port))) << port;
}

TEST_F(FlowSetTest, TheOneThatIsIdleForLongestMakesRoom) {
  for (std::uint16_t port = 1; port <= 8; ++port) {
    now += ns(1);
    ASSERT_TRUE(one_way(port));
  }
  now += seconds(0.5);
  EXPECT_TRUE(find(out, key(1)));
  now += seconds(0.6);
  ASSERT_TRUE(one_way(9));
  EXPECT_TRUE(find(out, key(1)));
  EXPECT_EQ(find(out, key(2)), nullptr);
  EXPECT_TRUE(find(out, key(3)));
  EXPECT_TRUE(find(out, key(9)));
}

TEST_F(FlowSetTest, WhatIsOnlyDroppedMakesRoomFirst) {
  for (std::uint16_t port = 1; port <= 8; ++port) {
    ASSERT_TRUE(one_way(port, port == 5 ? FlowAction{} : to_peer()));
    now += seconds(2);
  }
  ASSERT_TRUE(one_way(9));
  EXPECT_EQ(find(out, key(5)), nullptr);
  EXPECT_TRUE(find(out, key(1)));
}

TEST_F(FlowSetTest, APairNeedsRoomForBoth) {
  for (std::uint16_t port = 1; port <= 7; ++port) ASSERT_TRUE(one_way(port));
  EXPECT_FALSE(connect(20));
  EXPECT_EQ(find(out, key(20)), nullptr);
  EXPECT_EQ(cache.flows(now), 7u);
  EXPECT_EQ(cache.connections(3, now), 7u);
  ASSERT_TRUE(one_way(8));  // the half of the pair gave its place back
}

// Against a list that knows everything: what the cache knows must be what was said last, and not be too old.
TEST_F(FlowCacheTest, ALongRandomRunSaysNothingWrong) {
  struct Known {
    std::uint16_t peer;
    sc_core::sc_time used;
  };
  std::map<std::uint16_t, Known> known;
  std::mt19937 random(5);
  cache.set_idle_timeout(seconds(5));
  std::size_t hits = 0;
  for (unsigned step = 0; step < 200'000; ++step) {
    const auto port = static_cast<std::uint16_t>(random() % 3000);
    now += ns(random() % 1'000'000);
    const auto reference = known.find(port);
    if (random() % 3 == 0) {
      const auto peer = static_cast<std::uint16_t>(random() % 4);
      if (connect(port, peer))
        known[port] = {peer, now};
      else if (reference != known.end())
        known.erase(reference);
      continue;
    }
    const FlowAction* const action = find(out, key(port));
    if (!action) continue;
    ++hits;
    ASSERT_TRUE(reference != known.end()) << port;
    ASSERT_EQ(action->peer, reference->second.peer);
    ASSERT_LT(now, reference->second.used + seconds(5));
    reference->second.used = now;
  }
  EXPECT_GT(hits, 20'000u);
  std::size_t alive = 0;
  for (const auto& [port, each] : known) alive += now < each.used + seconds(5);
  EXPECT_LE(cache.connections(3, now), alive);
  EXPECT_EQ(cache.flows(now), cache.connections(3, now) * 2);
  cache.clear();
  EXPECT_EQ(cache.flows(now), 0u);
}

}  // namespace
}  // namespace cardvp::nic
