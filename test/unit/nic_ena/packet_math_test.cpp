// What the engine makes of the answers of PacketMath: values, failures, time.
#include "test/unit/nic_ena/machine.h"

namespace cardvp::nic::ena {
namespace {

namespace control = control_regs;
using net::FrameSpec;
using net::IpAddress;

struct FakeToeplitz : ToeplitzMath {
  struct FakeKey : Key {
    explicit FakeKey(FakeToeplitz& to) : owner(to) {}
    Answer hash(std::span<const std::uint8_t>) override { return owner.next; }
    FakeToeplitz& owner;
  };
  std::unique_ptr<Key> make_key(std::span<const std::uint8_t, net::kToeplitzKeyBytes>) override {
    ++keys;
    return std::make_unique<FakeKey>(*this);
  }
  void reset() override { ++resets; }

  Answer next;
  unsigned keys = 0, resets = 0;
};

struct FakeChecksum : ChecksumMath {
  Answer sum(std::span<const std::byte> data, std::uint32_t initial) override {
    Answer answer{.value = net::sum(data, initial), .took = takes};
    if (sums++ >= good_ones) {
      answer.value = broken_value;
      answer.valid = false;
    }
    return answer;
  }
  Answer crc32c(std::span<const std::uint8_t>, std::uint32_t) override { return crc; }
  void reset() override { ++resets; }

  sc_core::sc_time takes;
  unsigned sums = 0, good_ones = 1000;
  std::uint32_t broken_value = 0;
  Answer crc;
  unsigned resets = 0;
};

Bytes packet(std::uint8_t protocol = net::kProtocolTcp) {
  FrameSpec spec;
  spec.destination = *net::MacAddress::parse("02:00:00:00:00:02");
  spec.source = *net::MacAddress::parse("02:00:00:00:00:01");
  spec.source_ip = *IpAddress::parse("10.1.2.3");
  spec.destination_ip = *IpAddress::parse("10.255.0.9");
  spec.protocol = protocol;
  spec.source_port = 40000;
  spec.destination_port = 443;
  return net::build(spec, pattern(100));
}

struct PacketMathTest : Machine {
  PacketMathTest()
      : Machine(small_config(), {}, [](Sim&) {
          return Math{std::make_unique<FakeToeplitz>(), std::make_unique<FakeChecksum>()};
        }) {}
  void SetUp() override {
    start();
    ring = create_rx(0);
    fill(ring, 40);
    firmware.page.write(control::offset::OFFLOADS,
                        control::OFFLOADS_RX_CHECKSUMS.in(1) | control::OFFLOADS_RX_HASH.in(1));
    set_function(1);
  }
  void set_function(unsigned function) {
    firmware.page.write(control::offset::RSS, control::RSS_FUNCTION.in(function));
  }
  FakeToeplitz& toeplitz() { return static_cast<FakeToeplitz&>(*math.toeplitz); }
  FakeChecksum& checksum() { return static_cast<FakeChecksum&>(*math.checksum); }
  RxCompletion receive(const Bytes& frame) {
    deliver(frame);
    run(us(5));
    const auto entry = poll(ring);
    EXPECT_TRUE(entry);
    return entry.value_or(RxCompletion{});
  }
  RxRing ring;
};

TEST_F(PacketMathTest, TheHashIsWhatItSays) {
  toeplitz().next.value = 0x12345678;
  EXPECT_EQ(receive(packet()).hash, 0x12345678u);
  EXPECT_EQ(receive(packet()).hash, 0x12345678u);
  EXPECT_EQ(toeplitz().keys, 1u);
  firmware.page.write(control::offset::RSS_KEY, 1);
  receive(packet());
  EXPECT_EQ(toeplitz().keys, 2u);
  set_function(2);
  checksum().crc.value = 0x9abcdef0;
  EXPECT_EQ(receive(packet()).hash, 0x9abcdef0u);
}

TEST_F(PacketMathTest, AHashThatFailsIsZeroWhateverItBeginsWith) {
  firmware.page.write(control::offset::RSS_INITIAL, 0xffffffff);
  toeplitz().next = {.value = 5, .valid = false};
  EXPECT_EQ(receive(packet()).hash, 0u);
  toeplitz().next.valid = true;
  EXPECT_EQ(receive(packet()).hash, ~5u);
}

TEST_F(PacketMathTest, ChecksumsThatCannotBeVerifiedAreNotNamed) {
  constexpr std::uint32_t kOfChecks = 0x1f << 8 | kRxL3Bad | kRxL4Bad | kRxL4Checked;
  const std::uint32_t good = receive(packet()).status;
  EXPECT_EQ(good & kOfChecks, kRxL4Tcp | kRxL4Checked);
  EXPECT_EQ(checksum().sums, 2u);  // IPv4 header, L4
  checksum().good_ones = 3;
  EXPECT_EQ(receive(packet()).status & kOfChecks, 0u);
  EXPECT_EQ(receive(packet()).status & kOfChecks, 0u);  // the IPv4 header's fails too: it does not count as bad
}

TEST_F(PacketMathTest, ChecksumsAreOnTheDeviceOnlyIfTheyAreOn) {
  firmware.page.write(control::offset::OFFLOADS, 0);
  receive(packet());
  EXPECT_EQ(checksum().sums, 0u);
}

TEST_F(PacketMathTest, APacketGoesWithWhatBrokenHardwareGave) {
  TxRing tx = create_tx(0);
  Bytes frame = packet();
  checksum().good_ones = 0;
  checksum().broken_value = 0x1234;
  send(tx, frame, kL4Full | kL3Checksum, {.l3_offset = 14, .l3_length = 20, .known = true});
  net::store16(&frame[24], 0xffff - 0x1234);
  net::store16(&frame[50], 0xffff - 0x1234);
  ASSERT_EQ(data_path.packets.size(), 1u);
  EXPECT_EQ(data_path.packets[0].frame, frame);
}

TEST_F(PacketMathTest, PacketsWaitForCalculationsThatOverlapWithTheRest) {
  TxRing tx = create_tx(0);
  const auto ready_of = [&](sc_core::sc_time takes) {
    checksum().takes = takes;
    data_path.packets.clear();
    for (std::uint16_t i = 0; i < 3; ++i)
      put_packet(tx, packet(), i, kL4Full | kL3Checksum, {.l3_offset = 14, .l3_length = 20, .known = true});
    ring_tx(tx);
    run(us(50));
    EXPECT_EQ(completions(tx), 3u);
    std::vector<sc_core::sc_time> times;
    for (const auto& each : data_path.packets) times.push_back(each.ready - data_path.packets[0].at);
    return times;
  };
  const sc_core::sc_time overhead = config.packet_overhead;
  EXPECT_EQ(ready_of(ns(0)), (std::vector{overhead, 2 * overhead, 3 * overhead}));
  // Two sums each, of less than the overhead: later, as many a second. Of more: they are what limits.
  const sc_core::sc_time less = overhead * 0.25, more = overhead * 2;
  EXPECT_EQ(ready_of(less), (std::vector{overhead * 1.5, overhead * 2.5, overhead * 3.5}));
  EXPECT_EQ(ready_of(more), (std::vector{overhead * 5, overhead * 9, overhead * 13}));
}

TEST_F(PacketMathTest, WhatIsReceivedWaitsToo) {
  const auto arrives = [&](sc_core::sc_time hash, sc_core::sc_time sum) {
    toeplitz().next.took = hash;
    checksum().takes = sum;
    deliver(packet());
    const sc_core::sc_time begun = sim.scheduler.now();
    while (!poll(ring)) run(ns(10));
    return sim.scheduler.now() - begun;
  };
  const sc_core::sc_time without = arrives(ns(0), ns(0));
  EXPECT_EQ(arrives(ns(300), ns(0)), without + ns(300));
  EXPECT_EQ(arrives(ns(300), ns(100)), without + ns(500));
}

TEST_F(PacketMathTest, CardReset) {
  engine.reset();
  EXPECT_EQ(toeplitz().resets, 1u);
  EXPECT_EQ(checksum().resets, 1u);
}

}  // namespace
}  // namespace cardvp::nic::ena
