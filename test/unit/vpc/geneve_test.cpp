// The outer headers, byte by byte, and what is refused.
#include "models/nic/vpc/geneve.h"

#include "models/net/checksum.h"
#include "test/unit/vpc/machine.h"

namespace cardvp::nic::geneve {
namespace {

const Endpoint kFrom{Card::underlay_mac(0), Card::underlay(0)}, kTo{Card::underlay_mac(1), Card::underlay(1)};
const Endpoint kFrom6{Card::underlay_mac(0), Card::underlay(0, true)},
    kTo6{Card::underlay_mac(1), Card::underlay(1, true)};

Bytes outer(const Header& header, const Bytes& payload, bool ipv6 = false) {
  Bytes made(layout_of(header, ipv6).payload);
  made.insert(made.end(), payload.begin(), payload.end());
  write(made, ipv6 ? kFrom6 : kFrom, ipv6 ? kTo6 : kTo, header);
  return made;
}

std::optional<Drop> fate(const Bytes& frame) { return parse(frame, kTo.ip).drop; }
void set8(Bytes& frame, std::size_t at, unsigned value) { frame[at] = static_cast<std::byte>(value); }

// Lengths of IP and UDP, and the IP checksum, right again after the frame was made longer or shorter.
void fix(Bytes& frame) {
  net::store16(&frame[16], static_cast<std::uint16_t>(frame.size() - 14));
  net::store16(&frame[38], static_cast<std::uint16_t>(frame.size() - 34));
  net::store16(&frame[24], 0);
  net::store16(&frame[24], net::checksum(std::span(frame).subspan(14, 20)));
}

// A frame with these options, raw, in front of 60 bytes of payload.
Bytes with_options(const Bytes& options, std::uint16_t protocol = 0x6558) {
  Bytes frame = outer({.source_port = 50000, .vni = 5, .transit = {}, .transport = {}}, pattern(60, 1));
  frame.insert(frame.begin() + 50, options.begin(), options.end());
  set8(frame, 42, static_cast<unsigned>(options.size() / 4));
  net::store16(&frame[44], protocol);
  fix(frame);
  return frame;
}

TEST(GeneveTest, WritesWhatTheStandardSays) {
  // RFC 8926, 3.3 to 3.5. The IPv4 checksum by hand: 4500 + 0026 + 4000 + 4011 + ac10 + 0010 + ac10 + 0011 is 21d78,
  // folded 1d7a, its complement e285.
  const Bytes frame = outer({.source_port = 0xc123, .vni = 0x123456, .transit = {}, .transport = {}}, from_hex("aabb"));
  EXPECT_EQ(frame, from_hex("020100000001 020100000000 0800"
                            "4500 0026 0000 4000 4011 e285 ac100010 ac100011"
                            "c123 17c1 0012 0000"
                            "00 00 6558 123456 00"
                            "aabb"));
}

TEST(GeneveTest, WritesOptionsAndIpv6) {
  const Bytes option = from_hex("01020304 05060708");
  const Bytes frame =
      outer({.source_port = 0xffff, .vni = 1, .transit = Transit{0xa1b2c3d4, 0x1122334455667788}, .transport = option},
            from_hex("cc"), true);
  EXPECT_EQ(frame, from_hex("020100000001 020100000000 86dd"
                            "60000000 002d 11 40"
                            "fd000000000000000000000000000010 fd000000000000000000000000000011"
                            "ffff 17c1 002d 0000"
                            "07 40 88b5 000001 00"
                            "fff0 81 03 a1b2c3d4 1122334455667788"
                            "fff0 82 02 01020304 05060708"
                            "cc"));
}

TEST(GeneveTest, ReadsWhatItWrites) {
  const Bytes option = pattern(124, 3);
  for (const bool ipv6 : {false, true})
    for (const bool sealed : {false, true})
      for (const std::size_t bytes : {0u, 4u, 124u}) {
        Header header{
            .source_port = 49999, .vni = 0xabcdef, .transit = {}, .transport = std::span(option).first(bytes)};
        if (sealed) header.transit = Transit{77, 88};
        const Bytes frame = outer(header, pattern(100, 1), ipv6);
        const Packet packet = parse(frame, ipv6 ? kTo6.ip : kTo.ip);
        ASSERT_FALSE(packet.drop);
        EXPECT_EQ(packet.source, ipv6 ? kFrom6.ip : kFrom.ip);
        EXPECT_EQ(packet.vni, 0xabcdefu);
        EXPECT_EQ(packet.transit.has_value(), sealed);
        if (sealed) {
          EXPECT_EQ(packet.transit->sequence, 88u);
        }
        EXPECT_TRUE(
            std::equal(packet.transport.begin(), packet.transport.end(), option.begin(), option.begin() + bytes));
        const Layout layout = layout_of(header, ipv6);
        EXPECT_EQ(packet.geneve, layout.geneve);
        EXPECT_EQ(packet.payload, layout.payload);
        EXPECT_EQ(packet.end, frame.size());
      }
}

TEST(GeneveTest, PaddingIsNoPayload) {
  Bytes frame = outer({}, from_hex("aabb"));
  frame.resize(frame.size() + 10);
  const Packet packet = parse(frame, kTo.ip);
  ASSERT_FALSE(packet.drop);
  EXPECT_EQ(packet.end - packet.payload, 2);
}

TEST(GeneveTest, SkipsUnknownOptionsOfEveryLength) {
  for (std::size_t words = 0; words <= 63; ++words) {
    // One option is at most 32 words long: its header and 31 of data.
    Bytes options(words * 4);
    for (std::size_t at = 0; at < words;) {
      const std::size_t data = std::min<std::size_t>(words - at - 1, 31);
      net::store32(&options[at * 4], 0x01020300 | static_cast<std::uint32_t>(data));
      at += 1 + data;
    }
    const Bytes frame = with_options(options);
    const Packet packet = parse(frame, kTo.ip);
    ASSERT_FALSE(packet.drop) << words;
    EXPECT_EQ(packet.payload, 50 + words * 4);
    EXPECT_EQ(packet.end - packet.payload, 60);
  }
}

TEST(GeneveTest, RefusesOptionsThatGoBeyondTheirRoom) {
  for (std::size_t words = 1; words <= 63; ++words) {
    Bytes options(words * 4);
    for (std::size_t data = 0; data <= 31; ++data) {
      net::store32(&options[0], 0x01020300 | static_cast<std::uint32_t>(data));
      for (std::size_t at = 1; at < words; ++at) net::store32(&options[at * 4], 0x01020300);
      EXPECT_EQ(fate(with_options(options)).value_or(Drop::kVpcOff),
                1 + data > words ? Drop::kGeneveOptions : Drop::kVpcOff)
          << words << " " << data;
    }
  }
}

TEST(GeneveTest, RefusesWhatItDoesNotKnowAndMust) {
  EXPECT_EQ(fate(with_options(from_hex("0102 83 00"))), Drop::kGeneveCritical);
  EXPECT_EQ(fate(with_options(from_hex("fff0 83 00"))), Drop::kGeneveCritical);  // our class, another type
  EXPECT_EQ(fate(with_options(from_hex("0102 03 00 0102 ff 01 00000000"))), Drop::kGeneveCritical);
  EXPECT_EQ(fate(with_options(from_hex("fff0 01 00"))), std::nullopt);  // the same, not critical
  EXPECT_EQ(fate(with_options({}, 0x0800)), Drop::kGeneveProtocol);
  EXPECT_EQ(fate(with_options({}, 0x88b5)), Drop::kGeneveProtocol);  // encrypted by what?
  const std::string transit = "fff0 81 03 000000010000000000000001";
  EXPECT_EQ(fate(with_options(from_hex(transit), 0x88b5)), std::nullopt);
  EXPECT_EQ(fate(with_options(from_hex(transit), 0x6558)), Drop::kGeneveProtocol);
  EXPECT_EQ(fate(with_options(from_hex(transit + transit), 0x88b5)), Drop::kGeneveOptions);
  EXPECT_EQ(fate(with_options(from_hex("fff0 81 02 0000000100000000"), 0x88b5)), Drop::kGeneveOptions);
  EXPECT_EQ(fate(with_options(from_hex("fff0 82 00"))), Drop::kGeneveOptions);
  EXPECT_EQ(fate(with_options(from_hex("fff0 82 01 00000000 fff0 82 01 00000000"))), Drop::kGeneveOptions);
}

TEST(GeneveTest, RefusesOtherVersionsAndControlPackets) {
  for (unsigned version = 1; version < 4; ++version) {
    Bytes frame = outer({}, pattern(60, 1));
    set8(frame, 42, version << 6);
    EXPECT_EQ(fate(frame), Drop::kGeneveVersion);
  }
  Bytes frame = outer({}, pattern(60, 1));
  set8(frame, 43, 0x80);
  EXPECT_EQ(fate(frame), Drop::kGeneveOam);
  set8(frame, 43, 0x3f);  // reserved bits are ignored
  set8(frame, 49, 0xff);
  EXPECT_EQ(fate(frame), std::nullopt);
}

TEST(GeneveTest, RefusesATruncatedFrameOfAnyLength) {
  const Bytes whole = outer({.vni = 5, .transit = Transit{1, 1}, .transport = {}}, pattern(16, 1));
  ASSERT_EQ(fate(whole), std::nullopt);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Bytes frame(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_TRUE(fate(frame).has_value()) << size;
    if (size < 42) continue;
    fix(frame);  // the lengths fit, and what they promise is not there
    EXPECT_EQ(fate(frame), Drop::kGeneveShort) << size;
  }
}

TEST(GeneveTest, RefusesWhatIsNotForItsPortOrAddress) {
  Bytes frame = outer({}, pattern(60, 1));
  EXPECT_EQ(parse(frame, kFrom.ip).drop, Drop::kNotOurs);
  net::store16(&frame[36], 6082);
  EXPECT_EQ(fate(frame), Drop::kNotGeneve);
  frame = outer({}, pattern(60, 1));
  set8(frame, 23, net::kProtocolTcp);
  fix(frame);
  EXPECT_TRUE(fate(frame).has_value());
  frame = outer({}, pattern(60, 1));
  net::store16(&frame[12], net::kEtherArp);
  EXPECT_EQ(fate(frame), Drop::kNotGeneve);
  frame = outer({}, pattern(60, 1));
  frame.insert(frame.begin() + 12, {std::byte{0x81}, std::byte{0}, std::byte{0}, std::byte{5}});
  EXPECT_EQ(fate(frame), Drop::kNotGeneve);
}

TEST(GeneveTest, RefusesFragmentsAndWrongChecksums) {
  Bytes frame = outer({}, pattern(62, 1));
  net::store16(&frame[20], 0x2000);  // more fragments; its 78 bytes are no multiple of 8: a fault of its own
  fix(frame);
  EXPECT_EQ(fate(frame), outer_fault(net::Fault::kBadFragment));
  frame = outer({}, pattern(64, 1));
  net::store16(&frame[20], 0x2000);
  fix(frame);
  EXPECT_EQ(fate(frame), Drop::kOuterFragment);
  net::store16(&frame[20], 0x0010);
  fix(frame);
  EXPECT_EQ(fate(frame), Drop::kOuterFragment);
  frame = outer({}, pattern(60, 1));
  set8(frame, 22, 63);
  EXPECT_EQ(fate(frame), outer_fault(net::Fault::kBadIpChecksum));
}

TEST(GeneveTest, AUdpChecksumNeedNotBeThereButMustBeRight) {
  for (const bool ipv6 : {false, true}) {
    Bytes frame = outer({}, pattern(60, 1), ipv6);
    const net::IpAddress us = ipv6 ? kTo6.ip : kTo.ip;
    ASSERT_FALSE(parse(frame, us).drop);
    ASSERT_TRUE(net::set_l4_checksum(frame, net::parse(frame)));
    EXPECT_FALSE(parse(frame, us).drop);
    frame.back() ^= std::byte{1};
    EXPECT_EQ(parse(frame, us).drop, Drop::kBadUdpChecksum);
  }
}

}  // namespace
}  // namespace cardvp::nic::geneve
