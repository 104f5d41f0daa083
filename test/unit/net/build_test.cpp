#include "models/net/build.h"

#include "models/net/checksum.h"
#include "test/unit/net/bytes.h"

namespace cardvp::net {
namespace {

const Bytes kPayload = hex("68656c6c6f2c2063617264");  // "hello, card"

FrameSpec spec_of(const char* source, const char* destination) {
  FrameSpec spec;
  spec.source = *MacAddress::parse("02:00:00:00:00:01");
  spec.destination = *MacAddress::parse("02:00:00:00:00:02");
  spec.source_ip = *IpAddress::parse(source);
  spec.destination_ip = *IpAddress::parse(destination);
  return spec;
}
FrameSpec tcp6() {
  FrameSpec spec = spec_of("fd00::1", "fd00:1:2:3:4:5:6:7");
  spec.vlan = 0x6123;
  spec.protocol = kProtocolTcp;
  spec.source_port = 0xabcd;
  spec.destination_port = 443;
  spec.sequence = 0x11223344;
  spec.acknowledgement = 0x55667788;
  spec.tcp_flags = 0x18;
  return spec;
}

// Expected frames were made with Python's struct module and a sum of its own.
TEST(Build, UdpOverIpv4) {
  FrameSpec spec = spec_of("10.0.0.1", "192.168.7.99");
  spec.identification = 0x1234;
  spec.source_port = 1000;
  spec.destination_port = 53;
  EXPECT_EQ(build(spec, kPayload),
            hex("020000000002 020000000001 0800 4500002712344000401156860a000001c0a80763 03e800350013ffca") + kPayload);
}

TEST(Build, TaggedTcpOverIpv6) {
  EXPECT_EQ(header_bytes(tcp6()), 14u + 4 + 40 + 20);
  EXPECT_EQ(build(tcp6(), kPayload),
            hex("020000000002 020000000001 81006123 86dd 60000000001f0640 fd000000000000000000000000000001 "
                "fd000001000200030004000500060007 abcd01bb11223344556677885018ffffccf10000") +
                kPayload);
}

TEST(Build, PseudoHeaderSumForTheDeviceToComplete) {
  Bytes frame = zeros(header_bytes(tcp6())) + kPayload;
  write_headers(tcp6(), frame, L4Sum::kPseudo);
  EXPECT_EQ(load16(frame.data() + 58 + 16), 0xfa43);
  // A device adds up all behind the IP header, field included, and complements.
  Bytes segment(frame.begin() + 58, frame.end());
  EXPECT_EQ(checksum(segment), 0xccf1);
}

TEST(Build, IcmpHasItsSumToo) {
  FrameSpec spec = spec_of("10.0.0.1", "192.168.7.99");
  spec.identification = 0x1234;
  spec.protocol = kProtocolIcmp;
  EXPECT_EQ(build(spec, hex("0800000000770001") + kPayload),
            hex("0200000000020200000000010800 4500002712344000400156960a000001c0a80763 0800cdb300770001") + kPayload);
  spec = spec_of("fd00::1", "fd00:1:2:3:4:5:6:7");
  spec.protocol = kProtocolIcmpv6;
  const Bytes frame = build(spec, hex("8000000000770001") + kPayload);
  EXPECT_EQ(load16(frame.data() + 54 + 2), 0x5b47);
}

TEST(Build, WhatIsToBeSegmentedMayBeLongerThanItsLengthFields) {
  FrameSpec spec = spec_of("10.0.0.1", "10.0.0.2");
  spec.protocol = kProtocolTcp;
  Bytes frame(header_bytes(spec) + 65536);
  write_headers(spec, frame, L4Sum::kPseudo);
  EXPECT_EQ(load16(frame.data() + 16), 0);
}

TEST(Build, EveryFrameIsGood) {
  for (const char* source : {"10.0.0.1", "fd00::1"})
    for (const std::uint8_t protocol : {kProtocolTcp, kProtocolUdp})
      for (const std::uint16_t vlan : {0, 7})
        for (const std::size_t size : {0u, 1u, 2u, 17u, 1000u, 8961u}) {
          FrameSpec spec = spec_of(source, source);
          spec.protocol = protocol;
          spec.vlan = vlan;
          const Bytes frame = build(spec, Bytes(size, std::byte{0x5a}));
          const Parsed parsed = parse(frame, Checks::kIpChecksum);
          EXPECT_EQ(parsed.fault, Fault::kNone);
          EXPECT_EQ(parsed.protocol, protocol);
          EXPECT_EQ(parsed.payload, header_bytes(spec));
          EXPECT_EQ(parsed.end, frame.size());
          EXPECT_EQ(check_l4(frame, parsed), L4Check::kGood);
        }
}

}  // namespace
}  // namespace cardvp::net
