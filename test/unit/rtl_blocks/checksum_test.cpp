// The checksums of rtl/blocks/checksum against published values and the models'.
#include "models/net/checksum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "models/net/crc32c.h"
#include "test/unit/rtl_blocks/block.h"
#include "test/unit/rtl_blocks/registers_check.h"

namespace cardvp::rtl_blocks {
namespace {

namespace regs {
#define CARDVP_REGISTERS "rtl/blocks/checksum/checksum.def"
#include "models/base/declare_registers.h"
}  // namespace regs
namespace offset = regs::offset;

constexpr std::uint32_t kDone = 1, kError = 2, kRestart = 1;
constexpr std::size_t kWidth = 8;

struct ChecksumTest : testing::Test {
  std::unique_ptr<Block> block = make_checksum();

  void SetUp() override { block->set(offset::INTERRUPT_ENABLE, kDone); }
  void TearDown() override { EXPECT_EQ(block->violations, std::vector<std::string>{}); }

  Bytes any(std::size_t size) {
    Bytes made(size);
    for (std::uint8_t& byte : made) byte = static_cast<std::uint8_t>(block->random());
    return made;
  }

  struct Result {
    std::uint32_t sum, crc, bytes;
    bool operator==(const Result&) const = default;
  };
  Result run(const Bytes& packet) {
    block->set(offset::INTERRUPT_STATUS, kDone);
    block->send(packet.empty() ? std::vector<Beat>{Beat{.keep = 0, .last = true}} : Block::packet(packet, kWidth));
    EXPECT_TRUE(block->wait_for_irq());
    const std::uint32_t both = block->get(offset::SUM);
    EXPECT_EQ(both >> 16, ~both & 0xffff);
    return {both & 0xffff, block->get(offset::CRC), block->get(offset::BYTES)};
  }
  static Result expected(const Bytes& packet, std::uint16_t sum = 0, std::uint32_t crc = 0) {
    return {net::fold(net::sum(std::as_bytes(std::span(packet)), sum)), net::crc32c(packet, crc),
            static_cast<std::uint32_t>(packet.size())};
  }
};

// RFC 1071, 3: the sum of 00 01 f2 03 f4 f5 f6 f7 is ddf2. RFC 3720, B.4: bytes of the CRC in their order on the wire.
TEST_F(ChecksumTest, PublishedValues) {
  EXPECT_EQ(run({0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}).sum, 0xddf2u);
  EXPECT_EQ(run(Bytes(32, 0x00)).crc, 0x8a9136aau);
  EXPECT_EQ(run(Bytes(32, 0xff)).crc, 0x62a8ab43u);
  Bytes counting(32);
  std::iota(counting.begin(), counting.end(), 0);
  EXPECT_EQ(run(counting).crc, 0x46dd794eu);
  std::reverse(counting.begin(), counting.end());
  EXPECT_EQ(run(counting).crc, 0x113fdb5cu);
}

TEST_F(ChecksumTest, EveryLengthAsTheModels) {
  for (std::size_t size = 0; size < 80; ++size) {
    block->source_pauses = size % 3 * 30;
    const Bytes packet = size % 5 == 4 ? Bytes(size, 0xff) : any(size);
    EXPECT_EQ(run(packet), expected(packet)) << size;
  }
  const Bytes large = any(65535);
  EXPECT_EQ(run(large), expected(large));
}

TEST_F(ChecksumTest, BeginsWithWhatStandsBefore) {
  const Bytes whole = any(100);
  const Bytes first(whole.begin(), whole.begin() + 40), rest(whole.begin() + 40, whole.end());
  const Result before = run(first);
  block->set(offset::INITIAL_SUM, before.sum);
  block->set(offset::INITIAL_CRC, before.crc);
  const Result both = run(rest);
  EXPECT_EQ(both.sum, expected(whole).sum);
  EXPECT_EQ(both.crc, expected(whole).crc);
  EXPECT_EQ(both.bytes, rest.size());
}

TEST_F(ChecksumTest, ResultsStayUntilTheyAreTaken) {
  const Bytes first = any(30), second = any(17);
  EXPECT_EQ(run(first), expected(first));
  block->send(Block::packet(second, kWidth));
  for (unsigned i = 0; i < 20; ++i) block->cycle();
  EXPECT_EQ(block->get(offset::CRC), expected(first).crc);
  EXPECT_EQ(block->to_send.size(), 3u);
  block->set(offset::INTERRUPT_STATUS, kDone);
  EXPECT_TRUE(block->wait_for_irq());
  EXPECT_EQ(block->get(offset::CRC), expected(second).crc);
}

TEST_F(ChecksumTest, ABeatACycle) {
  const auto cycles = [&](std::size_t beats) {
    const std::uint64_t before = block->cycles;
    run(Bytes(beats * kWidth));
    return block->cycles - before;
  };
  EXPECT_EQ(cycles(300) - cycles(100), 200u);
}

TEST_F(ChecksumTest, RegistersAreAsDescribed) {
  block = make_checksum();
  check_registers(*block, regs::kBank, offset::CONTROL);
}

TEST_F(ChecksumTest, BeatsWithGapsAreErrors) {
  for (const std::uint32_t keep : {0x7fu, 0xfdu, 0x00u}) {
    std::vector<Beat> beats = Block::packet(any(24), kWidth);
    beats[1].keep = keep;
    block->set(offset::INTERRUPT_STATUS, kDone);
    block->send(beats);
    EXPECT_TRUE(block->wait_for_irq());
    EXPECT_EQ(block->get(offset::ERROR), 1u);
    EXPECT_EQ(block->get(offset::INTERRUPT_STATUS), kDone | kError);
    block->set(offset::ERROR, 1);
    block->set(offset::INTERRUPT_STATUS, kError);
    EXPECT_EQ(block->get(offset::ERROR), 0u);
    const Bytes next = any(24);
    EXPECT_EQ(run(next), expected(next));
  }
}

TEST_F(ChecksumTest, ARestartDropsThePacketUnderWay) {
  std::vector<Beat> beats = Block::packet(any(24), kWidth);
  beats.pop_back();
  block->send(beats);
  for (unsigned i = 0; i < 5; ++i) block->cycle();
  EXPECT_EQ(block->get(offset::STATUS), 1u);
  block->set(offset::CONTROL, kRestart);
  EXPECT_EQ(block->get(offset::STATUS), 0u);
  const Bytes next = any(24);
  EXPECT_EQ(run(next), expected(next));
}

TEST_F(ChecksumTest, EachSeededFaultIsSeenWhereItIs) {
  const auto differ = [&](unsigned bug, std::size_t size) {
    block = make_checksum(bug);
    block->set(offset::INTERRUPT_ENABLE, kDone);
    const Bytes packet(size, 0xf1);
    const Result made = run(packet), right = expected(packet);
    return std::pair(made.sum != right.sum, made.crc != right.crc);
  };
  EXPECT_EQ(differ(1, 64), std::pair(true, false));
  EXPECT_EQ(differ(2, 64), std::pair(false, false));
  EXPECT_EQ(differ(2, 63), std::pair(true, false));
  EXPECT_EQ(differ(3, 64), std::pair(false, true));
}

}  // namespace
}  // namespace cardvp::rtl_blocks
