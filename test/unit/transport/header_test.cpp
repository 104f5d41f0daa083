#include "models/nic/transport/header.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "models/nic/transport/sequence.h"

namespace cardvp::nic::transport {
namespace {

std::vector<unsigned> numbers(std::span<const std::byte> bytes) {
  std::vector<unsigned> out;
  for (const std::byte b : bytes) out.push_back(std::to_integer<unsigned>(b));
  return out;
}

// By hand, from the layout in header.h.
TEST(HeaderTest, DataInBytes) {
  const Data data{.stream = 0x01020304, .receiver = 0x05060708, .sequence = 0x090a0b0c, .after = 0x0d0e};
  EXPECT_EQ(numbers(EncodedOption(data).bytes()),
            (std::vector<unsigned>{1, 0, 0x0d, 0x0e, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0a, 0x0b, 0x0c}));
}

TEST(HeaderTest, AckInBytes) {
  Ack ack{.receiver = 0x11223344, .stream = 0x55667788, .next = 0x99aabbcc, .map_base = 0x80};
  ack.set_bit(0);
  ack.set_bit(9);
  ack.set_bit(127);
  ack.arrivals = 2;
  ack.arrival[0] = {.sequence = 0x1234, .age = 0x5678};
  ack.arrival[1] = {.sequence = 0x9abc, .age = 0xffff};
  EXPECT_EQ(numbers(EncodedOption(ack).bytes()),
            (std::vector<unsigned>{2,    2,    0,    0x80, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
                                   0xbb, 0xcc, 0x80, 0x40, 0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
                                   0,    0,    0,    1,    0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xff, 0xff}));
}

TEST(HeaderTest, WhatIsEncodedIsDecoded) {
  const auto data =
      std::get<Data>(decode(EncodedOption({.stream = 1, .receiver = 2, .sequence = 3, .after = 4}).bytes()));
  EXPECT_EQ(data.stream, 1u);
  EXPECT_EQ(data.receiver, 2u);
  EXPECT_EQ(data.sequence, 3u);
  EXPECT_EQ(data.after, 4u);
  for (unsigned arrivals = 0; arrivals <= kMostArrivals; ++arrivals) {
    Ack ack{.receiver = 5, .stream = 6, .next = 7, .map_base = 8};
    for (unsigned n = 0; n < kMapBits; n += 3) ack.set_bit(n);
    ack.arrivals = arrivals;
    for (unsigned i = 0; i < arrivals; ++i) ack.arrival[i] = {static_cast<std::uint16_t>(i), 9};
    const EncodedOption encoded(ack);
    EXPECT_EQ(encoded.bytes().size(), 32 + 4 * arrivals);
    const Ack back = std::get<Ack>(decode(encoded.bytes()));
    EXPECT_EQ(back.receiver, 5u);
    EXPECT_EQ(back.stream, 6u);
    EXPECT_EQ(back.next, 7u);
    EXPECT_EQ(back.map_base, 8u);
    EXPECT_EQ(back.map, ack.map);
    ASSERT_EQ(back.arrivals, arrivals);
    for (unsigned i = 0; i < arrivals; ++i) EXPECT_EQ(back.arrival[i].sequence, i);
  }
}

TEST(HeaderTest, OtherLengthsAndTypesAreRefused) {
  std::vector<std::byte> bytes(80);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    for (unsigned type = 0; type < 4; ++type) {
      for (unsigned arrivals = 0; arrivals < 12; ++arrivals) {
        bytes[0] = static_cast<std::byte>(type);
        bytes[1] = static_cast<std::byte>(arrivals);
        const bool is_data = type == 1 && size == 16;
        const bool is_ack = type == 2 && arrivals <= 8 && size == 32 + 4 * arrivals;
        const auto packet = decode({bytes.data(), size});
        EXPECT_EQ(std::holds_alternative<Data>(packet), is_data);
        EXPECT_EQ(std::holds_alternative<Ack>(packet), is_ack);
      }
    }
  }
}

struct Slot {
  unsigned value = 0;
  std::uint32_t prev = 0, next = 0;
};

TEST(SequenceTest, OrderWrapsAround) {
  EXPECT_TRUE(before(1, 2));
  EXPECT_FALSE(before(2, 2));
  EXPECT_TRUE(before(0xffffffff, 0));
  EXPECT_FALSE(before(0, 0xffffffff));
  EXPECT_TRUE(before(0xffffff00, 0x7ffffeff));
}

TEST(SequenceTest, RingsGrowAcrossTheWrap) {
  SequenceRing<Slot> ring;
  constexpr std::uint32_t kFirst = 0xfffffff0;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    ring.reach(kFirst, i + 1);
    ring[kFirst + i].value = i + 1;
  }
  for (std::uint32_t i = 0; i < 1000; ++i) EXPECT_EQ(ring[kFirst + i].value, i + 1);
}

TEST(SequenceTest, ListsKeepTheirOrder) {
  SequenceRing<Slot> ring;
  SequenceList list;
  std::vector<std::uint32_t> expected;
  for (const std::uint32_t n : {5u, 1u, 60u, 3u, 0u}) list.append(ring, n);
  for (const std::uint32_t n : {60u, 5u, 0u}) list.remove(ring, n);
  list.append(ring, 5);
  for (; !list.empty(); list.remove(ring, list.front())) expected.push_back(list.front());
  EXPECT_EQ(expected, (std::vector<std::uint32_t>{1, 3, 5}));
}

}  // namespace
}  // namespace cardvp::nic::transport
