// The ENA driver's packets: what stands in rings and buffers (docs/nic.md, "I/O queues").
#include <algorithm>
#include <numeric>

#include "models/net/build.h"
#include "models/net/checksum.h"
#include "test/unit/host/ena_machine.h"

namespace cardvp::host {
namespace {

using Placement = ena::DriverConfig::Placement;

net::FrameSpec spec(std::uint8_t protocol, bool ipv6 = false) {
  const auto address = [&](const char* v4, const char* v6) { return *net::IpAddress::parse(ipv6 ? v6 : v4); };
  return {.destination = {{2, 0, 0, 0, 0, 9}},
          .source = {{2, 0, 0, 0, 0, 7}},
          .source_ip = address("10.0.0.1", "fd00::1"),
          .destination_ip = address("10.0.0.2", "fd00::2"),
          .protocol = protocol,
          .source_port = 1000,
          .destination_port = 2000};
}

// As a host leaves it to its NIC.
std::vector<std::byte> half_summed(const net::FrameSpec& spec, std::size_t payload) {
  std::vector<std::byte> frame(net::header_bytes(spec) + payload, std::byte{0x5a});
  net::write_headers(spec, frame, net::L4Sum::kPseudo);
  return frame;
}

struct EnaIo : EnaMachine {
  void all_sent(std::size_t packets) {
    run(driver->drain());
    settle();
    ASSERT_EQ(device->sent.size(), packets);
  }
};

TEST_F(EnaIo, SendsFramesOfAllSizesFromHostMemory) {
  make_and_start({.placement = Placement::kHostMemory});
  const std::vector<std::size_t> sizes{14, 15, 60, 64, 1499, 1514, 1522};
  for (const std::size_t size : sizes) EXPECT_TRUE(send({.frame = bytes(size, static_cast<unsigned>(size))}));
  EXPECT_FALSE(send({.frame = bytes(13)}));
  EXPECT_FALSE(send({.frame = bytes(1523)}));
  EXPECT_FALSE(send({.frame = bytes(60)}, 4));
  all_sent(sizes.size());
  for (std::size_t n = 0; n < sizes.size(); ++n) {
    const FakeEna::Packet& packet = device->sent[n];
    EXPECT_EQ(packet.bytes, bytes(sizes[n], static_cast<unsigned>(sizes[n])));
    EXPECT_EQ(packet.flags, 0u);
    EXPECT_FALSE(packet.has_meta);
    EXPECT_EQ(packet.descriptors, 1u);
  }
  EXPECT_EQ(driver->statistics().tx_packets, sizes.size());
  EXPECT_EQ(driver->statistics().tx_bytes, std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}));
}

TEST_F(EnaIo, JoinsAFrameAndItsTail) {
  make_and_start();
  const auto whole = bytes(300);
  EXPECT_TRUE(send({.frame = std::span(whole).first(42), .tail = std::span(whole).subspan(42)}));
  all_sent(1);
  EXPECT_EQ(device->sent[0].bytes, whole);
}

struct LlqForm {
  std::uint16_t sizes, before_header, stride;
  friend std::ostream& operator<<(std::ostream& out, const LlqForm& form) {
    return out << form.sizes << "_" << form.before_header << "_" << form.stride;
  }
};
struct EnaLlq : EnaIo, testing::WithParamInterface<LlqForm> {};
INSTANTIATE_TEST_SUITE_P(, EnaLlq,
                         testing::Values(LlqForm{1, 2, 2}, LlqForm{1, 1, 2}, LlqForm{1, 2, 1}, LlqForm{2, 4, 2},
                                         LlqForm{4, 2, 2}));
// Header areas: 96 bytes, 112, 96, 128, 224, of which the device takes 96.
TEST_P(EnaLlq, PushesHeadersIntoDeviceMemory) {
  make();
  device->llq_sizes = GetParam().sizes;
  device->llq_before_header = GetParam().before_header;
  device->llq_stride = GetParam().stride;
  start_well();
  ASSERT_TRUE(driver->info().llq);
  const std::vector<std::size_t> sizes{14, 95, 96, 97, 1514};
  for (const std::size_t size : sizes) EXPECT_TRUE(send({.frame = bytes(size, static_cast<unsigned>(size))}));
  all_sent(sizes.size());
  for (std::size_t n = 0; n < sizes.size(); ++n) {
    const FakeEna::Packet& packet = device->sent[n];
    EXPECT_EQ(packet.bytes, bytes(sizes[n], static_cast<unsigned>(sizes[n])));
    EXPECT_EQ(packet.pushed, std::min<std::size_t>(sizes[n], 96));
    EXPECT_EQ(packet.descriptors, 1u);  // even if everything was pushed
    EXPECT_EQ(packet.pieces.size(), sizes[n] > 96 ? 1u : 0u);
    EXPECT_EQ(packet.entries, 1u);
  }
}

TEST_F(EnaIo, LlqRingsWrapWithOldBytesInThem) {
  make_and_start({.queues = 1, .tx_entries = 32});
  for (unsigned n = 0; n < 100; ++n) {
    ASSERT_TRUE(send({.frame = bytes(60 + n, n)}));
    all_sent(n + 1);
    EXPECT_EQ(device->sent.back().bytes, bytes(60 + n, n));
  }
}

TEST_F(EnaIo, LlqPacketsTakeSeveralEntriesAndAnnounceBursts) {
  make();
  device->llq_acceleration = 3;
  device->llq_burst = 512;  // four entries
  start_well();
  const auto frame = half_summed(spec(6), 60'000);
  for (unsigned n = 0; n < 6; ++n) EXPECT_TRUE(driver->try_transmit(0, {.frame = frame, .mss = 1460}));
  for (unsigned n = 0; n < 6; ++n) EXPECT_TRUE(driver->try_transmit(0, {.frame = bytes(60)}));
  all_sent(12);
  EXPECT_EQ(device->sent[0].bytes, frame);
  EXPECT_TRUE(device->sent[0].has_meta);
  EXPECT_EQ(device->sent[0].pieces, (std::vector<unsigned>{16384, 16384, 16384, 60'054 - 96 - 3 * 16384}));
  EXPECT_EQ(device->sent[0].entries, 2u);  // meta and one descriptor, then the others
  EXPECT_TRUE(device->sent[11].has_meta);  // the device keeps none
  EXPECT_EQ(device->sent[11].mss, 0u);
  EXPECT_GE(device->tx_doorbells.size(), 4u);
}

struct EnaChecksum : EnaIo, testing::WithParamInterface<std::pair<std::uint8_t, bool>> {};
INSTANTIATE_TEST_SUITE_P(, EnaChecksum,
                         testing::Values(std::pair{6, false}, std::pair{17, false}, std::pair{6, true},
                                         std::pair{17, true}));
TEST_P(EnaChecksum, IsTheDevicesOrElseTheDrivers) {
  const auto [protocol, ipv6] = GetParam();
  make({.placement = Placement::kHostMemory});
  start_well();
  const auto frame = half_summed(spec(protocol, ipv6), 33);
  EXPECT_TRUE(send({.frame = frame, .checksum = true}));
  all_sent(1);
  const FakeEna::Packet& packet = device->sent[0];
  EXPECT_EQ(packet.bytes, frame);
  EXPECT_TRUE(packet.has_meta);
  EXPECT_EQ(packet.descriptors, 2u);
  // L3 in 3:0, DF in 4, L4 in 12:8, L4 checksum in 14, partial in 17.
  const std::uint32_t l3 = ipv6 ? 11 : 8 | 1u << 4;
  EXPECT_EQ(packet.flags, l3 | (protocol == 6 ? 12u : 13u) << 8 | 1u << 14 | 1u << 17);
  EXPECT_EQ(packet.l3_offset, 14u);
  EXPECT_EQ(packet.l3_length, ipv6 ? 40u : 20u);
  EXPECT_EQ(packet.mss, 0u);
  EXPECT_EQ(packet.l4_words, 0u);

  run([](ena::Driver& d) -> Task<> { co_await d.stop(); }(*driver));
  device->tx_offloads = 0;
  device->sent.clear();
  start_well();
  EXPECT_TRUE(send({.frame = frame, .checksum = true}));
  all_sent(1);
  EXPECT_EQ(device->sent[0].flags, 0u);
  EXPECT_EQ(net::check_l4(device->sent[0].bytes, net::parse(device->sent[0].bytes)), net::L4Check::kGood);
}

TEST_F(EnaIo, MetaDataIsSentWhenItChanges) {
  make_and_start({.placement = Placement::kHostMemory});
  const auto ipv4 = half_summed(spec(17), 20), ipv6 = half_summed(spec(17, true), 20);
  const auto tcp = half_summed(spec(6), 4000);
  const std::vector<std::pair<ena::TxPacket, bool>> packets{
      {{.frame = ipv4, .checksum = true}, true},  {{.frame = ipv4}, false},  // asks for nothing, and changes nothing
      {{.frame = ipv4, .checksum = true}, false}, {{.frame = ipv6, .checksum = true}, true},
      {{.frame = ipv6, .checksum = true}, false}, {{.frame = tcp, .mss = 1000}, true},
      {{.frame = tcp, .mss = 1000}, false},       {{.frame = tcp, .mss = 1001}, true},
      {{.frame = ipv4, .checksum = true}, true}};
  for (const auto& [packet, meta] : packets) EXPECT_TRUE(send(packet));
  all_sent(packets.size());
  for (std::size_t n = 0; n < packets.size(); ++n) EXPECT_EQ(device->sent[n].has_meta, packets[n].second) << n;
  EXPECT_EQ(device->sent[2].l3_length, 20u);
  EXPECT_EQ(device->sent[7].mss, 1001u);

  // A ring made anew has none.
  run([](ena::Driver& d) -> Task<> { co_await d.reset(12); }(*driver));
  settle();
  EXPECT_TRUE(send({.frame = ipv4, .checksum = true}));
  all_sent(packets.size() + 1);
  EXPECT_TRUE(device->sent.back().has_meta);
}

struct EnaTso : EnaIo, testing::WithParamInterface<std::pair<bool, unsigned>> {};
INSTANTIATE_TEST_SUITE_P(, EnaTso,
                         testing::Values(std::pair{false, 1}, std::pair{false, 1460}, std::pair{true, 536},
                                         std::pair{true, 8960}, std::pair{false, 16383}));
TEST_P(EnaTso, IsDescribedToTheDevice) {
  const auto [ipv6, mss] = GetParam();
  make_and_start({.placement = Placement::kHostMemory});
  const net::FrameSpec tcp = spec(6, ipv6);
  const std::size_t payload = 65'535 - net::header_bytes(tcp);
  const auto frame = half_summed(tcp, payload);
  EXPECT_TRUE(send({.frame = frame, .mss = mss}));
  EXPECT_FALSE(send({.frame = half_summed(tcp, payload + 1), .mss = mss}));
  EXPECT_FALSE(send({.frame = half_summed(tcp, 3000)}));
  all_sent(1);
  const FakeEna::Packet& packet = device->sent[0];
  EXPECT_EQ(packet.bytes, frame);
  EXPECT_EQ(packet.mss, mss);
  EXPECT_EQ(packet.l3_offset, 14u);
  EXPECT_EQ(packet.l3_length, ipv6 ? 40u : 20u);
  EXPECT_EQ(packet.l4_words, 5u);
  // TSO in 7, IPv4 header checksum in 13, L4 checksum in 14, not partial.
  const std::uint32_t l3 = ipv6 ? 11 : 8 | 1u << 4 | 1u << 13;
  EXPECT_EQ(packet.flags, l3 | 12u << 8 | 1u << 7 | 1u << 14);
  EXPECT_EQ(packet.pieces[0], net::header_bytes(tcp));
  EXPECT_LE(packet.descriptors, 19u);
}

TEST_F(EnaIo, LargePacketsUseFewDescriptorsIfTheDeviceWantsIt) {
  make({.placement = Placement::kHostMemory});
  device->tx_descriptors = 4;
  start_well();
  const auto frame = half_summed(spec(6), 60'000);
  EXPECT_TRUE(send({.frame = frame, .mss = 1000}));
  all_sent(1);
  EXPECT_EQ(device->sent[0].bytes, frame);
  EXPECT_LE(device->sent[0].descriptors, 4u);
}

TEST_F(EnaIo, SegmentationWithoutTheOffloadIsRefused) {
  make({.segmentation_offload = false});
  start_well();
  EXPECT_FALSE(send({.frame = half_summed(spec(6), 1000), .mss = 500}));
  EXPECT_FALSE(send({.frame = half_summed(spec(17), 1000), .mss = 500}));
}

TEST_F(EnaIo, OneDoorbellForAllOfAnInstant) {
  make_and_start();
  for (unsigned n = 0; n < 64; ++n) EXPECT_TRUE(driver->try_transmit(1, {.frame = bytes(60)}));
  all_sent(64);
  EXPECT_EQ(device->tx_doorbells, (std::vector<std::pair<unsigned, std::uint16_t>>{{1, 64}}));
}

TEST_F(EnaIo, WaitsForRoomInAFullRing) {
  make_and_start({.queues = 1, .tx_entries = 32, .placement = Placement::kHostMemory});
  device->completes_tx = false;
  for (unsigned n = 0; n < 31; ++n) EXPECT_TRUE(driver->try_transmit(0, {.frame = bytes(60)}));
  EXPECT_FALSE(driver->try_transmit(0, {.frame = bytes(60)}));
  bool sent = false;
  scope.spawn([](ena::Driver& d, bool& done) -> Task<> {
    const auto frame = bytes(77);
    const ena::TxPacket packet{.frame = frame};
    done = co_await d.transmit(0, packet);
  }(*driver, sent));
  pass(1);
  EXPECT_FALSE(sent);
  device->complete_held(0);  // out of order: the last first
  device->completes_tx = true;
  pass(1);
  EXPECT_TRUE(sent);
  ASSERT_EQ(device->sent.size(), 32u);
  EXPECT_EQ(device->sent.back().bytes, bytes(77));
  EXPECT_EQ(driver->statistics().resets, 0u);
}

// Enough for every 16-bit counter of a ring to wrap; ids use the descriptor's upper part in a ring of 2048 entries.
TEST_F(EnaIo, CountersWrap) {
  make({.queues = 1, .tx_entries = 2048, .rx_entries = 256, .interrupt_latency = {}});
  device->depth = 2048;
  device->llqs = 0;
  device->loopback = true;
  start_well();
  std::uint64_t sent = 0;
  std::uint16_t highest = 0;
  std::vector<std::byte> frame = bytes(60);
  while (sent < 70'000) {
    for (unsigned n = 0; n < 200; ++n, ++sent) {
      std::memcpy(&frame[20], &sent, 4);
      ASSERT_TRUE(driver->try_transmit(0, {.frame = frame}));
    }
    pass(0.02);
    for (const auto& packet : device->sent) highest = std::max(highest, packet.id);
    device->sent.clear();
  }
  ASSERT_EQ(received.size(), sent);
  for (std::uint32_t n = 0; n < sent; ++n) ASSERT_EQ(std::memcmp(&received[n].bytes[20], &n, 4), 0) << n;
  EXPECT_EQ(driver->statistics().resets, 0u);
  EXPECT_GT(highest, 0);
}

TEST_F(EnaIo, IdsFillTheWholeRing) {
  make({.queues = 1, .tx_entries = 4096, .placement = Placement::kHostMemory});
  device->depth = 4096;
  device->completes_tx = false;
  start_well();
  for (unsigned n = 0; n < 4095; ++n) ASSERT_TRUE(driver->try_transmit(0, {.frame = bytes(60)}));
  pass(1);
  ASSERT_EQ(device->sent.size(), 4095u);
  std::set<std::uint16_t> ids;
  for (const auto& packet : device->sent) ids.insert(packet.id);
  EXPECT_EQ(ids.size(), 4095u);
  EXPECT_GE(*ids.rbegin(), 4000);
  device->complete_held(0);
  run(driver->drain());
  EXPECT_EQ(driver->statistics().resets, 0u);
}

TEST_F(EnaIo, ReceivesInOneBufferAndInMany) {
  make_and_start({.rx_buffer_bytes = 512, .mtu = 9000});
  EXPECT_TRUE(device->deliver(bytes(60), 2));
  EXPECT_TRUE(device->deliver(bytes(512), 0));
  EXPECT_TRUE(device->deliver(bytes(513), 0));
  EXPECT_TRUE(device->deliver(bytes(9014), 1));
  EXPECT_TRUE(device->deliver(bytes(100), 0, 0, 0, 2));  // two bytes into its buffer
  pass(1);
  ASSERT_EQ(received.size(), 5u);
  std::map<std::size_t, unsigned> buffers;
  for (const auto& packet : received) {
    EXPECT_EQ(packet.bytes, bytes(packet.bytes.size()));
    buffers[packet.bytes.size()] = packet.packet.buffers;
    EXPECT_EQ(packet.packet.hash, 0xfeedu);
  }
  EXPECT_EQ(buffers, (std::map<std::size_t, unsigned>{{60, 1}, {100, 1}, {512, 1}, {513, 2}, {9014, 18}}));
}

TEST_F(EnaIo, RefillsInBatches) {
  make_and_start({.queues = 1, .rx_entries = 256});
  for (unsigned n = 0; n < 31; ++n) device->deliver(bytes(60));
  pass(1);
  EXPECT_EQ(device->buffers_posted(0), 255u - 31);
  device->deliver(bytes(60));
  pass(1);
  EXPECT_EQ(device->buffers_posted(0), 255u);
  // All at once, and again.
  for (unsigned lap = 0; lap < 3; ++lap) {
    for (unsigned n = 0; n < 255; ++n) EXPECT_TRUE(device->deliver(bytes(60)));
    EXPECT_FALSE(device->deliver(bytes(60)));
    pass(1);
    EXPECT_EQ(device->buffers_posted(0), 255u);
  }
  EXPECT_EQ(received.size(), 32u + 3 * 255);
}

TEST_F(EnaIo, ReportsChecksums) {
  make_and_start({.queues = 1});
  const std::uint32_t udp4 = 8 | 13 << 8, tcp6 = 11 | 12 << 8, checked = 1 << 16;
  for (const std::uint32_t status : {udp4 | checked, udp4 | checked | 1 << 14, udp4 | checked | 1 << 13, udp4,
                                     udp4 | checked | 1 << 15, tcp6 | checked, checked})
    device->deliver(bytes(60), 0, status);
  pass(1);
  ASSERT_EQ(received.size(), 7u);
  const auto flags = [&](unsigned n) {
    const ena::RxPacket& p = received[n].packet;
    return std::string{p.ip_good ? 'i' : '-', p.ip_bad ? 'I' : '-', p.l4_good ? 'l' : '-', p.l4_bad ? 'L' : '-'};
  };
  EXPECT_EQ(flags(0), "i-l-");
  EXPECT_EQ(flags(1), "i--L");
  EXPECT_EQ(flags(2), "-Il-");
  EXPECT_EQ(flags(3), "i---");
  EXPECT_EQ(flags(4), "i---");
  EXPECT_EQ(flags(5), "--l-");
  EXPECT_EQ(flags(6), "----");
}

TEST_F(EnaIo, UnmasksAfterEachPollAndOnlyThen) {
  make_and_start({.queues = 1});
  device->unmasks.clear();
  const std::uint64_t before = driver->statistics().interrupts;
  for (unsigned n = 0; n < 10; ++n) device->deliver(bytes(60));
  pass(1);
  EXPECT_EQ(received.size(), 10u);
  EXPECT_LE(driver->statistics().interrupts - before, 2u);
  EXPECT_EQ(device->unmasks.size(), driver->statistics().interrupts - before);
  // A completion that comes while the driver polls is announced at the unmask.
  for (unsigned n = 0; n < 50; ++n) {
    device->deliver(bytes(60));
    pass(0.0003);
  }
  pass(1);
  EXPECT_EQ(received.size(), 60u);
}

TEST_F(EnaIo, SoftwareTakesItsTime) {
  make_and_start({.queues = 1, .interrupt_latency = {}, .software_cost = {10, sc_core::SC_US}});
  unsigned taken = 0;
  while (driver->try_transmit(0, {.frame = bytes(60)})) ++taken;
  EXPECT_EQ(taken, 64u);  // no further ahead of its time
  const sc_core::sc_time before = sim.scheduler.now();
  run(driver->drain());
  EXPECT_GE((sim.scheduler.now() - before).to_seconds(), 640e-6);
  EXPECT_LT((sim.scheduler.now() - before).to_seconds(), 660e-6);
  settle();
  EXPECT_EQ(device->tx_doorbells.size(), 9u);  // the first, then by eights

  for (unsigned n = 0; n < 100; ++n) device->deliver(bytes(60));
  pass(2);
  ASSERT_EQ(received.size(), 100u);
  for (unsigned n = 1; n < 100; ++n)
    EXPECT_EQ(received[n].packet.time - received[n - 1].packet.time, sc_core::sc_time(10, sc_core::SC_US));
}

TEST_F(EnaIo, AnMtuMayGrowWhileTheDriverRuns) {
  make_and_start();
  EXPECT_FALSE(send({.frame = bytes(9014)}));
  const ena::Error error = result(driver->set_mtu(9000));
  ASSERT_FALSE(error) << error.text;
  EXPECT_TRUE(send({.frame = bytes(9014)}));
  EXPECT_TRUE(device->deliver(bytes(9014)));
  all_sent(1);
  pass(1);
  EXPECT_EQ(device->sent[0].bytes, bytes(9014));
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].bytes, bytes(9014));
}

struct Taker final : ena::PacketSink {
  std::byte kind{};
  unsigned taken = 0;
  bool receive(unsigned, const ena::RxPacket& packet) override {
    if (packet.frame[0] != kind) return false;
    ++taken;
    return true;
  }
};

TEST_F(EnaIo, SinksTakeWhatIsTheirs) {
  make_and_start();
  Taker one, two;
  one.kind = bytes(60, 1)[0];
  two.kind = bytes(60, 2)[0];
  driver->add_sink(one);
  driver->add_sink(two);
  for (const unsigned seed : {1, 2, 2, 3}) device->deliver(bytes(60, seed));
  pass(1);
  EXPECT_EQ(one.taken, 1u);
  EXPECT_EQ(two.taken, 2u);
  EXPECT_EQ(received.size(), 1u);
  driver->remove_sink(two);
  device->deliver(bytes(60, 2));
  pass(1);
  EXPECT_EQ(received.size(), 2u);
  driver->remove_sink(one);
}

}  // namespace
}  // namespace cardvp::host
