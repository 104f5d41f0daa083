// RX: buffers, completions, drops (6.6, 6.7; items 20, 30 to 33, 42).
#include <algorithm>

#include "test/unit/nic_ena/machine.h"

namespace cardvp::nic::ena {
namespace {

namespace control = control_regs;
using net::FrameSpec;
using net::IpAddress;

struct Rx : Machine {
  void SetUp() override {
    start();
    ring = create_rx(0);
  }
  std::vector<RxCompletion> wait() {
    run(us(5));
    std::vector<RxCompletion> entries;
    while (const auto entry = poll(ring)) entries.push_back(*entry);
    return entries;
  }
  std::uint64_t counted(std::uint32_t at) { return firmware.page.read(at, 8); }
  RxRing ring;
};

TEST_F(Rx, Item30_OneBuffer) {
  const auto buffers = fill(ring, 10);
  for (unsigned i = 0; const std::size_t bytes : {60, 64, 1500, 1514, 2047, 2048}) {
    const Bytes frame = pattern(bytes);
    deliver(frame);
    const auto entries = wait();
    ASSERT_EQ(entries.size(), 1u) << bytes;
    EXPECT_EQ(entries[0].length, bytes);
    EXPECT_EQ(entries[0].request, 100 + i);
    EXPECT_EQ(entries[0].offset, 0);
    EXPECT_EQ(entries[0].status & (kRxFirst | kRxLast | kRxBuffer), kRxFirst | kRxLast | kRxBuffer);
    EXPECT_EQ(load(buffers[i], bytes), frame);
    ++i;
  }
  EXPECT_EQ(counted(control::offset::RX_PACKETS), 6u);
  EXPECT_EQ(counted(control::offset::RX_BYTES), 60u + 64 + 1500 + 1514 + 2047 + 2048);
  EXPECT_EQ(count("rx0.packets"), 6u);
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(Rx, FramesThatWaitAreBoundedAndThoseBeyondTakeNoTime) {
  constexpr unsigned kMost = 16 * 1024, kMore = 1000;
  const Bytes frame = pattern(60);
  for (unsigned i = 0; i < kMost + kMore; ++i) deliver(frame);
  EXPECT_EQ(count("drops.rx_backlog"), kMore);
  run(kMost * config.packet_overhead + us(5));  // there are no buffers
  EXPECT_EQ(count("drops.rx_no_buffer"), kMost);
  fill(ring, 1);
  deliver(frame);
  EXPECT_EQ(wait().size(), 1u);
}

TEST_F(Rx, Item30_ManyBuffersEachFilledBeforeTheNext) {
  const auto buffers = fill(ring, 30, 1000);
  std::size_t used = 0;
  for (const std::size_t bytes : {1001, 2000, 9014, 9018}) {
    const Bytes frame = pattern(bytes);
    deliver(frame);
    const auto entries = wait();
    const std::size_t wanted = (bytes + 999) / 1000;
    ASSERT_EQ(entries.size(), wanted);
    Bytes whole;
    for (std::size_t i = 0; i < wanted; ++i) {
      EXPECT_EQ(entries[i].length, i + 1 < wanted ? 1000 : bytes - 1000 * (wanted - 1));
      EXPECT_EQ((entries[i].status & kRxFirst) != 0, i == 0);
      EXPECT_EQ((entries[i].status & kRxLast) != 0, i + 1 == wanted);
      EXPECT_EQ(entries[i].request, 100 + used);
      const Bytes part = load(buffers[used++], entries[i].length);
      whole.insert(whole.end(), part.begin(), part.end());
    }
    EXPECT_EQ(whole, frame);
  }
}

TEST_F(Rx, Item30_AsManyBuffersAsAPacketMayHave) {
  fill(ring, 40, 100);
  deliver(pattern(1900));
  EXPECT_EQ(wait().size(), 19u);
  deliver(pattern(1901));
  EXPECT_TRUE(wait().empty());
  EXPECT_EQ(count("drops.rx_many_buffers"), 1u);
  deliver(pattern(100));  // its buffers are still there
  const auto entries = wait();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].request, 119);
}

TEST_F(Rx, Item31_NoBuffersAndThenSome) {
  deliver(pattern(100));
  deliver(pattern(100));
  EXPECT_TRUE(wait().empty());
  EXPECT_EQ(counted(control::offset::RX_DROPS), 2u);
  EXPECT_EQ(counted(control::offset::RX_OVERRUNS), 2u);
  EXPECT_EQ(count("drops.rx_no_buffer"), 2u);
  EXPECT_TRUE(interrupts().empty());
  fill(ring, 1);
  deliver(pattern(100, 7));
  EXPECT_EQ(wait().size(), 1u);
  // A frame of which only a part would fit is dropped whole.
  fill(ring, 1, 64);
  deliver(pattern(100));
  EXPECT_TRUE(wait().empty());
  EXPECT_EQ(count("drops.rx_no_buffer"), 3u);
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(Rx, Item31_AllButOneAtOnceAndMoreThanTheRing) {
  const auto buffers = fill(ring, 63, 256);
  for (unsigned i = 0; i < 63; ++i) deliver(pattern(200, i));
  const auto entries = wait();
  ASSERT_EQ(entries.size(), 63u);
  for (unsigned i = 0; i < 63; ++i) EXPECT_EQ(load(buffers[i], 200), pattern(200, i));
  set_reg(kSqDoorbells + 4, (ring.tail + 65) & 0xffff);
  EXPECT_EQ(count("ignored_doorbells"), 1u);
}

TEST_F(Rx, Item31_CountersWrap) {
  const std::uint64_t buffer = allocate(64);
  std::uint64_t got = 0;
  for (unsigned lap = 0; lap < 65536 / 60 + 5; ++lap) {
    for (std::uint16_t i = 0; i < 60; ++i) post_buffer(ring, buffer, 64, i);
    ring_rx(ring);
    for (unsigned i = 0; i < 60; ++i) deliver(pattern(60, i));
    const auto entries = wait();
    ASSERT_EQ(entries.size(), 60u) << lap;
    got += entries.size();
    host.writes.clear();
    host.directs.clear();
  }
  EXPECT_EQ(got, counted(control::offset::RX_PACKETS));
  EXPECT_EQ(counted(control::offset::RX_DROPS), 0u);
}

TEST_F(Rx, Item32_BufferLengths) {
  const std::uint64_t base = allocate(0x20000);
  const Bytes before = load(base, 0x20000);
  post_buffer(ring, base + 100, 1, 1);
  post_buffer(ring, base + 300, 14, 2);
  post_buffer(ring, base + 1000, 0, 3);  // 64 KiB
  ring_rx(ring);
  run(us(2));
  const Bytes frame = pattern(9000);
  deliver(frame);
  const auto entries = wait();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].length, 1);
  EXPECT_EQ(entries[1].length, 14);
  EXPECT_EQ(entries[2].length, 8985);
  // Nothing else has changed.
  Bytes wanted = before;
  std::copy_n(frame.begin(), 1, wanted.begin() + 100);
  std::copy_n(frame.begin() + 1, 14, wanted.begin() + 300);
  std::copy(frame.begin() + 15, frame.end(), wanted.begin() + 1000);
  EXPECT_EQ(load(base, 0x20000), wanted);
}

TEST_F(Rx, Item42_OnlyBuffersAndCompletionsChange) {
  fill(ring, 20, 512);
  const Bytes before = host.memory;
  const std::uint32_t descriptor = ring.head;
  for (unsigned i = 0; i < 10; ++i) deliver(pattern(300 + i * 20, i));
  EXPECT_EQ(wait().size(), 10u);
  Bytes after = host.memory;
  const auto restore = [&](std::uint64_t at, std::size_t bytes) {
    std::copy_n(before.begin() + static_cast<std::ptrdiff_t>(at), bytes,
                after.begin() + static_cast<std::ptrdiff_t>(at));
  };
  restore(ring.cq, 10 * 16);
  for (std::uint32_t i = 0; i < 10; ++i)
    restore(host.load<RxDescriptor>(ring.sq + (descriptor + i) * 16).address(), 300 + i * 20);
  EXPECT_EQ(after, before);
}

TEST_F(Rx, ExtendedCompletions) {
  RxRing wide = create_rx(1, {.cq_bytes = 32});
  firmware.page.write(control::offset::RSS_TABLE, 1);
  const auto buffers = fill(wide, 2);
  deliver(pattern(100), us(2));
  run(us(5));
  const auto entry = poll(wide);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->address_low, buffers[0]);
  EXPECT_EQ(entry->address_high, 0);
  EXPECT_GE(entry->timestamp * 1000, static_cast<std::uint64_t>(us(2) / ns(1)) * 1000);
}

TEST_F(Rx, LongFramesAndTheMtu) {
  fill(ring, 20);
  firmware.page.write(control::offset::MTU, 1500);
  deliver(pattern(1514));
  EXPECT_EQ(wait().size(), 1u);
  deliver(pattern(1515));
  EXPECT_TRUE(wait().empty());
  EXPECT_EQ(count("drops.rx_too_long"), 1u);
  EXPECT_EQ(counted(control::offset::RX_DROPS), 1u);
  EXPECT_EQ(counted(control::offset::RX_OVERRUNS), 0u);
  // Each VLAN tag is 4 bytes that do not count.
  Bytes tagged = pattern(1518);
  net::store16(&tagged[12], net::kEtherVlan);
  net::store16(&tagged[16], 0x1234);
  deliver(tagged);
  const auto entries = wait();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].status >> 5 & 3, 1u);
  tagged.resize(1519);
  deliver(tagged);
  EXPECT_TRUE(wait().empty());
}

TEST_F(Rx, FramesThatAreReadyAtNearlyOneTimeAreWrittenTogether) {
  fill(ring, 20);
  const sc_core::sc_time begun = sim.scheduler.now();
  for (const double ready : {1000, 1200, 1449, 1650}) deliver(pattern(60), ns(ready));
  host.writes.clear();
  run(us(5));
  // Each takes 50 ns more: 1050, 1250, 1499, and, more than 500 ns behind the first, 1700. The last waits for none.
  ASSERT_EQ(host.writes.size(), 2u);
  EXPECT_EQ(host.writes[0].data.size(), 48u);
  EXPECT_EQ(host.writes[1].data.size(), 16u);
  EXPECT_GE(host.writes[0].time - begun, ns(1499));
  EXPECT_LT(host.writes[0].time - begun, ns(1700));
  EXPECT_LT(host.writes[1].time - begun, ns(1950));
  EXPECT_EQ(wait().size(), 4u);
}

TEST_F(Rx, FramesComeWhenTheyAreReadyAndInOrder) {
  fill(ring, 20);
  const sc_core::sc_time begun = sim.scheduler.now();
  deliver(pattern(100, 1), us(3));
  deliver(pattern(100, 2), us(1));  // behind the first
  host.writes.clear();
  run(us(2.9));
  EXPECT_TRUE(host.writes.empty());
  run(us(5));
  ASSERT_FALSE(host.writes.empty());
  EXPECT_GE(host.writes[0].time - begun, us(3) + ns(50));
  const auto entries = wait();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].request, 100);
  EXPECT_EQ(entries[1].request, 101);
}

TEST_F(Rx, WhatIsReadyTogetherIsCompletedTogether) {
  fill(ring, 20);
  host.all_direct = false;  // the descriptors are there; the fake host answers at once
  host.writes.clear();
  for (unsigned i = 0; i < 4; ++i) post_buffer(ring, allocate(64), 16, static_cast<std::uint16_t>(i));
  deliver(pattern(2048 + 2048 + 2048 + 60));
  run(us(5));
  std::vector<std::size_t> posts;
  for (const auto& write : host.writes)
    if (write.address >= ring.cq && write.address < ring.cq + 64 * 16) posts.push_back(write.data.size());
  EXPECT_EQ(posts, std::vector<std::size_t>{64});  // four entries of 16 bytes
}

TEST_F(Rx, Item31_ARingThatCannotBeReadStops) {
  firmware.destroy(Firmware::kDestroyRx, 0);
  host.all_direct = false;
  ASSERT_EQ(firmware.queue(Firmware::kCreateRx, 0, {.base = 0xf0000000, .entries = 64, .cq = 1}), 0u);
  set_reg(kSqDoorbells + 4, 5);
  run(us(5));
  deliver(pattern(100));
  EXPECT_TRUE(wait().empty());
  EXPECT_EQ(count("drops.rx_no_buffer"), 1u);
}

TEST_F(Rx, Item31_FramesWaitForDescriptorsThatAreOnTheirWay) {
  for (unsigned i = 0; i < 4; ++i) post_buffer(ring, allocate(256), 256, static_cast<std::uint16_t>(i));
  ring_rx(ring);
  deliver(pattern(100));  // before any descriptor is fetched
  EXPECT_EQ(wait().size(), 1u);
  EXPECT_EQ(counted(control::offset::RX_DROPS), 0u);
}

TEST_F(Rx, Item20_CountersStartAgainWithTheDevice) {
  deliver(pattern(100));
  fill(ring, 1);
  deliver(pattern(100));
  wait();
  EXPECT_EQ(counted(control::offset::RX_PACKETS), 1u);
  device_reset();
  for (const std::uint32_t at : {control::offset::RX_PACKETS, control::offset::RX_BYTES, control::offset::RX_DROPS,
                                 control::offset::RX_OVERRUNS, control::offset::TX_PACKETS})
    EXPECT_EQ(counted(at), 0u);
  deliver(pattern(100));  // there is no queue now
  run(us(2));
  EXPECT_EQ(count("drops.rx_no_queue"), 1u);
  EXPECT_EQ(counted(control::offset::RX_OVERRUNS), 1u);
}

// ---- Checksums (item 33)

struct RxChecksums : Rx {
  FrameSpec spec(std::uint8_t protocol, bool v6 = false) {
    FrameSpec result;
    result.source_ip = *IpAddress::parse(v6 ? "fd00::1" : "10.0.0.1");
    result.destination_ip = *IpAddress::parse(v6 ? "fd00::2" : "10.0.0.2");
    result.protocol = protocol;
    result.source_port = 1000;
    result.destination_port = 2000;
    return result;
  }
  // What the completion says, but for the bits of buffers and phase.
  std::uint32_t status(const Bytes& frame) {
    fill(ring, 1);
    deliver(frame);
    const auto entries = wait();
    EXPECT_EQ(entries.size(), 1u);
    return entries.empty() ? ~0u : entries.back().status & 0x3ffff;
  }
  static constexpr std::uint32_t kTcp = 12 << 8, kUdp = 13 << 8, kChecked = 1 << 16, kL3BadBit = 1 << 13,
                                 kL4BadBit = 1 << 14, kFragmentBit = 1 << 15;
};

TEST_F(RxChecksums, Item33_Good) {
  EXPECT_EQ(status(net::build(spec(net::kProtocolTcp), pattern(99))), 8 | kTcp | kChecked);
  EXPECT_EQ(status(net::build(spec(net::kProtocolUdp), pattern(99))), 8 | kUdp | kChecked);
  EXPECT_EQ(status(net::build(spec(net::kProtocolTcp, true), pattern(99))), 11 | kTcp | kChecked);
  EXPECT_EQ(status(net::build(spec(net::kProtocolUdp, true), pattern(99))), 11 | kUdp | kChecked);
  FrameSpec tagged = spec(net::kProtocolTcp);
  tagged.vlan = 5;
  EXPECT_EQ(status(net::build(tagged, pattern(99))), 8 | kTcp | kChecked | 1 << 5);
}

TEST_F(RxChecksums, Item33_BadL3AndL4) {
  Bytes frame = net::build(spec(net::kProtocolTcp), pattern(99));
  frame.back() ^= std::byte{1};
  EXPECT_EQ(status(frame), 8 | kTcp | kChecked | kL4BadBit);
  frame = net::build(spec(net::kProtocolUdp, true), pattern(99));
  frame[20 + 40] ^= std::byte{1};
  EXPECT_EQ(status(frame), 11 | kUdp | kChecked | kL4BadBit);
  frame = net::build(spec(net::kProtocolTcp), pattern(99));
  frame[24] ^= std::byte{1};  // the header's checksum
  EXPECT_EQ(status(frame), 8 | kL3BadBit);
}

TEST_F(RxChecksums, Item33_FragmentsAndWhatIsNotChecked) {
  Bytes fragment = net::build(spec(net::kProtocolUdp), pattern(96));
  net::store16(&fragment[20], 0x2000);  // More Fragments
  net::store16(&fragment[24], 0);
  net::store16(&fragment[24], net::checksum(std::span(fragment).subspan(14, 20)));
  EXPECT_EQ(status(fragment), 8 | kFragmentBit);
  Bytes unsummed = net::build(spec(net::kProtocolUdp), pattern(99));
  net::store16(&unsummed[40], 0);  // no checksum (RFC 768)
  EXPECT_EQ(status(unsummed), 8 | kUdp);
  EXPECT_EQ(status(net::build(spec(net::kProtocolIcmp), pattern(64))), 8u);
  EXPECT_EQ(status(pattern(60)), 0u);  // not IP
  EXPECT_EQ(status(Bytes(13)), 0u);    // not even Ethernet
}

TEST_F(RxChecksums, Item33_SwitchedOff) {
  firmware.page.write(control::offset::OFFLOADS, 0);
  Bytes frame = net::build(spec(net::kProtocolTcp), pattern(99));
  frame[24] ^= std::byte{1};
  EXPECT_EQ(status(frame), 8u);
  EXPECT_EQ(status(net::build(spec(net::kProtocolTcp), pattern(99))), 8u);  // unverified: no L4 protocol is named
}

}  // namespace
}  // namespace cardvp::nic::ena
