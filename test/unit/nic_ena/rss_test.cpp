// Receive-side scaling (4.6; item 34). The hashes for Toeplitz are those of Microsoft's verification suite for RSS.
#include "models/net/crc32c.h"
#include "test/unit/nic_ena/machine.h"

namespace cardvp::nic::ena {
namespace {

namespace control = control_regs;
using net::FrameSpec;
using net::IpAddress;

constexpr std::array<std::uint8_t, 40> kKey{0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                            0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                            0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                            0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

struct RssTest : Machine {
  void SetUp() override {
    start();
    for (unsigned i = 0; i < 4; ++i) {
      rings.push_back(create_rx(i));
      fill(rings.back(), 60, 128);
    }
    for (unsigned kind = 0; kind < 10; ++kind)
      firmware.page.write(control::offset::RSS_FIELDS + kind * 4, kind < 4    ? 0x3c
                                                                  : kind < 7  ? 0x0c
                                                                  : kind == 7 ? 3
                                                                              : 0);
    set_key(kKey);
    set_function(1);
    for (unsigned i = 0; i < 128; ++i) firmware.page.write(control::offset::RSS_TABLE + i * 4, i % 4);
  }
  void set_function(unsigned function, bool reverse = false) {
    firmware.page.write(control::offset::RSS, control::RSS_TABLE_LOG2.in(7) | control::RSS_FUNCTION.in(function) |
                                                  control::RSS_REVERSE_KEY.in(reverse));
  }
  void set_key(const std::array<std::uint8_t, 40>& key) {
    for (unsigned i = 0; i < 10; ++i)
      firmware.page.write(control::offset::RSS_KEY + i * 4,
                          std::uint32_t{key[i * 4]} | std::uint32_t{key[i * 4 + 1]} << 8 |
                              std::uint32_t{key[i * 4 + 2]} << 16 | std::uint32_t{key[i * 4 + 3]} << 24);
  }
  static Bytes packet(const char* source, unsigned source_port, const char* destination, unsigned destination_port,
                      std::uint8_t protocol = net::kProtocolTcp) {
    FrameSpec spec;
    spec.destination = *net::MacAddress::parse("02:00:00:00:00:02");
    spec.source = *net::MacAddress::parse("02:00:00:00:00:01");
    spec.source_ip = *IpAddress::parse(source);
    spec.destination_ip = *IpAddress::parse(destination);
    spec.protocol = protocol;
    spec.source_port = static_cast<std::uint16_t>(source_port);
    spec.destination_port = static_cast<std::uint16_t>(destination_port);
    return net::build(spec, pattern(8));
  }
  struct Where {
    unsigned queue;
    std::uint32_t hash;
    bool operator==(const Where&) const = default;
  };
  Where where(const Bytes& frame) {
    deliver(frame);
    run(us(2));
    for (unsigned i = 0; i < 4; ++i)
      if (const auto entry = poll(rings[i])) return {i, entry->hash};
    return {99, 0};
  }
  static Where at(std::uint32_t hash) { return {hash % 128 % 4, hash}; }
  std::vector<RxRing> rings;
};

TEST_F(RssTest, Item34_ToeplitzWithAndWithoutPorts) {
  EXPECT_EQ(where(packet("66.9.149.187", 2794, "161.142.100.80", 1766)), at(0x51ccc178));
  EXPECT_EQ(where(packet("199.92.111.2", 14230, "65.69.140.83", 4739)), at(0xc626b0ea));
  EXPECT_EQ(where(packet("3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766)), at(0x40207d3d));
  EXPECT_EQ(where(packet("66.9.149.187", 0, "161.142.100.80", 0, net::kProtocolIcmp)), at(0x323e8fc2));
  EXPECT_EQ(where(packet("3ffe:2501:200:1fff::7", 0, "3ffe:2501:200:3::1", 0, net::kProtocolIcmpv6)), at(0x2cc18cd5));
  firmware.page.write(control::offset::RSS_FIELDS, 0x0c);  // TCP over IPv4 by addresses alone
  EXPECT_EQ(where(packet("66.9.149.187", 2794, "161.142.100.80", 1766)), at(0x323e8fc2));
  firmware.page.write(control::offset::RSS_FIELDS, 0);
  EXPECT_EQ(where(packet("66.9.149.187", 2794, "161.142.100.80", 1766)), at(0));
}

TEST_F(RssTest, Item34_KeyInReverseInitialValueAndReporting) {
  auto reversed = kKey;
  std::reverse(reversed.begin(), reversed.end());
  set_key(reversed);
  set_function(1, true);
  const Bytes frame = packet("66.9.149.187", 2794, "161.142.100.80", 1766);
  EXPECT_EQ(where(frame), at(0x51ccc178));
  set_function(1, false);
  EXPECT_NE(where(frame), at(0x51ccc178));
  set_key(kKey);
  firmware.page.write(control::offset::RSS_INITIAL, 0xffffffff);
  EXPECT_EQ(where(frame), at(~0x51ccc178u));
  firmware.page.write(control::offset::OFFLOADS, 1);
  EXPECT_EQ(where(frame), (Where{at(~0x51ccc178u).queue, 0}));
  set_function(0);
  EXPECT_EQ(where(frame), (Where{0, 0}));
}

TEST_F(RssTest, Item34_Crc32cOfTheSameBytes) {
  set_function(2);
  const std::array<std::uint8_t, 12> input{66, 9, 149, 187, 161, 142, 100, 80, 0x0a, 0xea, 0x06, 0xe6};
  EXPECT_EQ(where(packet("66.9.149.187", 2794, "161.142.100.80", 1766)), at(net::crc32c(input)));
}

TEST_F(RssTest, Item34_KindsOfTraffic) {
  Bytes fragment = packet("66.9.149.187", 2794, "161.142.100.80", 1766);
  net::store16(&fragment[20], 0x2000);
  net::store16(&fragment[24], 0);
  net::store16(&fragment[24], net::checksum(std::span(fragment).subspan(14, 20)));
  fragment.resize(fragment.size() - 4);  // a length that is a multiple of 8
  net::store16(&fragment[16], static_cast<std::uint16_t>(fragment.size() - 14));
  net::store16(&fragment[24], 0);
  net::store16(&fragment[24], net::checksum(std::span(fragment).subspan(14, 20)));
  EXPECT_EQ(where(fragment), at(0x323e8fc2));  // never by ports
  // Not IP: the MAC addresses, source first.
  Bytes arp(60);
  arp[6] = std::byte{0x02};
  net::store16(&arp[12], net::kEtherArp);
  const auto by_mac = where(arp);
  arp[11] = std::byte{1};
  EXPECT_NE(where(arp).hash, by_mac.hash);
  arp[11] = std::byte{0};
  arp[30] = std::byte{1};
  EXPECT_EQ(where(arp), by_mac);
  // UDP has a row of its own.
  const Bytes udp = packet("66.9.149.187", 2794, "161.142.100.80", 1766, net::kProtocolUdp);
  EXPECT_EQ(where(udp), at(0x51ccc178));
  firmware.page.write(control::offset::RSS_FIELDS + 4, 0x0c);
  EXPECT_EQ(where(udp), at(0x323e8fc2));
}

TEST_F(RssTest, Item34_FlowsSpreadAndStayWhereTheyAre) {
  std::array<unsigned, 4> seen{};
  for (unsigned flow = 0; flow < 40; ++flow) {
    const Bytes frame = packet("10.0.0.1", 1000 + flow * 13, "10.0.0.2", 80);
    const Where first = where(frame);
    ASSERT_LT(first.queue, 4u);
    EXPECT_EQ(where(frame), first);
    ++seen[first.queue];
  }
  for (const unsigned each : seen) EXPECT_GT(each, 0u);
}

TEST_F(RssTest, Item34_TheTableChangesAtRunTime) {
  const Bytes frame = packet("66.9.149.187", 2794, "161.142.100.80", 1766);
  const unsigned entry = 0x51ccc178 % 128;
  for (const unsigned queue : {3u, 1u, 2u}) {
    firmware.page.write(control::offset::RSS_TABLE + entry * 4, queue);
    EXPECT_EQ(where(frame).queue, queue);
  }
  // A queue that does not exist, or exists no longer.
  for (const unsigned queue : {200u, 1u}) {
    firmware.destroy(Firmware::kDestroyRx, 1);
    firmware.page.write(control::offset::RSS_TABLE + entry * 4, queue);
    EXPECT_EQ(where(frame).queue, 99u);
  }
  EXPECT_EQ(count("drops.rx_no_queue"), 2u);
  EXPECT_EQ(firmware.page.read(control::offset::RX_OVERRUNS, 8), 2u);
}

TEST_F(RssTest, Item34_AtFirstEverythingGoesToTheFirstQueue) {
  firmware.page.write(control::offset::RSS, 0);
  for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(where(packet("10.0.0.1", i * 77, "10.0.0.2", 80)), (Where{0, 0}));
}

}  // namespace
}  // namespace cardvp::nic::ena
