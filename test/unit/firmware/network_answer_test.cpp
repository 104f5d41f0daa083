// ARP (RFC 826, RFC 5227), neighbour discovery (RFC 4861) and echoes (RFC 792, RFC 4443) that the card answers.
#include <gtest/gtest.h>

#include <algorithm>

#include "test/unit/firmware/network_fixture.h"

namespace cardvp {
namespace {

constexpr unsigned kAlpha = 3, kBeta = 4;

struct NetworkAnswer : NetworkFirmware {
  NetworkAnswer() {
    underlay();
    interface(kAlpha, "10.0.0.5/24");
    interface(kBeta, "10.0.0.6/24");
    EXPECT_EQ(address(kAlpha, "fd00::5/64", "fd00::1"), CONTROL_OK);
    EXPECT_EQ(address(kBeta, "fd00::6/64", "fd00::1"), CONTROL_OK);
  }

  static Bytes arp(std::array<std::uint8_t, 4> sender, std::array<std::uint8_t, 4> target, unsigned operation = 1) {
    Bytes frame{0xff, 0xff, 0xff, 0xff,   0xff, 0xff, 6, 0,
                0,    0,    0,    kAlpha, 0x08, 0x06,  //
                0,    1,    8,    0,      6,    4,    0, static_cast<std::uint8_t>(operation)};
    frame.insert(frame.end(), {6, 0, 0, 0, 0, kAlpha});
    frame.insert(frame.end(), sender.begin(), sender.end());
    frame.insert(frame.end(), {0, 0, 0, 0, 0, 0});
    frame.insert(frame.end(), target.begin(), target.end());
    return frame;
  }
  static Bytes solicitation(std::string_view from, std::string_view target, std::uint8_t hops = 255) {
    net::FrameSpec described = spec(kAlpha, from, "ff02::1:ff00:1");
    described.destination = {{0x33, 0x33, 0xff, 0, 0, 1}};
    described.ttl = hops;
    Bytes message{135, 0, 0, 0, 0, 0, 0, 0};
    const auto bytes = net::IpAddress::parse(target)->bytes;
    message.insert(message.end(), bytes.begin(), bytes.end());
    if (from != "::") message.insert(message.end(), {1, 1, 6, 0, 0, 0, 0, kAlpha});
    return icmp(described, message);
  }
  static Bytes router_solicitation(std::string_view from) {
    net::FrameSpec described = spec(kAlpha, from, "ff02::2");
    described.destination = {{0x33, 0x33, 0, 0, 0, 2}};
    described.ttl = 255;
    return icmp(described, {133, 0, 0, 0, 0, 0, 0, 0});
  }
  // Nothing was sent to the host.
  void silent(const Bytes& frame, int reason = VPC_REASON_NONE) {
    const auto verdict = egress(kAlpha, frame);
    EXPECT_EQ(verdict.action, reason == VPC_REASON_NONE ? VPC_CONSUMED : VPC_DROP);
    EXPECT_EQ(verdict.reason, reason);
    EXPECT_EQ(verdict.flags, 0);
    EXPECT_TRUE(injected_.empty());
  }
  Bytes answer(const Bytes& frame) {
    injected_.clear();
    EXPECT_EQ(egress(kAlpha, frame).action, VPC_CONSUMED);
    EXPECT_EQ(injected_.size(), 1u);
    if (injected_.empty()) return Bytes(256);
    EXPECT_EQ(injected_[0].function, kAlpha);
    return std::exchange(injected_, {})[0].bytes;
  }
  static net::IpAddress ip_at(const Bytes& bytes, std::size_t offset) { return net::IpAddress::v6(&bytes[offset]); }
  static bool icmpv6_sum_right(const Bytes& bytes) {
    std::uint32_t sum = 58 + static_cast<std::uint32_t>(bytes.size() - 54);
    for (std::size_t i = 22; i < bytes.size(); i += 2) sum += bytes[i] << 8 | (i + 1 < bytes.size() ? bytes[i + 1] : 0);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return sum == 0xffff;
  }
};

TEST_F(NetworkAnswer, ArpForTheRouter) {
  EXPECT_EQ(answer(arp({10, 0, 0, 5}, {10, 0, 0, 1})),
            (Bytes{6,    0, 0,    0, 0, kAlpha, 0x02, 0, 0x5e, 0, 0, 1, 0x08, 0x06,  // to the host, from the router
                   0,    1, 0x08, 0, 6, 4,      0,    2,                             // Ethernet, IPv4, reply
                   0x02, 0, 0x5e, 0, 0, 1,      10,   0, 0,    1,                    // the router's
                   6,    0, 0,    0, 0, kAlpha, 10,   0, 0,    5}));                 // who asked
}

TEST_F(NetworkAnswer, ArpForTheSubnet) {
  const Bytes neighbour = answer(arp({10, 0, 0, 5}, {10, 0, 0, 6}));
  EXPECT_EQ(Bytes(neighbour.begin() + 22, neighbour.begin() + 28), (Bytes{6, 0, 0, 0, 0, kBeta}));
  detach(kBeta);
  const Bytes unknown = answer(arp({10, 0, 0, 5}, {10, 0, 0, 6}));
  EXPECT_EQ(Bytes(unknown.begin() + 22, unknown.begin() + 28), (Bytes{2, 0, 0x5e, 0, 0, 1}));
  silent(arp({10, 0, 0, 5}, {10, 0, 1, 1}));
  silent(arp({10, 0, 0, 5}, {10, 0, 0, 255}));
  silent(arp({10, 0, 0, 5}, {10, 0, 0, 0}));
}

TEST_F(NetworkAnswer, ArpProbesAndAnnouncements) {
  silent(arp({0, 0, 0, 0}, {10, 0, 0, 5}));   // RFC 5227, 2.1: is it free? It is
  silent(arp({10, 0, 0, 5}, {10, 0, 0, 5}));  // 2.3: announcement
  silent(arp({10, 0, 0, 5}, {10, 0, 0, 1}, 2));
  const Bytes taken = answer(arp({0, 0, 0, 0}, {10, 0, 0, 6}));
  EXPECT_EQ(Bytes(taken.begin() + 38, taken.end()), (Bytes{0, 0, 0, 0}));
}

TEST_F(NetworkAnswer, ArpThatIsNot) {
  auto frame = arp({10, 0, 0, 6}, {10, 0, 0, 1});
  silent(frame, VPC_REASON_SPOOFED_IP);
  frame = arp({10, 0, 0, 5}, {10, 0, 0, 1});
  frame[27] = kBeta;
  silent(frame, VPC_REASON_SPOOFED_MAC);
  for (const std::size_t at : {14u, 16u, 18u, 19u}) {
    frame = arp({10, 0, 0, 5}, {10, 0, 0, 1});
    frame[at] ^= 0x10;
    silent(frame, VPC_REASON_NOT_IP);
  }
  frame = arp({10, 0, 0, 5}, {10, 0, 0, 1});
  frame.pop_back();
  silent(frame, VPC_REASON_NOT_IP);
}

TEST_F(NetworkAnswer, NeighbourSolicitation) {
  const Bytes bytes = answer(solicitation("fd00::5", "fd00::6"));
  ASSERT_EQ(bytes.size(), 86u);
  EXPECT_EQ(Bytes(bytes.begin(), bytes.begin() + 22),
            (Bytes{6, 0, 0, 0, 0, kAlpha, 6, 0, 0, 0, 0, kBeta, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255}));
  EXPECT_EQ(ip_at(bytes, 22).text(), "fd00::6");
  EXPECT_EQ(ip_at(bytes, 38).text(), "fd00::5");
  EXPECT_EQ(bytes[54], 136);
  EXPECT_EQ(bytes[55], 0);
  EXPECT_EQ(bytes[58], 0x60);  // solicited, override
  EXPECT_EQ(ip_at(bytes, 62).text(), "fd00::6");
  EXPECT_EQ(Bytes(bytes.begin() + 78, bytes.end()), (Bytes{2, 1, 6, 0, 0, 0, 0, kBeta}));
  EXPECT_TRUE(icmpv6_sum_right(bytes));
}

TEST_F(NetworkAnswer, NeighbourSolicitationForTheRouter) {
  for (const char* target : {"fd00::1", "fe80::5eff:fe00:1"}) {  // RFC 4291, appendix A, of 02:00:5e:00:00:01
    const Bytes bytes = answer(solicitation("fe80::1234", target));
    EXPECT_EQ(bytes[58], 0xe0) << target;
    EXPECT_EQ(ip_at(bytes, 22).text(), target);
    EXPECT_EQ(ip_at(bytes, 38).text(), "fe80::1234");
    EXPECT_EQ(Bytes(bytes.begin() + 78, bytes.end()), (Bytes{2, 1, 2, 0, 0x5e, 0, 0, 1}));
  }
  silent(solicitation("fd00::5", "fe80::9"));
  silent(solicitation("fd00::5", "fd01::9"));
}

TEST_F(NetworkAnswer, DuplicateAddressDetection) {
  silent(solicitation("::", "fd00::5"));  // RFC 4862, 5.4: the interface's own is free
  silent(solicitation("::", "fe80::77"));
  const Bytes taken = answer(solicitation("::", "fd00::6"));
  EXPECT_EQ(Bytes(taken.begin(), taken.begin() + 6), (Bytes{0x33, 0x33, 0, 0, 0, 1}));
  EXPECT_EQ(ip_at(taken, 38).text(), "ff02::1");
  EXPECT_EQ(taken[58], 0x20);  // RFC 4861, 7.2.4: not solicited
}

TEST_F(NetworkAnswer, DiscoveryThatIsNot) {
  silent(solicitation("fd00::5", "fd00::1", 254));  // has been forwarded
  auto frame = solicitation("fd00::5", "fd00::1");
  frame[56] ^= 1;  // checksum
  silent(frame);
  silent(solicitation("fd00::6", "fd00::1"), VPC_REASON_SPOOFED_IP);
  silent(solicitation("fe80::5eff:fe00:1", "fd00::1"), VPC_REASON_SPOOFED_IP);  // the router's own
  net::FrameSpec described = spec(kAlpha, "fd00::5", "ff02::1");
  described.ttl = 255;
  const Bytes target{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  Bytes message{135, 0, 0, 0, 0, 0, 0, 0};
  message.insert(message.end(), target.begin(), target.end());
  Bytes bad = message;
  bad.insert(bad.end(), {1, 0, 0, 0, 0, 0, 0, 0});  // an option of length 0
  silent(icmp(described, bad));
  bad[25] = 2;  // longer than the packet
  silent(icmp(described, bad));
  bad[25] = 1;
  answer(icmp(described, bad));
  message.pop_back();
  silent(icmp(described, message));
  bad[1] = 1;  // code
  silent(icmp(described, bad));
  silent(icmp(described, {134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0}), VPC_REASON_SPOOFED_IP);
  silent(icmp(described, {136, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_F(NetworkAnswer, RouterSolicitation) {
  const Bytes bytes = answer(router_solicitation("fe80::1234"));
  ASSERT_EQ(bytes.size(), 54u + 16 + 8 + 8 + 32);
  EXPECT_EQ(Bytes(bytes.begin(), bytes.begin() + 12), (Bytes{6, 0, 0, 0, 0, kAlpha, 2, 0, 0x5e, 0, 0, 1}));
  EXPECT_EQ(bytes[21], 255);
  EXPECT_EQ(ip_at(bytes, 22).text(), "fe80::5eff:fe00:1");
  EXPECT_EQ(ip_at(bytes, 38).text(), "fe80::1234");
  Bytes expected{134,  0,    bytes[56], bytes[57], 64,   0,    0xff, 0xff,
                 0,    0,    0,         0,         0,    0,    0,    0,     // no flags; RFC 8319: 65535 s
                 1,    1,    2,         0,         0x5e, 0,    0,    1,     // source link-layer address
                 5,    1,    0,         0,         0,    0,    0x23, 0x29,  // MTU 9001
                 3,    4,    64,        0x80,      0,    0x27, 0x8d, 0,
                 0,    0x09, 0x3a,      0x80,      0,    0,    0,    0,  // on link, not autonomous
                 0xfd, 0,    0,         0,         0,    0,    0,    0,
                 0,    0,    0,         0,         0,    0,    0,    0};
  EXPECT_EQ(Bytes(bytes.begin() + 54, bytes.end()), expected);
  EXPECT_TRUE(icmpv6_sum_right(bytes));
  EXPECT_EQ(ip_at(answer(router_solicitation("::")), 38).text(), "ff02::1");
  EXPECT_EQ(address(kAlpha, "fd00::5/64"), CONTROL_OK);  // no router any longer
  silent(router_solicitation("fe80::1234"));
}

TEST_F(NetworkAnswer, Echo) {
  const Bytes request = icmp(spec(kAlpha, "10.0.0.5", "10.0.0.1"), {8, 0, 0, 0, 0x12, 0x34, 0, 1, 'a', 'b', 'c'});
  const Bytes bytes = answer(request);
  // RFC 791: version 4, 5 words, 31 bytes, DF, 64 hops. The sums by hand: 0x4500 + 0x001f + 0x4000 + 0x4001 + 0x0a00 +
  // 0x0001 + 0x0a00 + 0x0005 = 0xd926; 0x1234 + 0x0001 + 0x6162 + 0x6300 = 0xd697.
  EXPECT_EQ(bytes, (Bytes{6,  0, 0,  0, 0, kAlpha, 2,    0,    0x5e, 0,    0,    1,  0x08, 0,   0x45,
                          0,  0, 31, 0, 0, 0x40,   0,    64,   1,    0x26, 0xd9, 10, 0,    0,   1,
                          10, 0, 0,  5, 0, 0,      0x29, 0x68, 0x12, 0x34, 0,    1,  'a',  'b', 'c'}));
}

TEST_F(NetworkAnswer, EchoV6) {
  const Bytes request = icmp(spec(kAlpha, "fd00::5", "fd00::1"), {128, 0, 0, 0, 0x12, 0x34, 0, 1, 'a', 'b', 'c'});
  const Bytes bytes = answer(request);
  ASSERT_EQ(bytes.size(), request.size());
  EXPECT_EQ(ip_at(bytes, 22).text(), "fd00::1");
  EXPECT_EQ(ip_at(bytes, 38).text(), "fd00::5");
  EXPECT_EQ(bytes[54], 129);
  EXPECT_TRUE(std::equal(bytes.begin() + 58, bytes.end(), request.begin() + 58));
  EXPECT_TRUE(icmpv6_sum_right(bytes));
}

TEST_F(NetworkAnswer, NothingElseIsForTheRouter) {
  silent(icmp(spec(kAlpha, "10.0.0.5", "10.0.0.1"), {0, 0, 0, 0, 0x12, 0x34, 0, 1}), VPC_REASON_NO_ROUTE);
  silent(udp(kAlpha, "10.0.0.5", "10.0.0.1"), VPC_REASON_NO_ROUTE);
  auto bad = icmp(spec(kAlpha, "10.0.0.5", "10.0.0.1"), {8, 0, 0, 0, 0x12, 0x34, 0, 1});
  bad[36] ^= 1;
  silent(bad, VPC_REASON_NO_ROUTE);
  silent(icmp(spec(kAlpha, "10.0.0.5", "10.0.0.1"), Bytes(2100, 8)), VPC_REASON_NO_ROUTE);  // longer than a slot
  silent(icmp(spec(kAlpha, "10.0.0.6", "10.0.0.1"), {8, 0, 0, 0, 0x12, 0x34, 0, 1}), VPC_REASON_SPOOFED_IP);
  // The longest that fits.
  Bytes longest(VPC_SLOT_BYTES - 34, 0x33);
  longest[0] = 8;
  longest[1] = 0;
  longest[2] = longest[3] = 0;
  EXPECT_EQ(answer(icmp(spec(kAlpha, "10.0.0.5", "10.0.0.1"), longest)).size(), std::size_t{VPC_SLOT_BYTES});
}

}  // namespace
}  // namespace cardvp
