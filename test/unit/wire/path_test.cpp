// Paths through the fabric: delay, order, loss, bandwidth.
#include "models/wire/path.h"

#include <set>

#include "test/unit/wire/harness.h"

namespace cardvp::wire {
namespace {

using sc_core::sc_start;
using sc_core::sc_time;

struct Paths : WireBench {
  // A source port of card 0's whose flow to card 1 takes `delay` for the path; lines take 124 bytes of 80 ps.
  std::uint16_t port_of(sc_time delay) {
    for (std::uint16_t port = 1; port < 500; ++port) {
      const sc_time from = now();
      const std::size_t before = stations[1]->times.size();
      send(0, frame_of(0, 1, 100, port));
      sc_start(us(100));
      if (stations[1]->times.size() == before + 1 && stations[1]->times.back() - from == delay + ps(2 * 124 * 80))
        return port;
    }
    ADD_FAILURE() << "no flow takes the path of " << delay;
    return 0;
  }
  static PathConfig path(sc_time delay) {
    PathConfig config;
    config.delay = delay;
    return config;
  }
};

TEST_F(Paths, TheFlowDecidesAndEveryPathIsTaken) {
  Config config = config_of();
  config.paths.clear();
  for (int i = 1; i <= 8; ++i) config.paths.push_back(path(us(i)));
  plug(config, 2);
  std::map<std::uint16_t, std::set<sc_time>> delays;
  std::set<sc_time> all;
  for (int round = 0; round < 2; ++round)
    for (std::uint16_t port = 1; port <= 64; ++port) {
      const sc_time from = now();
      send(0, frame_of(0, 1, 100, port));
      sc_start(us(20));
      delays[port].insert(stations[1]->times.back() - from);
      all.insert(stations[1]->times.back() - from);
    }
  EXPECT_EQ(all.size(), 8u);
  for (const auto& [port, taken] : delays) EXPECT_EQ(taken.size(), 1u) << port;
}

TEST_F(Paths, WhatIsNoIpIsSpreadByItsAddresses) {
  Config config = config_of();
  config.paths = {path(us(1)), path(us(2))};
  plug(config, 2);
  std::set<sc_time> all;
  for (std::uint8_t i = 2; i < 34; ++i) {
    Bytes frame = frame_of(i, 1);
    net::store16(frame.data() + 12, net::kEtherArp);
    const sc_time from = now();
    send(0, frame);
    sc_start(us(20));
    all.insert(stations[1]->times.back() - from);
  }
  EXPECT_EQ(all.size(), 2u);
}

TEST_F(Paths, AFasterPathOvertakesAndAPathKeepsItsOrder) {
  Config config = config_of();
  config.paths = {path(us(1)), path(us(10))};
  plug(config, 2);
  const std::uint16_t fast = port_of(us(1)), slow = port_of(us(10));
  stations[1]->frames.clear();
  stations[1]->times.clear();
  const sc_time from = now();
  for (std::size_t i = 0; i < 100; ++i) {
    send(0, frame_of(0, 1, 100 + i, slow));
    send(0, frame_of(0, 1, 100 + i, fast));
  }
  sc_start(us(100));
  ASSERT_EQ(stations[1]->frames.size(), 200u);
  EXPECT_EQ(stations[1]->times[0], from + us(1) + ps(3 * 124 * 80));  // behind one of the slow path
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(stations[1]->frames[i], frame_of(0, 1, 100 + i, fast)) << i;
    EXPECT_EQ(stations[1]->frames[100 + i], frame_of(0, 1, 100 + i, slow)) << i;
  }
}

// The output is given to who arrives first, though the other was sent long before.
TEST_F(Paths, FramesOfDifferentPathsMeetAtTheOutputInOrderOfArrival) {
  Config config = config_of();
  config.paths = {path(us(1)), path(us(10))};
  plug(config, 2);
  const std::uint16_t fast = port_of(us(1)), slow = port_of(us(10));
  const sc_time small = ps(124 * 80), large = ps(1524 * 80);
  for (const bool fast_first : {true, false}) {
    stations[1]->times.clear();
    send(0, frame_of(0, 1, 100, slow));
    const sc_time slow_arrives = now() + small + us(10);
    const sc_time fast_arrives = fast_first ? slow_arrives - ns(5) : slow_arrives + ns(5);
    sc_start(fast_arrives - us(1) - large - now());
    send(0, frame_of(0, 1, 1500, fast));
    sc_start(us(100));
    if (fast_first)
      EXPECT_EQ(stations[1]->times, (std::vector{fast_arrives + large, fast_arrives + large + small}));
    else
      EXPECT_EQ(stations[1]->times, (std::vector{slow_arrives + small, slow_arrives + small + large}));
  }
}

TEST_F(Paths, AFrameThatIsFloodedIsLostForAll) {
  Config config = config_of();
  config.paths[0].loss = 0.5;
  plug(config, 3);
  for (int i = 0; i < 200; ++i) send(0, frame_of(0, kEveryone));
  sc_start(us(100));
  EXPECT_EQ(stations[1]->frames.size(), stations[2]->frames.size());
  EXPECT_EQ(count("card0.drops.lost"), 200 - stations[1]->frames.size());
}

TEST_F(Paths, IsDownForATime) {
  Config config = config_of();
  config.paths[0].down_from = us(10);
  config.paths[0].down_until = us(20);
  plug(config, 2);
  for (int i = 0; i < 30; ++i) {  // sent at 0 us, 1 us, ...; on the path just behind
    send(0, frame_of(0, 1));
    sc_start(us(1));
  }
  sc_start(us(10));
  EXPECT_EQ(stations[1]->frames.size(), 20u);
  EXPECT_EQ(count("card0.drops.path_down"), 10u);
}

TEST(Path, LosesAsManyAsItsProbabilitySays) {
  PathConfig config;
  config.loss = 0.01;
  Path path(config, 1 << 20);
  Random random(3);
  int lost = 0;
  for (int i = 0; i < 100'000; ++i) lost += path.cross(us(i), 100, random).drop == Drop::kLost;
  EXPECT_NEAR(lost, 1000, 5 * 32);  // five standard deviations
  config.loss = 1;
  Path dead(config, 1 << 20);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(dead.cross(us(i), 100, random).drop, Drop::kLost);
}

TEST(Path, JitterIsUniform) {
  PathConfig config;
  config.delay = us(5);
  config.jitter = us(2);
  Path path(config, 1 << 20);
  Random random(4);
  double sum = 0;
  sc_time least = us(100), most;
  for (int i = 0; i < 10'000; ++i) {
    const sc_time delay = path.cross(us(i), 100, random).arrival - us(i);
    EXPECT_GE(delay, us(5));
    EXPECT_LE(delay, us(7));
    least = std::min(least, delay);
    most = std::max(most, delay);
    sum += delay.to_seconds() * 1e6;
  }
  EXPECT_LT(least, us(5.01));
  EXPECT_GT(most, us(6.99));
  EXPECT_NEAR(sum / 10'000, 6.0, 5 * 2 / std::sqrt(12) / 100);  // five standard deviations of the mean
}

TEST(Path, IsTheSameForTheSameSeed) {
  PathConfig config;
  config.loss = 0.3;
  config.jitter = us(1);
  const auto run = [&](std::uint64_t seed) {
    Path path(config, 1 << 20);
    Random random(seed);
    std::vector<std::pair<Drop, sc_time>> crossings;
    for (int i = 0; i < 100; ++i) {
      const auto crossing = path.cross(us(i), 100, random);
      crossings.emplace_back(crossing.drop, crossing.arrival);
    }
    return crossings;
  };
  EXPECT_EQ(run(5), run(5));
  EXPECT_NE(run(5), run(6));
}

// 1 GB/s: 1024 bytes of the line take 1024 ns. A burst at one time: 10 full ones fit into 10240 bytes.
TEST(Path, BandwidthMakesABurstWaitAndDropsTheRest) {
  PathConfig config;
  config.delay = us(1);
  config.bandwidth = 1'000'000'000;
  Path path(config, 10 * 1024);
  Random random(1);
  for (int i = 1; i <= 10; ++i) {
    const auto crossing = path.cross(us(7), 1000, random);
    EXPECT_EQ(crossing.drop, Drop::kNone) << i;
    EXPECT_EQ(crossing.arrival, us(8) + ns(1024 * i)) << i;
  }
  EXPECT_EQ(path.cross(us(7), 1000, random).drop, Drop::kPathFull);
  EXPECT_EQ(path.cross(us(7) + ns(1024), 1000, random).arrival, us(8) + ns(1024 * 11));
}

}  // namespace
}  // namespace cardvp::wire
