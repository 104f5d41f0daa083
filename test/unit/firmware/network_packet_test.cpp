// Verdicts for packets (firmware/controller/network_packet.c): sources, routes, targets, and what the flow cache is
// told.
#include <gtest/gtest.h>

#include <algorithm>

#include "test/unit/firmware/network_fixture.h"

namespace cardvp {
namespace {

constexpr unsigned kAlpha = 3, kBeta = 4, kOther = 5;
constexpr std::uint16_t kPeer = 9;
constexpr std::uint16_t kBoth = VPC_INSTALL | VPC_INSTALL_REVERSE | VPC_REWRITE_MAC;

struct NetworkPacket : NetworkFirmware {
  NetworkPacket() {
    EXPECT_EQ(underlay(), CONTROL_OK);
    EXPECT_EQ(peer(kPeer, 8, "192.0.2.8"), CONTROL_OK);
    interface(kAlpha, "10.0.0.5/24");
    EXPECT_EQ(route("10.0.1.0/24", CONTROL_ROUTE_PEER, kPeer), CONTROL_OK);
  }
  static net::MacAddress mac(const std::uint8_t (&bytes)[6]) {
    net::MacAddress address;
    std::copy(std::begin(bytes), std::end(bytes), address.bytes.begin());
    return address;
  }
  void dropped(const vpc_message_verdict& verdict, vpc_reason reason) {
    EXPECT_EQ(verdict.action, VPC_DROP);
    EXPECT_EQ(verdict.reason, reason);
    EXPECT_EQ(verdict.flags & (VPC_INSTALL | VPC_INSTALL_REVERSE), 0);
  }
};

TEST_F(NetworkPacket, ToAnotherCard) {
  const auto verdict = egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.0.1.20"));
  EXPECT_EQ(verdict.action, VPC_TO_PEER);
  EXPECT_EQ(verdict.peer, kPeer);
  EXPECT_EQ(verdict.vni, kVni);
  EXPECT_EQ(verdict.owner, kAlpha);
  EXPECT_EQ(verdict.flags, kBoth);
  EXPECT_EQ(mac(verdict.mac).text(), "02:00:5e:00:00:01");  // what the host wrote
  EXPECT_EQ(verdict.reverse_function, kAlpha);
  EXPECT_EQ(verdict.reverse_vni, kVni);
  EXPECT_EQ(mac(verdict.reverse_mac), mac_of(kAlpha));
}

TEST_F(NetworkPacket, ARouteMayHaveAMacAddress) {
  route("10.0.1.0/28", CONTROL_ROUTE_PEER, kPeer, kVni, "06:11:22:33:44:55");
  EXPECT_EQ(mac(egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.0.1.2")).mac).text(), "06:11:22:33:44:55");
  EXPECT_EQ(mac(egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.0.1.20")).mac).text(), "02:00:5e:00:00:01");
}

TEST_F(NetworkPacket, TheLongestPrefixDecides) {
  peer(1, 11, "192.0.2.11");
  peer(2, 12, "192.0.2.12");
  const auto goes_to = [&](std::string_view address) {
    const auto verdict = egress(kAlpha, udp(kAlpha, "10.0.0.5", address));
    return verdict.action == VPC_TO_PEER ? verdict.peer : -1;
  };
  EXPECT_EQ(route("10.0.0.0/8", CONTROL_ROUTE_PEER, 1), CONTROL_OK);
  EXPECT_EQ(route("0.0.0.0/0", CONTROL_ROUTE_PEER, 2), CONTROL_OK);
  EXPECT_EQ(route("10.0.1.128/25", CONTROL_ROUTE_DROP), CONTROL_OK);
  EXPECT_EQ(route("10.0.1.129/32", CONTROL_ROUTE_PEER, 2), CONTROL_OK);
  EXPECT_EQ(goes_to("10.0.1.127"), kPeer);
  EXPECT_EQ(goes_to("10.0.1.128"), -1);
  EXPECT_EQ(goes_to("10.0.1.129"), 2);
  EXPECT_EQ(goes_to("10.0.2.1"), 1);
  EXPECT_EQ(goes_to("192.168.0.1"), 2);
  // The same prefix again replaces; another VPC's routes are others.
  EXPECT_EQ(route("10.0.1.0/24", CONTROL_ROUTE_PEER, 2), CONTROL_OK);
  EXPECT_EQ(route("10.0.1.0/26", CONTROL_ROUTE_PEER, 1, kVni - 1), CONTROL_OK);
  EXPECT_EQ(route("10.0.1.0/26", CONTROL_ROUTE_PEER, 1, kVni + 1), CONTROL_OK);
  EXPECT_EQ(goes_to("10.0.1.127"), 2);
  EXPECT_EQ(goes_to("10.0.1.1"), 2);
  EXPECT_EQ(route("10.0.1.0/24", CONTROL_ROUTE_REMOVE), CONTROL_OK);
  EXPECT_EQ(goes_to("10.0.1.127"), 1);
}

TEST_F(NetworkPacket, NoRoute) {
  dropped(egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.9.0.1")), VPC_REASON_NO_ROUTE);
  route("10.9.0.0/16", CONTROL_ROUTE_DROP);
  dropped(egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.9.0.1")), VPC_REASON_NO_ROUTE);
  route("10.8.0.0/16", CONTROL_ROUTE_PEER, 77);  // that there is none of
  dropped(egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.8.0.1")), VPC_REASON_NO_ROUTE);
  remove_peer(kPeer);
  dropped(egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.0.1.1")), VPC_REASON_NO_ROUTE);
}

TEST_F(NetworkPacket, NobodysAddresses) {
  route("0.0.0.0/0", CONTROL_ROUTE_PEER, kPeer);
  for (const char* to : {"224.0.0.251", "239.1.2.3", "255.255.255.255", "10.0.0.255", "10.0.0.0", "127.0.0.1",
                         "0.1.2.3", "10.0.0.1", "169.254.1.1"})
    dropped(egress(kAlpha, udp(kAlpha, "10.0.0.5", to)), VPC_REASON_NO_ROUTE);
  // A link-local service has a route of its own.
  route("169.254.169.254/32", CONTROL_ROUTE_PEER, kPeer);
  EXPECT_EQ(egress(kAlpha, udp(kAlpha, "10.0.0.5", "169.254.169.254")).action, VPC_TO_PEER);
  auto broadcast = udp(kAlpha, "10.0.0.5", "10.0.1.1");
  std::fill_n(broadcast.begin(), 6, 0xff);
  dropped(egress(kAlpha, broadcast), VPC_REASON_NO_ROUTE);
  EXPECT_EQ(egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.0.1.1")).action, VPC_TO_PEER);
}

TEST_F(NetworkPacket, SourcesAreTheInterfacesOwn) {
  interface(kBeta, "10.0.0.6/24");
  dropped(egress(kAlpha, udp(kBeta, "10.0.0.5", "10.0.1.1")), VPC_REASON_SPOOFED_MAC);
  dropped(egress(kAlpha, udp(kAlpha, "10.0.0.6", "10.0.1.1")), VPC_REASON_SPOOFED_IP);
  dropped(egress(kAlpha, udp(kAlpha, "169.254.7.7", "10.0.1.1")), VPC_REASON_SPOOFED_IP);
  address(kAlpha, "10.0.0.7/24");
  EXPECT_EQ(egress(kAlpha, udp(kAlpha, "10.0.0.7", "10.0.1.1")).action, VPC_TO_PEER);
  remove_address(kAlpha, "10.0.0.7");
  dropped(egress(kAlpha, udp(kAlpha, "10.0.0.7", "10.0.1.1")), VPC_REASON_SPOOFED_IP);
}

TEST_F(NetworkPacket, AForwarderSendsWhateverIsAnAddress) {
  interface(kBeta, "10.0.0.6/24", CONTROL_INTERFACE_FORWARDS);
  EXPECT_EQ(egress(kBeta, udp(kBeta, "172.16.0.1", "10.0.1.1")).action, VPC_TO_PEER);
  dropped(egress(kBeta, udp(kAlpha, "172.16.0.1", "10.0.1.1")), VPC_REASON_SPOOFED_MAC);
  for (const char* from : {"224.0.0.1", "255.255.255.255", "0.0.0.0", "127.0.0.1"})
    dropped(egress(kBeta, udp(kBeta, from, "10.0.1.1")), VPC_REASON_SPOOFED_IP);
}

TEST_F(NetworkPacket, OnlyAttachedInterfaces) {
  dropped(egress(kBeta, udp(kBeta, "10.0.0.6", "10.0.1.1")), VPC_REASON_NO_INTERFACE);
  dropped(egress(0xffff, udp(kBeta, "10.0.0.6", "10.0.1.1")), VPC_REASON_NO_INTERFACE);
  detach(kAlpha);
  dropped(egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.0.1.1")), VPC_REASON_NO_INTERFACE);
  attach(kAlpha, mac_of(kAlpha).text());
  EXPECT_EQ(egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.0.1.1")).action, VPC_TO_PEER);  // what was said of it stays
}

TEST_F(NetworkPacket, OnlyIp) {
  auto frame = udp(kAlpha, "10.0.0.5", "10.0.1.1");
  frame[12] = 0x88;
  frame[13] = 0xcc;  // LLDP
  dropped(egress(kAlpha, frame), VPC_REASON_NOT_IP);
  dropped(ingress(kPeer, frame), VPC_REASON_NOT_IP);
  // A message that says what the frame is not.
  auto packet = describe(udp(kAlpha, "10.0.0.5", "10.0.1.1"));
  packet.header.function = kAlpha;
  dropped(judge(packet, frame), VPC_REASON_NOT_IP);
  packet.bytes = 20;
  dropped(judge(packet, udp(kAlpha, "10.0.0.5", "10.0.1.1")), VPC_REASON_NOT_IP);
  packet.slot = VPC_SLOTS;
  verdicts_.clear();
  network_packet(network_.get(), &packet);
  dropped(verdicts_.at(0), VPC_REASON_NOT_IP);
}

TEST_F(NetworkPacket, NoIpv4AddressesInIpv6) {
  interface(kBeta, "fd00::6/64", CONTROL_INTERFACE_FORWARDS);
  address(kBeta, "10.0.0.6/24");
  auto frame = udp(kBeta, "fd00::6", "fd00::99");
  const std::array<std::uint8_t, 16> own{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 6};
  const std::array<std::uint8_t, 16> other{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 1, 1};
  auto packet = describe(frame);
  packet.header.function = kBeta;
  std::copy(own.begin(), own.end(), frame.begin() + 22);
  std::copy(other.begin(), other.end(), frame.begin() + 38);
  std::copy(own.begin(), own.end(), packet.source);
  std::copy(other.begin(), other.end(), packet.destination);
  dropped(judge(packet, frame), VPC_REASON_NOT_IP);
}

TEST_F(NetworkPacket, HopsThatAreUsedUp) {
  auto described = spec(kAlpha, "10.0.0.5", "10.0.1.1");
  described.ttl = 0;
  dropped(egress(kAlpha, frame(described)), VPC_REASON_TTL);
  described.ttl = 1;
  EXPECT_EQ(egress(kAlpha, frame(described)).action, VPC_TO_PEER);
  described.ttl = 0;
  described.source_ip = net::IpAddress::parse("10.0.1.1").value();
  described.destination_ip = net::IpAddress::parse("10.0.0.5").value();
  rule(kAlpha, 0, true, 0, "0.0.0.0/0");
  dropped(ingress(kPeer, frame(described)), VPC_REASON_TTL);
}

TEST_F(NetworkPacket, Ipv6) {
  interface(kBeta, "fd00:1::6/64");
  route("fd00::/16", CONTROL_ROUTE_PEER, kPeer);
  EXPECT_EQ(egress(kBeta, udp(kBeta, "fd00:1::6", "fd00:2::1")).action, VPC_TO_PEER);
  dropped(egress(kBeta, udp(kBeta, "fd00:1::7", "fd00:2::1")), VPC_REASON_SPOOFED_IP);
  dropped(egress(kBeta, udp(kBeta, "fe80::7", "fd00:2::1")), VPC_REASON_SPOOFED_IP);
  for (const char* to : {"ff02::1", "ff05::2", "::1", "fe80::1", "fd00:1::1", "2001:db8::1"})
    dropped(egress(kBeta, udp(kBeta, "fd00:1::6", to)), VPC_REASON_NO_ROUTE);
  route("::/0", CONTROL_ROUTE_PEER, kPeer);
  EXPECT_EQ(egress(kBeta, udp(kBeta, "fd00:1::6", "2001:db8::1")).action, VPC_TO_PEER);
  dropped(egress(kBeta, udp(kBeta, "fd00:1::6", "fe80::1")), VPC_REASON_NO_ROUTE);
  // ::/0 is IPv6's alone.
  dropped(egress(kAlpha, udp(kAlpha, "10.0.0.5", "192.168.1.1")), VPC_REASON_NO_ROUTE);
  dropped(egress(kBeta, icmp(spec(kBeta, "fd00:1::6", "2001:db8::1"), {137, 0, 0, 0, 0, 0, 0, 0})),
          VPC_REASON_SPOOFED_IP);  // Redirect
}

TEST_F(NetworkPacket, ToANeighbourOnTheCard) {
  interface(kBeta, "10.0.0.6/24");
  route("10.0.0.0/24", CONTROL_ROUTE_PEER, kPeer);  // the interface is known more exactly
  const auto packet = udp(kAlpha, "10.0.0.5", "10.0.0.6");
  dropped(egress(kAlpha, packet), VPC_REASON_RULES);
  rule(kBeta, 0, true, net::kProtocolUdp, "10.0.0.5/32", 2000, 2000);
  const auto verdict = egress(kAlpha, packet);
  EXPECT_EQ(verdict.action, VPC_TO_INTERFACE);
  EXPECT_EQ(verdict.header.function, kBeta);
  EXPECT_EQ(verdict.owner, kAlpha);
  EXPECT_EQ(verdict.flags, kBoth);
  EXPECT_EQ(mac(verdict.mac), mac_of(kBeta));
  EXPECT_EQ(verdict.reverse_function, kAlpha);
  EXPECT_EQ(mac(verdict.reverse_mac), mac_of(kAlpha));
  // The sender's rules count as well.
  rule(kAlpha, 0, false, net::kProtocolTcp, "0.0.0.0/0");
  dropped(egress(kAlpha, packet), VPC_REASON_RULES);
  // A route of full length goes ahead; oneself is nowhere.
  remove_rule(kAlpha, 0);
  route("10.0.0.6/32", CONTROL_ROUTE_PEER, kPeer);
  EXPECT_EQ(egress(kAlpha, packet).action, VPC_TO_PEER);
  dropped(egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.0.0.5")), VPC_REASON_NO_ROUTE);
}

TEST_F(NetworkPacket, VpcsAreApart) {
  interface(kOther, "10.0.0.6/24", 0, kVni + 1);
  rule(kOther, 0, true, 0, "0.0.0.0/0");
  dropped(egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.0.0.6")), VPC_REASON_NO_ROUTE);
  dropped(egress(kOther, udp(kOther, "10.0.0.6", "10.0.1.1")), VPC_REASON_NO_ROUTE);
  dropped(ingress(kPeer, udp(1, "10.0.1.1", "10.0.0.6")), VPC_REASON_UNKNOWN_TARGET);
  EXPECT_EQ(ingress(kPeer, udp(1, "10.0.1.1", "10.0.0.6"), kVni + 1).action, VPC_TO_INTERFACE);
}

TEST_F(NetworkPacket, FromAnotherCard) {
  rule(kAlpha, 0, true, net::kProtocolUdp, "10.0.1.0/24", 2000, 2010);
  const auto verdict = ingress(kPeer, udp(0x21, "10.0.1.1", "10.0.0.5"));
  EXPECT_EQ(verdict.action, VPC_TO_INTERFACE);
  EXPECT_EQ(verdict.header.function, kAlpha);
  EXPECT_EQ(verdict.owner, kAlpha);
  EXPECT_EQ(verdict.vni, kVni);
  EXPECT_EQ(verdict.flags, kBoth);
  EXPECT_EQ(mac(verdict.mac), mac_of(kAlpha));
  EXPECT_EQ(verdict.reverse_peer, kPeer);
  EXPECT_EQ(verdict.reverse_vni, kVni);
  EXPECT_EQ(mac(verdict.reverse_mac), mac_of(0x21));
  dropped(ingress(kPeer, udp(0x21, "10.0.1.1", "10.0.0.99")), VPC_REASON_UNKNOWN_TARGET);
  dropped(ingress(kPeer, udp(0x21, "10.0.1.1", "10.0.0.5", 1, 2011)), VPC_REASON_RULES);
  dropped(ingress(kPeer, udp(0x21, "10.0.2.1", "10.0.0.5")), VPC_REASON_RULES);
}

TEST_F(NetworkPacket, SendersThatCannotBe) {
  rule(kAlpha, 0, true, 0, "0.0.0.0/0");
  interface(kBeta, "10.0.0.6/24");
  const auto packet = udp(0x21, "10.0.1.1", "10.0.0.5");
  for (const unsigned peer : {8u, 0x100u, unsigned{VPC_NO_PEER}})
    dropped(ingress(static_cast<std::uint16_t>(peer), packet), VPC_REASON_NO_ROUTE);
  dropped(ingress(kPeer, udp(kBeta, "10.0.0.6", "10.0.0.5")), VPC_REASON_SPOOFED_IP);
  dropped(ingress(kPeer, udp(1, "224.0.0.6", "10.0.0.5")), VPC_REASON_SPOOFED_IP);
  dropped(ingress(kPeer, udp(1, "10.0.1.1", "224.0.0.1")), VPC_REASON_NO_ROUTE);
  EXPECT_EQ(ingress(kPeer, packet).action, VPC_TO_INTERFACE);
}

TEST_F(NetworkPacket, WithoutAWayBackOnlyTheFlowItself) {
  rule(kAlpha, 0, true, 0, "0.0.0.0/0");
  const auto verdict = ingress(kPeer, udp(0x21, "172.16.0.1", "10.0.0.5"));
  EXPECT_EQ(verdict.action, VPC_TO_INTERFACE);
  EXPECT_EQ(verdict.flags, VPC_INSTALL | VPC_REWRITE_MAC);
  // Answers take the route, wherever the packet came from.
  peer(2, 12, "192.0.2.12");
  route("172.16.0.0/12", CONTROL_ROUTE_PEER, 2, kVni, "06:00:00:00:99:99");
  const auto routed = ingress(kPeer, udp(0x21, "172.16.0.1", "10.0.0.5"));
  EXPECT_EQ(routed.flags, kBoth);
  EXPECT_EQ(routed.reverse_peer, 2);
  EXPECT_EQ(mac(routed.reverse_mac).text(), "06:00:00:00:99:99");
}

TEST_F(NetworkPacket, ForwardersGetWhatRoutesOrFramesSay) {
  interface(kBeta, "10.0.0.6/24", CONTROL_INTERFACE_FORWARDS);
  rule(kBeta, 0, true, 0, "0.0.0.0/0");
  route("172.16.0.0/12", CONTROL_ROUTE_INTERFACE, kBeta);
  const auto local = egress(kAlpha, udp(kAlpha, "10.0.0.5", "172.16.0.1"));
  EXPECT_EQ(local.action, VPC_TO_INTERFACE);
  EXPECT_EQ(local.header.function, kBeta);
  EXPECT_EQ(ingress(kPeer, udp(1, "10.0.1.1", "172.16.0.1")).header.function, kBeta);
  // By the frame's address.
  auto described = spec(1, "10.0.1.1", "203.0.113.1");
  dropped(ingress(kPeer, frame(described)), VPC_REASON_UNKNOWN_TARGET);
  described.destination = mac_of(kBeta);
  EXPECT_EQ(ingress(kPeer, frame(described)).header.function, kBeta);
  // One that does not forward gets nothing of the kind, nor does one of another VPC.
  attach(kBeta, mac_of(kBeta).text());
  dropped(ingress(kPeer, frame(described)), VPC_REASON_UNKNOWN_TARGET);
  dropped(ingress(kPeer, udp(1, "10.0.1.1", "172.16.0.1")), VPC_REASON_UNKNOWN_TARGET);
  dropped(egress(kAlpha, udp(kAlpha, "10.0.0.5", "172.16.0.1")), VPC_REASON_UNKNOWN_TARGET);
  attach(kBeta, mac_of(kBeta).text(), CONTROL_INTERFACE_FORWARDS, kVni + 1);
  dropped(egress(kAlpha, udp(kAlpha, "10.0.0.5", "172.16.0.1")), VPC_REASON_UNKNOWN_TARGET);
}

TEST_F(NetworkPacket, ARouteToTheInterfaceThatHasTheAddressIsNoDetour) {
  interface(kBeta, "10.0.0.6/24");
  rule(kBeta, 0, true, 0, "0.0.0.0/0");
  route("10.0.0.6/32", CONTROL_ROUTE_INTERFACE, kBeta);
  EXPECT_EQ(egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.0.0.6")).header.function, kBeta);
  EXPECT_EQ(ingress(kPeer, udp(1, "10.0.1.1", "10.0.0.6")).header.function, kBeta);
  route("10.0.0.6/32", CONTROL_ROUTE_INTERFACE, kAlpha);  // which has another
  dropped(egress(kAlpha, udp(kAlpha, "10.0.0.5", "10.0.0.6")), VPC_REASON_UNKNOWN_TARGET);
}

TEST_F(NetworkPacket, BridgedInterfacesAreNoPartOfAVpc) {
  interface(kBeta, "10.0.0.6/24", CONTROL_INTERFACE_BRIDGED);
  rule(kBeta, 0, true, 0, "0.0.0.0/0");
  dropped(egress(kBeta, udp(kBeta, "10.0.0.6", "10.0.1.1")), VPC_REASON_NO_INTERFACE);
  dropped(ingress(kPeer, udp(1, "10.0.1.1", "10.0.0.6")), VPC_REASON_UNKNOWN_TARGET);
}

TEST_F(NetworkPacket, FragmentsAreJudgedOneByOne) {
  auto fragment = udp(kAlpha, "10.0.0.5", "10.0.1.1");
  fragment[20] = 0x20;  // more fragments
  const auto verdict = egress(kAlpha, fragment);
  EXPECT_EQ(verdict.action, VPC_TO_PEER);
  EXPECT_EQ(verdict.flags, VPC_REWRITE_MAC);
  rule(kAlpha, 0, false, net::kProtocolUdp, "0.0.0.0/0", 1, 0xffff);
  dropped(egress(kAlpha, fragment), VPC_REASON_RULES);
  rule(kAlpha, 1, false, net::kProtocolUdp, "0.0.0.0/0");
  EXPECT_EQ(egress(kAlpha, fragment).action, VPC_TO_PEER);
}

TEST_F(NetworkPacket, TaggedFramesPassButAreNotServed) {
  auto described = spec(kAlpha, "10.0.0.5", "10.0.1.1");
  described.vlan = 5;
  EXPECT_EQ(egress(kAlpha, frame(described)).action, VPC_TO_PEER);
  Bytes arp = frame(described);
  arp.resize(18);
  arp[16] = 8;
  arp[17] = 6;
  arp.resize(60);
  dropped(egress(kAlpha, arp), VPC_REASON_NOT_IP);
  described.destination_ip = net::IpAddress::parse("10.0.0.1").value();
  dropped(egress(kAlpha, icmp(described, {8, 0, 0, 0, 0, 1, 0, 1})), VPC_REASON_NO_ROUTE);
  EXPECT_TRUE(injected_.empty());
}

}  // namespace
}  // namespace cardvp
