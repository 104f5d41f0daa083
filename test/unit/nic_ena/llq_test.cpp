// TX queues in the function's own memory (6.9; item 29).
#include <algorithm>
#include <cstring>

#include "test/unit/nic_ena/machine.h"

namespace cardvp::nic::ena {
namespace {

namespace control = control_regs;

struct Llq : Machine {
  void open(const QueueOptions& options = {.entries = 64, .cq_bytes = 0, .llq_bytes = 128}) {
    start();
    ring = create_tx(0, options);
  }
  // A packet with `pushed` bytes in the entry and the rest in `buffers` buffers; gives its entries.
  std::vector<Bytes> entries_of(std::span<const std::byte> packet, std::uint32_t pushed, unsigned buffers,
                                std::uint16_t request, std::uint32_t offloads = 0, const TxMeta& meta = {}) {
    std::vector<TxDescriptor> descriptors;
    if (meta.known) descriptors.push_back(meta_descriptor(meta));
    const std::size_t rest = packet.size() - pushed;
    const unsigned parts = std::max(1u, buffers);
    for (unsigned i = 0; i < parts; ++i) {
      const std::size_t from = pushed + rest * i / parts, to = pushed + rest * (i + 1) / parts;
      const std::uint64_t address = to > from ? allocate(to - from, 1) : 0;
      store(address, packet.subspan(from, to - from));
      descriptors.push_back(data_descriptor({.address = address,
                                             .length = static_cast<std::uint32_t>(to - from),
                                             .request = i == 0 ? request : std::uint16_t{0},
                                             .first = i == 0 && !meta.known,
                                             .last = i + 1 == parts,
                                             .offloads = i == 0 ? offloads : 0,
                                             .header = i == 0 ? pushed : 0}));
    }
    std::vector<Bytes> entries(1, Bytes(ring.entry_bytes));
    std::copy_n(packet.begin(), pushed, entries[0].begin() + before * kDescriptor);
    std::size_t slot = 0;
    for (const TxDescriptor& descriptor : descriptors) {
      const std::size_t slots = entries.size() == 1 ? before : multiple ? ring.entry_bytes / kDescriptor : 1;
      if (slot == slots) {
        entries.emplace_back(ring.entry_bytes);
        slot = 0;
      }
      std::memcpy(&entries.back()[slot++ * kDescriptor], &descriptor, sizeof descriptor);
    }
    return entries;
  }
  void put_entries(const std::vector<Bytes>& entries, std::size_t piece = 64) {
    for (const Bytes& entry : entries) {
      const std::uint64_t offset = ring.sq + (ring.tail++ & (ring.entries - 1)) * ring.entry_bytes;
      for (std::size_t at = 0; at < entry.size(); at += piece)
        write_bar2(offset + at, std::span(entry).subspan(at, piece));
    }
  }
  void expect_sent(const Bytes& packet, std::uint16_t request) {
    ring_tx(ring);
    run(us(20));
    const auto completion = poll(ring);
    ASSERT_TRUE(completion);
    EXPECT_EQ(completion->request, request);
    EXPECT_EQ(completion->head, static_cast<std::uint16_t>(ring.tail));
    ASSERT_EQ(data_path.packets.size(), 1u);
    EXPECT_EQ(data_path.packets[0].frame, packet);
    data_path.packets.clear();
  }
  TxRing ring;
  std::uint32_t before = 2;
  bool multiple = true;
};

TEST_F(Llq, Item29_SizesAroundThePushedHeader) {
  open();
  std::uint16_t request = 1;
  for (const std::size_t bytes : {1, 95, 96, 97, 1514}) {
    const Bytes packet = pattern(bytes);
    const auto pushed = static_cast<std::uint32_t>(std::min<std::size_t>(bytes, 96));
    put_entries(entries_of(packet, pushed, bytes > 96, request));
    expect_sent(packet, request++);
  }
}

TEST_F(Llq, Item29_OneToNineteenBuffersAndWrap) {
  open();
  for (unsigned lap = 0; lap < 6; ++lap)  // 58 entries each
    for (unsigned buffers = 1; buffers <= 19; ++buffers) {
      const Bytes packet = pattern(96 + buffers * 50, buffers);
      put_entries(entries_of(packet, 96, buffers, static_cast<std::uint16_t>(buffers)));
      expect_sent(packet, static_cast<std::uint16_t>(buffers));
    }
  EXPECT_GT(ring.tail, 64u * 4);
}

TEST_F(Llq, Item29_WithoutPushedBytes) {
  open();
  const Bytes packet = pattern(200);
  put_entries(entries_of(packet, 0, 3, 4));
  expect_sent(packet, 4);
}

TEST_F(Llq, Item29_MetaAndOffloads) {
  open();
  net::FrameSpec spec;
  spec.source = *net::MacAddress::parse("02:00:00:00:00:01");
  spec.destination = *net::MacAddress::parse("02:00:00:00:00:02");
  spec.source_ip = *net::IpAddress::parse("10.0.0.1");
  spec.destination_ip = *net::IpAddress::parse("10.0.0.2");
  spec.protocol = net::kProtocolTcp;
  const Bytes payload = pattern(2900);
  Bytes frame(net::header_bytes(spec));
  frame.insert(frame.end(), payload.begin(), payload.end());
  net::write_headers(spec, frame, net::L4Sum::kPseudo);
  // Segmented: the headers stand partly in the entry, partly in a buffer.
  for (const std::uint32_t pushed : {96u, 40u}) {
    put_entries(entries_of(frame, pushed, 2, 6, kTso | kL3Checksum | kL4Full,
                           {.l3_offset = 14, .l3_length = 20, .l4_length = 20, .mss = 1460, .known = true}));
    ring_tx(ring);
    run(us(20));
    EXPECT_EQ(completions(ring), 1u);
    ASSERT_EQ(data_path.packets.size(), 2u);
    EXPECT_EQ(data_path.packets[0].frame, net::build(spec, std::span(payload).first(1460)));
    net::FrameSpec second = spec;
    second.sequence = 1460;
    second.identification = 1;
    EXPECT_EQ(data_path.packets[1].frame, net::build(second, std::span(payload).subspan(1460)));
    data_path.packets.clear();
  }
  // The next ones without a meta descriptor.
  const Bytes small = pattern(30);
  frame.resize(net::header_bytes(spec));
  frame.insert(frame.end(), small.begin(), small.end());
  net::write_headers(spec, frame, net::L4Sum::kPseudo);
  put_entries(entries_of(frame, static_cast<std::uint32_t>(frame.size()), 0, 7, kL4Partial));
  expect_sent(net::build(spec, small), 7);
}

TEST_F(Llq, Item29_WithoutMetaCachingEachPacketBringsIt) {
  start();
  firmware.page.write(control::offset::LLQ_MODE, control::LLQ_MODE_BEFORE_HEADER.in(2) |
                                                     control::LLQ_MODE_MULTIPLE.in(1) |
                                                     control::LLQ_MODE_NO_META_CACHE.in(1));
  ring = create_tx(0, {.llq_bytes = 128});
  net::FrameSpec spec;
  spec.source_ip = *net::IpAddress::parse("10.0.0.1");
  spec.destination_ip = *net::IpAddress::parse("10.0.0.2");
  const Bytes wanted = net::build(spec, pattern(20));
  Bytes frame = wanted;
  net::write_headers(spec, frame, net::L4Sum::kPseudo);
  const TxMeta meta{.l3_offset = 14, .l3_length = 20, .known = true};
  put_entries(entries_of(frame, static_cast<std::uint32_t>(frame.size()), 0, 1, kL4Partial, meta));
  expect_sent(wanted, 1);
  put_entries(entries_of(frame, static_cast<std::uint32_t>(frame.size()), 0, 2, kL4Partial));
  ring_tx(ring);
  run(us(10));
  EXPECT_EQ(completions(ring), 1u);
  EXPECT_EQ(count("drops.tx_offload"), 1u);
}

TEST_F(Llq, Item29_WrittenInAnyOrderAndIn8BytePieces) {
  open();
  std::vector<std::pair<std::uint64_t, Bytes>> pieces;
  std::vector<Bytes> packets;
  for (unsigned i = 0; i < 16; ++i) {
    packets.push_back(pattern(90, i));
    const Bytes entry = entries_of(packets.back(), 90, 0, static_cast<std::uint16_t>(i))[0];
    for (std::size_t at = 0; at < 128; at += 8)
      pieces.emplace_back(ring.sq + i * 128 + at, Bytes(entry.begin() + static_cast<std::ptrdiff_t>(at),
                                                        entry.begin() + static_cast<std::ptrdiff_t>(at) + 8));
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto& [offset, data] = pieces[i * 101 % pieces.size()];  // 101 is odd: each comes once
    write_bar2(offset, data);
  }
  run(us(5));
  EXPECT_TRUE(data_path.packets.empty());  // only the doorbell counts
  ring.tail = 16;
  ring_tx(ring);
  run(us(20));
  ASSERT_EQ(data_path.packets.size(), 16u);
  for (unsigned i = 0; i < 16; ++i) EXPECT_EQ(data_path.packets[i].frame, packets[i]);
  EXPECT_EQ(completions(ring), 16u);
}

TEST_F(Llq, Item29_MemoryReadsBackAsWritten) {
  open();
  const Bytes data = pattern(64);
  write_bar2(0x1040, data);
  for (std::size_t at = 0; at < 64; at += 8) {
    std::uint64_t wanted = 0;
    std::memcpy(&wanted, &data[at], 8);
    EXPECT_EQ(endpoint.memory_read(kBar2 + 0x1040 + at, 8).value, wanted);
  }
  EXPECT_EQ(endpoint.memory_read(kBar2 + 0x1041, 1).value, std::to_integer<std::uint64_t>(data[1]));
}

TEST_F(Llq, Item29_DoorbellBeyondWrittenEntries) {
  open();
  const Bytes packet = pattern(60);
  put_entries(entries_of(packet, 60, 0, 1));
  set_reg(kSqDoorbells, 40);  // 39 entries of zeroes
  run(us(50));
  ASSERT_EQ(data_path.packets.size(), 1u);
  EXPECT_EQ(data_path.packets[0].frame, packet);
  EXPECT_EQ(completions(ring), 1u);
  ring.tail = 40;
  put_entries(entries_of(packet, 60, 0, 2));  // its "first" ends what had begun
  ring_tx(ring);
  run(us(20));
  EXPECT_EQ(data_path.packets.size(), 2u);
  EXPECT_EQ(completions(ring), 2u);
  EXPECT_EQ(count("drops.tx_malformed"), 1u);
}

TEST_F(Llq, Item29_HeaderLongerThanTheEntry) {
  open();
  std::vector<Bytes> entries = entries_of(pattern(96), 96, 0, 3);
  entries[0][15] = std::byte{97};
  put_entries(entries);
  ring_tx(ring);
  run(us(20));
  EXPECT_EQ(completions(ring), 1u);
  EXPECT_EQ(count("drops.tx_malformed"), 1u);
}

TEST_F(Llq, Item29_LargeEntries) {
  open({.entries = 32, .cq_bytes = 0, .llq_bytes = 256});
  const Bytes packet = pattern(1000);
  put_entries(entries_of(packet, 224, 19, 3));
  expect_sent(packet, 3);
}

TEST_F(Llq, Item29_OneDescriptorPerEntryAndOtherPlacesOfTheHeader) {
  start();
  for (const std::uint32_t slots : {1u, 2u, 4u})
    for (const bool stride : {false, true}) {
      firmware.page.write(control::offset::LLQ_MODE,
                          control::LLQ_MODE_BEFORE_HEADER.in(slots) | control::LLQ_MODE_MULTIPLE.in(stride));
      before = slots;
      multiple = stride;
      ring = create_tx(0, {.llq_bytes = 128});
      const Bytes packet = pattern(600);
      put_entries(entries_of(packet, 64, 7, 3));
      EXPECT_EQ(ring.tail, stride ? 2u : 1u + 7 - slots);
      expect_sent(packet, 3);
      firmware.destroy(Firmware::kDestroyTx, 0);
      firmware.destroy(Firmware::kDestroyCq, 0);
    }
}

TEST_F(Llq, Item29_FullBurst) {
  open();
  for (unsigned lap = 0; lap < 5; ++lap) {
    for (unsigned i = 0; i < 64; ++i) put_entries(entries_of(pattern(80, i), 80, 0, static_cast<std::uint16_t>(i)));
    ring_tx(ring);
    run(us(20));
    EXPECT_EQ(completions(ring), 64u);
  }
  EXPECT_EQ(data_path.packets.size(), 320u);
}

}  // namespace
}  // namespace cardvp::nic::ena
