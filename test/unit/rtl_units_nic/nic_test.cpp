// A NIC whose hashes and checksums are RTL's: packets in both directions. What is expected comes from frames that are
// built whole.
#include "rtl/units/checksum_unit.h"
#include "rtl/units/toeplitz_unit.h"
#include "test/unit/nic_ena/machine.h"
#include "test/unit/rtl_units_nic/unit_test.h"

namespace cardvp::nic::ena {
namespace {

namespace control = control_regs;
using net::FrameSpec;
using net::IpAddress;
using rtl::ChecksumUnit;
using rtl::ToeplitzUnit;
using rtl::Use;

constexpr std::uint32_t kOfChecks = 0x1f << 8 | kRxL3Bad | kRxL4Bad | kRxL4Checked;

struct Blocks {
  const char* toeplitz = CARDVP_TOEPLITZ;
  const char* checksum = CARDVP_CHECKSUM;
  Use use = Use::kLockstep;
};

struct RtlNic : Machine {
  explicit RtlNic(const Blocks& blocks = {})
      : Machine(small_config(), {}, [blocks](Sim& sim) {
          return Math{
              std::make_unique<ToeplitzUnit>("toeplitz", sim, rtl::test::unit_config(blocks.toeplitz, blocks.use)),
              std::make_unique<ChecksumUnit>("checksum", sim, rtl::test::unit_config(blocks.checksum, blocks.use))};
        }) {}
  void SetUp() override {
    start();
    tx = create_tx(0, {.entries = 256});
    for (unsigned i = 0; i < 4; ++i) {
      rx.push_back(create_rx(i));
      fill(rx.back(), 40);
    }
    // Microsoft's key.
    constexpr std::array<std::uint32_t, 10> kKey{0xda565a6d, 0xc20e5b25, 0x3d256741, 0xb08fa343, 0xcb2bcad0,
                                                 0xb4307bae, 0xa32dcb77, 0x0cf23080, 0x3bb7426a, 0xfa01acbe};
    for (unsigned i = 0; i < 10; ++i) firmware.page.write(control::offset::RSS_KEY + i * 4, kKey[i]);
    for (unsigned i = 0; i < 128; ++i) firmware.page.write(control::offset::RSS_TABLE + i * 4, i % 4);
    for (unsigned kind = 0; kind < 4; ++kind) firmware.page.write(control::offset::RSS_FIELDS + kind * 4, 0x3c);
    set_function(1);
    firmware.page.write(control::offset::OFFLOADS, 3);
  }
  void set_function(unsigned function) {
    firmware.page.write(control::offset::RSS, control::RSS_TABLE_LOG2.in(7) | control::RSS_FUNCTION.in(function));
  }
  ToeplitzUnit& toeplitz() { return static_cast<ToeplitzUnit&>(*math.toeplitz); }
  ChecksumUnit& checksum() { return static_cast<ChecksumUnit&>(*math.checksum); }
  std::uint64_t differences() { return toeplitz().lockstep()->differences() + checksum().lockstep()->differences(); }
  std::uint64_t failures() { return toeplitz().failures() + checksum().failures(); }

  struct Received {
    unsigned queue;
    std::uint32_t hash, checks;
    bool operator==(const Received&) const = default;
  };
  Received receive(const Bytes& frame) {
    deliver(frame);
    run(us(50));
    for (unsigned i = 0; i < 4; ++i)
      if (const auto entry = poll(rx[i])) return {i, entry->hash, entry->status & kOfChecks};
    return {99, 0, 0};
  }
  TxRing tx;
  std::vector<RxRing> rx;
};

FrameSpec spec_of(const char* source, const char* destination, std::uint8_t protocol = net::kProtocolTcp) {
  FrameSpec spec;
  spec.destination = *net::MacAddress::parse("02:00:00:00:00:02");
  spec.source = *net::MacAddress::parse("02:00:00:00:00:01");
  spec.source_ip = *IpAddress::parse(source);
  spec.destination_ip = *IpAddress::parse(destination);
  spec.protocol = protocol;
  spec.source_port = 2794;
  spec.destination_port = 1766;
  return spec;
}

Bytes frame_of(const FrameSpec& spec, std::size_t payload = 101) { return net::build(spec, pattern(payload)); }

TxMeta meta_of(const FrameSpec& spec, std::uint32_t mss = 0) {
  return {.l3_offset = 14,
          .l3_length = spec.source_ip.is_v4() ? 20u : 40u,
          .l4_length = mss ? 20u : 0u,
          .mss = mss,
          .known = true};
}

// As a host's stack leaves it.
Bytes unfinished(const FrameSpec& spec, std::size_t payload = 101) {
  Bytes frame(net::header_bytes(spec));
  const Bytes content = pattern(payload);
  frame.insert(frame.end(), content.begin(), content.end());
  net::write_headers(spec, frame, net::L4Sum::kPseudo);
  return frame;
}

const FrameSpec kSpec = spec_of("66.9.149.187", "161.142.100.80");
const FrameSpec kSpec6 = spec_of("3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1");
constexpr std::uint32_t kHash = 0x51ccc178, kHash6 = 0x40207d3d;  // published
constexpr std::uint32_t kGood = kRxL4Tcp | kRxL4Checked;

TEST_F(RtlNic, PacketsOfTheWireAreHashedAndVerified) {
  EXPECT_EQ(receive(frame_of(kSpec)), (Received{kHash % 4, kHash, kGood}));
  EXPECT_EQ(receive(frame_of(kSpec6)), (Received{kHash6 % 4, kHash6, kGood}));
  FrameSpec udp = kSpec;
  udp.protocol = net::kProtocolUdp;
  EXPECT_EQ(receive(frame_of(udp, 1400)), (Received{kHash % 4, kHash, kRxL4Udp | kRxL4Checked}));
  Bytes bad = frame_of(kSpec);
  bad[60] ^= std::byte{0x10};
  EXPECT_EQ(receive(bad), (Received{kHash % 4, kHash, kGood | kRxL4Bad}));
  Bytes bad_header = frame_of(kSpec);
  bad_header[24] ^= std::byte{0x10};
  EXPECT_EQ(receive(bad_header).checks, kRxL3Bad);
  set_function(2);
  EXPECT_NE(receive(frame_of(kSpec)).hash, 0u);
  EXPECT_EQ(differences(), 0u);
  EXPECT_EQ(failures(), 0u);
  EXPECT_GT(sim.stats.counter("toeplitz.comparisons", "").value(), 3u);
  EXPECT_GT(sim.stats.counter("checksum.comparisons", "").value(), 8u);
}

TEST_F(RtlNic, PacketsOfTheHostGetTheirChecksums) {
  for (const FrameSpec& spec : {kSpec, kSpec6, spec_of("10.0.0.1", "10.0.0.2", net::kProtocolUdp)})
    for (const std::uint32_t offloads : {kL4Partial | kL3Checksum, kL4Full | kL3Checksum}) {
      data_path.packets.clear();
      send(tx, unfinished(spec), offloads, meta_of(spec));
      ASSERT_EQ(data_path.packets.size(), 1u);
      EXPECT_EQ(data_path.packets[0].frame, frame_of(spec));
    }
  EXPECT_EQ(differences(), 0u);
  EXPECT_EQ(failures(), 0u);
}

TEST_F(RtlNic, SegmentsGetTheirChecksums) {
  put_packet(tx, unfinished(kSpec, 5000), 1, kTso | kL3Checksum | kL4Full, meta_of(kSpec, 1400));
  ring_tx(tx);
  run(us(100));
  EXPECT_EQ(completions(tx), 1u);
  ASSERT_EQ(data_path.packets.size(), 4u);
  for (const auto& each : data_path.packets) {
    const net::Parsed parsed = net::parse(each.frame, net::Checks::kIpChecksum);
    EXPECT_EQ(parsed.fault, net::Fault::kNone);
    EXPECT_EQ(net::check_l4(each.frame, parsed), net::L4Check::kGood);
  }
  EXPECT_EQ(differences(), 0u);
}

TEST_F(RtlNic, PacketsAreLaterByTheCyclesOfTheBlock) {
  const auto ready = [&](std::uint32_t offloads, std::size_t payload) {
    data_path.packets.clear();
    send(tx, unfinished(kSpec, payload), offloads, meta_of(kSpec));
    return data_path.packets.at(0).ready - data_path.packets.at(0).at;
  };
  EXPECT_EQ(ready(0, 100), config.packet_overhead);
  ready(kL4Partial, 100);  // the blocks' reset
  const sc_core::sc_time shorter = ready(kL4Partial, 100);
  EXPECT_GT(shorter, config.packet_overhead);
  // Of 8 bytes each; the packet comes at any phase of the clock.
  const sc_core::sc_time longer = ready(kL4Partial, 900);
  EXPECT_GE(longer, shorter + 99 * rtl::test::kCycle);
  EXPECT_LE(longer, shorter + 101 * rtl::test::kCycle);
}

TEST_F(RtlNic, CardResetUnderWayKeepsNothing) {
  EXPECT_EQ(receive(frame_of(kSpec)).hash, kHash);
  toeplitz().reset();
  checksum().reset();
  EXPECT_EQ(receive(frame_of(kSpec)), (Received{kHash % 4, kHash, kGood}));
  EXPECT_EQ(differences(), 0u);
}

struct SumBug : RtlNic {
  SumBug() : RtlNic({.checksum = CARDVP_CHECKSUM_BUG2}) {}  // an odd last byte
};

TEST_F(SumBug, TheHostGetsWhatTheRtlGaveAndLockstepSaysSo) {
  send(tx, unfinished(kSpec, 101), kL4Partial, meta_of(kSpec));
  const Bytes& sent = data_path.packets.at(0).frame;
  EXPECT_EQ(net::check_l4(sent, net::parse(sent)), net::L4Check::kBad);
  EXPECT_EQ(differences(), 1u);
  EXPECT_EQ(receive(frame_of(kSpec, 101)).checks, kGood | kRxL4Bad);
  EXPECT_EQ(differences(), 2u);
  EXPECT_EQ(receive(frame_of(kSpec, 100)).checks, kGood);
  EXPECT_EQ(differences(), 2u);
  EXPECT_NE(checksum().lockstep()->first()->text().find("checksum differs from its model"), std::string::npos);
}

struct HashBug : RtlNic {
  HashBug() : RtlNic({.toeplitz = CARDVP_TOEPLITZ_BUG1}) {}  // inputs of more than 16 bytes
};

TEST_F(HashBug, TheRtlsHashCounts) {
  EXPECT_EQ(receive(frame_of(kSpec)).hash, kHash);
  EXPECT_EQ(differences(), 0u);
  const std::uint32_t hash = receive(frame_of(kSpec6)).hash;
  EXPECT_NE(hash, kHash6);
  ASSERT_EQ(differences(), 1u);
  EXPECT_EQ(toeplitz().lockstep()->first()->model, fmt::format("{:#x}", kHash6));
  EXPECT_EQ(toeplitz().lockstep()->first()->rtl, fmt::format("{:#x}", hash));
}

struct BrokenNic : RtlNic {
  BrokenNic() : RtlNic({CARDVP_BUSY_TOEPLITZ, CARDVP_DEAD_CHECKSUM, Use::kRtl}) {}
};

TEST_F(BrokenNic, GoesOnWithoutHashAndVerification) {
  for (unsigned i = 0; i < 3; ++i) EXPECT_EQ(receive(frame_of(kSpec)), (Received{0, 0, 0}));
  EXPECT_EQ(toeplitz().failures(), 3u);
  EXPECT_EQ(checksum().failures(), 6u);  // IPv4 header and L4
  Bytes expected = frame_of(kSpec);
  net::store16(&expected[50], 0xffff);  // the sum is 0
  send(tx, unfinished(kSpec), kL4Partial, meta_of(kSpec));
  EXPECT_EQ(data_path.packets.at(0).frame, expected);
  send(tx, frame_of(kSpec));  // and what asks for nothing is none of its business
  EXPECT_EQ(data_path.packets.at(1).frame, frame_of(kSpec));
}

}  // namespace
}  // namespace cardvp::nic::ena
