// Where frames go, and what is dropped.
#include <set>

#include "test/unit/wire/harness.h"

namespace cardvp::wire {
namespace {

using sc_core::sc_start;
using sc_core::sc_time;

struct Switch : WireBench {};

TEST_F(Switch, FloodsWhatItDoesNotKnowAndLearnsWhereSendersAre) {
  plug(config_of(), 3);
  send(0, frame_of(0, 1));
  sc_start(us(10));
  EXPECT_EQ(stations[0]->frames.size(), 0u);
  EXPECT_EQ(stations[1]->frames, Frames{frame_of(0, 1)});
  EXPECT_EQ(stations[2]->frames, Frames{frame_of(0, 1)});
  EXPECT_EQ(count("flooded"), 1u);

  send(1, frame_of(1, 0));  // 0 is known by now
  sc_start(us(10));
  EXPECT_EQ(stations[0]->frames, Frames{frame_of(1, 0)});
  EXPECT_EQ(stations[2]->frames.size(), 1u);

  send(0, frame_of(0, 1));
  sc_start(us(10));
  EXPECT_EQ(stations[1]->frames.size(), 2u);
  EXPECT_EQ(stations[2]->frames.size(), 1u);
  EXPECT_EQ(count("flooded"), 1u);
}

TEST_F(Switch, TellsOfABurstAheadWithEachFramesTime) {
  plug(config_of(), 2);
  introduce(0, 1);
  const sc_time begun = sim.scheduler.now();
  stations[1]->times.clear();
  std::vector<sc_time> told;
  stations[1]->on_receive = [&](FramePtr) { told.push_back(sim.scheduler.now()); };
  for (int i = 0; i < 40; ++i) send(0, frame_of(0, 1, 1514));
  sc_start(us(20));
  // 1514 + 24 bytes of FCS, preamble and gap at 12.5 GB/s: 123.04 ns, in and out; 1 us between.
  ASSERT_EQ(told.size(), 40u);
  for (std::size_t i = 0; i < 40; ++i)
    EXPECT_NEAR((stations[1]->times[i] - begun).to_seconds() * 1e9, 1000 + 123.04 * (i + 2), 0.1) << i;
  EXPECT_EQ(told[0], stations[1]->times[0]);  // nothing comes early that is alone
  std::set<sc_time> events(told.begin(), told.end());
  EXPECT_LE(events.size(), 5u);  // 8 frames in 1 us
}

TEST_F(Switch, BroadcastGoesToEverybodyElse) {
  plug(config_of(), 4);
  introduce(0, 1);
  send(0, frame_of(0, kEveryone));
  sc_start(us(10));
  EXPECT_EQ(stations[0]->frames.size(), 0u);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(stations[i]->frames, Frames{frame_of(0, kEveryone)}) << i;
}

TEST_F(Switch, FollowsAnAddressThatMoves) {
  plug(config_of(), 3);
  introduce(0, 1);
  send(2, frame_of(1, 0));  // what was behind card 1 is now behind card 2
  sc_start(us(10));
  send(0, frame_of(0, 1));
  sc_start(us(10));
  EXPECT_EQ(stations[1]->frames.size(), 0u);
  EXPECT_EQ(stations[2]->frames, Frames{frame_of(0, 1)});
}

TEST_F(Switch, DoesNotSendBackToWhereAFrameCameFrom) {
  plug(config_of(), 2);
  introduce(0, 1);
  send(0, frame_of(9, 0));
  sc_start(us(10));
  EXPECT_EQ(stations[0]->frames.size(), 0u);
  EXPECT_EQ(stations[1]->frames.size(), 0u);
  EXPECT_EQ(count("card0.drops.filtered"), 1u);
}

TEST_F(Switch, DropsFramesWithoutHeaderAndWithAGroupAddressAsSource) {
  plug(config_of(), 2);
  for (const std::size_t size : {0u, 1u, 13u}) send(0, Bytes(size, std::byte{2}));
  Bytes from_group = frame_of(0, 1);
  from_group[6] |= std::byte{1};
  send(0, from_group);
  sc_start(us(10));
  EXPECT_EQ(stations[1]->frames.size(), 0u);
  EXPECT_EQ(count("card0.drops.short"), 3u);
  EXPECT_EQ(count("card0.drops.bad_source"), 1u);

  Bytes header = frame_of(0, 1);
  header.resize(14);  // the shortest that is one
  send(0, header);
  sc_start(us(10));
  EXPECT_EQ(stations[1]->frames, Frames{header});
}

// 12.5 GB/s is 80 ps a byte. A frame of 100 bytes takes 124 bytes of a line, twice; the path takes 1 us.
TEST_F(Switch, TakesTheTimeOfBothLinesAndThePath) {
  plug(config_of(), 2);
  EXPECT_EQ(send(0, frame_of(0, 1, 100), us(3)), us(3) + ps(124 * 80));
  EXPECT_EQ(ports[0]->free_at(), us(3) + ps(124 * 80));
  sc_start(us(10));
  EXPECT_EQ(stations[1]->times, std::vector{us(4) + ps(2 * 124 * 80)});
}

// IEEE 802.3: the least frame is 64 bytes with FCS, 84 bytes of a line: 6.72 ns of 100 Gbit/s.
TEST_F(Switch, ShortFramesTakeTheTimeOfTheLeast) {
  plug(config_of(), 2);
  EXPECT_EQ(send(0, Bytes(14, std::byte{2})), ps(6720));
  EXPECT_EQ(send(0, frame_of(0, 1, 60)), ps(2 * 6720));
  EXPECT_EQ(send(0, frame_of(0, 1, 61)), ps(3 * 6720 + 80));
}

TEST_F(Switch, FramesOfOnePortFollowEachOther) {
  plug(config_of(), 2);
  for (std::uint16_t i = 0; i < 50; ++i) send(0, frame_of(0, 1, 100, i));
  sc_start(us(10));
  ASSERT_EQ(stations[1]->frames.size(), 50u);
  for (std::uint16_t i = 0; i < 50; ++i) {
    EXPECT_EQ(stations[1]->frames[i], frame_of(0, 1, 100, i)) << i;
    EXPECT_EQ(stations[1]->times[i], us(1) + ps((i + 2) * 124 * 80)) << i;
  }
}

// Two send at full rate to one: half of it is too much, and waits while there is room for.
TEST_F(Switch, DropsWhatItsOutputQueueCannotHold) {
  Config config = config_of();
  config.queue_bytes = 10'000;
  plug(config, 3);
  introduce(0, 2);
  introduce(1, 2);
  constexpr std::size_t kFrames = 100, kWire = 1024;  // bytes of the line
  for (std::size_t i = 0; i < kFrames; ++i) {
    send(0, frame_of(0, 2, kWire - 24));
    send(1, frame_of(1, 2, kWire - 24));
  }
  sc_start(us(100));
  // While 2 x 100 frames come, 100 go, one at a time is on the line; 9 full ones find room in 10000 bytes behind it.
  const std::size_t received = stations[2]->frames.size();
  EXPECT_GE(received, kFrames + 8);
  EXPECT_LE(received, kFrames + 10);
  EXPECT_EQ(count("card2.drops.queue_full"), 2 * kFrames - received);
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(Switch, AQueueSmallerThanAFrameStillPassesWhatFindsTheLineFree) {
  Config config = config_of();
  config.queue_bytes = 1;
  plug(config, 2);
  send(0, frame_of(0, 1, 1500));
  sc_start(us(10));
  EXPECT_EQ(stations[1]->frames.size(), 1u);
}

TEST_F(Switch, AnswersAreSentFromWithinReceive) {
  plug(config_of(), 2);
  stations[1]->on_receive = [&](FramePtr) { send(1, frame_of(1, 0)); };
  send(0, frame_of(0, 1));
  sc_start(us(10));
  EXPECT_EQ(stations[0]->frames, Frames{frame_of(1, 0)});
  EXPECT_EQ(stations[0]->times, std::vector{us(2) + ps(4 * 124 * 80)});
}

// As long as encapsulation can make one.
TEST_F(Switch, FloodsTheLongestFrame) {
  plug(config_of(), 3);
  Bytes longest(Frame::kCapacity, std::byte{4});
  longest[0] = std::byte{2};
  send(0, longest);
  sc_start(us(10));
  EXPECT_EQ(stations[1]->frames, Frames{longest});
  EXPECT_EQ(stations[2]->frames, Frames{longest});
}

TEST_F(Switch, APulledCablePassesNothingAndSaysSo) {
  plug(config_of(), 2);
  EXPECT_TRUE(ports[0]->up());
  EXPECT_FALSE(wire->set_link("card7", false));
  send(0, frame_of(0, 1));  // on its way when the other's cable is pulled
  EXPECT_TRUE(wire->set_link("card1", false));
  EXPECT_TRUE(wire->set_link("card1", false));
  EXPECT_FALSE(ports[1]->up());
  send(1, frame_of(1, 0));
  sc_start(us(10));
  EXPECT_EQ(stations[0]->frames.size(), 0u);
  EXPECT_EQ(stations[1]->frames.size(), 0u);
  EXPECT_EQ(count("card1.drops.link_down"), 2u);
  EXPECT_TRUE(wire->set_link("card1", true));
  EXPECT_EQ(stations[1]->link_changes, (std::vector{false, true}));
  send(1, frame_of(1, 0));
  sc_start(us(10));
  EXPECT_EQ(stations[0]->frames.size(), 1u);
}

TEST_F(Switch, LoopbackSendsEverythingBack) {
  plug(config_of(Config::Type::kLoopback), 2);
  send(0, frame_of(0, 1));
  sc_start(us(10));
  EXPECT_EQ(stations[0]->frames, Frames{frame_of(0, 1)});
  EXPECT_EQ(stations[1]->frames.size(), 0u);
}

TEST_F(Switch, WithoutAWireEveryPortIsDown) {
  plug(config_of(Config::Type::kNone), 1);
  EXPECT_FALSE(ports[0]->up());
  EXPECT_FALSE(wire->set_link("card0", true));
  send(0, frame_of(0, 1));
  sc_start(us(10));
  EXPECT_EQ(count("card0.drops.link_down"), 1u);
}

TEST_F(Switch, CountsFramesAndBytesOfEachPort) {
  plug(config_of(), 2);
  send(0, frame_of(0, 1, 100));
  send(0, frame_of(0, 1, 200));
  sc_start(us(10));
  EXPECT_EQ(count("card0.in_frames"), 2u);
  EXPECT_EQ(count("card0.in_bytes"), 300u);
  EXPECT_EQ(count("card1.out_frames"), 2u);
  EXPECT_EQ(count("card1.out_bytes"), 300u);
  EXPECT_EQ(count("card1.in_frames"), 0u);
}

TEST_F(Switch, TwoPortsOfOneNameAreRefused) {
  plug(config_of(), 1);
  EXPECT_THROW(wire->add_card("card0"), std::runtime_error);
}

TEST_F(Switch, WhatIsUnderWayAtTheEndGoesBackToThePool) {
  plug(config_of(), 2);
  send(0, frame_of(0, 1));
  EXPECT_EQ(frames.in_use(), 1u);
  wire.reset();
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST(MacTable, IsBounded) {
  MacTable table;
  const auto numbered = [](std::size_t i) {
    return net::MacAddress{
        {2, 0, 0, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}};
  };
  for (std::size_t i = 0; i < MacTable::kMostEntries; ++i) ASSERT_TRUE(table.learn(numbered(i), i % 100));
  EXPECT_FALSE(table.learn(numbered(MacTable::kMostEntries), 1));
  EXPECT_EQ(table.find(numbered(MacTable::kMostEntries)), std::nullopt);
  for (std::size_t i = 0; i < MacTable::kMostEntries; ++i) ASSERT_EQ(table.find(numbered(i)), i % 100) << i;
  EXPECT_TRUE(table.learn(numbered(5), 77));  // known ones may still move
  EXPECT_EQ(table.find(numbered(5)), 77);
  EXPECT_EQ(table.size(), MacTable::kMostEntries);
}

TEST(MacTable, KnowsTheZeroAddress) {
  MacTable table;
  EXPECT_EQ(table.find({}), std::nullopt);
  EXPECT_TRUE(table.learn({}, 3));
  EXPECT_EQ(table.find({}), 3);
}

}  // namespace
}  // namespace cardvp::wire
