// TX offloads: checksums, segmentation, the meta cache (6.2 to 6.4; items 22 to 25, 28). What is expected comes from
// frames that are built whole, checksums and all.
#include <algorithm>
#include <cstring>

#include "test/unit/nic_ena/machine.h"

namespace cardvp::nic::ena {
namespace {

namespace control = control_regs;
using net::FrameSpec;
using net::IpAddress;

FrameSpec spec_of(bool v6, std::uint8_t protocol, std::uint16_t vlan = 0) {
  FrameSpec spec;
  spec.destination = *net::MacAddress::parse("02:00:00:00:00:02");
  spec.source = *net::MacAddress::parse("02:00:00:00:00:01");
  spec.vlan = vlan;
  spec.source_ip = *IpAddress::parse(v6 ? "fd00::1:2:3" : "10.1.2.3");
  spec.destination_ip = *IpAddress::parse(v6 ? "fd00::ffff:9" : "10.255.0.9");
  spec.protocol = protocol;
  spec.source_port = 40000;
  spec.destination_port = 443;
  spec.identification = 0xfffe;
  spec.sequence = 0xfffffa00;
  return spec;
}

TxMeta meta_of(const FrameSpec& spec, std::uint32_t mss = 0) {
  TxMeta meta{.l3_offset = spec.vlan ? 18u : 14u,
              .l3_length = spec.source_ip.is_v4() ? 20u : 40u,
              .l4_length = mss ? 20u : 0u,
              .mss = mss,
              .known = true};
  return meta;
}

// As a host's stack leaves it to its NIC.
Bytes unfinished(const FrameSpec& spec, std::span<const std::byte> payload) {
  Bytes frame(net::header_bytes(spec));
  frame.insert(frame.end(), payload.begin(), payload.end());
  net::write_headers(spec, frame, net::L4Sum::kPseudo);
  return frame;
}

struct Offloads : Machine {
  void SetUp() override {
    start();
    ring = create_tx(0, {.entries = 256});
  }
  // Sends a large packet; gives the frames.
  std::vector<Bytes> segments(const FrameSpec& spec, std::span<const std::byte> payload, std::uint32_t mss) {
    data_path.packets.clear();
    put_packet(ring, unfinished(spec, payload), 1, kTso | kL3Checksum | kL4Full, meta_of(spec, mss));
    ring_tx(ring);
    run(us(4000));
    EXPECT_EQ(completions(ring), 1u);
    std::vector<Bytes> result;
    for (const FakeDataPath::Packet& packet : data_path.packets) result.push_back(packet.frame);
    return result;
  }
  // What they are to be: each built for itself.
  std::vector<Bytes> expected(const FrameSpec& spec, std::span<const std::byte> payload, std::size_t mss) {
    constexpr std::uint8_t kFin = 0x01, kPush = 0x08, kCwr = 0x80;
    std::vector<Bytes> result;
    std::size_t done = 0;
    do {
      const std::size_t bytes = std::min(mss, payload.size() - done);
      FrameSpec segment = spec;
      segment.sequence += static_cast<std::uint32_t>(done);
      segment.identification = static_cast<std::uint16_t>(spec.identification + result.size());
      if (done + bytes < payload.size()) segment.tcp_flags &= static_cast<std::uint8_t>(~(kFin | kPush));
      if (done != 0) segment.tcp_flags &= static_cast<std::uint8_t>(~kCwr);
      result.push_back(net::build(segment, payload.subspan(done, bytes)));
      done += bytes;
    } while (done < payload.size());
    return result;
  }
  TxRing ring;
};

TEST_F(Offloads, Item23_L4ChecksumsSeededByTheHost) {
  for (const bool v6 : {false, true})
    for (const std::uint8_t protocol : {net::kProtocolTcp, net::kProtocolUdp})
      for (const std::uint16_t vlan : {0, 100})
        for (const std::size_t bytes : {0, 1, 2, 999, 1448}) {
          const FrameSpec spec = spec_of(v6, protocol, vlan);
          const Bytes payload = pattern(bytes);
          send(ring, unfinished(spec, payload), kL4Partial, meta_of(spec));
          ASSERT_EQ(data_path.packets.back().frame, net::build(spec, payload)) << v6 << int{protocol} << vlan << bytes;
        }
}

TEST_F(Offloads, Item23_L4ChecksumsWholly) {
  for (const bool v6 : {false, true})
    for (const std::uint8_t protocol : {net::kProtocolTcp, net::kProtocolUdp}) {
      const FrameSpec spec = spec_of(v6, protocol);
      const Bytes payload = pattern(333);
      Bytes frame = unfinished(spec, payload);
      frame[14 + (v6 ? 40 : 20) + (protocol == net::kProtocolTcp ? 16 : 6)] ^= std::byte{0x5a};  // does not matter
      Bytes wanted = net::build(spec, payload);
      frame.resize(frame.size() + 5);  // padding is no part of the packet
      wanted.resize(wanted.size() + 5);
      send(ring, frame, kL4Full, meta_of(spec));
      EXPECT_EQ(data_path.packets.back().frame, wanted);
    }
}

TEST_F(Offloads, Item23_UdpChecksumThatComesOutAs0IsSentAsFfff) {
  const FrameSpec spec = spec_of(false, net::kProtocolUdp);
  Bytes payload(2);
  const Bytes probe = net::build(spec, payload);
  // The payload that makes the sum all ones is the checksum of the packet without it.
  std::copy_n(probe.begin() + 40, 2, payload.begin());
  for (const std::uint32_t way : {kL4Partial, kL4Full}) {
    send(ring, unfinished(spec, payload), way, meta_of(spec));
    const Bytes& frame = data_path.packets.back().frame;
    EXPECT_EQ(net::load16(&frame[40]), 0xffff);
    EXPECT_EQ(frame, net::build(spec, payload));
  }
}

TEST_F(Offloads, Item23_Ipv4HeaderChecksum) {
  const FrameSpec spec = spec_of(false, net::kProtocolTcp);
  const Bytes payload = pattern(64);
  Bytes frame = unfinished(spec, payload);
  net::store16(&frame[24], 0xdead);
  send(ring, frame, kL3Checksum | kL4Partial, meta_of(spec));
  EXPECT_EQ(data_path.packets.back().frame, net::build(spec, payload));
}

TEST_F(Offloads, Item23_BehindIpv6ExtensionHeaders) {
  const FrameSpec spec = spec_of(true, net::kProtocolUdp);
  const Bytes payload = pattern(50);
  const Bytes plain = net::build(spec, payload);
  // A Hop-by-Hop header of 8 bytes, PadN (RFC 8200, 4.3), between IPv6 and UDP: the UDP checksum stays the same.
  const std::array<std::byte, 8> hop{std::byte{17}, std::byte{0}, std::byte{1}, std::byte{4}};
  Bytes wanted = plain;
  wanted.insert(wanted.begin() + 54, hop.begin(), hop.end());
  wanted[20] = std::byte{0};
  net::store16(&wanted[18], static_cast<std::uint16_t>(payload.size() + 8 + 8));
  Bytes frame = wanted;
  net::store16(&frame[62 + 6], 0x1111);
  TxMeta meta = meta_of(spec);
  meta.l3_length = 48;
  send(ring, frame, kL4Full, meta);
  EXPECT_EQ(data_path.packets.back().frame, wanted);
}

TEST_F(Offloads, Item24_SegmentSizes) {
  for (const bool v6 : {false, true}) {
    const FrameSpec spec = spec_of(v6, net::kProtocolTcp);
    for (const std::uint32_t mss : {1u, 536u, 1460u, 8960u, 16383u}) {
      const Bytes payload = pattern(mss == 1 ? 300 : 9001);
      if (v6 && mss == 16383) continue;  // the same as the one before
      const std::vector<Bytes> wanted = expected(spec, payload, mss);
      EXPECT_EQ(wanted.size(), mss == 1 ? 300 : (9000 + mss) / mss);
      ASSERT_EQ(segments(spec, payload, mss), wanted) << v6 << " " << mss;
    }
  }
}

TEST_F(Offloads, Item24_FlagsOfFirstAndLast) {
  FrameSpec spec = spec_of(false, net::kProtocolTcp, 7);
  spec.tcp_flags = 0xd9;  // CWR, ECE, ACK, PSH, FIN
  const Bytes payload = pattern(3000);
  const std::vector<Bytes> frames_sent = segments(spec, payload, 1400);
  EXPECT_EQ(frames_sent, expected(spec, payload, 1400));
  ASSERT_EQ(frames_sent.size(), 3u);
  constexpr std::size_t kFlags = 18 + 20 + 13;
  EXPECT_EQ(frames_sent[0][kFlags], std::byte{0xd0});
  EXPECT_EQ(frames_sent[1][kFlags], std::byte{0x50});
  EXPECT_EQ(frames_sent[2][kFlags], std::byte{0x59});
  // One segment is first and last.
  EXPECT_EQ(segments(spec, pattern(100), 1400), (std::vector<Bytes>{net::build(spec, pattern(100))}));
  EXPECT_EQ(segments(spec, {}, 1400), (std::vector<Bytes>{net::build(spec, {})}));
}

TEST_F(Offloads, Item24_TcpOptionsAreInEachSegment) {
  const FrameSpec spec = spec_of(false, net::kProtocolTcp);
  const Bytes options = pattern(12, 5);
  Bytes frame = net::build(spec, pattern(2500));
  frame.insert(frame.begin() + 54, options.begin(), options.end());
  frame[14 + 20 + 12] = std::byte{0x80};  // 8 words
  TxMeta meta = meta_of(spec, 1000);
  meta.l4_length = 32;
  put_packet(ring, frame, 1, kTso, meta);
  ring_tx(ring);
  run(us(100));
  ASSERT_EQ(data_path.packets.size(), 3u);
  Bytes stream;
  for (const FakeDataPath::Packet& packet : data_path.packets) {
    const net::Parsed parsed = net::parse(packet.frame, net::Checks::kIpChecksum);
    EXPECT_EQ(parsed.fault, net::Fault::kNone);
    EXPECT_EQ(net::check_l4(packet.frame, parsed), net::L4Check::kGood);
    EXPECT_TRUE(std::equal(options.begin(), options.end(), packet.frame.begin() + 54));
    stream.insert(stream.end(), packet.frame.begin() + parsed.payload, packet.frame.end());
  }
  EXPECT_EQ(stream, pattern(2500));
}

TEST_F(Offloads, Item22_SixtyFourKilobytes) {
  for (const bool v6 : {false, true}) {
    const FrameSpec spec = spec_of(v6, net::kProtocolTcp);
    const Bytes payload = pattern(65535 - (v6 ? 20 : 40));  // what an IP length can say
    const std::vector<Bytes> sent = segments(spec, payload, 1448);
    EXPECT_EQ(sent, expected(spec, payload, 1448));
    EXPECT_EQ(firmware.page.read(control::offset::TX_PACKETS, 8), count("tx_packets"));
  }
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(Offloads, Item25_MetaIsKeptForLaterPackets) {
  const FrameSpec spec = spec_of(false, net::kProtocolTcp);
  const Bytes first = pattern(100, 1), second = pattern(200, 2);
  send(ring, unfinished(spec, first), kL4Partial, meta_of(spec));
  send(ring, pattern(60));  // plain: does not clear it
  EXPECT_EQ(data_path.packets.back().frame, pattern(60));
  send(ring, unfinished(spec, second), kL4Partial);
  EXPECT_EQ(data_path.packets.back().frame, net::build(spec, second));
  // A meta descriptor that is not to be stored is for its packet only.
  const FrameSpec tagged = spec_of(false, net::kProtocolTcp, 9);
  put(ring, meta_descriptor(meta_of(tagged), false));
  const Bytes frame = unfinished(tagged, first);
  const std::uint64_t address = allocate(frame.size());
  store(address, frame);
  put(ring, data_descriptor({.address = address,
                             .length = static_cast<std::uint32_t>(frame.size()),
                             .first = false,
                             .offloads = kL4Partial}));
  ring_tx(ring);
  run(us(20));
  EXPECT_EQ(completions(ring), 1u);
  EXPECT_EQ(data_path.packets.back().frame, net::build(tagged, first));
  send(ring, unfinished(spec, second), kL4Partial);
  EXPECT_EQ(data_path.packets.back().frame, net::build(spec, second));
}

TEST_F(Offloads, Item25_MetaIsOfOneSqAndGoneWithIt) {
  const FrameSpec spec = spec_of(false, net::kProtocolTcp);
  send(ring, unfinished(spec, pattern(10)), kL4Partial, meta_of(spec));
  TxRing other = create_tx(1);
  send(other, unfinished(spec, pattern(10)), kL4Partial);
  EXPECT_EQ(count("drops.tx_offload"), 1u);
  firmware.destroy(Firmware::kDestroyTx, 0);
  firmware.destroy(Firmware::kDestroyCq, 0);
  ring = create_tx(0);
  send(ring, unfinished(spec, pattern(10)), kL4Partial);
  EXPECT_EQ(count("drops.tx_offload"), 2u);
  EXPECT_EQ(data_path.packets.size(), 1u);
}

TEST_F(Offloads, Item28_HeadersThatAreNotThere) {
  const FrameSpec tcp4 = spec_of(false, net::kProtocolTcp);
  const Bytes frame = unfinished(tcp4, pattern(3000));
  const auto refused = [&](std::uint32_t offloads, const TxMeta& meta, std::span<const std::byte> packet) {
    const std::size_t before = count("drops.tx_offload");
    send(ring, packet, offloads, meta);
    EXPECT_EQ(count("drops.tx_offload"), before + 1);
  };
  const TxMeta good = meta_of(tcp4, 1000);
  const auto with = [&](auto change) {
    TxMeta meta = good;
    change(meta);
    return meta;
  };
  refused(kTso, with([](TxMeta& meta) { meta.mss = 0; }), frame);
  refused(kTso, with([](TxMeta& meta) { meta.mss = 10000; }), pattern(60000));
  refused(kTso, with([](TxMeta& meta) { meta.l3_offset = 255; }), frame);
  refused(kTso, with([](TxMeta& meta) { meta.l3_length = 255; }), frame);
  refused(kTso, with([](TxMeta& meta) { meta.l3_length = 0; }), frame);
  refused(kTso, with([](TxMeta& meta) { meta.l3_length = 24; }), frame);  // its own length says 20
  refused(kTso, with([](TxMeta& meta) { meta.l4_length = 0; }), frame);
  refused(kTso, with([](TxMeta& meta) { meta.l4_length = 252; }), frame);
  refused(kTso, good, std::span(frame).first(53));  // headers do not fit
  refused(kTso, good, unfinished(spec_of(false, net::kProtocolUdp), pattern(3000)));
  refused(kTso, good, unfinished(spec_of(true, net::kProtocolTcp), pattern(3000)));
  const TxMeta plain = meta_of(tcp4);
  const Bytes small = unfinished(tcp4, pattern(100));
  refused(kL4Partial, {.l3_offset = 200, .l3_length = 20, .known = true}, small);  // beyond the packet
  refused(kL4Partial, {.l3_offset = 14, .l3_length = 160, .known = true}, small);
  refused(kL3Checksum, {.l3_offset = 14, .l3_length = 0, .known = true}, small);
  refused(kL4Partial, plain, std::span(small).first(40));  // no TCP header left
  refused(kL4Full, plain, std::span(small).first(14 + 20 + 19));
  refused(kL4Partial, plain, net::build(spec_of(false, net::kProtocolIcmp), pattern(64)));  // neither TCP nor UDP
  EXPECT_TRUE(data_path.packets.empty());
  send(ring, small, kL4Partial, plain);
  EXPECT_EQ(data_path.packets.size(), 1u);
}

TEST_F(Offloads, Item28_RandomDescriptorsAndPackets) {
  // Whatever the host says, every packet is completed, and no frame is lost or kept.
  std::uint32_t state = 12345;
  const auto random = [&state] { return state = state * 1664525 + 1013904223; };
  const std::uint64_t memory = allocate(70000);
  for (unsigned i = 0; i < 20000; ++i) {
    TxDescriptor descriptor{{random(), random(), static_cast<std::uint32_t>(memory + random() % 60000), random()}};
    descriptor.dword[3] &= 0xff000000;
    if (random() % 4 != 0) descriptor.dword[0] &= 0xffff00ff;  // mostly short ones
    put(ring, descriptor);
    if (i % 16 == 15) {
      ring_tx(ring);
      run(us(60));
      data_path.packets.clear();
      host.writes.clear();
      host.directs.clear();
    }
  }
  run(us(20000));
  data_path.packets.clear();
  EXPECT_EQ(frames.in_use(), 0u);
  EXPECT_GT(count("drops.tx_malformed"), 1000u);
  device_reset();
  set_admin_rings();
  TxRing fresh = create_tx(0);
  send(fresh, pattern(64));
}

}  // namespace
}  // namespace cardvp::nic::ena
