// Packets from one card to another and between interfaces of one: what hosts, wire and firmware see of them.
#include "test/unit/vpc/machine.h"

#include "models/net/parse.h"

namespace cardvp::nic {
namespace {

using VpcPacketsTest = Machine;

Bytes rewritten(Bytes frame, const net::MacAddress& mac) {
  net::store_mac(frame.data(), mac);
  return frame;
}

TEST_F(VpcPacketsTest, TheFirstPacketAsksTheFirmwareAndTheNextDoesNot) {
  const Bytes sent = frame(spec());
  EXPECT_TRUE(transmit(a, 0, sent).accepted);
  run();
  const Bytes expected = rewritten(sent, Card::mac(1, 0));  // VPC_REWRITE_MAC
  ASSERT_EQ(b.hosts[0].frames, std::vector<Bytes>{expected});
  ASSERT_EQ(a.firmware.packets.size(), 1u);
  ASSERT_EQ(b.firmware.packets.size(), 1u);
  for (int i = 0; i < 10; ++i) transmit(a, 0, sent);
  run();
  EXPECT_EQ(b.hosts[0].frames, std::vector<Bytes>(11, expected));
  EXPECT_EQ(a.firmware.packets.size(), 1u);
  EXPECT_EQ(b.firmware.packets.size(), 1u);
  EXPECT_EQ(a.get(vpc_regs::offset::FLOW_COUNT), 2u);  // there and back
  EXPECT_EQ(a.counter("fn0.packets_out"), 11u);
  EXPECT_EQ(b.counter("fn0.bytes_in"), 11 * sent.size());
  EXPECT_EQ(a.all_drops() + b.all_drops(), 0u);
}

TEST_F(VpcPacketsTest, AnswersAreOfTheConnection) {
  transmit(a, 0, frame(spec()));
  run();
  net::FrameSpec answer = spec();
  std::swap(answer.source_ip, answer.destination_ip);
  std::swap(answer.source_port, answer.destination_port);
  answer.source = Card::mac(1, 0);
  const Bytes sent = frame(answer, 700);
  transmit(b, 0, sent);
  run();
  EXPECT_EQ(a.hosts[0].frames, std::vector<Bytes>{rewritten(sent, Card::mac(0, 0))});
  EXPECT_EQ(a.firmware.packets.size(), 1u);
  EXPECT_EQ(b.firmware.packets.size(), 1u);
}

TEST_F(VpcPacketsTest, TheFirmwareIsToldWhatThePacketIs) {
  net::FrameSpec tcp = spec(1, 0, 4321);
  tcp.protocol = net::kProtocolTcp;
  const Bytes sent = frame(tcp, 1000);
  transmit(a, 1, sent);
  run();
  ASSERT_EQ(a.firmware.packets.size(), 1u);
  const vpc_message_packet& out = a.firmware.packets[0];
  EXPECT_EQ(out.header.function, 1);
  EXPECT_EQ(out.direction, VPC_EGRESS);
  EXPECT_EQ(out.flags, VPC_PACKET_IP);
  EXPECT_EQ(out.bytes, sent.size());
  EXPECT_EQ(out.ether_type, 0x0800);
  EXPECT_EQ(out.protocol, 6);
  EXPECT_TRUE(std::equal(out.source, out.source + 16, tcp.source_ip.bytes.begin()));
  EXPECT_TRUE(std::equal(out.destination, out.destination + 16, tcp.destination_ip.bytes.begin()));
  EXPECT_EQ(out.source_port, 4321);
  EXPECT_EQ(out.destination_port, 7);
  EXPECT_TRUE(std::equal(out.source_mac, out.source_mac + 6, tcp.source.bytes.begin()));
  EXPECT_TRUE(std::equal(out.destination_mac, out.destination_mac + 6, tcp.destination.bytes.begin()));
  EXPECT_EQ(a.firmware.slot(out), sent);
  ASSERT_EQ(b.firmware.packets.size(), 1u);
  const vpc_message_packet& in = b.firmware.packets[0];
  EXPECT_EQ(in.header.function, VPC_NO_FUNCTION);
  EXPECT_EQ(in.direction, VPC_INGRESS);
  EXPECT_EQ(in.vni, Card::kVni);
  EXPECT_EQ(in.peer, 0);
  EXPECT_EQ(in.source_port, 4321);
}

// The bytes on the wire: models/nic/vpc/geneve.h says what they are.
TEST_F(VpcPacketsTest, OnTheWireItIsGeneve) {
  const Bytes sent = frame(spec());
  transmit(a, 0, sent);
  run();
  ASSERT_EQ(a.port.sent.size(), 1u);
  const Bytes& outer = a.port.sent[0];
  ASSERT_EQ(outer.size(), sent.size() + 50);
  const Bytes start(outer.begin(), outer.begin() + 14);
  EXPECT_EQ(start, from_hex("020100000001 020100000000 0800"));
  const Bytes geneve(outer.begin() + 42, outer.begin() + 50);
  EXPECT_EQ(geneve, from_hex("0000 6558 123456 00"));
  const Bytes inner(outer.begin() + 50, outer.end());
  EXPECT_EQ(inner, rewritten(sent, Card::mac(1, 0)));
  EXPECT_GE(net::load16(&outer[34]), 49152);
}

TEST_F(VpcPacketsTest, TheSourcePortIsOfTheFlow) {
  std::map<unsigned, unsigned> ports;
  for (std::uint16_t flow = 0; flow < 20; ++flow) {
    for (int i = 0; i < 3; ++i) transmit(a, 0, frame(spec(0, 0, 2000 + flow)));
    run();
  }
  for (const Bytes& outer : a.port.sent) ++ports[net::load16(&outer[34])];
  EXPECT_GE(ports.size(), 19u);
  for (const auto& [port, count] : ports) EXPECT_EQ(count % 3, 0u) << port;
}

TEST_F(VpcPacketsTest, AJumboFrameFitsAndALongerOneIsDropped) {
  transmit(a, 0, frame(spec(), 9001 - 28));
  run();
  ASSERT_EQ(b.hosts[0].frames.size(), 1u);
  EXPECT_EQ(b.hosts[0].frames[0].size(), 9015u);
  wire::FramePtr bare = make(frame(spec()));
  bare->push_front(240);  // no room in front any longer
  std::memmove(bare->data(), bare->data() + 240, bare->size() - 240);
  bare->pop_back(240);
  EXPECT_FALSE(a.vpc.transmit(0, std::move(bare), sim.scheduler.now()).accepted);
  EXPECT_EQ(a.drops(0, "too_long"), 1u);
}

TEST_F(VpcPacketsTest, BetweenTwoInterfacesOfACardNothingGoesToTheWire) {
  net::FrameSpec local = spec();
  local.destination_ip = net::IpAddress::v4(0x0a000002);
  const Bytes sent = frame(local);
  transmit(a, 0, sent);
  run();
  transmit(a, 0, sent);
  run();
  const std::vector<Bytes> expected(2, rewritten(sent, Card::mac(0, 1)));
  EXPECT_EQ(a.hosts[1].frames, expected);
  EXPECT_TRUE(a.port.sent.empty());
  // And back, by the reverse flow.
  std::swap(local.source_ip, local.destination_ip);
  std::swap(local.source_port, local.destination_port);
  local.source = Card::mac(0, 1);
  transmit(a, 1, frame(local));
  run();
  EXPECT_EQ(a.hosts[0].frames.size(), 1u);
  EXPECT_EQ(a.firmware.packets.size(), 1u);
  // An interface that is off takes nothing, and its flows are forgotten.
  a.set_if(1, interface_regs::offset::MODE, 0);
  transmit(a, 0, sent);
  run();
  EXPECT_EQ(a.hosts[1].frames.size(), 2u);
  EXPECT_EQ(a.firmware.packets.size(), 2u);
  EXPECT_EQ(a.drops(0, "no_interface"), 1u);
}

TEST_F(VpcPacketsTest, MalformedFramesOfTheHostAreDroppedByReason) {
  const Bytes good = frame(spec());
  for (std::size_t size = 0; size < good.size(); ++size) {
    const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(transmit(a, 0, cut).accepted) << size;
  }
  EXPECT_EQ(a.drops(0, "short_ethernet"), 14u);
  EXPECT_EQ(a.drops(0, "short_ip"), 20u);
  EXPECT_EQ(a.drops(0, "bad_ip_length"), good.size() - 34);
  EXPECT_EQ(a.all_drops(), good.size());
}

TEST_F(VpcPacketsTest, MalformedInnerFramesAreDroppedByReason) {
  Bytes outer = from_hex(
      "020100000001 020100000000 0800 4500 0000 0000 4000 4011 0000 ac100010 ac100011"
      "c123 17c1 0000 0000 0000 6558 123456 00");
  const Bytes inner = frame(spec());
  for (const std::size_t size : {0u, 13u, 20u, 40u}) {
    Bytes bytes = outer;
    bytes.insert(bytes.end(), inner.begin(), inner.begin() + static_cast<std::ptrdiff_t>(size));
    net::store16(&bytes[16], static_cast<std::uint16_t>(bytes.size() - 14));
    net::store16(&bytes[38], static_cast<std::uint16_t>(bytes.size() - 34));
    net::set_ipv4_checksum(bytes, net::parse(bytes));
    b.port.receive(make(bytes));
  }
  EXPECT_EQ(b.drops("inner_short_ethernet"), 2u);
  EXPECT_EQ(b.drops("inner_short_ip"), 1u);
  EXPECT_EQ(b.drops("inner_bad_ip_length"), 1u);
  EXPECT_EQ(b.all_drops(), 4u);
}

TEST_F(VpcPacketsTest, ANewGenerationMakesEveryFlowUnknown) {
  transmit(a, 0, frame(spec()));
  run();
  a.set(vpc_regs::offset::FLOW_GENERATION, 1);
  EXPECT_EQ(a.get(vpc_regs::offset::FLOW_COUNT), 0u);
  transmit(a, 0, frame(spec()));
  run();
  ASSERT_EQ(a.firmware.packets.size(), 2u);
  EXPECT_EQ(a.firmware.packets[1].generation, 1u);
  EXPECT_EQ(b.firmware.packets.size(), 1u);
  EXPECT_EQ(b.hosts[0].frames.size(), 2u);
}

TEST_F(VpcPacketsTest, AFlowFromAnotherCardIsAnotherFlow) {
  transmit(a, 0, frame(spec()));
  run();
  Bytes outer = a.port.sent[0];
  outer[29] ^= std::byte{0x70};  // outer source 172.16.0.96: a card that is no peer
  net::set_ipv4_checksum(outer, net::parse(outer));
  b.port.receive(make(outer));
  run();
  ASSERT_EQ(b.firmware.packets.size(), 2u);
  EXPECT_EQ(b.firmware.packets[1].peer, VPC_NO_PEER);
}

TEST_F(VpcPacketsTest, APeerThatIsRemovedGetsNothing) {
  transmit(a, 0, frame(spec()));
  run();
  a.set(vpc_regs::offset::PEER_COMMAND, 2u << 16);
  EXPECT_EQ(a.get(vpc_regs::offset::RESULT), 0u);
  EXPECT_EQ(a.get(vpc_regs::offset::FLOW_COUNT), 0u);
  a.set(vpc_regs::offset::PEER_COMMAND, 2u << 16);
  EXPECT_EQ(a.get(vpc_regs::offset::RESULT), 2u);
  transmit(a, 0, frame(spec()));
  run();
  EXPECT_EQ(a.drops(0, "no_peer"), 1u);
  EXPECT_EQ(b.hosts[0].frames.size(), 1u);
}

TEST_F(VpcPacketsTest, PeersAreCheckedWhenTheyAreStored) {
  EXPECT_EQ(a.store_peer(256, 1), 1u);         // beyond VpcConfig::peers
  EXPECT_EQ(a.store_peer(1, 1), 1u);           // the address is another peer's
  EXPECT_EQ(a.store_peer(1, 2, 0, true), 1u);  // the other family
  EXPECT_EQ(a.store_peer(1, 2), 0u);
  EXPECT_EQ(a.store_peer(1, 3), 0u);  // moves
  EXPECT_EQ(a.store_peer(2, 2), 0u);
  a.set(vpc_regs::offset::PEER_COMMAND, 3u << 16 | 1);
  EXPECT_EQ(a.get(vpc_regs::offset::RESULT), 1u);
}

TEST_F(VpcPacketsTest, NothingPassesWhileItIsOff) {
  transmit(a, 0, frame(spec()));
  run();
  const Bytes outer = a.port.sent[0];
  a.set(vpc_regs::offset::CONTROL, 0);
  b.set(vpc_regs::offset::CONTROL, 0);
  EXPECT_FALSE(transmit(a, 0, frame(spec())).accepted);
  b.port.receive(make(outer));
  EXPECT_EQ(a.drops(0, "vpc_off"), 1u);
  EXPECT_EQ(b.drops("vpc_off"), 1u);
  EXPECT_FALSE(transmit(a, 5, frame(spec())).accepted);  // no such interface
  EXPECT_EQ(a.drops("no_interface"), 1u);
  a.set(vpc_regs::offset::CONTROL, 1);
  a.set_if(0, interface_regs::offset::MODE, 0);
  EXPECT_FALSE(transmit(a, 0, frame(spec())).accepted);
  EXPECT_EQ(a.drops(0, "interface_off"), 1u);
}

TEST_F(VpcPacketsTest, CardResetForgetsEverything) {
  transmit(a, 0, frame(spec()));
  run();
  a.firmware.silent = true;
  transmit(a, 0, frame(spec(0, 0, 77)));
  run(us(1));
  const std::size_t in_use = frames.in_use();
  a.vpc.reset();
  EXPECT_EQ(frames.in_use(), in_use - 1);
  EXPECT_EQ(a.drops(0, "reset"), 1u);
  EXPECT_EQ(a.get(vpc_regs::offset::FLOW_COUNT), 0u);
  EXPECT_EQ(a.get(vpc_regs::offset::CONTROL), 0u);
  EXPECT_EQ(a.get_if(0, interface_regs::offset::MODE), 0u);
  EXPECT_FALSE(transmit(a, 0, frame(spec())).accepted);
}

TEST_F(VpcPacketsTest, PagesAreWhereTheyAreSaidToBe) {
  EXPECT_EQ(a.get(vpc_regs::offset::FLOW_LIMITS), 65536u);
  EXPECT_EQ(a.get_if(1, interface_regs::offset::VNI), Card::kVni);
  EXPECT_EQ(a.get_if(200, interface_regs::offset::SLOW_RATE), 1024u);  // no interface: reset values
  a.set_if(200, interface_regs::offset::MODE, 1);
  EXPECT_EQ(a.get_if(200, interface_regs::offset::MODE), 0u);
}

struct VpcOverIpv6Test : Machine {
  VpcOverIpv6Test() : Machine({.ipv6 = true}) {}
};

TEST_F(VpcOverIpv6Test, PacketsGoOverAnIpv6Underlay) {
  const Bytes sent = frame(spec());
  for (int i = 0; i < 3; ++i) {
    transmit(a, 0, sent);
    run();
  }
  EXPECT_EQ(b.hosts[0].frames, std::vector<Bytes>(3, rewritten(sent, Card::mac(1, 0))));
  ASSERT_EQ(a.port.sent.size(), 3u);
  EXPECT_EQ(a.port.sent[0].size(), sent.size() + 70);
  EXPECT_EQ(net::load16(&a.port.sent[0][12]), 0x86dd);
}

// Bridged: interface 0 of card 0 and interface 0 of card 1 are on the wire as they are.
struct VpcBridgedTest : Machine {
  void SetUp() override {
    Machine::SetUp();
    a.set_if(0, interface_regs::offset::MODE, 2);
    b.set_if(0, interface_regs::offset::MODE, 2);
  }
  static Bytes to(const net::MacAddress& mac) {
    net::FrameSpec made = spec();
    made.destination = mac;
    return frame(made);
  }
  const net::MacAddress broadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
};

TEST_F(VpcBridgedTest, FramesPassUnchanged) {
  const Bytes sent = to(Card::mac(1, 0));
  EXPECT_TRUE(transmit(a, 0, sent).accepted);
  run();
  EXPECT_EQ(a.port.sent, std::vector<Bytes>{sent});
  EXPECT_EQ(b.hosts[0].frames, std::vector<Bytes>{sent});
  EXPECT_TRUE(a.firmware.packets.empty());
}

TEST_F(VpcBridgedTest, ASourceAddressOfOthersIsSpoofed) {
  Bytes sent = to(Card::mac(1, 0));
  net::store_mac(&sent[6], Card::mac(0, 1));
  EXPECT_FALSE(transmit(a, 0, sent).accepted);
  EXPECT_FALSE(transmit(a, 0, Bytes(13)).accepted);
  run();
  EXPECT_EQ(a.drops(0, "spoofed_mac"), 1u);
  EXPECT_EQ(a.drops(0, "short_ethernet"), 1u);
  EXPECT_TRUE(a.port.sent.empty());
}

TEST_F(VpcBridgedTest, BroadcastsGoToAllThatAreBridged) {
  a.set_if(1, interface_regs::offset::MODE, 2);
  const Bytes sent = to(broadcast);
  transmit(a, 0, sent);
  run();
  EXPECT_EQ(a.hosts[0].frames.size(), 0u);
  EXPECT_EQ(a.hosts[1].frames, std::vector<Bytes>{sent});
  EXPECT_EQ(b.hosts[0].frames, std::vector<Bytes>{sent});
  EXPECT_EQ(b.hosts[1].frames.size(), 0u);  // is not bridged
}

TEST_F(VpcBridgedTest, ANeighbourOnTheCardIsReachedWithoutTheWire) {
  a.set_if(1, interface_regs::offset::MODE, 2);
  const Bytes sent = to(Card::mac(0, 1));
  transmit(a, 0, sent);
  run();
  EXPECT_EQ(a.hosts[1].frames, std::vector<Bytes>{sent});
  EXPECT_TRUE(a.port.sent.empty());
}

TEST_F(VpcBridgedTest, WhatIsForNobodyIsDropped) {
  transmit(a, 0, to(Card::mac(1, 1)));  // in VPC mode
  transmit(a, 0, to({{2, 9, 9, 9, 9, 9}}));
  run();
  EXPECT_EQ(b.drops("not_ours"), 2u);
  EXPECT_EQ(b.all_drops(), 2u);
  b.set_if(0, interface_regs::offset::MODE, 1);
  transmit(a, 0, to(broadcast));
  run();
  EXPECT_EQ(b.drops("not_ours"), 3u);
}

struct VpcWithoutUplinkTest : testing::Test {};

TEST_F(VpcWithoutUplinkTest, WhatGoesToTheWireIsDropped) {
  Sim sim;
  wire::FramePool frames;
  memory::Mailbox mailbox("mailbox", sim, memory::kMailboxChannels);
  CardRam ram("ram", sim);
  Vpc vpc("vpc", sim, {}, mailbox.channel(memory::kVpcChannel), nullptr, frames);
  TestHost host(sim.scheduler);
  Core core("core", vpc);
  Firmware firmware(sim, mailbox, ram, "firmware");
  vpc.card.bind(ram.socket);
  vpc.connect(3, host);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  core.write(vpc_regs::offset::CONTROL, 1);
  core.write(4 * 0x1000 + interface_regs::offset::MODE, 2);
  net::FrameSpec spec = Machine::spec();
  EXPECT_FALSE(vpc.transmit(3, frames.make(Machine::frame(spec)), sim.scheduler.now()).accepted);
  EXPECT_EQ(sim.stats.counter("vpc.fn3.drops.no_uplink", "packets").value(), 1u);
  EXPECT_EQ(frames.in_use(), 0u);
}

}  // namespace
}  // namespace cardvp::nic
