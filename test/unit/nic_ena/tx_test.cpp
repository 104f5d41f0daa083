// TX in host memory: descriptors, packets, completions (6.2 to 6.5; items 22, 25 to 28, 42).
#include <algorithm>
#include <numeric>

#include "test/unit/nic_ena/machine.h"

namespace cardvp::nic::ena {
namespace {

namespace control = control_regs;

struct Tx : Machine {
  // Sends what was put, and gives how many completions there were.
  std::size_t flush(TxRing& ring, sc_core::sc_time time = us(50)) {
    ring_tx(ring);
    run(time);
    return completions(ring);
  }
};

TEST_F(Tx, Item22_SizesAndOddAddresses) {
  start();
  TxRing ring = create_tx(0);
  for (const std::size_t bytes : {1, 13, 14, 59, 60, 64, 1514, 4097, 9015, 9023, 9984}) {
    allocate(bytes % 7 + 1, 1);
    const Bytes packet = pattern(bytes);
    send(ring, packet);
    ASSERT_EQ(data_path.packets.back().frame, packet) << bytes;
  }
  EXPECT_EQ(data_path.packets.size(), 11u);
  EXPECT_EQ(count("tx_packets"), 11u);
  EXPECT_EQ(firmware.page.read(control::offset::TX_PACKETS, 8), 11u);
  EXPECT_EQ(firmware.page.read(control::offset::TX_BYTES, 8),
            1u + 13 + 14 + 59 + 60 + 64 + 1514 + 4097 + 9015 + 9023 + 9984);
  EXPECT_EQ(count("tx0.packets"), 11u);
  EXPECT_EQ(frames.in_use(), 0u);
}

TEST_F(Tx, Item22_OneToNineteenBuffers) {
  start();
  TxRing ring = create_tx(0);
  for (unsigned buffers = 1; buffers <= 19; ++buffers) {
    Bytes packet;
    for (unsigned i = 0; i < buffers; ++i) {
      const Bytes part = pattern(1 + (i * 97 + buffers * 31) % 400, i);
      const std::uint64_t address = allocate(part.size() + 3, 4096) + 4096 - part.size() / 2;  // across a page
      next_free = address + part.size();
      store(address, part);
      packet.insert(packet.end(), part.begin(), part.end());
      put(ring, data_descriptor({.address = address,
                                 .length = static_cast<std::uint32_t>(part.size()),
                                 .request = i == 0 ? static_cast<std::uint16_t>(buffers) : std::uint16_t{0},
                                 .first = i == 0,
                                 .last = i + 1 == buffers}));
    }
    ring_tx(ring);
    run(us(20));
    const auto completion = poll(ring);
    ASSERT_TRUE(completion) << buffers;
    EXPECT_EQ(completion->request, buffers);
    ASSERT_EQ(data_path.packets.back().frame, packet) << buffers;
  }
}

TEST_F(Tx, Item22_BuffersOfLength0AddNothing) {
  start();
  TxRing ring = create_tx(0);
  const Bytes packet = pattern(100);
  const std::uint64_t address = allocate(100);
  store(address, packet);
  put(ring, data_descriptor({.address = 0, .length = 0, .request = 9, .last = false}));
  put(ring, data_descriptor({.address = address, .length = 60, .first = false, .last = false}));
  put(ring, data_descriptor({.address = 0, .length = 0, .first = false, .last = false}));
  put(ring, data_descriptor({.address = address + 60, .length = 40, .first = false}));
  EXPECT_EQ(flush(ring), 1u);
  ASSERT_EQ(data_path.packets.size(), 1u);
  EXPECT_EQ(data_path.packets[0].frame, packet);
  // Nothing at all is no packet, but completed.
  put(ring, data_descriptor({.length = 0, .request = 10}));
  EXPECT_EQ(flush(ring), 1u);
  EXPECT_EQ(count("drops.tx_malformed"), 1u);
}

TEST_F(Tx, Item22_AddressesOf48Bits) {
  start();
  TxRing ring = create_tx(0);
  put(ring, data_descriptor({.address = 0xfedc12345678, .length = 64, .request = 1}));
  host.all_direct = false;
  host.answers_reads = false;
  ring_tx(ring);
  run(us(2));
  ASSERT_EQ(host.reads.size(), 1u);
  host.answer(0);  // the descriptor
  run(us(2));
  ASSERT_EQ(host.reads.size(), 1u);
  EXPECT_EQ(host.reads[0].read->segments()[0].address, 0xfedc12345678u);
  EXPECT_EQ(host.reads[0].read->segments()[0].size, 64u);
  host.answer(0, DmaStatus::kUnsupportedRequest);
}

TEST_F(Tx, Item26_RequestIdsOf16Bits) {
  start();
  TxRing ring = create_tx(0);
  for (const std::uint16_t request : {0x0000, 0x03ff, 0x0400, 0x7fff, 0x8001, 0xabcd, 0xffff}) {
    put_packet(ring, pattern(64), request);
    ring_tx(ring);
    run(us(5));
    const auto completion = poll(ring);
    ASSERT_TRUE(completion);
    EXPECT_EQ(completion->request, request);
  }
}

TEST_F(Tx, Item27_SplitOverDoorbells) {
  start();
  TxRing ring = create_tx(0);
  const Bytes packet = pattern(300);
  const std::uint64_t address = allocate(300);
  store(address, packet);
  put(ring, data_descriptor({.address = address, .length = 100, .request = 5, .last = false}));
  EXPECT_EQ(flush(ring), 0u);
  put(ring, data_descriptor({.address = address + 100, .length = 100, .first = false, .last = false}));
  EXPECT_EQ(flush(ring), 0u);
  EXPECT_TRUE(data_path.packets.empty());
  put(ring, data_descriptor({.address = address + 200, .length = 100, .first = false}));
  EXPECT_EQ(flush(ring), 1u);
  ASSERT_EQ(data_path.packets.size(), 1u);
  EXPECT_EQ(data_path.packets[0].frame, packet);
}

TEST_F(Tx, Item27_FullRingWrapsAndCountersWrap) {
  start();
  TxRing ring = create_tx(0);
  std::uint64_t sent = 0;
  for (unsigned lap = 0; lap < 65536 / 63 + 5; ++lap) {
    for (std::uint16_t i = 0; i < 63; ++i) {
      next_free = 0x400000 + i * 64;
      put_packet(ring, pattern(64, i), i);
    }
    ASSERT_EQ(flush(ring, us(10)), 63u) << lap;
    sent += data_path.packets.size();
    ASSERT_EQ(data_path.packets.back().frame, pattern(64, 62));
    data_path.packets.clear();
    host.writes.clear();
    host.directs.clear();
  }
  EXPECT_EQ(sent, count("tx_packets"));
  EXPECT_EQ(sent, (65536 / 63 + 5) * 63u);
  EXPECT_EQ(count("ignored_doorbells"), 0u);
}

TEST_F(Tx, Item27_DoorbellPerPacket) {
  start();
  TxRing ring = create_tx(0);
  for (std::uint16_t i = 0; i < 60; ++i) {
    put_packet(ring, pattern(200, i), i);
    ring_tx(ring);
    run(ns(40));
  }
  run(us(20));
  for (std::uint16_t i = 0; i < 60; ++i) {
    const auto completion = poll(ring);
    ASSERT_TRUE(completion);
    EXPECT_EQ(completion->request, i);
    EXPECT_EQ(completion->head, i + 1);
    EXPECT_EQ(data_path.packets[i].frame, pattern(200, i));
  }
}

TEST_F(Tx, Item27_DoorbellBeyondTheRingAndAgain) {
  start();
  TxRing ring = create_tx(0);
  set_reg(kSqDoorbells, 65);
  EXPECT_EQ(count("ignored_doorbells"), 1u);
  put_packet(ring, pattern(64), 1);
  set_reg(kSqDoorbells, 0x70000 | ring.tail);  // the upper bits do not count
  ring_tx(ring);                               // nothing new
  run(us(5));
  EXPECT_EQ(completions(ring), 1u);
  EXPECT_EQ(count("ignored_doorbells"), 1u);
  EXPECT_EQ(reg(kSqDoorbells), 1u);
}

TEST_F(Tx, Item28_NoLastInTheWholeRing) {
  start();
  TxRing ring = create_tx(0);
  const std::uint64_t address = allocate(64);
  for (unsigned i = 0; i < 64; ++i)
    put(ring, data_descriptor({.address = address, .length = 64, .request = 3, .first = i == 0, .last = false}));
  EXPECT_EQ(flush(ring), 0u);
  // What ends it at last is one packet, malformed.
  put(ring, data_descriptor({.address = address, .length = 64, .first = false}));
  EXPECT_EQ(flush(ring), 1u);
  EXPECT_TRUE(data_path.packets.empty());
  EXPECT_EQ(count("drops.tx_malformed"), 1u);
  send(ring, pattern(64));
  device_reset();
}

TEST_F(Tx, Item28_TooManyDescriptors) {
  start();
  TxRing ring = create_tx(0);
  const std::uint64_t address = allocate(64);
  for (const unsigned descriptors : {21u, 22u}) {
    for (unsigned i = 0; i < descriptors; ++i)
      put(ring, data_descriptor({.address = address, .length = 10, .first = i == 0, .last = i + 1 == descriptors}));
    EXPECT_EQ(flush(ring), 1u);
  }
  EXPECT_EQ(data_path.packets.size(), 1u);
  EXPECT_EQ(count("drops.tx_malformed"), 1u);
}

TEST_F(Tx, Item28_FirstInTheMiddleAndMissingFirst) {
  start();
  TxRing ring = create_tx(0);
  const std::uint64_t address = allocate(64);
  put(ring, data_descriptor({.address = address, .length = 10, .request = 1, .last = false}));
  put(ring, data_descriptor({.address = address, .length = 20, .request = 2}));
  put(ring, data_descriptor({.address = address, .length = 30, .request = 3, .first = false}));
  ring_tx(ring);
  run(us(10));
  for (const std::uint16_t request : {1, 2, 3}) EXPECT_EQ(poll(ring)->request, request);
  ASSERT_EQ(data_path.packets.size(), 1u);
  EXPECT_EQ(data_path.packets[0].frame.size(), 20u);
  EXPECT_EQ(count("drops.tx_malformed"), 2u);
  EXPECT_EQ(firmware.page.read(control::offset::TX_DROPS, 8), 2u);
}

TEST_F(Tx, Item28_MetaOnlyAndTwoMetas) {
  start();
  TxRing ring = create_tx(0);
  const std::uint64_t address = allocate(64);
  TxDescriptor lonely = meta_descriptor({.l3_offset = 14, .l3_length = 20});
  lonely.dword[0] |= 1u << 27;
  put(ring, lonely);
  EXPECT_EQ(flush(ring), 0u);  // it names no request
  put(ring, meta_descriptor({.l3_offset = 14, .l3_length = 20}));
  put(ring, meta_descriptor({.l3_offset = 14, .l3_length = 20}));
  put(ring, data_descriptor({.address = address, .length = 64, .request = 8, .first = false}));
  EXPECT_EQ(flush(ring), 1u);
  EXPECT_EQ(count("drops.tx_malformed"), 2u);
  EXPECT_TRUE(data_path.packets.empty());
  // Meta behind data.
  put(ring, data_descriptor({.address = address, .length = 64, .request = 8, .last = false}));
  TxDescriptor meta = meta_descriptor({.l3_offset = 14, .l3_length = 20});
  meta.dword[0] &= ~(1u << 26);
  put(ring, meta);
  put(ring, data_descriptor({.address = address, .length = 64, .first = false}));
  EXPECT_EQ(flush(ring), 1u);
  EXPECT_EQ(count("drops.tx_malformed"), 3u);
}

TEST_F(Tx, Item28_UnreadableBufferCostsItsOwnPacketOnly) {
  start();
  TxRing ring = create_tx(0);
  host.all_direct = false;  // the fake host refuses what is beyond its memory
  for (std::uint16_t i = 0; i < 5; ++i) {
    if (i == 2)
      put(ring, data_descriptor({.address = 0xffff00000000, .length = 64, .request = i}));
    else
      put_packet(ring, pattern(64, i), i);
  }
  ring_tx(ring);
  run(us(50));
  for (std::uint16_t i = 0; i < 5; ++i) EXPECT_EQ(poll(ring)->request, i);
  ASSERT_EQ(data_path.packets.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(data_path.packets[i].frame, pattern(64, static_cast<unsigned>(i < 2 ? i : i + 1)));
  EXPECT_EQ(count("drops.tx_unreadable"), 1u);
}

TEST_F(Tx, Item28_ARingThatCannotBeReadStops) {
  start();
  TxRing ring = create_tx(0);
  host.all_direct = false;
  firmware.destroy(Firmware::kDestroyTx, 0);
  ASSERT_EQ(firmware.queue(Firmware::kCreateTx, 0, {.base = 0xf0000000, .entries = 64, .cq = 0}), 0u);
  set_reg(kSqDoorbells, 3);
  run(us(10));
  EXPECT_EQ(completions(ring), 0u);
  set_reg(kSqDoorbells, 5);
  run(us(10));
  EXPECT_EQ(completions(ring), 0u);
  firmware.destroy(Firmware::kDestroyTx, 0);
  ring = create_tx(1);
  send(ring, pattern(64));
}

TEST_F(Tx, Item28_LongerThanAFrame) {
  start();
  TxRing ring = create_tx(0);
  send(ring, pattern(9985));
  EXPECT_EQ(count("drops.tx_too_long"), 1u);
  send(ring, pattern(66048));  // what 64 KiB and headers are, at most
  EXPECT_EQ(count("drops.tx_too_long"), 2u);
  send(ring, pattern(66049));
  EXPECT_EQ(count("drops.tx_malformed"), 1u);
  EXPECT_TRUE(data_path.packets.empty());
}

TEST_F(Tx, DroppedByTheDataPathIsCompletedAndCounted) {
  start();
  TxRing ring = create_tx(0);
  data_path.accepts = false;
  send(ring, pattern(64));
  EXPECT_EQ(firmware.page.read(control::offset::TX_DROPS, 8), 1u);
  EXPECT_EQ(firmware.page.read(control::offset::TX_PACKETS, 8), 0u);
  device_reset();
  EXPECT_EQ(firmware.page.read(control::offset::TX_DROPS, 8), 0u);
}

TEST_F(Tx, TheDataPathSetsThePace) {
  start();
  TxRing ring = create_tx(0);
  data_path.pause = us(2);
  for (std::uint16_t i = 0; i < 5; ++i) put_packet(ring, pattern(64, i), i);
  ring_tx(ring);
  run(us(30));
  ASSERT_EQ(data_path.packets.size(), 5u);
  for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(data_path.packets[i].at - data_path.packets[i - 1].at, us(2));
}

TEST_F(Tx, ThePipelineTakesItsTimeForEachPacket) {
  start();
  TxRing ring = create_tx(0);
  for (std::uint16_t i = 0; i < 60; ++i) put_packet(ring, pattern(64, i), i);
  ring_tx(ring);
  run(us(30));
  ASSERT_EQ(data_path.packets.size(), 60u);
  EXPECT_EQ(data_path.packets[0].ready - data_path.packets[0].at, ns(50));
  for (std::size_t i = 1; i < 60; ++i) {
    EXPECT_EQ(data_path.packets[i].ready - data_path.packets[i - 1].ready, ns(50));
    EXPECT_LE(data_path.packets[i].ready - data_path.packets[i].at, us(2) + ns(50));  // no more than that is kept
  }
}

TEST_F(Tx, CompletionsOfABatchTravelTogether) {
  start();
  TxRing ring = create_tx(0);
  for (std::uint16_t i = 0; i < 12; ++i) put_packet(ring, pattern(64, i), i);
  host.writes.clear();
  ring_tx(ring);
  run(us(30));
  ASSERT_EQ(host.writes.size(), 2u);  // 8 of 8 bytes fill a post
  EXPECT_EQ(host.writes[0].data.size(), 64u);
  EXPECT_EQ(host.writes[1].data.size(), 32u);
  EXPECT_EQ(completions(ring), 12u);
}

TEST_F(Tx, RingsShorterThanAPost) {
  start();
  const std::uint64_t cq = allocate(64, 64) + 8, sq = allocate(64);  // not aligned to a post either
  for (const std::uint32_t entries : {2u, 4u}) {
    const Bytes guards = load(cq - 8, 64);
    std::fill_n(host.memory.begin() + static_cast<std::ptrdiff_t>(cq), entries * 8, std::byte{});
    ASSERT_EQ(firmware.queue(Firmware::kCreateCq, 0, {.base = cq, .entries = entries, .entry_bytes = 8, .vector = 1}),
              0u);
    ASSERT_EQ(firmware.queue(Firmware::kCreateTx, 0, {.base = sq, .entries = entries}), 0u);
    TxRing ring{.index = 0, .entries = entries, .sq = sq, .cq = cq};
    for (unsigned lap = 0; lap < 5; ++lap) {
      for (std::uint16_t i = 0; i < entries; ++i) put_packet(ring, pattern(64), i);
      EXPECT_EQ(flush(ring), entries);
    }
    EXPECT_EQ(load(cq - 8, 8), Bytes(guards.begin(), guards.begin() + 8));
    EXPECT_EQ(load(cq + entries * 8, 8), Bytes(guards.begin() + 8 + entries * 8, guards.begin() + 16 + entries * 8));
    firmware.destroy(Firmware::kDestroyTx, 0);
    firmware.destroy(Firmware::kDestroyCq, 0);
  }
}

TEST_F(Tx, ExtendedCompletionsHaveTheTime) {
  start();
  TxRing ring = create_tx(0, {.cq_bytes = 16});
  put_packet(ring, pattern(64), 77);
  ring_tx(ring);
  run(us(20));
  const auto completion = poll(ring);
  ASSERT_TRUE(completion);
  EXPECT_EQ(completion->request, 77);
  EXPECT_EQ(completion->timestamp, static_cast<std::uint64_t>(data_path.packets[0].at / ns(1)));
}

TEST_F(Tx, Item42_NothingElseInHostMemoryChanges) {
  start();
  TxRing ring = create_tx(0);
  for (std::uint16_t i = 0; i < 50; ++i) put_packet(ring, pattern(1 + i * 29u, i), i);
  Bytes before = host.memory;
  ring_tx(ring);
  run(us(50));
  Bytes after = host.memory;
  const auto rest = [&](Bytes& memory) {
    std::fill_n(memory.begin() + static_cast<std::ptrdiff_t>(ring.cq), 50 * 8, std::byte{});
  };
  rest(before);
  rest(after);
  EXPECT_EQ(before, after);
  EXPECT_EQ(completions(ring), 50u);
}

}  // namespace
}  // namespace cardvp::nic::ena
