// What the control plane says of the network (firmware/controller/network_tables.c, network_interfaces.c).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "test/unit/firmware/network_fixture.h"

namespace cardvp {
namespace {

using namespace nic::vpc_regs;
namespace page = nic::interface_regs;

struct NetworkControl : NetworkFirmware {
  // It makes flows unknown, if there can be any.
  template <class Change>
  void changes(Change change) {
    network_->judged = 1;
    const std::uint64_t before = generation();
    EXPECT_EQ(change(), CONTROL_OK);
    EXPECT_EQ(generation(), before + 1);
  }
};

TEST_F(NetworkControl, Underlay) {
  EXPECT_EQ(underlay(7, "192.0.2.7"), CONTROL_OK);
  EXPECT_EQ(card_.get(CONTROL_ENABLE), 1u);
  EXPECT_EQ(card_.get(SLOT_BASE), kSlots);
  EXPECT_EQ(card_.get(UNDERLAY_MAC), 0x07000000aa02u);  // 02:aa:00:00:00:07, first byte lowest
  EXPECT_EQ(card_.get(UNDERLAY_ADDRESS, 0), 0u);
  EXPECT_EQ(card_.get(UNDERLAY_ADDRESS, 2), 0xffff0000u);
  EXPECT_EQ(card_.get(UNDERLAY_ADDRESS, 3), 0x070200c0u);  // 192.0.2.7
  EXPECT_EQ(underlay(7, "192.0.2.7"), CONTROL_OK);
  EXPECT_EQ(underlay(8, "192.0.2.7"), CONTROL_BAD_VALUE);
  EXPECT_EQ(underlay(7, "192.0.2.8"), CONTROL_BAD_VALUE);
}

TEST_F(NetworkControl, UnderlayValuesThatCannotBe) {
  EXPECT_EQ(underlay(0, "192.0.2.7"), CONTROL_BAD_VALUE);
  for (const char* address : {"::", "224.0.0.1", "ff02::1", "0.0.0.0"})
    EXPECT_EQ(underlay(7, address), CONTROL_BAD_VALUE) << address;
  control_message message{};
  message.underlay.node = 0x10000;
  EXPECT_EQ(control(message, CONTROL_UNDERLAY), CONTROL_BAD_VALUE);
  EXPECT_EQ(card_.get(CONTROL_ENABLE), 0u);
}

TEST_F(NetworkControl, Peers) {
  EXPECT_EQ(peer(3, 8, "192.0.2.8"), CONTROL_BAD_VALUE);  // no underlay yet
  underlay();
  changes([&] { return peer(3, 8, "192.0.2.8", CONTROL_PEER_ENCRYPT); });
  EXPECT_EQ(peers_.at(3), PEER_FLAGS_ENCRYPT.in(1));
  EXPECT_EQ(card_.get(PEER_ADDRESS_MAC), 0x08000000aa02u);
  EXPECT_EQ(card_.get(PEER_ADDRESS, 3), 0x080200c0u);
  changes([&] { return peer(3, 8, "192.0.2.8", CONTROL_PEER_MULTIPATH); });
  EXPECT_EQ(peers_.at(3), PEER_FLAGS_MULTIPATH.in(1));
  changes([&] { return remove_peer(3); });
  EXPECT_TRUE(peers_.empty());
  EXPECT_EQ(remove_peer(3), CONTROL_UNKNOWN);
  changes([&] { return peer(255, 0xffff, "192.0.2.8"); });
}

TEST_F(NetworkControl, PeersThatCannotBe) {
  underlay(7, "192.0.2.7");
  EXPECT_EQ(peer(256, 8, "192.0.2.8"), CONTROL_BAD_VALUE);
  EXPECT_EQ(remove_peer(256), CONTROL_BAD_VALUE);
  EXPECT_EQ(peer(0, 0x10000, "192.0.2.8"), CONTROL_BAD_VALUE);
  EXPECT_EQ(peer(0, 7, "192.0.2.8"), CONTROL_BAD_VALUE);  // the card's own
  EXPECT_EQ(peer(0, 8, "192.0.2.7"), CONTROL_BAD_VALUE);  // likewise
  EXPECT_EQ(peer(0, 8, "fd00::8"), CONTROL_BAD_VALUE);    // of the other family
  EXPECT_EQ(peer(0, 8, "224.0.0.8"), CONTROL_BAD_VALUE);
  EXPECT_EQ(peer(0, 8, "192.0.2.8", 4), CONTROL_BAD_VALUE);
  EXPECT_EQ(peer(0, 8, "192.0.2.8"), CONTROL_OK);
  EXPECT_EQ(peer(1, 8, "192.0.2.9"), CONTROL_BAD_VALUE);  // two of a node
  EXPECT_EQ(peer(1, 9, "192.0.2.8"), CONTROL_BAD_VALUE);  // two of an address
  refused_ = 1;
  EXPECT_EQ(peer(1, 9, "192.0.2.9"), CONTROL_NO_ROOM);
  refused_ = 0;
  EXPECT_EQ(remove_peer(1), CONTROL_UNKNOWN);
}

TEST_F(NetworkControl, Routes) {
  underlay();
  changes([&] { return route("10.0.0.0/8", CONTROL_ROUTE_PEER, 3); });
  changes([&] { return route("10.0.0.0/8", CONTROL_ROUTE_DROP); });
  EXPECT_EQ(network_->route_count, 1u);
  changes([&] { return route("10.0.0.0/8", CONTROL_ROUTE_REMOVE); });
  EXPECT_EQ(network_->route_count, 0u);
  EXPECT_EQ(route("10.0.0.0/8", CONTROL_ROUTE_REMOVE), CONTROL_UNKNOWN);
  EXPECT_EQ(route("10.0.0.0/8", 4), CONTROL_BAD_VALUE);
  EXPECT_EQ(route("10.0.0.0/8", CONTROL_ROUTE_PEER, 256), CONTROL_BAD_VALUE);
  EXPECT_EQ(route("10.0.0.0/8", CONTROL_ROUTE_INTERFACE, 256), CONTROL_BAD_VALUE);
  EXPECT_EQ(route("10.0.0.0/8", CONTROL_ROUTE_DROP, 0, 1 << 24), CONTROL_BAD_VALUE);
  EXPECT_EQ(route("10.0.0.0/8", CONTROL_ROUTE_DROP, 0, 5, "01:00:5e:00:00:01"), CONTROL_BAD_VALUE);
  control_message message{};
  message.route.target = CONTROL_ROUTE_DROP;
  message.route.prefix_length = 129;
  EXPECT_EQ(control(message, CONTROL_ROUTE), CONTROL_BAD_VALUE);
  message.route.prefix_length = 120;
  message.route.prefix[15] = 1;  // behind the length
  EXPECT_EQ(control(message, CONTROL_ROUTE), CONTROL_BAD_VALUE);
  message.route.prefix_length = 90;  // IPv4's and IPv6's
  message.route.prefix[15] = 0;
  message.route.prefix[10] = message.route.prefix[11] = 0xff;
  EXPECT_EQ(control(message, CONTROL_ROUTE), CONTROL_BAD_VALUE);
}

TEST_F(NetworkControl, AsManyRoutesAsFit) {
  underlay();
  for (unsigned i = 0; i < NETWORK_MOST_ROUTES; ++i) {
    const std::string prefix = "10." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".0/24";
    ASSERT_EQ(route(prefix, CONTROL_ROUTE_DROP, 0, i % 3), CONTROL_OK) << prefix;
  }
  EXPECT_EQ(route("11.0.0.0/24", CONTROL_ROUTE_DROP), CONTROL_NO_ROOM);
  EXPECT_EQ(route("10.0.0.0/24", CONTROL_ROUTE_PEER, 3, 0), CONTROL_OK);  // replaces
  EXPECT_TRUE(std::is_sorted(network_->routes, network_->routes + NETWORK_MOST_ROUTES,
                             [](const network_route& a, const network_route& b) { return a.vni < b.vni; }));
}

TEST_F(NetworkControl, AnInterfacesPage) {
  attach(4, "06:11:22:33:44:55", 0, 0x123456);
  EXPECT_EQ(of(4).get(page::MODE_VALUE), 1u);
  EXPECT_EQ(of(4).get(page::VNI_VALUE), 0x123456u);
  EXPECT_EQ(of(4).get(page::MAC), 0x554433221106u);
  changes([&] { return detach(4), CONTROL_OK; });
  EXPECT_EQ(of(4).get(page::MODE_VALUE), 0u);
  network_->judged = 1;
  const std::uint64_t before = generation();
  detach(4);
  detach(5);
  detach(1000);
  EXPECT_EQ(generation(), before);
  changes([&] { return attach(4, "06:11:22:33:44:55", CONTROL_INTERFACE_BRIDGED), CONTROL_OK; });
  EXPECT_EQ(of(4).get(page::MODE_VALUE), 2u);
}

TEST_F(NetworkControl, AGenerationThatNobodyWasJudgedInGoesOn) {
  underlay();
  peer(1, 8, "192.0.2.8");
  interface(4, "10.0.0.5/24");
  EXPECT_EQ(generation(), 0u);
  EXPECT_EQ(egress(4, udp(4, "10.0.0.5", "10.0.1.1")).action, VPC_DROP);  // is not for the flow
  route("10.0.1.0/24", CONTROL_ROUTE_PEER, 1);
  EXPECT_EQ(generation(), 0u);
  EXPECT_EQ(egress(4, udp(4, "10.0.0.5", "10.0.1.1")).action, VPC_TO_PEER);
  route("10.0.2.0/24", CONTROL_ROUTE_PEER, 1);
  EXPECT_EQ(generation(), 1u);
  route("10.0.3.0/24", CONTROL_ROUTE_PEER, 1);
  EXPECT_EQ(generation(), 1u);
}

TEST_F(NetworkControl, Allowances) {
  control_message message{};
  message.allowances.bandwidth_in = 0x1'0000'0001;
  message.allowances.bandwidth_out = 2;
  message.allowances.packet_rate = 3;
  message.allowances.connections = 4;
  message.allowances.slow_rate = 5;
  message.allowances.burst_us = 6;
  EXPECT_EQ(control(message, CONTROL_ALLOWANCES, 9), CONTROL_OK);
  EXPECT_EQ(of(9).get(page::BANDWIDTH_IN), 0x1'0000'0001u);
  EXPECT_EQ(of(9).get(page::BANDWIDTH_OUT), 2u);
  EXPECT_EQ(of(9).get(page::PACKET_RATE), 3u);
  EXPECT_EQ(of(9).get(page::CONNECTIONS), 4u);
  EXPECT_EQ(of(9).get(page::SLOW_RATE), 5u);
  EXPECT_EQ(of(9).get(page::BURST), 6u);
  EXPECT_EQ(control(message, CONTROL_ALLOWANCES, kFunctions), CONTROL_NO_HARDWARE);
}

TEST_F(NetworkControl, Addresses) {
  changes([&] { return address(4, "10.0.0.5/24", "10.0.0.1", "10.0.0.2"); });
  changes([&] { return address(4, "10.0.0.5/16", "10.0.0.1"); });  // replaces
  EXPECT_EQ(network_->interfaces[0].address_count, 1u);
  changes([&] { return remove_address(4, "10.0.0.5"); });
  EXPECT_EQ(remove_address(4, "10.0.0.5"), CONTROL_UNKNOWN);
  EXPECT_EQ(address(kFunctions, "10.0.0.5/24"), CONTROL_NO_HARDWARE);
  EXPECT_EQ(address(300, "10.0.0.5/24"), CONTROL_NO_HARDWARE);
  for (const char* own : {"224.0.0.1/24", "0.0.0.0/24", "ff02::1/64", "::/64", "127.0.0.1/8", "10.0.0.5/-1"})
    EXPECT_EQ(address(4, own), CONTROL_BAD_VALUE) << own;
  EXPECT_EQ(address(4, "10.0.0.5/24", "fd00::1"), CONTROL_BAD_VALUE);
  EXPECT_EQ(address(4, "10.0.0.5/24", "10.0.0.5"), CONTROL_BAD_VALUE);
  EXPECT_EQ(address(4, "10.0.0.5/24", "224.0.0.1"), CONTROL_BAD_VALUE);
  EXPECT_EQ(address(4, "10.0.0.5/24", "::", "fd00::1"), CONTROL_BAD_VALUE);
  EXPECT_EQ(address(4, "fd00::5/129"), CONTROL_BAD_VALUE);
  for (unsigned i = 0; i < NETWORK_MOST_ADDRESSES; ++i)
    EXPECT_EQ(address(4, "10.0.0." + std::to_string(i + 10) + "/24"), CONTROL_OK);
  EXPECT_EQ(address(4, "10.0.0.99/24"), CONTROL_NO_ROOM);
  EXPECT_EQ(address(4, "10.0.0.10/25"), CONTROL_OK);
}

TEST_F(NetworkControl, Rules) {
  changes([&] { return rule(4, 0, true, 6, "10.0.0.0/8"); });
  changes([&] { return rule(4, 63, false, 6, "10.0.0.0/8"); });
  changes([&] { return remove_rule(4, 63); });
  EXPECT_EQ(remove_rule(4, 63), CONTROL_UNKNOWN);
  EXPECT_EQ(rule(4, 64, true, 6, "10.0.0.0/8"), CONTROL_BAD_VALUE);
  EXPECT_EQ(remove_rule(4, 64), CONTROL_BAD_VALUE);
  EXPECT_EQ(rule(4, 1, true, 6, "10.0.0.0/8", 2, 1), CONTROL_BAD_VALUE);
  EXPECT_EQ(rule(kFunctions, 1, true, 6, "10.0.0.0/8"), CONTROL_NO_HARDWARE);
  control_message message{};
  message.rule.prefix_length = 255;
  EXPECT_EQ(control(message, CONTROL_RULE, 4), CONTROL_BAD_VALUE);
}

TEST_F(NetworkControl, AsManyInterfacesAsFit) {
  for (unsigned i = 0; i < NETWORK_MOST_INTERFACES; ++i) EXPECT_EQ(address(i, "10.0.0.5/24"), CONTROL_OK);
  EXPECT_EQ(address(NETWORK_MOST_INTERFACES, "10.0.0.5/24"), CONTROL_NO_ROOM);
  EXPECT_EQ(rule(NETWORK_MOST_INTERFACES, 0, true, 0, "10.0.0.0/8"), CONTROL_NO_ROOM);
  attach(NETWORK_MOST_INTERFACES, "06:00:00:00:00:01");
  EXPECT_EQ(of(NETWORK_MOST_INTERFACES).get(page::MODE_VALUE), 0u);
  EXPECT_EQ(address(5, "10.0.0.6/24"), CONTROL_OK);
}

TEST_F(NetworkControl, UnknownTypes) {
  for (const std::uint16_t type : {0, 1, 13, 14, 18, 19, 0xffff}) EXPECT_EQ(control({}, type), CONTROL_UNKNOWN);
}

TEST_F(NetworkControl, OtherFirmwareGoesOn) {
  underlay();
  peer(1, 8, "192.0.2.8");
  route("10.0.1.0/24", CONTROL_ROUTE_PEER, 1);
  interface(4, "10.0.0.5/24");
  network_->port = nullptr;
  ASSERT_TRUE(network_resume(network_.get(), &port_));
  EXPECT_EQ(egress(4, udp(4, "10.0.0.5", "10.0.1.1")).action, VPC_TO_PEER);
}

TEST_F(NetworkControl, WhatCannotHaveBeenLeft) {
  underlay();
  interface(4, "10.0.0.5/24");
  const network good = *network_;
  const auto resumes_with = [&](auto change) {
    *network_ = good;
    change(*network_);
    return network_resume(network_.get(), &port_) != 0;
  };
  EXPECT_TRUE(resumes_with([](network&) {}));
  EXPECT_FALSE(resumes_with([](network& n) { n.interface_count = NETWORK_MOST_INTERFACES + 1; }));
  EXPECT_FALSE(resumes_with([](network& n) { n.route_count = NETWORK_MOST_ROUTES + 1; }));
  EXPECT_FALSE(resumes_with([](network& n) { n.interface_of[9] = 2; }));
  EXPECT_FALSE(resumes_with([](network& n) { n.interfaces[0].address_count = NETWORK_MOST_ADDRESSES + 1; }));
  EXPECT_FALSE(resumes_with([](network& n) { n.interfaces[0].function = NETWORK_FUNCTIONS; }));
  EXPECT_FALSE(resumes_with([](network& n) { n.peers[255].sending_slot = 2; }));
  EXPECT_FALSE(resumes_with([](network& n) { n.master = 2; }));
}

}  // namespace
}  // namespace cardvp
