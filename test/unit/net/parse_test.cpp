#include "models/net/parse.h"

#include <set>

#include "test/unit/net/bytes.h"

namespace cardvp::net {
namespace {

Fault fault_of(const Bytes& frame, Checks checks = Checks::kLengths) { return parse(frame, checks).fault; }
Bytes ipv4(const Ipv4& header, const Bytes& content) { return ethernet(kEtherIpv4) + header.with(content); }
Bytes ipv6(const Ipv6& header, const Bytes& content) { return ethernet(kEtherIpv6) + header.with(content); }

TEST(Parse, EthernetAndWhatIsNoIp) {
  const Bytes arp = ethernet(kEtherArp) + zeros(46);
  const Parsed parsed = parse(arp);
  EXPECT_EQ(parsed.fault, Fault::kNone);
  EXPECT_EQ(parsed.ether_type, kEtherArp);
  EXPECT_FALSE(parsed.ip());
  EXPECT_EQ(parsed.l3, 14);
  EXPECT_EQ(parsed.l4, 0);
  EXPECT_EQ(parsed.end, 60);
  EXPECT_EQ(destination_mac(arp).text(), "02:00:00:00:00:02");
  EXPECT_EQ(source_mac(arp).text(), "02:00:00:00:00:01");
  for (std::size_t size = 0; size < 14; ++size) EXPECT_EQ(fault_of(zeros(size)), Fault::kShortEthernet) << size;
  EXPECT_EQ(fault_of(zeros(14)), Fault::kNone);  // length field of IEEE 802.3
}

TEST(Parse, UpToTwoVlanTags) {
  const Bytes content = number16(kEtherIpv4) + Ipv4{}.with(udp(4));
  const Parsed one = parse(ethernet(kEtherVlan) + number16(5) + content);
  EXPECT_EQ(one.fault, Fault::kNone);
  EXPECT_EQ(one.vlan_tags, 1);
  EXPECT_EQ(one.l3, 18);
  EXPECT_TRUE(one.udp());
  const Parsed two = parse(ethernet(kEtherServiceVlan) + number16(5) + number16(kEtherVlan) + number16(6) + content);
  EXPECT_EQ(two.vlan_tags, 2);
  EXPECT_EQ(two.l3, 22);
  EXPECT_TRUE(two.udp());
  const Parsed three = parse(ethernet(kEtherVlan) + number16(5) + number16(kEtherVlan) + number16(6) +
                             number16(kEtherVlan) + number16(7) + content);
  EXPECT_EQ(three.fault, Fault::kNone);
  EXPECT_EQ(three.vlan_tags, 2);
  EXPECT_EQ(three.ether_type, kEtherVlan);
  EXPECT_FALSE(three.ip());
  EXPECT_EQ(fault_of(ethernet(kEtherVlan) + number16(5) + Bytes(1)), Fault::kShortEthernet);
}

TEST(Parse, Ipv4WithOptionsAndPadding) {
  const Bytes frame = ipv4({.version_length = 0x47}, udp(5)) + zeros(9);
  const Parsed parsed = parse(frame);
  EXPECT_EQ(parsed.fault, Fault::kNone);
  EXPECT_TRUE(parsed.ipv4);
  EXPECT_TRUE(parsed.udp());
  EXPECT_EQ(parsed.l4, 14 + 28);
  EXPECT_EQ(parsed.payload, 14 + 28 + 8);
  EXPECT_EQ(parsed.end, 14 + 28 + 8 + 5);
}

TEST(Parse, Ipv4HeadersThatAreWrong) {
  EXPECT_EQ(fault_of(ipv4({.version_length = 0x65}, udp(4))), Fault::kBadIpVersion);
  EXPECT_EQ(fault_of(ipv4({.version_length = 0x44}, udp(4))), Fault::kBadIpLength);
  EXPECT_EQ(fault_of(ipv4({.total = 19}, udp(4))), Fault::kBadIpLength);
  EXPECT_EQ(fault_of(ipv4({.total = 33}, udp(4))), Fault::kBadIpLength);
  EXPECT_EQ(fault_of(ipv4({.total = 0}, udp(4))), Fault::kBadIpLength);
  EXPECT_EQ(fault_of(ipv4({.total = 0xffff}, udp(4))), Fault::kBadIpLength);
  EXPECT_EQ(fault_of(ipv4({.version_length = 0x46, .total = 23}, udp(4))), Fault::kBadIpLength);
  Bytes options_beyond = ipv4({.version_length = 0x4f}, {});
  options_beyond.resize(14 + 59);
  EXPECT_EQ(fault_of(options_beyond), Fault::kShortIp);
}

TEST(Parse, Ipv4HeaderChecksumIfAsked) {
  // The header of "Internet checksum" texts: its sum is 0xb861.
  Bytes frame = ethernet(kEtherIpv4) + hex("45000073000040004011b861c0a80001c0a800c7") + udp(87);
  EXPECT_EQ(fault_of(frame, Checks::kIpChecksum), Fault::kNone);
  frame[14 + 8] = std::byte{0x3f};
  EXPECT_EQ(fault_of(frame, Checks::kIpChecksum), Fault::kBadIpChecksum);
  EXPECT_EQ(fault_of(frame), Fault::kNone);
}

TEST(Parse, L4OfIpv4) {
  EXPECT_EQ(fault_of(ipv4({}, zeros(7))), Fault::kShortL4);
  EXPECT_EQ(fault_of(ipv4({}, udp(4, 7))), Fault::kBadL4Length);
  EXPECT_EQ(fault_of(ipv4({}, udp(4, 13))), Fault::kBadL4Length);
  EXPECT_EQ(fault_of(ipv4({}, udp(4, 11))), Fault::kNone);  // less than IP carries
  EXPECT_EQ(fault_of(ipv4({.protocol = kProtocolTcp}, zeros(19))), Fault::kShortL4);
  EXPECT_EQ(fault_of(ipv4({.protocol = kProtocolTcp}, tcp(0, 4))), Fault::kBadL4Length);
  Bytes header_beyond = tcp(0, 6);
  header_beyond.pop_back();
  EXPECT_EQ(fault_of(ipv4({.protocol = kProtocolTcp}, header_beyond)), Fault::kBadL4Length);
  const Parsed options = parse(ipv4({.protocol = kProtocolTcp}, tcp(3, 15)));
  EXPECT_TRUE(options.tcp());
  EXPECT_EQ(options.payload, 34 + 60);
  EXPECT_EQ(options.end, 34 + 63);
  EXPECT_EQ(fault_of(ipv4({.protocol = kProtocolIcmp}, zeros(7))), Fault::kShortL4);
  EXPECT_EQ(parse(ipv4({.protocol = kProtocolIcmp}, icmp(8, 1))).payload, 34 + 8);
  const Parsed other = parse(ipv4({.protocol = 132}, zeros(3)));
  EXPECT_EQ(other.fault, Fault::kNone);
  EXPECT_EQ(other.l4, 34);
  EXPECT_EQ(other.payload, 34);
}

// Bytes 6 and 7 of the header: more fragments is 0x2000, the offset counts in 8 bytes.
TEST(Parse, FragmentsOfIpv4) {
  const Parsed first = parse(ipv4({.flags_offset = 0x2000}, udp(8, 3000)));
  EXPECT_EQ(first.fault, Fault::kNone);
  EXPECT_TRUE(first.fragment);
  EXPECT_FALSE(first.later_fragment);
  EXPECT_EQ(first.l4, 34);
  const Parsed later = parse(ipv4({.flags_offset = 0x2003}, zeros(16)));
  EXPECT_EQ(later.fault, Fault::kNone);
  EXPECT_TRUE(later.later_fragment);
  EXPECT_EQ(later.l4, 0);
  EXPECT_EQ(later.payload, 34);
  EXPECT_FALSE(later.udp());
  EXPECT_FALSE(parse(ipv4({.flags_offset = 0x4000}, udp(8))).fragment);  // don't fragment
}

TEST(Parse, FragmentsThatAreToDeceive) {
  // RFC 1858, 3: the first one too short to show the ports or flags.
  EXPECT_EQ(fault_of(ipv4({.flags_offset = 0x2000, .protocol = kProtocolTcp}, zeros(16))), Fault::kBadFragment);
  EXPECT_EQ(fault_of(ipv4({.flags_offset = 0x2000}, {})), Fault::kBadFragment);
  const Bytes long_header = tcp(0, 8);
  EXPECT_EQ(fault_of(ipv4({.flags_offset = 0x2000, .protocol = kProtocolTcp},
                          {long_header.begin(), long_header.begin() + 24})),
            Fault::kBadFragment);
  EXPECT_EQ(fault_of(ipv4({.flags_offset = 0x2000, .protocol = kProtocolTcp}, tcp(4))), Fault::kNone);
  // RFC 1858, 4 and RFC 3128: one that overlaps the TCP header's flags.
  EXPECT_EQ(fault_of(ipv4({.flags_offset = 0x2001, .protocol = kProtocolTcp}, zeros(24))), Fault::kBadFragment);
  EXPECT_EQ(fault_of(ipv4({.flags_offset = 0x0001, .protocol = kProtocolTcp}, zeros(24))), Fault::kBadFragment);
  EXPECT_EQ(fault_of(ipv4({.flags_offset = 0x2001}, zeros(24))), Fault::kNone);
  // Together beyond 65535 bytes: 20 + 65512 + 8 are, and 20 + 65504 + 8 are not.
  EXPECT_EQ(fault_of(ipv4({.flags_offset = 65512 / 8}, zeros(8))), Fault::kBadFragment);
  EXPECT_EQ(fault_of(ipv4({.flags_offset = 65512 / 8}, zeros(3))), Fault::kNone);
  EXPECT_EQ(fault_of(ipv4({.flags_offset = 65504 / 8}, zeros(8))), Fault::kNone);
  // RFC 791, 3.2: all but the last have a multiple of 8 bytes.
  EXPECT_EQ(fault_of(ipv4({.flags_offset = 0x2003}, zeros(15))), Fault::kBadFragment);
  EXPECT_EQ(fault_of(ipv4({.flags_offset = 0x0003}, zeros(15))), Fault::kNone);
}

TEST(Parse, Ipv6) {
  const Parsed parsed = parse(ipv6({.next = kProtocolTcp}, tcp(10)) + zeros(3));
  EXPECT_EQ(parsed.fault, Fault::kNone);
  EXPECT_TRUE(parsed.ipv6);
  EXPECT_TRUE(parsed.tcp());
  EXPECT_FALSE(parsed.extensions);
  EXPECT_EQ(parsed.l4, 54);
  EXPECT_EQ(parsed.payload, 74);
  EXPECT_EQ(parsed.end, 84);
  EXPECT_EQ(fault_of(ipv6({.version = 4}, udp(4))), Fault::kBadIpVersion);
  EXPECT_EQ(fault_of(ipv6({.payload = 13}, udp(4))), Fault::kBadIpLength);
  EXPECT_EQ(fault_of(ipv6({.payload = 7}, udp(4))), Fault::kShortL4);
  EXPECT_EQ(fault_of(ipv6({.next = kProtocolIcmpv6}, zeros(7))), Fault::kShortL4);
  const Parsed none = parse(ipv6({.next = kProtocolNone}, zeros(4)));
  EXPECT_EQ(none.fault, Fault::kNone);
  EXPECT_EQ(none.l4, 0);
  EXPECT_EQ(none.payload, 54);
}

// RFC 8200, 4.
TEST(Parse, ExtensionHeadersOfIpv6) {
  const Parsed parsed = parse(ipv6({.next = 0}, extension(43) + extension(60, 2) + extension(51) +
                                                    Bytes{std::byte{17}, std::byte{4}} + zeros(22) + udp(4)));
  EXPECT_EQ(parsed.fault, Fault::kNone);
  EXPECT_TRUE(parsed.extensions);
  EXPECT_EQ(parsed.protocol, kProtocolUdp);
  EXPECT_EQ(parsed.l4, 54 + 8 + 8 + 24 + 24);  // the authentication header's length counts in 4 bytes, less 2

  Bytes eight, nine;
  for (int i = 0; i < 7; ++i) eight = eight + extension(60);
  nine = eight + extension(60);
  EXPECT_EQ(fault_of(ipv6({.next = 60}, eight + extension(17) + udp(4))), Fault::kNone);
  EXPECT_EQ(fault_of(ipv6({.next = 60}, nine + extension(17) + udp(4))), Fault::kBadExtensions);

  EXPECT_EQ(fault_of(ipv6({.next = 60}, {})), Fault::kBadExtensions);
  EXPECT_EQ(fault_of(ipv6({.next = 60}, zeros(7))), Fault::kBadExtensions);
  Bytes beyond = extension(17, 3);
  beyond.resize(31);
  EXPECT_EQ(fault_of(ipv6({.next = 60}, beyond)), Fault::kBadExtensions);
  EXPECT_EQ(fault_of(ipv6({.next = 60}, extension(0) + extension(17) + udp(4))), Fault::kBadExtensions);
  EXPECT_EQ(fault_of(ipv6({.payload = 0, .next = 0}, extension(17) + udp(4))), Fault::kBadExtensions);  // a jumbogram
}

// Bytes 2 and 3 of the fragment header: the offset in bytes, more fragments is 1.
TEST(Parse, FragmentsOfIpv6) {
  const Parsed first = parse(ipv6({.next = 44}, fragment_header(17, 1) + udp(8, 3000)));
  EXPECT_EQ(first.fault, Fault::kNone);
  EXPECT_TRUE(first.fragment && first.extensions && !first.later_fragment);
  EXPECT_EQ(first.l4, 54 + 8);
  const Parsed later = parse(ipv6({.next = 44}, fragment_header(60, 24) + zeros(5)));
  EXPECT_EQ(later.fault, Fault::kNone);
  EXPECT_TRUE(later.later_fragment);
  EXPECT_EQ(later.l4, 0);
  EXPECT_EQ(later.protocol, 60);  // what its first bytes are is not known
  const Parsed whole = parse(ipv6({.next = 44}, fragment_header(17, 0) + udp(4)));  // RFC 6946
  EXPECT_EQ(whole.fault, Fault::kNone);
  EXPECT_TRUE(whole.fragment);
  EXPECT_TRUE(whole.udp());

  const auto fault = [](unsigned next, unsigned offset_flags, const Bytes& content) {
    return fault_of(ipv6({.next = 44}, fragment_header(next, offset_flags) + content));
  };
  EXPECT_EQ(fault(6, 1, zeros(16)), Fault::kBadFragment);  // RFC 7112
  EXPECT_EQ(fault(60, 1, zeros(0)), Fault::kBadFragment);
  EXPECT_EQ(fault(60, 1, extension(6) + zeros(16)), Fault::kBadFragment);
  EXPECT_EQ(fault(6, 8, zeros(24)), Fault::kBadFragment);
  EXPECT_EQ(fault(17, 25, zeros(12)), Fault::kBadFragment);
  EXPECT_EQ(fault(44, 1, fragment_header(17, 1) + udp(8)), Fault::kBadFragment);
  // What is put together has a payload of at most 65535 bytes; the fragment header is no part of it.
  EXPECT_EQ(fault(17, 65528, zeros(7)), Fault::kNone);
  EXPECT_EQ(fault(17, 65528, zeros(8)), Fault::kBadFragment);
  EXPECT_EQ(fault_of(ipv6({.next = 60}, extension(44) + fragment_header(17, 65520) + zeros(8))), Fault::kBadFragment);
}

TEST(Parse, Ipv4MappedAddressesAreNotForTheWire) {
  const Bytes mapped = hex("00000000000000000000ffff0a000001");
  EXPECT_EQ(fault_of(ipv6({.source = mapped}, udp(4))), Fault::kBadAddress);
  EXPECT_EQ(fault_of(ipv6({.destination = mapped}, udp(4))), Fault::kBadAddress);
  EXPECT_EQ(fault_of(ipv6({.source = hex("00000000000000000000fffe0a000001")}, udp(4))), Fault::kNone);
}

TEST(Parse, WhatIsBeyond65535BytesIsNotThere) {
  Bytes frame = ipv4({.total = 65535}, udp(4, 65515));
  frame.resize(14 + 65535);
  EXPECT_EQ(fault_of(frame), Fault::kBadIpLength);
  Bytes fits = ipv4({.total = 65521}, udp(4, 65501));
  fits.resize(70000);
  EXPECT_EQ(fault_of(fits), Fault::kNone);
  EXPECT_EQ(parse(fits).end, 65535);
}

TEST(Parse, EveryFaultHasAName) {
  std::set<std::string> names;
  for (unsigned i = 0; i < kFaults; ++i) names.insert(name_of(static_cast<Fault>(i)));
  EXPECT_EQ(names.size(), kFaults);
  EXPECT_EQ(names.count("unknown"), 0u);
}

}  // namespace
}  // namespace cardvp::net
