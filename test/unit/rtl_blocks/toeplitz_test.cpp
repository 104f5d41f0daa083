// The Toeplitz hash of rtl/blocks/toeplitz against published hashes and the model's.
#include "models/net/toeplitz.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "test/unit/rtl_blocks/block.h"
#include "test/unit/rtl_blocks/registers_check.h"

namespace cardvp::rtl_blocks {
namespace {

namespace regs {
#define CARDVP_REGISTERS "rtl/blocks/toeplitz/toeplitz.def"
#include "models/base/declare_registers.h"
}  // namespace regs
namespace offset = regs::offset;

constexpr std::uint32_t kBusy = 1, kError = 2;

struct ToeplitzTest : testing::Test {
  std::unique_ptr<Block> block = make_toeplitz();

  void TearDown() override { EXPECT_EQ(block->violations, std::vector<std::string>{}); }

  Bytes any(std::size_t size) {
    Bytes made(size);
    for (std::uint8_t& byte : made) byte = static_cast<std::uint8_t>(block->random());
    return made;
  }

  std::uint32_t hash(const Bytes& input) {
    Bytes whole = any(36);  // what is beyond the input's end does not count
    std::copy(input.begin(), input.end(), whole.begin());
    block->set_bytes(offset::INPUT, whole);
    block->set(offset::LENGTH, static_cast<std::uint32_t>(input.size()));
    while (block->get(offset::STATUS) & kBusy) {
    }
    return block->get(offset::HASH);
  }
  bool differs(std::size_t size) {
    const Bytes key = any(net::kToeplitzKeyBytes), input = any(size);
    block->set_bytes(offset::KEY, key);
    const net::Toeplitz model(std::span<const std::uint8_t, net::kToeplitzKeyBytes>(key.data(), key.size()));
    return hash(input) != model.hash(input);
  }
};

// "Verifying the RSS hash calculation" of the Windows driver documentation: key, TCP/IPv4 and IPv4.
TEST_F(ToeplitzTest, PublishedHashes) {
  const Bytes key{0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
                  0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
                  0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
  block->set_bytes(offset::KEY, key);
  // 66.9.149.187:2794 to 161.142.100.80:1766.
  const Bytes ports{66, 9, 149, 187, 161, 142, 100, 80, 2794 >> 8, 2794 & 0xff, 1766 >> 8, 1766 & 0xff};
  EXPECT_EQ(hash(ports), 0x51ccc178u);
  EXPECT_EQ(hash(Bytes(ports.begin(), ports.begin() + 8)), 0x323e8fc2u);
  // 3ffe:2501:200:1fff::7 to 3ffe:2501:200:3::1, ports 2794 and 1766.
  const Bytes six{0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0,         0,           0,         0,
                  0,    0,    0,    7,    0x3f, 0xfe, 0x25, 0x01, 0x02,      0x00,        0x00,      0x03,
                  0,    0,    0,    0,    0,    0,    0,    1,    2794 >> 8, 2794 & 0xff, 1766 >> 8, 1766 & 0xff};
  EXPECT_EQ(hash(six), 0x40207d3du);
  EXPECT_EQ(hash(Bytes(six.begin(), six.begin() + 32)), 0x2cc18cd5u);
}

TEST_F(ToeplitzTest, EveryLengthAsTheModel) {
  for (unsigned round = 0; round < 20; ++round)
    for (std::size_t size = 0; size <= 36; ++size) EXPECT_FALSE(differs(size)) << size;
}

TEST_F(ToeplitzTest, FourBytesACycle) {
  for (const std::uint32_t size : {0u, 1u, 4u, 5u, 36u}) {
    block->set(offset::LENGTH, size);
    const std::uint32_t steps = std::max(1u, (size + 3) / 4);
    for (std::uint32_t i = 0; i < steps; ++i) EXPECT_EQ(block->get(offset::STATUS), kBusy) << size;
    EXPECT_EQ(block->get(offset::STATUS), 0u) << size;
  }
}

TEST_F(ToeplitzTest, RegistersAreAsDescribed) {
  check_registers(*block, regs::kBank, {offset::LENGTH, offset::STATUS});
}

TEST_F(ToeplitzTest, ALengthThatCannotBeIsAnError) {
  const std::uint32_t before = hash(Bytes(8, 1));
  for (const std::uint32_t size : {37u, 64u, 0xffff'ffffu}) {
    block->set(offset::LENGTH, size);
    EXPECT_EQ(block->get(offset::STATUS), kError);
    EXPECT_EQ(block->get(offset::HASH), before);
    EXPECT_EQ(block->get(offset::LENGTH), 8u);
    block->set(offset::STATUS, kError);
    EXPECT_EQ(block->get(offset::STATUS), 0u);
  }
}

TEST_F(ToeplitzTest, WritesWhileItHashesAreIgnored) {
  block->set_bytes(offset::KEY, any(40));
  const Bytes input = any(36);
  const std::uint32_t right = hash(input);
  block->set(offset::LENGTH, 36);
  for (unsigned i = 0; i < 8; ++i) block->set(offset::INPUT + 4 * i, 0);
  while (block->get(offset::STATUS) & kBusy) {
  }
  EXPECT_EQ(block->get(offset::HASH), right);
  EXPECT_EQ(block->get_bytes(offset::INPUT, 36), input);
}

TEST_F(ToeplitzTest, TheSeededFaultIsSeenWhereItIs) {
  block = make_toeplitz(1);
  unsigned longer = 0;
  for (unsigned i = 0; i < 40; ++i) {
    EXPECT_FALSE(differs(16));
    longer += differs(36);
  }
  EXPECT_GT(longer, 0u);
}

}  // namespace
}  // namespace cardvp::rtl_blocks
