#include "models/net/checksum.h"

#include <random>

#include "models/net/crc32c.h"
#include "models/net/toeplitz.h"
#include "test/unit/net/bytes.h"

namespace cardvp::net {
namespace {

// As RFC 1071 defines it, a byte at a time.
std::uint16_t slow_sum(const Bytes& data) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < data.size(); ++i) sum += std::to_integer<std::uint64_t>(data[i]) << (i % 2 ? 0 : 8);
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<std::uint16_t>(sum);
}

TEST(Checksum, Rfc1071Example) {
  const Bytes data = hex("0001 f203 f4f5 f6f7");
  EXPECT_EQ(fold(sum(data)), 0xddf2);
  EXPECT_EQ(checksum(data), 0x220d);
}

TEST(Checksum, OfEveryLengthAndContent) {
  std::mt19937_64 random(1);
  for (std::size_t size = 0; size < 300; ++size) {
    Bytes data(size);
    for (std::byte& byte : data) byte = static_cast<std::byte>(random());
    EXPECT_EQ(fold(sum(data)), slow_sum(data)) << size;
  }
  for (const std::size_t size : {1u, 2u, 15u, 16u, 17u, 9001u, 65535u}) {
    const Bytes ones(size, std::byte{0xff});
    EXPECT_EQ(fold(sum(ones)), slow_sum(ones)) << size;
    EXPECT_EQ(fold(sum(zeros(size))), 0) << size;
  }
}

TEST(Checksum, SumsAddUp) {
  std::mt19937_64 random(2);
  Bytes data(1001);
  for (std::byte& byte : data) byte = static_cast<std::byte>(random());
  const std::span<const std::byte> all(data);
  for (std::size_t cut = 0; cut <= 1000; cut += 2)
    ASSERT_EQ(fold(sum(all.subspan(cut), sum(all.first(cut)))), slow_sum(data)) << cut;
  EXPECT_EQ(fold(sum(all, 0xffffffff)), slow_sum(data));  // 0xffffffff is 0 in one's complement
}

// Headers of a UDP datagram with its pseudo header, 10.0.0.1 to 192.168.7.99 and fd00::1 to fd00:1:2:3:4:5:6:7.
TEST(Checksum, PseudoHeaders) {
  const auto v4 = pseudo_sum(*IpAddress::parse("10.0.0.1"), *IpAddress::parse("192.168.7.99"), 17, 100);
  EXPECT_EQ(fold(v4), slow_sum(hex("0a000001 c0a80763 0011 0064")));
  const auto v6 = pseudo_sum(*IpAddress::parse("fd00::1"), *IpAddress::parse("fd00:1:2:3:4:5:6:7"), 6, 0x12345);
  EXPECT_EQ(fold(v6),
            slow_sum(hex("fd000000000000000000000000000001 fd000001000200030004000500060007 00012345 00000006")));
}

struct Case {
  const char* name;
  const char* frame;
};
// Made with Python's struct module and a sum of its own.
constexpr Case kFrames[] = {
    {"udp4",
     "020000000002020000000001080045000027123440004011 56860a000001c0a8076303e800350013ffca68656c6c6f2c2063617264"},
    {"tcp6",
     "02000000000202000000000181006123 86dd60000000001f0640fd000000000000000000000000000001fd00000100020003000400050006"
     "0007abcd01bb11223344556677885018ffffccf1000068656c6c6f2c2063617264"},
    {"icmp4",
     "02000000000202000000000108004500002712344000400156960a000001c0a807630800cdb30077000168656c6c6f2c2063617264"},
    {"icmp6",
     "02000000000202000000000186dd6000000000133a40fd000000000000000000000000000001fd00000100020003000400050006000780005"
     "b"
     "470077000168656c6c6f2c2063617264"}};

TEST(Checksum, OfPacketsIsCheckedAndSet) {
  for (const Case& c : kFrames) {
    Bytes frame = hex(c.frame);
    const Parsed parsed = parse(frame, Checks::kIpChecksum);
    ASSERT_EQ(parsed.fault, Fault::kNone) << c.name;
    EXPECT_EQ(check_l4(frame, parsed), L4Check::kGood) << c.name;
    for (std::size_t i = parsed.l4; i < frame.size(); ++i) {
      Bytes bad = frame;
      bad[i] ^= std::byte{0x10};
      const Parsed again = parse(bad);
      if (again.fault == Fault::kNone)
        ASSERT_NE(check_l4(bad, again), L4Check::kGood) << c.name << " " << i;
      else
        EXPECT_EQ(again.fault, Fault::kBadL4Length) << c.name << " " << i;
    }
    Bytes padded = frame + hex("5566");  // no part of the packet
    const std::size_t field = parsed.l4 + (parsed.tcp() ? 16u : parsed.udp() ? 6u : 2u);
    store16(padded.data() + field, 0x4711);
    EXPECT_TRUE(set_l4_checksum(padded, parse(padded))) << c.name;
    EXPECT_EQ(padded, frame + hex("5566")) << c.name;
    if (!parsed.ipv4) continue;
    EXPECT_TRUE(ipv4_checksum_good(frame, parsed));
    Bytes unset = frame;
    store16(unset.data() + parsed.l3 + 10, 0x4711);
    EXPECT_FALSE(ipv4_checksum_good(unset, parsed));
    set_ipv4_checksum(unset, parsed);
    EXPECT_EQ(unset, frame);
  }
}

TEST(Checksum, UdpMayHaveNoneOverIpv4Only) {
  Bytes v4 = ethernet(kEtherIpv4) + Ipv4{}.with(udp(4));
  EXPECT_EQ(check_l4(v4, parse(v4)), L4Check::kNone);
  Bytes v6 = ethernet(kEtherIpv6) + Ipv6{}.with(udp(4));
  EXPECT_EQ(check_l4(v6, parse(v6)), L4Check::kBad);  // RFC 8200, 8.1
}

TEST(Checksum, UdpsSumOfZeroIsWrittenAsOnes) {
  // The two last bytes are chosen so that all sums up to 0xffff.
  Bytes frame = ethernet(kEtherIpv4) + Ipv4{}.with(udp(2));
  const Bytes summed = hex("0a000001 0a000002 0011 000a") + udp(2);
  store16(frame.data() + frame.size() - 2, static_cast<std::uint16_t>(~slow_sum(summed)));
  ASSERT_TRUE(set_l4_checksum(frame, parse(frame)));
  EXPECT_EQ(load16(frame.data() + 34 + 6), 0xffff);
  EXPECT_EQ(check_l4(frame, parse(frame)), L4Check::kGood);
}

TEST(Checksum, UdpShorterThanItsPacket) {
  Bytes frame = ethernet(kEtherIpv4) + Ipv4{}.with(udp(4, 10));
  ASSERT_TRUE(set_l4_checksum(frame, parse(frame)));
  EXPECT_EQ(load16(frame.data() + 34 + 6),
            static_cast<std::uint16_t>(~slow_sum(hex("0a000001 0a000002 0011 000a 03e8 0035 000a 0000"))));
  frame.back() = std::byte{9};  // behind the datagram
  EXPECT_EQ(check_l4(frame, parse(frame)), L4Check::kGood);
}

TEST(Checksum, LeavesAloneWhatItCannotSum) {
  const Bytes frames[] = {ethernet(kEtherArp) + zeros(46),
                          ethernet(kEtherIpv4) + Ipv4{.protocol = 132}.with(zeros(20)),
                          ethernet(kEtherIpv4) + Ipv4{.flags_offset = 0x2000}.with(udp(8, 3000)),
                          ethernet(kEtherIpv4) + Ipv4{.flags_offset = 5}.with(udp(8)),
                          ethernet(kEtherIpv4) + Ipv4{.protocol = kProtocolIcmpv6}.with(icmp(128, 1)),
                          ethernet(kEtherIpv6) + Ipv6{.next = 60}.with(extension(17) + udp(4))};
  for (const Bytes& frame : frames) {
    Bytes changed = frame;
    EXPECT_FALSE(set_l4_checksum(changed, parse(changed)));
    EXPECT_EQ(changed, frame);
    EXPECT_EQ(check_l4(frame, parse(frame)), L4Check::kNone);
  }
}

// RFC 3720, B.4, and the check value of the CRC catalogues.
TEST(Crc32c, PublishedVectors) {
  std::vector<std::uint8_t> data(32, 0);
  EXPECT_EQ(crc32c(data), 0x8a9136aau);
  data.assign(32, 0xff);
  EXPECT_EQ(crc32c(data), 0x62a8ab43u);
  for (std::uint8_t i = 0; i < 32; ++i) data[i] = i;
  EXPECT_EQ(crc32c(data), 0x46dd794eu);
  EXPECT_EQ(crc32c(std::span(data).subspan(13), crc32c(std::span(data).first(13))), 0x46dd794eu);
  for (std::uint8_t i = 0; i < 32; ++i) data[i] = static_cast<std::uint8_t>(31 - i);
  EXPECT_EQ(crc32c(data), 0x113fdb5cu);
  const std::string_view digits = "123456789";
  EXPECT_EQ(crc32c({reinterpret_cast<const std::uint8_t*>(digits.data()), digits.size()}), 0xe3069283u);
}

// "Verifying the RSS hash calculation", Microsoft's driver documentation: source, destination, hash of the addresses
// alone, hash with ports.
TEST(Toeplitz, PublishedVectors) {
  constexpr std::array<std::uint8_t, kToeplitzKeyBytes> kKey{
      0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
      0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
      0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
  struct Vector {
    const char* source;
    unsigned source_port;
    const char* destination;
    unsigned destination_port;
    std::uint32_t addresses, with_ports;
  };
  constexpr Vector kVectors[] = {
      {"66.9.149.187", 2794, "161.142.100.80", 1766, 0x323e8fc2, 0x51ccc178},
      {"199.92.111.2", 14230, "65.69.140.83", 4739, 0xd718262a, 0xc626b0ea},
      {"24.19.198.95", 12898, "12.22.207.184", 38024, 0xd2d0a5de, 0x5c2b394a},
      {"38.27.205.30", 48228, "209.142.163.6", 2217, 0x82989176, 0xafc7327f},
      {"153.39.163.191", 44251, "202.188.127.2", 1303, 0x5d1809c5, 0x10e828a2},
      {"3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766, 0x2cc18cd5, 0x40207d3d},
      {"3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739, 0x0f0c461c, 0xdde51bbf},
      {"3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, "fe80::200:f8ff:fe21:67cf", 38024, 0x4b61e985, 0x02d1feef}};
  const Toeplitz toeplitz(kKey);
  for (const Vector& vector : kVectors) {
    std::vector<std::uint8_t> input;
    for (const char* text : {vector.source, vector.destination}) {
      const IpAddress address = *IpAddress::parse(text);
      input.insert(input.end(), address.bytes.begin() + (address.is_v4() ? 12 : 0), address.bytes.end());
    }
    EXPECT_EQ(toeplitz.hash(input), vector.addresses) << vector.source;
    for (const unsigned port : {vector.source_port, vector.destination_port}) {
      input.push_back(static_cast<std::uint8_t>(port >> 8));
      input.push_back(static_cast<std::uint8_t>(port));
    }
    EXPECT_EQ(toeplitz.hash(input), vector.with_ports) << vector.source;
  }
}

}  // namespace
}  // namespace cardvp::net
