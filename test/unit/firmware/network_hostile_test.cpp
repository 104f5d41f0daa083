// Whatever hosts and the wire send: every packet gets one verdict that can be, and no byte outside its slot is read.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "test/unit/firmware/network_fixture.h"

namespace cardvp {
namespace {

constexpr unsigned kAlpha = 3, kBeta = 4;
constexpr std::uint16_t kPeer = 9;

struct NetworkHostile : NetworkFirmware {
  NetworkHostile() : edge_(VPC_SLOT_BYTES) {
    underlay();
    transit_key(1);
    peer(kPeer, 8, "192.0.2.8", CONTROL_PEER_ENCRYPT);
    for (const unsigned function : {kAlpha, kBeta}) {
      const std::string last = std::to_string(function);
      interface(function, "10.0.0." + last + "/24", function == kBeta ? CONTROL_INTERFACE_FORWARDS : 0);
      address(function, "fd00::" + last + "/64", "fd00::1");
      rule(function, 0, true, net::kProtocolUdp, "0.0.0.0/0", 0, 0x7fff);
    }
    route("10.0.1.0/24", CONTROL_ROUTE_PEER, kPeer);
    route("172.16.0.0/12", CONTROL_ROUTE_INTERFACE, kBeta);
    // Only what is in the slots, which end where the sanitizer looks.
    port_.slots = edge_.data();
    random_.seed(5);
    seeds_ = {udp(kAlpha, "10.0.0.3", "10.0.1.1"),
              udp(kAlpha, "10.0.0.3", "10.0.0.4"),
              udp(1, "10.0.1.1", "10.0.0.3"),
              udp(kBeta, "fd00::4", "fd00::3"),
              icmp(spec(kAlpha, "10.0.0.3", "10.0.0.1"), {8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}),
              icmp(spec(kAlpha, "fd00::3", "fd00::1"), {128, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}),
              solicitation(135, 24),
              solicitation(133, 8),
              arp(),
              dhcp()};
  }
  static Bytes solicitation(std::uint8_t type, std::size_t bytes) {
    net::FrameSpec described = spec(kAlpha, "fd00::3", "fd00::1");
    described.ttl = 255;
    Bytes message(bytes);
    message[0] = type;
    if (bytes == 24) {
      message[8] = 0xfd;
      message[23] = 9;
    }
    message.insert(message.end(), {1, 1, 6, 0, 0, 0, 0, kAlpha});
    return icmp(described, message);
  }
  static Bytes arp() {
    return {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 6,      0,  0, 0, 0, kAlpha, 8, 6, 0, 1, 8, 0,  6, 4, 0,
            1,    6,    0,    0,    0,    0,    kAlpha, 10, 0, 0, 3, 0,      0, 0, 0, 0, 0, 10, 0, 0, 9};
  }
  static Bytes dhcp() {
    net::FrameSpec described = spec(kAlpha, "0.0.0.0", "255.255.255.255");
    described.source_port = 68;
    described.destination_port = 67;
    Bytes message(300);
    message[0] = message[1] = 1;
    message[2] = 6;
    const Bytes mac{6, 0, 0, 0, 0, kAlpha}, options{99, 130, 83, 99, 53, 1, 1, 61, 3, 1, 2, 3, 52, 1, 3, 255};
    std::copy(mac.begin(), mac.end(), message.begin() + 28);
    std::copy(options.begin(), options.end(), message.begin() + 236);
    return frame(described, message);
  }
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  // Slot 0 only: at the end of it, where a frame of the slot's size ends.
  void send(vpc_message_packet packet, std::span<const std::uint8_t> frame) {
    packet.slot = static_cast<std::uint16_t>(below(50) ? 0 : 64 + below(1000));
    std::copy_n(frame.begin(), std::min<std::size_t>(frame.size(), VPC_SLOT_BYTES), edge_.begin());
    verdicts_.clear();
    injected_.clear();
    network_packet(network_.get(), &packet);
    ASSERT_EQ(verdicts_.size(), 1u);
    const vpc_message_verdict& verdict = verdicts_[0];
    ++actions_[verdict.action];
    ASSERT_LE(verdict.action, VPC_CONSUMED);
    ASSERT_LT(verdict.reason, VPC_REASONS);
    ASSERT_EQ(verdict.reason != VPC_REASON_NONE, verdict.action == VPC_DROP);
    ASSERT_LE(injected_.size(), verdict.action == VPC_CONSUMED ? 1u : 0u);
    ASSERT_TRUE(verdict.action != VPC_TO_PEER || verdict.peer == kPeer);
    ASSERT_TRUE(verdict.action != VPC_TO_INTERFACE || verdict.header.function == kAlpha ||
                verdict.header.function == kBeta);
  }
  Bytes mutated() {
    Bytes frame = seeds_[below(static_cast<unsigned>(seeds_.size()))];
    for (unsigned changes = below(4); changes > 0; --changes) {
      std::uint8_t& byte = frame[below(static_cast<unsigned>(frame.size()))];
      byte = below(2) ? static_cast<std::uint8_t>(random_()) : byte ^ static_cast<std::uint8_t>(1u << below(8));
    }
    if (below(8) == 0) frame.resize(below(static_cast<unsigned>(frame.size()) + 1));
    if (below(64) == 0) frame.resize(frame.size() + below(3000), 0xa5);
    return frame;
  }

  Bytes edge_;
  std::vector<Bytes> seeds_;
  std::mt19937_64 random_;
  std::array<unsigned, 256> actions_{};
};

unsigned packets() {
  const char* const text = std::getenv("CARDVP_FUZZ");
  return text ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : 1'000'000;
}

TEST_F(NetworkHostile, MutatedFrames) {
  for (unsigned i = 0; i < packets() && !HasFatalFailure(); ++i) {
    const Bytes frame = mutated();
    vpc_message_packet packet = describe(frame);
    packet.direction = static_cast<std::uint8_t>(below(2));
    packet.header.function = static_cast<std::uint16_t>(below(10) ? (below(2) ? kAlpha : kBeta) : below(0x10000));
    packet.peer = static_cast<std::uint16_t>(below(10) ? kPeer : below(0x10000));
    packet.vni = below(10) ? kVni : below(1 << 24);
    send(packet, frame);
  }
  for (const unsigned action : {VPC_DROP, VPC_TO_PEER, VPC_TO_INTERFACE, VPC_CONSUMED})
    EXPECT_GT(actions_[action], packets() / 1000) << action;
}

// As if the data path itself had lost its mind.
TEST_F(NetworkHostile, RandomMessages) {
  for (unsigned i = 0; i < packets() / 4 && !HasFatalFailure(); ++i) {
    const Bytes frame = mutated();
    vpc_message_packet packet = describe(frame);
    auto* const bytes = reinterpret_cast<std::uint8_t*>(&packet);
    for (unsigned changes = 1 + below(8); changes > 0; --changes)
      bytes[below(sizeof packet)] = static_cast<std::uint8_t>(random_());
    send(packet, frame);
    association(static_cast<std::uint16_t>(below(5)), static_cast<std::uint16_t>(below(3) ? kPeer : random_()),
                below(2) ? 8u << 16 | below(0x10000) : static_cast<std::uint32_t>(random_()));
  }
  EXPECT_LE(receiving_.size(), std::size_t{NETWORK_RECEIVING_KEYS});
  EXPECT_EQ(keys_.size(), 1 + sending_.size() + receiving_.size());
}

TEST_F(NetworkHostile, RandomRequests) {
  const std::uint16_t types[] = {CONTROL_UNDERLAY, CONTROL_TRANSIT_KEY, CONTROL_REKEY, CONTROL_PEER,
                                 CONTROL_ROUTE,    CONTROL_ADDRESS,     CONTROL_RULE,  CONTROL_ALLOWANCES};
  unsigned good = 0;
  for (unsigned i = 0; i < packets() / 20 && !HasFatalFailure(); ++i) {
    control_message message{};
    for (std::uint32_t& word : message.words)
      if (below(2)) word = below(2) ? below(128) : static_cast<std::uint32_t>(random_());
    good += control(message, types[below(8)], below(2) ? kAlpha : below(0x10000)) == CONTROL_OK;
    ASSERT_TRUE(network_resume(network_.get(), &port_));
    const Bytes frame = mutated();
    vpc_message_packet packet = describe(frame);
    packet.header.function = kAlpha;
    verdicts_.clear();
    packet.slot = 0;
    std::copy_n(frame.begin(), std::min<std::size_t>(frame.size(), VPC_SLOT_BYTES), edge_.begin());
    network_packet(network_.get(), &packet);
    ASSERT_EQ(verdicts_.size(), 1u);
  }
  EXPECT_GT(good, packets() / 2000);
}

}  // namespace
}  // namespace cardvp
