// Security groups (firmware/controller/network_rules.c).
#include <gtest/gtest.h>

#include "test/unit/firmware/network_fixture.h"

namespace cardvp {
namespace {

constexpr unsigned kAlpha = 3;
constexpr std::uint16_t kPeer = 9;

struct NetworkRules : NetworkFirmware {
  NetworkRules() {
    EXPECT_EQ(underlay(), CONTROL_OK);
    EXPECT_EQ(peer(kPeer, 8, "192.0.2.8"), CONTROL_OK);
    interface(kAlpha, "10.0.0.5/24");
    EXPECT_EQ(route("0.0.0.0/0", CONTROL_ROUTE_PEER, kPeer), CONTROL_OK);
  }
  bool out(const Bytes& frame) { return allowed(egress(kAlpha, frame)); }
  bool in(const Bytes& frame) { return allowed(ingress(kPeer, frame)); }
  static bool allowed(const vpc_message_verdict& verdict) {
    if (verdict.action != VPC_DROP) return true;
    EXPECT_EQ(verdict.reason, VPC_REASON_RULES);
    return false;
  }
  static Bytes tcp(std::string_view from, std::string_view to, std::uint16_t source, std::uint16_t destination) {
    net::FrameSpec described = spec(kAlpha, from, to);
    described.protocol = net::kProtocolTcp;
    described.source_port = source;
    described.destination_port = destination;
    return frame(described);
  }
  static Bytes ping(std::string_view from, std::string_view to, std::uint8_t type = 8) {
    return icmp(spec(kAlpha, from, to), {type, 0, 0, 0, 0x12, 0x34, 0, 1});
  }
};

TEST_F(NetworkRules, WithoutRulesOutIsAllowedAndInIsNot) {
  EXPECT_TRUE(out(udp(kAlpha, "10.0.0.5", "10.0.1.1", 1, 2)));
  EXPECT_FALSE(in(udp(kAlpha, "10.0.1.1", "10.0.0.5", 7, 8)));
}

TEST_F(NetworkRules, OneEgressRuleMakesThemAList) {
  rule(kAlpha, 5, false, net::kProtocolTcp, "10.0.1.0/24", 443, 443);
  EXPECT_TRUE(out(tcp("10.0.0.5", "10.0.1.1", 1000, 443)));
  EXPECT_FALSE(out(tcp("10.0.0.5", "10.0.1.1", 443, 442)));
  EXPECT_FALSE(out(tcp("10.0.0.5", "10.0.1.1", 443, 444)));
  EXPECT_FALSE(out(udp(kAlpha, "10.0.0.5", "10.0.1.1", 1000, 443)));
  EXPECT_FALSE(out(tcp("10.0.0.5", "10.0.2.1", 1000, 443)));
  rule(kAlpha, 5, true, net::kProtocolTcp, "10.0.1.0/24", 443, 443);  // is none for egress any longer
  EXPECT_TRUE(out(tcp("10.0.0.5", "10.0.2.1", 1000, 443)));
  rule(kAlpha, 5, false, net::kProtocolTcp, "10.0.1.0/24", 443, 443);
  EXPECT_FALSE(out(tcp("10.0.0.5", "10.0.3.1", 1000, 443)));
  EXPECT_EQ(remove_rule(kAlpha, 5), CONTROL_OK);
  EXPECT_TRUE(out(tcp("10.0.0.5", "10.0.3.1", 1001, 443)));
}

TEST_F(NetworkRules, PortsPrefixesAndProtocols) {
  rule(kAlpha, 0, true, net::kProtocolUdp, "10.0.1.0/25", 100, 200);
  rule(kAlpha, 63, true, 0, "10.0.2.7/32");
  EXPECT_TRUE(in(udp(1, "10.0.1.127", "10.0.0.5", 9, 100)));
  EXPECT_TRUE(in(udp(1, "10.0.1.127", "10.0.0.5", 9, 200)));
  EXPECT_FALSE(in(udp(1, "10.0.1.127", "10.0.0.5", 9, 99)));
  EXPECT_FALSE(in(udp(1, "10.0.1.127", "10.0.0.5", 9, 201)));
  EXPECT_FALSE(in(udp(1, "10.0.1.128", "10.0.0.5", 9, 150)));
  EXPECT_FALSE(in(tcp("10.0.1.1", "10.0.0.5", 9, 150)));
  EXPECT_TRUE(in(tcp("10.0.2.7", "10.0.0.5", 9, 150)));
  EXPECT_TRUE(in(ping("10.0.2.7", "10.0.0.5")));
  net::FrameSpec gre = spec(1, "10.0.2.7", "10.0.0.5");
  gre.protocol = 47;
  EXPECT_TRUE(in(frame(gre)));
  gre.source_ip = net::IpAddress::parse("10.0.1.1").value();
  EXPECT_FALSE(in(frame(gre)));
  rule(kAlpha, 1, true, 47, "0.0.0.0/0", 1, 2);  // a protocol without ports has none that fit
  EXPECT_FALSE(in(frame(gre)));
}

TEST_F(NetworkRules, IcmpHasTypes) {
  rule(kAlpha, 0, true, net::kProtocolIcmp, "0.0.0.0/0", 8, 8);
  EXPECT_TRUE(in(ping("10.0.1.1", "10.0.0.5")));
  EXPECT_FALSE(in(ping("10.0.1.2", "10.0.0.5", 13)));
  interface(4, "fd00::6/64");
  rule(4, 0, true, net::kProtocolIcmpv6, "fd00::/8", 128, 128);
  EXPECT_TRUE(in(icmp(spec(1, "fd01::1", "fd00::6"), {128, 0, 0, 0, 1, 2, 3, 4})));
  EXPECT_FALSE(in(icmp(spec(1, "fd01::2", "fd00::6"), {3, 0, 0, 0, 1, 2, 3, 4})));
}

TEST_F(NetworkRules, APrefixIsOfOneFamily) {
  interface(4, "fd00::6/64");
  rule(4, 0, true, 0, "0.0.0.0/0");
  EXPECT_FALSE(in(udp(1, "fd01::1", "fd00::6")));
  rule(4, 1, true, 0, "::/0");
  EXPECT_TRUE(in(udp(1, "fd01::1", "fd00::6")));
  rule(kAlpha, 0, true, 0, "::/0");
  EXPECT_FALSE(in(udp(1, "10.0.1.1", "10.0.0.5")));
}

TEST_F(NetworkRules, FragmentsNeedARuleForAllPorts) {
  auto fragment = udp(1, "10.0.1.1", "10.0.0.5", 1, 150);
  fragment[20] = 0x20;
  rule(kAlpha, 0, true, net::kProtocolUdp, "0.0.0.0/0", 0, 0xfffe);
  EXPECT_TRUE(in(udp(1, "10.0.1.1", "10.0.0.5", 1, 150)));
  EXPECT_FALSE(in(fragment));
  rule(kAlpha, 1, true, net::kProtocolUdp, "0.0.0.0/0", 0, 0xffff);
  EXPECT_TRUE(in(fragment));
}

// Answers, when the flow cache asks again.

TEST_F(NetworkRules, AnswersPass) {
  EXPECT_FALSE(in(udp(1, "10.0.1.1", "10.0.0.5", 53, 4000)));
  EXPECT_TRUE(out(udp(kAlpha, "10.0.0.5", "10.0.1.1", 4000, 53)));
  EXPECT_TRUE(in(udp(1, "10.0.1.1", "10.0.0.5", 53, 4000)));
  EXPECT_FALSE(in(udp(1, "10.0.1.1", "10.0.0.5", 53, 4001)));
  EXPECT_FALSE(in(udp(1, "10.0.1.2", "10.0.0.5", 53, 4000)));
  EXPECT_FALSE(in(tcp("10.0.1.1", "10.0.0.5", 53, 4000)));
}

TEST_F(NetworkRules, AnswersToWhatCameInGoOut) {
  rule(kAlpha, 0, true, net::kProtocolTcp, "0.0.0.0/0", 22, 22);
  rule(kAlpha, 1, false, net::kProtocolTcp, "10.7.0.0/16");
  EXPECT_FALSE(out(tcp("10.0.0.5", "10.0.1.1", 22, 5000)));
  EXPECT_TRUE(in(tcp("10.0.1.1", "10.0.0.5", 5000, 22)));
  EXPECT_TRUE(out(tcp("10.0.0.5", "10.0.1.1", 22, 5000)));
  EXPECT_FALSE(out(tcp("10.0.0.5", "10.0.1.1", 23, 5000)));
}

TEST_F(NetworkRules, EchoesAreAnswered) {
  EXPECT_TRUE(out(ping("10.0.0.5", "10.0.1.1")));
  EXPECT_TRUE(in(ping("10.0.1.1", "10.0.0.5", 0)));
  EXPECT_FALSE(in(ping("10.0.1.2", "10.0.0.5", 0)));
}

TEST_F(NetworkRules, AnswersPassNoLongerWhenWhatTheyAnswerMayNot) {
  rule(kAlpha, 0, false, net::kProtocolUdp, "0.0.0.0/0", 53, 53);
  EXPECT_TRUE(out(udp(kAlpha, "10.0.0.5", "10.0.1.1", 4000, 53)));
  EXPECT_TRUE(in(udp(1, "10.0.1.1", "10.0.0.5", 53, 4000)));
  rule(kAlpha, 0, false, net::kProtocolUdp, "0.0.0.0/0", 54, 54);
  EXPECT_FALSE(in(udp(1, "10.0.1.1", "10.0.0.5", 53, 4000)));
}

TEST_F(NetworkRules, ConnectionsAreForgotten) {
  const Bytes question = udp(kAlpha, "10.0.0.5", "10.0.1.1", 4000, 53);
  const Bytes answer = udp(1, "10.0.1.1", "10.0.0.5", 53, 4000);
  card_.set(nic::vpc_regs::FLOW_IDLE_TIMEOUT, 1000);
  EXPECT_TRUE(out(question));
  time_us_ += 1000;
  EXPECT_TRUE(in(answer));
  time_us_ += 1000;  // the answer counts as use
  EXPECT_TRUE(in(answer));
  time_us_ += 1001;
  EXPECT_FALSE(in(answer));
  EXPECT_TRUE(out(question));
  detach(kAlpha);
  attach(kAlpha, mac_of(kAlpha).text());
  EXPECT_FALSE(in(answer));
}

TEST_F(NetworkRules, ManyConnectionsAreRemembered) {
  unsigned remembered = 0;
  for (std::uint16_t port = 0; port < 1000; ++port) EXPECT_TRUE(out(udp(kAlpha, "10.0.0.5", "10.0.1.1", port, 53)));
  for (std::uint16_t port = 0; port < 1000; ++port) remembered += in(udp(1, "10.0.1.1", "10.0.0.5", 53, port));
  EXPECT_GT(remembered, 850u);  // 1000 of 4096 places, by a good hash: a fraction exp(-1000 / 4096 / 2) or so
}

}  // namespace
}  // namespace cardvp
