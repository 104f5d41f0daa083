// What comes from the wire, when nobody means well: a million mutated frames, and every one is accounted for.
#include <cstdlib>
#include <random>

#include "test/unit/vpc/machine.h"

namespace cardvp::nic {
namespace {

// CARDVP_FUZZ: how many frames instead of those that every run affords.
unsigned rounds(unsigned usual) {
  const char* const wanted = std::getenv("CARDVP_FUZZ");
  return wanted ? static_cast<unsigned>(std::strtoul(wanted, nullptr, 10)) : usual;
}

struct VpcHostileTest : Machine {
  VpcHostileTest() : Machine({.vpc = {.flow_entries = 1024}}) {}

  void SetUp() override {
    Machine::SetUp();
    b.hosts[0].keep = b.hosts[1].keep = false;
    b.firmware.latency = us(1);
  }

  // Frames that the other card sends: plain, sealed, of the multipath transport.
  void record() {
    a.port.on_send = [this](wire::Frame& frame) {
      seeds.emplace_back(frame.bytes().begin(), frame.bytes().end());
      return false;
    };
    for (const unsigned flags : {0u, 1u, 2u, 3u}) {
      if (flags & 1)
        encrypt(flags);
      else
        a.store_peer(0, 1, flags);
      for (const std::size_t size : {0u, 10u, 60u, 500u}) {
        net::FrameSpec made = spec(0, size % 3 % 2);
        made.protocol = size == 60 ? net::kProtocolTcp : net::kProtocolUdp;
        transmit(a, 0, frame(made, size));
        run();
      }
    }
    a.port.on_send = [](wire::Frame&) { return false; };
    a.set(vpc_regs::offset::PEER_COMMAND, 2u << 16);
    a.port.keep = b.port.keep = false;
    ASSERT_GE(seeds.size(), 16u);
  }

  Bytes mutated() {
    Bytes made = seeds[random() % seeds.size()];
    const unsigned changes = random() % 4;
    for (unsigned i = 0; i < changes; ++i) change(made);
    if (random() % 2 == 0) repair(made);
    return made;
  }

  void change(Bytes& made) {
    static constexpr std::uint8_t kValues[] = {0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xff, 0x82, 0x81};
    const std::size_t reach = std::min<std::size_t>(made.size(), random() % 2 ? 100 : 4000);
    switch (random() % 6) {
      case 0:
        if (reach) made[random() % reach] = static_cast<std::byte>(random());
        break;
      case 1:
        if (reach) made[random() % reach] = std::byte{kValues[random() % std::size(kValues)]};
        break;
      case 2:
        if (reach) made[random() % reach] ^= static_cast<std::byte>(1u << random() % 8);
        break;
      case 3: made.resize(random() % (made.size() + 1)); break;
      case 4: made.resize(std::min<std::size_t>(made.size() + random() % 300, wire::Frame::kMostBytes)); break;
      case 5:
        if (made.size() > 50) made.insert(made.begin() + 50, random() % 64 * 4, static_cast<std::byte>(random()));
        break;
    }
  }

  // Outer lengths and checksum that fit, so that what is behind them is looked at.
  static void repair(Bytes& made) {
    if (made.size() < 42) return;
    net::store16(&made[16], static_cast<std::uint16_t>(made.size() - 14));
    net::store16(&made[38], static_cast<std::uint16_t>(made.size() - 34));
    net::store16(&made[24], 0);
    net::store16(&made[24], net::checksum(std::span(made).subspan(14, 20)));
  }

  // Every packet that came was delivered or dropped.
  void check_sums() {
    run(us(10'000));
    const std::uint64_t delivered = b.counter("fn0.packets_in") + b.counter("fn1.packets_in");
    EXPECT_EQ(b.counter("wire_packets_in"), delivered + b.all_drops() + b.counter("consumed"));
    EXPECT_EQ(delivered, b.hosts[0].count + b.hosts[1].count);
  }

  void fuzz(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      b.port.receive(make(mutated()));
      if (i % 64 == 0) run(us(3));
    }
  }

  std::vector<Bytes> seeds;
  std::mt19937 random{2024};
};

TEST_F(VpcHostileTest, MutatedFramesToAPlainPeer) {
  record();
  b.store_peer(0, 0, 0);
  fuzz(rounds(100'000));
  check_sums();
  EXPECT_EQ(frames.in_use(), 0u);
  EXPECT_GT(b.hosts[0].count, 1000u);
  for (const char* const reason :
       {"geneve_critical", "geneve_options", "geneve_short", "geneve_version", "geneve_oam", "geneve_protocol",
        "bad_ip_checksum", "not_ours", "not_geneve", "short_ip", "inner_bad_ip_length", "outer_fragment",
        "not_multipath", "forged", "replayed", "unknown_association"})
    EXPECT_GT(b.drops(reason), 0u) << reason;
}

TEST_F(VpcHostileTest, MutatedFramesToAnEncryptedPeer) {
  record();
  b.store_peer(0, 0, 1);
  b.firmware.judge = [this](const vpc_message_packet& packet) {
    vpc_message_verdict verdict = b.route(packet);
    if (packet.peer == VPC_NO_PEER) verdict.action = VPC_DROP;
    return std::optional(verdict);
  };
  fuzz(rounds(100'000));
  check_sums();
  EXPECT_EQ(frames.in_use(), 0u);
  EXPECT_GT(b.drops("not_sealed"), 1000u);
  EXPECT_LE(b.hosts[0].count + b.hosts[1].count, 4u);  // what the other card has sent, once each
}

TEST_F(VpcHostileTest, MutatedFramesToAMultipathPeer) {
  record();
  for (const unsigned flags : {2u, 3u}) {
    b.store_peer(0, 0, flags);
    fuzz(rounds(100'000) / 2);
  }
  b.set(vpc_regs::offset::PEER_COMMAND, 2u << 16);
  run(us(10'000));
  EXPECT_EQ(frames.in_use(), 0u);
  EXPECT_GT(b.hosts[0].count, 1000u);
}

TEST_F(VpcHostileTest, GarbageOfEveryLength) {
  for (std::size_t size = 0; size <= 2000; ++size) {
    Bytes garbage = pattern(size, static_cast<unsigned>(size));
    if (size >= 6) net::store_mac(garbage.data(), Card::underlay_mac(1));
    b.port.receive(make(garbage));
  }
  EXPECT_EQ(b.all_drops(), 2001u);
  b.port.receive(make(pattern(wire::Frame::kMostBytes, 1)));
  EXPECT_EQ(b.all_drops(), 2002u);
  EXPECT_EQ(frames.in_use(), 0u);
}

// A flood of new flows through a cache of 1024 places: connections that are in use go on, and memory does not grow.
TEST_F(VpcHostileTest, EstablishedConnectionsSurviveAFlood) {
  for (std::uint16_t flow = 0; flow < 20; ++flow) {
    transmit(a, 0, frame(spec(0, 0, 100 + flow)));
    run();
  }
  const std::uint64_t before = b.hosts[0].count, asked = b.firmware.packets.size();
  std::uint64_t flood = 0;
  for (unsigned i = 0; i < 20'000; ++i) {
    net::FrameSpec made = spec(1, 1, static_cast<std::uint16_t>(random()));
    made.destination_port = static_cast<std::uint16_t>(random());
    flood += transmit(a, 1, frame(made)).accepted;
    if (i % 100 == 0) transmit(a, 0, frame(spec(0, 0, static_cast<std::uint16_t>(100 + i / 100 % 20))));
    run(ns(500));
  }
  run();
  EXPECT_EQ(b.hosts[0].count, before + 200);
  EXPECT_GT(b.hosts[1].count, 10'000u);
  EXPECT_LE(a.get(vpc_regs::offset::FLOW_COUNT), 1024u);
  EXPECT_GT(a.counter("flows_not_cached"), 0u);
  for (std::size_t i = asked; i < b.firmware.packets.size(); ++i)
    ASSERT_NE(b.firmware.packets[i].destination[15], 1);  // the established ones did not ask again
  EXPECT_EQ(frames.in_use(), 0u);
}

// The host of an interface that sends anything at all.
TEST_F(VpcHostileTest, MutatedFramesOfAHost) {
  std::vector<Bytes> good;
  for (const std::size_t size : {0u, 20u, 300u}) {
    good.push_back(frame(spec(), size));
    net::FrameSpec tcp = spec();
    tcp.protocol = net::kProtocolTcp;
    good.push_back(frame(tcp, size));
  }
  seeds = good;
  a.port.keep = false;
  const unsigned count = rounds(100'000);
  std::uint64_t refused = 0;
  for (unsigned i = 0; i < count; ++i) {
    Bytes made = seeds[random() % seeds.size()];
    for (unsigned n = random() % 4; n > 0; --n) change(made);
    refused += !transmit(a, 0, made).accepted;
    if (i % 64 == 0) run(us(10));
  }
  run(us(10'000));
  EXPECT_EQ(a.counter("fn0.packets_out") + a.all_drops() + a.counter("consumed"), count);
  EXPECT_LE(refused, a.all_drops());
  EXPECT_EQ(frames.in_use(), 0u);
}

}  // namespace
}  // namespace cardvp::nic
