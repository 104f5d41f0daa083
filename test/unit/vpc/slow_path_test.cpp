// Packets that the firmware decides: order, slots, verdicts of all kinds, floods.
#include "test/unit/vpc/machine.h"

namespace cardvp::nic {
namespace {

using VpcSlowPathTest = Machine;

vpc_message_verdict verdict_of(unsigned action, unsigned reason = 0, unsigned flags = 0) {
  vpc_message_verdict verdict{};
  verdict.action = static_cast<std::uint8_t>(action);
  verdict.reason = static_cast<std::uint8_t>(reason);
  verdict.flags = static_cast<std::uint16_t>(flags);
  verdict.owner = VPC_NO_FUNCTION;
  return verdict;
}

Bytes arp() {
  return from_hex("ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a0000fe");
}

TEST_F(VpcSlowPathTest, OthersOfTheFlowWaitInOrder) {
  for (std::size_t i = 0; i < 10; ++i) EXPECT_TRUE(transmit(a, 0, frame(spec(), 100 + i)).accepted);
  run();
  EXPECT_EQ(a.firmware.packets.size(), 1u);
  ASSERT_EQ(b.hosts[0].frames.size(), 10u);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(b.hosts[0].frames[i].size(), 142 + i);
}

TEST_F(VpcSlowPathTest, AFewPacketsWaitAndNoMore) {
  for (std::size_t i = 0; i < 136; ++i) EXPECT_EQ(transmit(a, 0, frame(spec())).accepted, i < 129) << i;
  EXPECT_EQ(a.drops(0, "slow_path_full"), 7u);
  run();
  EXPECT_EQ(b.hosts[0].frames.size(), 129u);
}

TEST_F(VpcSlowPathTest, AVerdictForOnePacketIsForOnePacket) {
  a.firmware.judge = [this](const vpc_message_packet& packet) {
    vpc_message_verdict verdict = a.route(packet);
    verdict.flags = VPC_REWRITE_MAC;
    return std::optional(verdict);
  };
  for (std::size_t i = 0; i < 5; ++i) transmit(a, 0, frame(spec(), 100 + i));
  run();
  EXPECT_EQ(a.firmware.packets.size(), 5u);
  ASSERT_EQ(b.hosts[0].frames.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(b.hosts[0].frames[i].size(), 142 + i);
  EXPECT_EQ(a.get(vpc_regs::offset::FLOW_COUNT), 0u);
}

TEST_F(VpcSlowPathTest, AVerdictOfAnOlderGenerationIsUsedOnce) {
  transmit(a, 0, frame(spec()));
  transmit(a, 0, frame(spec()));
  run(us(4));
  a.set(vpc_regs::offset::FLOW_GENERATION, 9);  // the rules change while the packet is with the firmware
  run();
  ASSERT_EQ(a.firmware.packets.size(), 2u);
  EXPECT_EQ(a.firmware.packets[0].generation, 0u);
  EXPECT_EQ(a.firmware.packets[1].generation, 9u);
  EXPECT_EQ(b.hosts[0].frames.size(), 2u);
  EXPECT_EQ(a.get(vpc_regs::offset::FLOW_COUNT), 2u);
}

TEST_F(VpcSlowPathTest, EveryReasonOfTheFirmwareIsCounted) {
  const char* const names[] = {"none",   "spoofed_mac",    "spoofed_ip",   "no_route",    "rules",
                               "not_ip", "unknown_target", "no_interface", "connections", "ttl"};
  static_assert(std::size(names) == VPC_REASONS);
  for (unsigned reason = 0; reason < VPC_REASONS; ++reason) {
    a.firmware.judge = [=](const vpc_message_packet&) { return std::optional(verdict_of(VPC_DROP, reason)); };
    transmit(a, 0, frame(spec()));
    run();
    EXPECT_EQ(a.drops(0, names[reason]), 1u) << names[reason];
    EXPECT_EQ(a.all_drops(), reason + 1);
  }
}

TEST_F(VpcSlowPathTest, ADropCanBeForTheFlow) {
  a.firmware.judge = [](const vpc_message_packet&) {
    return std::optional(verdict_of(VPC_DROP, VPC_REASON_RULES, VPC_INSTALL));
  };
  for (int i = 0; i < 3; ++i) transmit(a, 0, frame(spec()));
  run();
  EXPECT_FALSE(transmit(a, 0, frame(spec())).accepted);
  EXPECT_EQ(a.firmware.packets.size(), 1u);
  EXPECT_EQ(a.drops(0, "rules"), 4u);
  EXPECT_EQ(a.get_if(0, interface_regs::offset::CONNECTIONS_NOW), 0u);
}

TEST_F(VpcSlowPathTest, DropsOnTheWayInAreOfTheOwnerIfThereIsOne) {
  b.firmware.judge = [](const vpc_message_packet& packet) {
    vpc_message_verdict verdict = verdict_of(VPC_DROP, VPC_REASON_RULES);
    verdict.owner = packet.source_port == 1 ? 1 : VPC_NO_FUNCTION;
    return std::optional(verdict);
  };
  transmit(a, 0, frame(spec(0, 0, 1)));
  transmit(a, 0, frame(spec(0, 0, 2)));
  run();
  EXPECT_EQ(b.drops(1, "rules"), 1u);
  EXPECT_EQ(b.drops("rules"), 1u);
}

TEST_F(VpcSlowPathTest, VerdictsThatMakeNoSenseDropThePacket) {
  b.firmware.judge = [](const vpc_message_packet&) { return std::optional(verdict_of(VPC_TO_PEER)); };  // back out
  transmit(a, 0, frame(spec()));
  run();
  EXPECT_EQ(b.drops("bad_verdict"), 1u);
  for (const unsigned action : {4u, 255u}) {
    a.firmware.judge = [=](const vpc_message_packet&) { return std::optional(verdict_of(action, 0, VPC_INSTALL)); };
    transmit(a, 0, frame(spec(0, 0, 5)));
    run();
  }
  EXPECT_EQ(a.drops(0, "bad_verdict"), 2u);
  a.firmware.judge = [](const vpc_message_packet&) { return std::optional(verdict_of(VPC_DROP, 200)); };
  transmit(a, 0, frame(spec(0, 0, 5)));
  a.firmware.judge = [](const vpc_message_packet&) {
    vpc_message_verdict verdict = verdict_of(VPC_TO_PEER);
    verdict.peer = 9999;
    return std::optional(verdict);
  };
  transmit(a, 0, frame(spec(0, 0, 6)));
  run();
  EXPECT_EQ(a.drops(0, "no_peer"), 2u);
  EXPECT_EQ(a.all_drops(), 4u);
}

TEST_F(VpcSlowPathTest, AVerdictThatComesTwiceOrTooLateIsIgnored) {
  transmit(a, 0, frame(spec()));
  run();
  vpc_message_verdict again = a.route(a.firmware.packets[0]);
  again.header.type = VPC_MESSAGE_VERDICT;
  again.header.tag = a.firmware.packets[0].header.tag;
  a.firmware.send(again);
  again.header.tag += 1;
  a.firmware.send(again);
  again.header.tag = 0xffffffff;
  a.firmware.send(again);
  run();
  EXPECT_EQ(a.counter("stale_verdicts"), 3u);
  EXPECT_EQ(b.hosts[0].frames.size(), 1u);
  nic_message_header unknown{77, 0, 0};
  a.firmware.send(unknown);
  run();
  EXPECT_EQ(a.counter("bad_messages"), 1u);
}

TEST_F(VpcSlowPathTest, WhatIsNoFlowGoesToTheFirmwareEachTime) {
  net::FrameSpec tagged = spec();
  tagged.vlan = 5;
  Bytes fragment = frame(spec(), 80);
  net::store16(&fragment[20], 0x2000);
  net::set_ipv4_checksum(fragment, net::parse(fragment));
  Bytes spoofed = frame(spec());
  net::store_mac(&spoofed[6], Card::mac(0, 1));
  transmit(a, 0, frame(spec()));  // the flow itself is known
  run();
  for (const Bytes& each : {arp(), frame(tagged), fragment, spoofed}) {
    const std::size_t before = a.firmware.packets.size();
    for (int i = 0; i < 2; ++i) transmit(a, 0, each);
    run();
    ASSERT_EQ(a.firmware.packets.size(), before + 2);
  }
  EXPECT_EQ(a.firmware.packets[1].flags, VPC_PACKET_BROADCAST);
  EXPECT_EQ(a.firmware.packets[1].ether_type, 0x0806);
  EXPECT_EQ(a.firmware.packets[3].flags, VPC_PACKET_IP);
  EXPECT_EQ(a.firmware.packets[3].ether_type, 0x0800);
  EXPECT_EQ(a.firmware.packets[5].flags, VPC_PACKET_IP | VPC_PACKET_FRAGMENT);
  EXPECT_EQ(a.firmware.packets[5].source_port, 0);
  EXPECT_EQ(a.firmware.packets[7].source_mac[5], 2);
  EXPECT_EQ(a.get(vpc_regs::offset::FLOW_COUNT), 2u);
}

TEST_F(VpcSlowPathTest, TheFirmwareAnswersByItself) {
  const Bytes answer = pattern(60, 9);
  a.firmware.judge = [&](const vpc_message_packet& packet) {
    std::copy(answer.begin(), answer.end(), a.ram.bytes.begin() + 0x40000);
    vpc_message_inject inject{};
    inject.header = {VPC_MESSAGE_INJECT, packet.header.function, 0};
    inject.address = 0x40000;
    inject.size = static_cast<std::uint32_t>(answer.size());
    a.firmware.send(inject);
    return std::optional(verdict_of(VPC_CONSUMED));
  };
  EXPECT_TRUE(transmit(a, 0, arp()).accepted);
  run();
  EXPECT_EQ(a.hosts[0].frames, std::vector<Bytes>{answer});
  EXPECT_EQ(a.all_drops(), 0u);
  EXPECT_EQ(a.counter("consumed"), 1u);
}

TEST_F(VpcSlowPathTest, FramesThatCannotBeInjectedAreNot) {
  vpc_message_inject inject{};
  inject.header = {VPC_MESSAGE_INJECT, 0, 0};
  inject.size = 60;
  inject.address = 0xffff'ffff'0000;
  a.firmware.send(inject);
  inject.address = 0;
  for (const unsigned size : {0u, 13u, 2049u, 0xffffffffu}) {
    inject.size = size;
    a.firmware.send(inject);
  }
  run();
  EXPECT_EQ(a.counter("bad_messages"), 5u);
  inject.size = 60;
  inject.header.function = 77;
  a.firmware.send(inject);
  a.set_if(1, interface_regs::offset::MODE, 0);
  inject.header.function = 1;
  a.firmware.send(inject);
  run();
  EXPECT_EQ(a.drops("no_interface"), 1u);
  EXPECT_EQ(a.drops(1, "interface_off"), 1u);
  EXPECT_TRUE(a.hosts[0].frames.empty() && a.hosts[1].frames.empty());
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(VpcSlowPathTest, WithoutSlotsNothingUnknownPasses) {
  transmit(a, 0, frame(spec()));
  run();
  a.set(vpc_regs::offset::SLOT_BASE, 0, 8);
  EXPECT_TRUE(transmit(a, 0, frame(spec())).accepted);
  EXPECT_FALSE(transmit(a, 0, frame(spec(0, 0, 8))).accepted);
  a.set(vpc_regs::offset::SLOT_BASE, 0xffff'ffff'0000, 8);
  EXPECT_TRUE(transmit(a, 0, frame(spec(0, 0, 8))).accepted);  // it shows when the packet is copied
  run();
  EXPECT_EQ(a.drops(0, "no_slots"), 2u);
  EXPECT_EQ(a.firmware.packets.size(), 1u);
}

TEST_F(VpcSlowPathTest, LongFramesAreShownByTheirStart) {
  const Bytes sent = frame(spec(), 5000);
  transmit(a, 0, sent);
  run();
  ASSERT_EQ(a.firmware.packets.size(), 1u);
  EXPECT_EQ(a.firmware.packets[0].bytes, sent.size());
  EXPECT_EQ(a.firmware.slot(a.firmware.packets[0]), Bytes(sent.begin(), sent.begin() + VPC_SLOT_BYTES));
  EXPECT_EQ(b.hosts[0].frames.size(), 1u);
}

TEST_F(VpcSlowPathTest, AFloodOfNewFlowsHurtsWhomItComesFrom) {
  transmit(a, 0, frame(spec(0, 0, 1)));
  run();
  a.firmware.latency = us(50);
  for (std::uint16_t flow = 0; flow < 1000; ++flow) transmit(a, 0, frame(spec(0, 0, 2000 + flow)));
  EXPECT_EQ(a.drops(0, "slow_path_full"), 984u);               // 16 slots
  EXPECT_TRUE(transmit(a, 0, frame(spec(0, 0, 1))).accepted);  // what is known goes on
  EXPECT_TRUE(transmit(a, 1, frame(spec(1, 0, 1))).accepted);  // and so do others
  run();
  EXPECT_EQ(b.drops("slow_path_full"), 1u);  // 17 new flows from one peer at once
  EXPECT_EQ(b.hosts[0].frames.size(), 1 + 16 + 2 - 1u);
  EXPECT_EQ(a.firmware.packets.size(), 1 + 16 + 1u);
}

TEST_F(VpcSlowPathTest, AFloodFromTheWireIsBoundedToo) {
  b.firmware.silent = true;
  for (std::uint16_t flow = 0; flow < 10; ++flow) transmit(a, 0, frame(spec(0, 0, 2000 + flow)));
  run();
  const std::vector<Bytes> wire = a.port.sent;
  for (unsigned i = 0; i < 50; ++i) {
    Bytes outer = wire[i % 10];
    net::store16(&outer[50 + 34], static_cast<std::uint16_t>(5000 + i));  // inner source port
    b.port.receive(make(outer));
  }
  run();
  EXPECT_EQ(b.drops("slow_path_full"), 44u);  // 60 packets, 16 slots
  EXPECT_EQ(frames.in_use(), 16u);
  EXPECT_TRUE(transmit(b, 0, frame(spec())).accepted);
}

TEST_F(VpcSlowPathTest, AVerdictThatComesWhenTheDataPathIsOffLetsNothingPass) {
  transmit(a, 0, frame(spec()));
  run(us(3));
  a.set(vpc_regs::offset::CONTROL, 0);
  run();
  EXPECT_EQ(a.drops(0, "vpc_off"), 1u);
  a.set(vpc_regs::offset::CONTROL, 1);
  transmit(a, 0, frame(spec()));
  run(us(3));
  b.set(vpc_regs::offset::CONTROL, 0);
  run();
  EXPECT_EQ(b.all_drops(), 1u);
  EXPECT_EQ(b.drops("vpc_off"), 1u);
}

TEST_F(VpcSlowPathTest, ASlotThatIsHeldForTooLongIsTakenAway) {
  a.firmware.silent = true;
  for (std::uint16_t flow = 0; flow < 16; ++flow) transmit(a, 0, frame(spec(0, 0, 2000 + flow)));
  run(sc_core::sc_time(0.9, sc_core::SC_SEC));
  EXPECT_FALSE(transmit(a, 0, frame(spec(0, 0, 1))).accepted);
  run(sc_core::sc_time(0.2, sc_core::SC_SEC));
  EXPECT_TRUE(transmit(a, 0, frame(spec(0, 0, 1))).accepted);
  EXPECT_EQ(a.drops(0, "no_verdict"), 1u);
  a.firmware.silent = false;
  a.firmware.wake();
  run();
  EXPECT_EQ(a.counter("stale_verdicts"), 1u);
  EXPECT_EQ(b.hosts[0].frames.size(), 16u);
}

TEST_F(VpcSlowPathTest, WhatWaitsIsDroppedWithItsInterface) {
  for (int i = 0; i < 5; ++i) transmit(a, 0, frame(spec()));
  transmit(a, 1, frame(spec(1)));
  a.set_if(0, interface_regs::offset::MODE, 0);
  EXPECT_EQ(a.drops(0, "interface_off"), 5u);
  run();
  EXPECT_EQ(b.hosts[0].frames.size(), 1u);
}

struct VpcSmallCacheTest : Machine {
  VpcSmallCacheTest() : Machine({.vpc = {.flow_entries = 8}}) {}
};

TEST_F(VpcSmallCacheTest, WhatFindsNoPlaceIsForwardedOnce) {
  for (std::uint16_t flow = 0; flow < 6; ++flow) {
    transmit(a, 0, frame(spec(0, 0, 2000 + flow)));
    run();
  }
  EXPECT_EQ(a.get(vpc_regs::offset::FLOW_COUNT), 8u);
  EXPECT_EQ(a.counter("flows_installed"), 4u);
  EXPECT_EQ(a.counter("flows_not_cached"), 2u);
  transmit(a, 0, frame(spec(0, 0, 2005)));
  transmit(a, 0, frame(spec(0, 0, 2005)));
  run();
  EXPECT_EQ(a.firmware.packets.size(), 7u);
  EXPECT_EQ(b.hosts[0].frames.size(), 8u);
}

}  // namespace
}  // namespace cardvp::nic
