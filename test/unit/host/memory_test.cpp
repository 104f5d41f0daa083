#include "host/memory.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace cardvp::host {
namespace {

TEST(HostMemory, StartsAsZerosAndEndsAtItsSize) {
  Memory memory(4 << 20);
  ASSERT_NE(memory.at(0, 4 << 20), nullptr);
  EXPECT_EQ(memory.at((4 << 20) - 1, 1)[0], std::byte{0});
  EXPECT_EQ(memory.at((4 << 20) - 1, 2), nullptr);
  EXPECT_EQ(memory.at(~0ull, 1), nullptr);
  EXPECT_EQ(memory.at(~0ull - 7, 16), nullptr);  // wraps around
  EXPECT_EQ(memory.at(0, ~0ull), nullptr);
}

TEST(HostMemory, HasAHoleBelowFourGigabytes) {
  Memory memory(4ull << 30);
  EXPECT_NE(memory.at(Memory::kHole - 1, 1), nullptr);
  EXPECT_EQ(memory.at(Memory::kHole - 1, 2), nullptr);
  EXPECT_EQ(memory.at(0xfee00000, 4), nullptr);
  EXPECT_EQ(memory.at(Memory::kHoleEnd - 1, 2), nullptr);
  EXPECT_NE(memory.at(Memory::kHoleEnd, 1 << 30), nullptr);
  EXPECT_EQ(memory.at(Memory::kHoleEnd, (1 << 30) + 1), nullptr);
  // What does not fit below goes above, never across.
  EXPECT_LT(memory.allocate(2ull << 30), Memory::kHole);
  EXPECT_LT(memory.allocate(1000ull << 20), Memory::kHole);
  EXPECT_GE(memory.allocate(512 << 20), Memory::kHoleEnd);
}

TEST(HostMemory, RefusesSizesItCannotHave) {
  EXPECT_THROW(Memory(0), std::invalid_argument);
  EXPECT_THROW(Memory((4 << 20) + 1), std::invalid_argument);
  EXPECT_THROW(Memory(Memory::kLimit + 4096), std::invalid_argument);
}

TEST(HostMemory, AllocatesAlignedAndApart) {
  Memory memory(4 << 20);
  const std::uint64_t a = memory.allocate(100, 64), b = memory.allocate(1), c = memory.allocate(8, 8);
  EXPECT_GE(a, Memory::kFirstFree);
  EXPECT_EQ(a % 64, 0u);
  EXPECT_EQ(b % 4096, 0u);
  EXPECT_TRUE(b >= a + 100);
  EXPECT_TRUE(c >= a + 100 && c + 8 <= b);  // fills what the alignment left
}

TEST(HostMemory, FreedRangesGrowTogether) {
  Memory memory(2 << 20);
  const std::uint64_t all = memory.available();
  const std::uint64_t a = memory.allocate(all / 4), b = memory.allocate(all / 4), c = memory.allocate(all / 2);
  EXPECT_EQ(memory.available(), 0u);
  EXPECT_THROW(memory.allocate(1, 1), std::runtime_error);
  memory.free(a, all / 4);
  memory.free(c, all / 2);
  EXPECT_THROW(memory.allocate(all), std::runtime_error);
  memory.free(b, all / 4);
  EXPECT_EQ(memory.allocate(all), a);
}

TEST(HostMemory, BuffersFreeThemselves) {
  Memory memory(4 << 20);
  const std::uint64_t all = memory.available();
  {
    Buffer one(memory, 8192), other;
    EXPECT_FALSE(other);
    const std::uint64_t address = one.address();
    other = std::move(one);
    EXPECT_EQ(other.address(), address);
    EXPECT_EQ(other.data(), memory.at(address, 1));
    EXPECT_EQ(memory.available(), all - 8192);
  }
  EXPECT_EQ(memory.available(), all);
}

}  // namespace
}  // namespace cardvp::host
