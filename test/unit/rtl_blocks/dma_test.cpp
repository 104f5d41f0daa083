// The descriptor DMA: the same tests for its model (models/dma) and its RTL (rtl/blocks/dma), and some for the RTL
// alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "models/dma/descriptor.h"
#include "models/dma/dma.h"
#include "test/unit/rtl_blocks/dma_devices.h"
#include "test/unit/rtl_blocks/registers_check.h"

namespace cardvp::rtl_blocks {
namespace {

namespace regs {
#define CARDVP_REGISTERS "models/dma/dma.def"
#include "models/base/declare_registers.h"
}  // namespace regs
namespace offset = regs::offset;
using dma::DmaError;

constexpr std::uint32_t kDone = 1, kErrorInterrupt = 2;
constexpr std::uint64_t kRing = DmaDevice::kBase;
constexpr std::uint64_t kFrom = DmaDevice::kBase + 0x2000, kTo = DmaDevice::kBase + 0x4'0000;
constexpr std::uint64_t kAll = ~std::uint64_t{0};

// Uses one of the two.
struct DmaFixture : testing::Test {
  std::unique_ptr<Block> block;  // of the RTL
  std::unique_ptr<DmaDevice> device;
  std::uint32_t entries = 0, tail = 0;
  std::mt19937 random{7};
  Bytes expected;

  void use_model() { device = make_dma_model(); }
  void use_rtl(unsigned bug = 0) {
    block = make_dma(bug);
    device = make_dma_rtl(*block);
  }
  void TearDown() override {
    EXPECT_EQ(block ? block->violations : std::vector<std::string>{}, std::vector<std::string>{});
  }

  void fill() {
    for (std::uint8_t& byte : device->memory()) byte = static_cast<std::uint8_t>(random());
    expected.assign(device->memory().begin(), device->memory().end());
  }
  void enable(std::uint32_t size, std::uint64_t base = kRing) {
    device->set(offset::CONTROL, 0);
    device->finish();
    device->set(offset::RING_BASE, static_cast<std::uint32_t>(base));
    device->set(offset::RING_BASE + 4, static_cast<std::uint32_t>(base >> 32));
    device->set(offset::RING_SIZE, size);
    device->set(offset::CONTROL, 1);
    entries = size;
    tail = 0;
  }
  void add(const dma_descriptor& descriptor) {
    const std::size_t at = tail * sizeof descriptor;
    std::memcpy(device->memory().data() + at, &descriptor, sizeof descriptor);
    if (!expected.empty()) std::memcpy(expected.data() + at, &descriptor, sizeof descriptor);
    tail = (tail + 1) % entries;
  }
  void copy(std::uint64_t source, std::uint64_t destination, std::uint32_t length, std::uint32_t flags = 0) {
    add({source, destination, length, flags, kAll});
    std::copy_n(expected.begin() + static_cast<std::ptrdiff_t>(source - DmaDevice::kBase), length,
                expected.begin() + static_cast<std::ptrdiff_t>(destination - DmaDevice::kBase));
  }
  void run() {
    device->set(offset::TAIL, tail);
    device->finish();
  }
  bool as_expected() const {
    return std::equal(expected.begin(), expected.end(), device->memory().begin(), device->memory().end());
  }
  void expect_error(DmaError code, std::uint32_t index, const char* what) {
    EXPECT_EQ(device->get(offset::ERROR), index << 16 | static_cast<std::uint32_t>(code)) << what;
    EXPECT_EQ(device->get(offset::HEAD), index) << what;
    EXPECT_EQ(device->get(offset::INTERRUPT_STATUS), kErrorInterrupt) << what;
    EXPECT_EQ(device->get(offset::STATUS), 0u) << what;
    device->set(offset::INTERRUPT_STATUS, ~0u);
  }
  // A first descriptor that is good, then this one.
  void expect_second_fails(const dma_descriptor& descriptor, DmaError code, const char* what) {
    enable(8);
    add({kFrom, kTo + 0x1000, 8, 0, 0});
    add(descriptor);
    run();
    expect_error(code, 1, what);
  }
};

enum class Kind { kModel, kRtl };
void PrintTo(Kind kind, std::ostream* out) { *out << (kind == Kind::kModel ? "model" : "RTL"); }
struct DmaTest : DmaFixture, testing::WithParamInterface<Kind> {
  DmaTest() { GetParam() == Kind::kModel ? use_model() : use_rtl(); }
};
INSTANTIATE_TEST_SUITE_P(Both, DmaTest, testing::Values(Kind::kModel, Kind::kRtl),
                         [](const auto& kind) { return kind.param == Kind::kModel ? "Model" : "Rtl"; });

TEST_P(DmaTest, RegistersAreAsDescribed) { check_registers(*device, regs::kBank, {offset::CONTROL, offset::TAIL}); }

TEST_P(DmaTest, EveryAlignmentOfShortCopies) {
  fill();
  enable(64);
  for (std::uint32_t length = 0; length <= 40; ++length)
    for (unsigned source = 0; source < 8; ++source) {
      for (unsigned destination = 0; destination < 8; ++destination)
        copy(kFrom + 64 * (random() % 1000) + source, kTo + 64 * destination + destination, length);
      run();
      ASSERT_TRUE(as_expected()) << length << " " << source;
    }
  EXPECT_EQ(device->get(offset::HEAD), tail);
  EXPECT_EQ(device->get(offset::ERROR), 0u);
}

TEST_P(DmaTest, LongCopies) {
  fill();
  enable(5);
  for (unsigned i = 0; i < 24; ++i) {
    if (block) {
      block->memory.pauses = i % 3 * 30;
      block->memory.latency = i / 3 % 3 * 20;
    }
    copy(kFrom + random() % 5000, kTo + random() % 5000, static_cast<std::uint32_t>(random() % 20000));
    if (i % 3 == 2) run();
    ASSERT_TRUE(i % 3 != 2 || as_expected()) << i;
  }
  copy(kFrom + 1, kTo + 4094, 0x2'1234);
  run();
  EXPECT_TRUE(as_expected());
}

TEST_P(DmaTest, HeadFollowsAroundTheRing) {
  fill();
  enable(3);
  for (std::uint32_t i = 1; i <= 10; ++i) {
    copy(kFrom + i, kTo + 64 * i, 10);
    run();
    EXPECT_EQ(device->get(offset::HEAD), i % 3);
    EXPECT_TRUE(as_expected());
  }
}

TEST_P(DmaTest, InterruptsWhenADescriptorAsksForIt) {
  fill();
  enable(8);
  device->set(offset::INTERRUPT_ENABLE, kDone);
  copy(kFrom, kTo, 100);
  run();
  EXPECT_FALSE(device->irq());
  copy(kFrom, kTo + 200, 0, DMA_INTERRUPT);
  run();
  EXPECT_TRUE(device->irq());
  EXPECT_EQ(device->get(offset::INTERRUPT_STATUS), kDone);
  device->set(offset::INTERRUPT_ENABLE, kErrorInterrupt);
  EXPECT_FALSE(device->irq());
  device->set(offset::INTERRUPT_ENABLE, kDone);
  EXPECT_TRUE(device->irq());
  device->set(offset::INTERRUPT_STATUS, kDone);
  EXPECT_FALSE(device->irq());
}

TEST_P(DmaTest, ARingThatCannotBeStopsAtOnce) {
  const auto stops = [&](std::uint32_t size, std::uint64_t base, const char* what) {
    enable(size, base);
    expect_error(DmaError::kSetup, 0, what);
    device->set(offset::TAIL, 1);
    EXPECT_EQ(device->get(offset::TAIL), 0u);
  };
  stops(8, kRing + 16, "base");
  stops(0, kRing, "size 0");
  stops(1, kRing, "size 1");
  stops(4097, kRing, "size 4097");
  stops(4, kAll - 95, "beyond the address space");
  enable(3, kAll - 95);
  EXPECT_EQ(device->get(offset::ERROR), 0u);
  enable(4096);
  EXPECT_EQ(device->get(offset::ERROR), 0u);
  fill();
  enable(8);
  copy(kFrom, kTo, 8);
  run();
  device->set(offset::TAIL, 8);
  expect_error(DmaError::kSetup, 1, "tail");
  EXPECT_TRUE(as_expected());
}

TEST_P(DmaTest, ADescriptorThatCannotBeDoneStopsTheRing) {
  if (block) block->memory.latency = 20;
  fill();
  expect_second_fails({kFrom, kTo, 8, 2, 0}, DmaError::kDescriptor, "flags");
  expect_second_fails({kAll - 6, kTo, 8, 0, 0}, DmaError::kDescriptor, "source");
  expect_second_fails({kFrom, kAll - 6, 8, 0, 0}, DmaError::kDescriptor, "destination");
  expect_second_fails({DmaDevice::kBase - 8, kTo, 16, 0, 0}, DmaError::kRead, "source below memory");
  expect_second_fails({kFrom, DmaDevice::kBase + DmaDevice::kSize - 8, 16, 0, 0}, DmaError::kWrite, "off its end");
  device->fail({{kFrom + 5000, kFrom + 5007}}, {});
  expect_second_fails({kFrom, kTo, 9000, 0, 0}, DmaError::kRead, "source");
  device->fail({}, {{kTo + 5000, kTo + 5007}});
  expect_second_fails({kFrom, kTo, 9000, 0, 0}, DmaError::kWrite, "destination");
  device->fail({}, {{kTo + 8992, kTo + 8999}});
  expect_second_fails({kFrom, kTo, 9000, 0, 0}, DmaError::kWrite, "the last bytes");
  device->fail({{kRing + 32, kRing + 63}}, {});
  expect_second_fails({kFrom, kTo, 8, 0, 0}, DmaError::kFetch, "descriptor");
  // And it goes on when it is enabled anew.
  device->fail({}, {});
  fill();
  enable(8);
  copy(kFrom + 3, kTo + 5, 3000);
  run();
  EXPECT_TRUE(as_expected());
  EXPECT_EQ(device->get(offset::ERROR), 0u);
}

TEST_P(DmaTest, AnEnabledRingKeepsItsPlaceAndADisabledOneItsTail) {
  device->set(offset::TAIL, 1);
  EXPECT_EQ(device->get(offset::TAIL), 0u);
  enable(8);
  device->set(offset::RING_BASE, 0);
  device->set(offset::RING_BASE + 4, 1);
  device->set(offset::RING_SIZE, 2);
  EXPECT_EQ(device->get(offset::RING_BASE), kRing);
  EXPECT_EQ(device->get(offset::RING_BASE + 4), 0u);
  EXPECT_EQ(device->get(offset::RING_SIZE), 8u);
}

TEST_P(DmaTest, DisablingCutsWhatIsUnderWay) {
  fill();
  enable(8);
  add({kFrom, kTo, 16000, DMA_INTERRUPT, 0});
  device->set(offset::TAIL, tail);
  device->begin();
  EXPECT_EQ(device->get(offset::STATUS), 1u);
  device->set(offset::CONTROL, 0);
  device->finish();
  EXPECT_EQ(device->get(offset::HEAD), 0u);
  EXPECT_EQ(device->get(offset::INTERRUPT_STATUS), 0u);
  EXPECT_NE(device->memory()[kTo + 15992 - DmaDevice::kBase], device->memory()[kFrom + 15992 - DmaDevice::kBase]);
  fill();
  enable(8);
  copy(kFrom + 1, kTo, 5000);
  run();
  EXPECT_TRUE(as_expected());
  EXPECT_EQ(device->get(offset::HEAD), 1u);
}

struct DmaRtlTest : DmaFixture {};

TEST_F(DmaRtlTest, SeveralBurstsAreOutstandingAndTheBusIsFull) {
  use_rtl();
  fill();
  enable(8);
  const auto cycles = [&](std::uint32_t length) {
    copy(kFrom, kTo, length, DMA_INTERRUPT);
    device->set(offset::INTERRUPT_STATUS, kDone);
    device->set(offset::INTERRUPT_ENABLE, kDone);
    const std::uint64_t before = block->cycles;
    device->set(offset::TAIL, tail);
    EXPECT_TRUE(block->wait_for_irq());
    return block->cycles - before;
  };
  // This memory takes the address ahead of data.
  EXPECT_EQ(cycles(128 * 64) - cycles(128 * 32), 18u * 32);
  block->memory.latency = 30;
  cycles(128 * 64);
  EXPECT_TRUE(as_expected());
  EXPECT_EQ(block->memory.most_reads, 4u);
  EXPECT_GE(block->memory.most_writes, 2u);
}

// Bursts of 15, 16, 16, ... beats fill the FIFO but for one word before the error comes.
TEST_F(DmaRtlTest, WhatAFailedCopyLeavesBehindIsInNobodysWay) {
  use_rtl();
  fill();
  block->memory.write_latency = 1000;
  device->fail({}, {{kTo, kTo + 7}});
  expect_second_fails({kFrom + 0x1000 - 120, kTo, 4000, 0, 0}, DmaError::kWrite, "first word");
  EXPECT_EQ(block->memory.most_writes, 4u);
  device->fail({}, {});
  fill();
  enable(8);
  copy(kFrom, kTo, 100);
  run();
  EXPECT_TRUE(as_expected());
}

TEST_F(DmaRtlTest, EachSeededFaultIsSeenWhereItIs) {
  const auto right = [&](unsigned bug, std::uint64_t to, std::uint32_t length) {
    use_rtl(bug);
    fill();
    enable(8);
    copy(kFrom, to, length);
    run();
    return as_expected();
  };
  EXPECT_TRUE(right(1, kTo, 800));
  EXPECT_TRUE(right(1, kTo + 3, 805));
  EXPECT_FALSE(right(1, kTo, 801));
  EXPECT_TRUE(right(2, kTo, 65535));
  EXPECT_FALSE(right(2, kTo, 65537));
}

}  // namespace
}  // namespace cardvp::rtl_blocks
