// What tells flows apart.
#include <bit>

#include "models/net/parse.h"
#include "test/unit/net/bytes.h"

namespace cardvp::net {
namespace {

Bytes ipv4(const Ipv4& header, const Bytes& content) { return ethernet(kEtherIpv4) + header.with(content); }
Bytes ipv6(const Ipv6& header, const Bytes& content) { return ethernet(kEtherIpv6) + header.with(content); }
FlowKey key_of(const Bytes& frame) { return flow_key(frame, parse(frame)); }

TEST(FlowKey, TellsFlowsApart) {
  const FlowKey key = key_of(ipv4({}, udp(4)));
  EXPECT_EQ(key.source.text(), "10.0.0.1");
  EXPECT_EQ(key.destination.text(), "10.0.0.2");
  EXPECT_EQ(key.source_port, 1000);
  EXPECT_EQ(key.destination_port, 53);
  EXPECT_EQ(key.protocol, 17);
  EXPECT_EQ(key.reversed().source.text(), "10.0.0.2");
  EXPECT_EQ(key.reversed().source_port, 53);
  EXPECT_EQ(key.reversed().reversed(), key);
  const FlowKey v6 = key_of(ipv6({.next = 60}, extension(6) + tcp(4)));
  EXPECT_EQ(v6.source.text(), "fd00::1");
  EXPECT_EQ(v6.destination_port, 443);
  EXPECT_EQ(v6.protocol, kProtocolTcp);
}

TEST(FlowKey, EchoesOfOneIdentifierAreOneFlow) {
  const FlowKey request = key_of(ipv4({.protocol = kProtocolIcmp}, icmp(8, 77)));
  EXPECT_EQ(request.source_port, 77);
  EXPECT_EQ(request.destination_port, 77);
  EXPECT_EQ(key_of(ipv4({.protocol = kProtocolIcmp}, icmp(0, 77))), request);
  const FlowKey unreachable = key_of(ipv4({.protocol = kProtocolIcmp}, icmp(3, 77)));
  EXPECT_EQ(unreachable.source_port, 3);
  EXPECT_EQ(unreachable.destination_port, 0);
  EXPECT_EQ(key_of(ipv6({.next = kProtocolIcmpv6}, icmp(128, 77))).destination_port, 77);
  EXPECT_EQ(key_of(ipv6({.next = kProtocolIcmpv6}, icmp(129, 77))).source_port, 77);
  EXPECT_EQ(key_of(ipv6({.next = kProtocolIcmpv6}, icmp(135, 77))).source_port, 135);
  EXPECT_EQ(key_of(ipv4({.protocol = kProtocolIcmpv6}, icmp(128, 77))).source_port, 0);  // not of that family
}

TEST(FlowKey, FragmentsHaveNoPorts) {
  EXPECT_EQ(key_of(ipv4({.flags_offset = 0x2000}, udp(8, 3000))), key_of(ipv4({.flags_offset = 3}, udp(8))));
  EXPECT_EQ(key_of(ipv4({.flags_offset = 0x2000}, udp(8, 3000))).source_port, 0);
}

TEST(FlowKey, HashIsTheSameEverywhere) {
  FlowKey key{IpAddress::v4(0x0a000001), *IpAddress::parse("192.168.7.99"), 1000, 53, 17};
  EXPECT_EQ(hash_of(key), 0x3b914f117240971au);  // computed apart, from its definition
}

TEST(FlowKey, HashMixesEveryBit) {
  const FlowKey key{IpAddress::v4(0x0a000001), IpAddress::v4(0x0a000002), 1000, 53, 17};
  const std::uint64_t hash = hash_of(key);
  std::vector<FlowKey> others;
  for (unsigned bit = 0; bit < 128; ++bit) {
    others.insert(others.end(), 2, key);
    others.end()[-1].source.bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    others.end()[-2].destination.bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  }
  for (unsigned bit = 0; bit < 16; ++bit) {
    others.insert(others.end(), 2, key);
    others.end()[-1].source_port ^= static_cast<std::uint16_t>(1 << bit);
    others.end()[-2].destination_port ^= static_cast<std::uint16_t>(1 << bit);
  }
  // Half of 64 bits change; more than 5 standard deviations (of 4 bits each) from that in 288 draws is no chance.
  for (std::size_t i = 0; i < others.size(); ++i) {
    const int changed = std::popcount(hash ^ hash_of(others[i]));
    EXPECT_GE(changed, 12) << i;
    EXPECT_LE(changed, 52) << i;
  }
  EXPECT_NE(hash_of(key.reversed()), hash);
}

}  // namespace
}  // namespace cardvp::net
