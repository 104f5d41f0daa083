// Peers behind the multipath transport: over the data path, sealed and plain, with frames lost and repeated.
#include <random>
#include <set>

#include "test/unit/vpc/machine.h"

namespace cardvp::nic {
namespace {

constexpr unsigned kEncrypt = 1, kMultipath = 2;  // PEER_FLAGS

struct VpcMultipathTest : Machine {
  void SetUp() override {
    Machine::SetUp();
    a.port.keep = b.port.keep = false;
    encrypt(kEncrypt | kMultipath);
  }
  void plain() {
    a.store_peer(0, 1, kMultipath);
    b.store_peer(0, 0, kMultipath);
  }
  // Packets of eight flows, each with its number in front; all must come, once each, in the order of their flow.
  void carry(unsigned packets) {
    for (std::uint32_t number = 0; number < packets; ++number) {
      Bytes payload(200);
      net::store32(payload.data(), number);
      transmit(a, 0, net::build(spec(0, 0, static_cast<std::uint16_t>(1000 + number % 8)), payload));
      run(ns(200));
    }
    run(us(50'000));
    ASSERT_EQ(b.hosts[0].frames.size(), packets);
    std::array<std::uint32_t, 8> next{0, 1, 2, 3, 4, 5, 6, 7};
    for (const Bytes& each : b.hosts[0].frames) {
      const std::uint32_t number = net::load32(&each[42]);
      ASSERT_EQ(number, next[number % 8]);
      next[number % 8] += 8;
    }
    EXPECT_EQ(frames.in_use(), 0u);
  }
  std::mt19937 random{7};
};

TEST_F(VpcMultipathTest, SealedPacketsGoByManyPathsAndArriveInOrder) {
  std::set<unsigned> ports;
  a.port.on_send = [&](wire::Frame& frame) {
    ports.insert(net::load16(frame.data() + 34));
    EXPECT_EQ(net::load16(frame.data() + 44), 0x88b5);
    return true;
  };
  carry(2000);
  EXPECT_EQ(ports.size(), 8u);
  EXPECT_GE(*ports.begin(), 49152u);
  EXPECT_EQ(a.all_drops() + b.all_drops(), 0u);
}

TEST_F(VpcMultipathTest, LostFramesAreSentAgain) {
  const auto lose = [this](wire::Frame&) { return random() % 20 != 0; };
  a.port.on_send = b.port.on_send = lose;
  carry(3000);
  EXPECT_EQ(b.drops("forged"), 0u);
}

TEST_F(VpcMultipathTest, PlainPacketsToo) {
  plain();
  a.port.on_send = [this](wire::Frame&) { return random() % 20 != 0; };
  carry(2000);
}

TEST_F(VpcMultipathTest, ARepeatedFrameIsDeliveredOnce) {
  std::vector<Bytes> seen;
  a.port.on_send = [&](wire::Frame& frame) {
    seen.emplace_back(frame.bytes().begin(), frame.bytes().end());
    return true;
  };
  carry(50);
  for (const Bytes& each : seen) b.port.receive(make(each));
  run(us(1000));
  EXPECT_EQ(b.hosts[0].frames.size(), 50u);
  EXPECT_EQ(b.drops("replayed"), 0u);  // they are the transport's to answer
}

TEST_F(VpcMultipathTest, FramesThatAreToldOfEarlyAreAcknowledgedAsOthers) {
  Bytes seen;
  a.port.on_send = [&](wire::Frame& frame) {
    if (seen.empty()) seen.assign(frame.bytes().begin(), frame.bytes().end());
    return false;
  };
  const auto acknowledged_after = [&](sc_core::sc_time told_before) {
    seen.clear();
    transmit(a, 0, frame(spec()));
    run(us(20));
    EXPECT_FALSE(seen.empty());
    sc_core::sc_time answered;
    b.port.on_send = [&](wire::Frame&) {
      if (answered == sc_core::SC_ZERO_TIME) answered = sim.scheduler.now();
      return true;
    };
    const sc_core::sc_time at = sim.scheduler.now() + us(1);
    run(us(1) - told_before);
    b.port.receive(make(seen), at);
    run(us(1000));
    EXPECT_GT(answered, at);
    return answered - at;
  };
  EXPECT_EQ(acknowledged_after(us(1)), acknowledged_after(us(0)));
}

TEST_F(VpcMultipathTest, ForgedFramesDisturbNothing) {
  a.port.on_send = [this](wire::Frame& frame) {
    if (random() % 10 == 0) frame.data()[42 + random() % (frame.size() - 42)] ^= std::byte{0x40};
    return true;
  };
  carry(2000);
  EXPECT_GT(b.drops("forged"), 100u);
}

TEST_F(VpcMultipathTest, APeerThatDoesNotUseItIsRefused) {
  plain();
  b.store_peer(0, 0, 0);
  transmit(a, 0, frame(spec()));
  run();
  EXPECT_GE(b.drops("not_multipath"), 1u);
  EXPECT_EQ(b.hosts[0].frames.size(), 0u);
}

TEST_F(VpcMultipathTest, AKeyChangeOnTheWayLosesNothing) {
  for (Card* card : {&a, &b}) card->cipher.set_key(31, pattern(32, 31));
  ASSERT_EQ(b.association(2, 0x101, 31), 0u);
  unsigned sent = 0;
  a.port.on_send = [&](wire::Frame&) {
    if (++sent == 500) a.association(1, 0x101, 31);
    return random() % 50 != 0;
  };
  carry(1000);
}

TEST_F(VpcMultipathTest, ADeadPeerIsReported) {
  a.port.on_send = [](wire::Frame&) { return false; };
  transmit(a, 0, frame(spec()));
  run(sc_core::sc_time(3, sc_core::SC_SEC));
  EXPECT_EQ(a.firmware.peers_down, std::vector<std::uint32_t>{0});
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(VpcMultipathTest, WithoutAKeyNothingGoes) {
  a.cipher.destroy(20);
  transmit(a, 0, frame(spec()));
  run(us(1000));
  EXPECT_GE(a.drops("no_key"), 1u);
  EXPECT_EQ(b.counter("wire_packets_in"), 0u);
}

}  // namespace
}  // namespace cardvp::nic
