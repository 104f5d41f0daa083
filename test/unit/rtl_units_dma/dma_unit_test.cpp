// The descriptor DMA on the card bus: the same for its model, its RTL and both in lockstep.
#include <gtest/gtest.h>

#include <cstring>

#include "test/unit/rtl_units_dma/machine.h"

namespace cardvp::rtl::test {
namespace {

const char* name_of(Use use) { return use == Use::kModel ? "Model" : use == Use::kRtl ? "Rtl" : "Lockstep"; }

struct DmaUnitTest : testing::TestWithParam<Use> {
  DmaMachine machine{GetParam(), CARDVP_PLUGIN_DMA};
  void TearDown() override {
    EXPECT_EQ(machine.differences(), 0u) << machine.first_difference();
    EXPECT_EQ(machine.comparisons() > 0, GetParam() == Use::kLockstep);
    if (!machine.unit) return;
    EXPECT_EQ(machine.unit->violations(), 0u) << testing::PrintToString(machine.log);
    EXPECT_TRUE(machine.unit->block().running());
  }
};
INSTANTIATE_TEST_SUITE_P(All, DmaUnitTest, testing::Values(Use::kModel, Use::kRtl, Use::kLockstep),
                         [](const auto& use) { return name_of(use.param); });

TEST_P(DmaUnitTest, CopiesRandomRings) {
  machine.fill();
  machine.set(offset::INTERRUPT_ENABLE, kDone | kFailed);
  machine.enable(16);
  unsigned wanted = 0;
  std::uint64_t bytes = 0;
  for (unsigned round = 0; round < 12; ++round) {
    const std::uint32_t count = 1 + machine.random() % 15;
    for (std::uint32_t i = 0; i < count; ++i) {
      // One in eight has nothing to do; short ones, and up to 64 KiB.
      const std::uint32_t bits = machine.random() % 18;
      const std::uint32_t length = bits < 2 ? 0 : machine.random() % ((1u << (bits - 1)) + 1);
      machine.copy(kFrom + machine.random() % 0x8'0000, kTo + machine.random() % 0x8'0000, length, i + 1 == count);
      bytes += length;
    }
    machine.doorbell();
    machine.finish();
    ASSERT_TRUE(machine.as_expected()) << round;
    EXPECT_EQ(machine.get(offset::HEAD), machine.tail);
    EXPECT_EQ(machine.interrupts, ++wanted);
    EXPECT_EQ(machine.get(offset::INTERRUPT_STATUS), kDone);
    machine.set(offset::INTERRUPT_STATUS, kDone);
    EXPECT_FALSE(machine.interrupt.level());
  }
  EXPECT_GT(bytes, 400'000u);
}

// Each takes what the one ahead has put there, and what a later one overwrites.
TEST_P(DmaUnitTest, DescriptorsFollowOneAnother) {
  machine.fill();
  machine.enable(64);
  for (unsigned round = 0; round < 4; ++round) {
    for (unsigned i = 0; i < 60; ++i) {
      const std::uint64_t from = kTo + machine.random() % 0x2000, to = kTo + 0x3000 + machine.random() % 0x2000;
      const std::uint32_t length = machine.random() % 0x1000;
      if (i % 2 == 0)
        machine.copy(from, to, length);
      else
        machine.copy(to, from, length);
    }
    machine.doorbell();
    machine.finish();
    ASSERT_TRUE(machine.as_expected()) << round;
  }
}

TEST_P(DmaUnitTest, ADestinationBeyondTheMemoryIsAnError) {
  machine.fill();
  machine.set(offset::INTERRUPT_ENABLE, kFailed);
  machine.enable(8);
  machine.copy(kFrom, kTo, 1000);
  machine.add({kFrom, kRam + kRamSize - 256, 4096, DMA_INTERRUPT, 0});
  machine.copy(kFrom, kTo + 0x1000, 1000);
  machine.doorbell();
  machine.finish();
  machine.expect_error(DmaError::kWrite, 1);
  EXPECT_EQ(machine.interrupts, 1u);
  EXPECT_EQ(std::memcmp(machine.at(kTo), machine.at(kFrom), 1000), 0);
  // Everything goes on when it is enabled anew.
  machine.fill();
  machine.enable(8);
  machine.copy(kFrom + 3, kTo, 5000);
  machine.doorbell();
  machine.finish();
  EXPECT_TRUE(machine.as_expected());
}

TEST_P(DmaUnitTest, ASourceThatIsNotThereIsAnError) {
  machine.enable(8);
  machine.add({kFrom, kTo, 100, 0, 0});
  machine.add({kRam + kRamSize - 4096, kTo, 8192, 0, 0});
  machine.doorbell();
  machine.finish();
  machine.expect_error(DmaError::kRead, 1);
}

TEST_P(DmaUnitTest, ADescriptorThatCannotBeIsAnError) {
  machine.enable(8);
  machine.add({kFrom, kTo, 100, 0, 0});
  machine.add({kFrom, kTo, 100, 2, 0});
  machine.doorbell();
  machine.finish();
  machine.expect_error(DmaError::kDescriptor, 1);
}

TEST_P(DmaUnitTest, ARingInNowhereIsAnError) {
  machine.enable(8, kNowhere);
  machine.set(offset::TAIL, 3);
  sc_core::sc_start(us(10));
  machine.expect_error(DmaError::kFetch, 0);
  // What the ring cannot be is told at once.
  machine.enable(8, kRing + 8);
  machine.expect_error(DmaError::kSetup, 0);
  machine.enable(1);
  machine.expect_error(DmaError::kSetup, 0);
}

TEST_P(DmaUnitTest, AccessesThatAreNoneOfARegisterAreBusErrors) {
  std::uint64_t value = 0;
  for (const auto& [at, size] :
       {std::pair{0x2cu, 4u}, {0xff8u, 8u}, {0x5u, 2u}, {0x4u, 3u}, {0x24u, 8u}, {0x0u, 16u}}) {
    std::uint64_t wide[2] = {};
    EXPECT_FALSE(machine.core.access(false, kRegisters + at, wide, size)) << at;
    EXPECT_FALSE(machine.core.access(true, kRegisters + at, wide, size)) << at;
  }
  EXPECT_EQ(machine.core.debug(false, kRegisters, &value, 4), machine.model ? 4u : 0u);
  EXPECT_EQ(machine.get(offset::ID), 0x444d4101u);
  machine.set(offset::RING_SIZE + 1, 0x12, 1);
  EXPECT_EQ(machine.get(offset::RING_SIZE), 0x1200u);
  EXPECT_EQ(machine.core.read(kRegisters + offset::RING_SIZE, 8), 0x1200u);
}

TEST_P(DmaUnitTest, DisablingCutsWhatIsUnderWay) {
  machine.fill();
  machine.set(offset::INTERRUPT_ENABLE, kDone);
  machine.enable(8);
  machine.copy(kFrom, kTo, 2000);
  machine.add({kFrom, kTo + 0x1'0000, 60'000, DMA_INTERRUPT, 0});
  machine.add({kFrom, kTo + 0x1000, 100, DMA_INTERRUPT, 0});
  machine.doorbell();
  sc_core::sc_start(us(5));
  EXPECT_EQ(machine.get(offset::STATUS), 1u);
  machine.set(offset::CONTROL, 0);
  sc_core::sc_start(us(50));
  EXPECT_EQ(machine.get(offset::STATUS), 0u);
  EXPECT_EQ(machine.get(offset::HEAD), 1u);
  EXPECT_EQ(machine.get(offset::INTERRUPT_STATUS), 0u);
  EXPECT_EQ(machine.interrupts, 0u);
  EXPECT_NE(std::memcmp(machine.at(kTo + 0x1'0000), machine.at(kFrom), 60'000), 0);
  machine.fill();
  machine.enable(8);
  machine.copy(kFrom + 1, kTo, 5000);
  machine.doorbell();
  machine.finish();
  EXPECT_TRUE(machine.as_expected());
  EXPECT_EQ(machine.get(offset::HEAD), 1u);
}

TEST_P(DmaUnitTest, ATailBeyondTheRingCutsWhatIsUnderWay) {
  machine.enable(8);
  machine.add({kFrom, kTo, 1000, 0, 0});
  machine.add({kFrom, kTo, 60'000, 0, 0});
  machine.doorbell();
  sc_core::sc_start(us(5));
  machine.set(offset::TAIL, 8);
  sc_core::sc_start(us(5));
  machine.expect_error(DmaError::kSetup, 1);
}

TEST_P(DmaUnitTest, ResetLeavesNothingBehind) {
  machine.fill();
  machine.set(offset::INTERRUPT_ENABLE, kDone);
  machine.enable(8);
  machine.copy(kFrom, kTo, 10, true);
  machine.add({kFrom, kTo + 0x1'0000, 60'000, DMA_INTERRUPT, 0});
  machine.doorbell();
  sc_core::sc_start(us(5));
  EXPECT_TRUE(machine.interrupt.level());
  if (machine.model) machine.model->reset();
  if (machine.unit) machine.unit->reset();
  EXPECT_FALSE(machine.interrupt.level());
  sc_core::sc_start(us(100));
  EXPECT_FALSE(machine.interrupt.level());
  EXPECT_EQ(machine.interrupts, 1u);
  for (const std::uint32_t at : {offset::CONTROL, offset::STATUS, offset::ERROR, offset::INTERRUPT_STATUS,
                                 offset::INTERRUPT_ENABLE, offset::RING_SIZE, offset::TAIL, offset::HEAD})
    EXPECT_EQ(machine.get(at), 0u) << at;
  EXPECT_NE(std::memcmp(machine.at(kTo + 0x1'0000), machine.at(kFrom), 60'000), 0);
  machine.fill();
  machine.enable(4);
  machine.copy(kFrom + 1, kTo + 2, 3000);
  machine.doorbell();
  machine.finish();
  EXPECT_TRUE(machine.as_expected());
}

// Interrupts are acknowledged, and more is announced, while it works.
TEST_P(DmaUnitTest, FirmwareAcknowledgesWhileItWorks) {
  machine.fill();
  machine.set(offset::INTERRUPT_ENABLE, kDone);
  machine.enable(8);
  std::uint32_t announced = 0;
  for (unsigned step = 0; step < 400; ++step) {
    const std::uint32_t free = (machine.get(offset::HEAD) + 7 - machine.tail) % 8;
    if (announced < 100 && free > 0) {
      machine.copy(kFrom + machine.random() % 0x1000, kTo + machine.random() % 0x1000, machine.random() % 3000,
                   machine.random() % 2);
      machine.doorbell();
      ++announced;
    }
    sc_core::sc_start(us(0.05 * (machine.random() % 20)));
    if (machine.interrupt.level()) machine.set(offset::INTERRUPT_STATUS, kDone);
    machine.get(machine.random() % 11 * 4);
  }
  machine.finish();
  EXPECT_EQ(announced, 100u);
  EXPECT_TRUE(machine.as_expected());
  EXPECT_GT(machine.interrupts, 10u);
}

// What goes wrong while the firmware announces more and acknowledges.
TEST_P(DmaUnitTest, FirmwareGoesOnWhileARingStops) {
  for (unsigned round = 0; round < 40; ++round) {
    machine.enable(8);
    machine.add({kFrom, kTo, 100 + 50 * round, DMA_INTERRUPT, 0});
    machine.add({kFrom, kRam + kRamSize - 64, 4096, 0, 0});
    machine.doorbell();
    for (unsigned step = 0; step < 8; ++step) {
      sc_core::sc_start(us(0.02 * (machine.random() % 20)));
      if (step < 4) machine.set(offset::TAIL, 3 + step);
      machine.set(offset::INTERRUPT_STATUS, machine.random() % 4);
      machine.get(machine.random() % 11 * 4);
    }
    machine.finish();
    EXPECT_EQ(machine.get(offset::ERROR), 1u << 16 | static_cast<std::uint32_t>(DmaError::kWrite));
    machine.set(offset::INTERRUPT_STATUS, ~0u);
  }
}

struct DmaOwnRegistersTest : testing::TestWithParam<Use> {
  DmaMachine machine{GetParam(), CARDVP_PLUGIN_DMA};
};
INSTANTIATE_TEST_SUITE_P(Rtl, DmaOwnRegistersTest, testing::Values(Use::kRtl, Use::kLockstep),
                         [](const auto& use) { return name_of(use.param); });

TEST_P(DmaOwnRegistersTest, AreOutOfItsReach) {
  machine.fill();
  machine.enable(8);
  machine.copy(kFrom, kTo, 100);
  machine.add({kFrom, kRegisters + offset::TAIL, 4, 0, 0});
  machine.doorbell();
  machine.finish();
  machine.expect_error(DmaError::kWrite, 1);
  machine.enable(8);
  machine.add({kRegisters, kTo, 16, 0, 0});
  machine.doorbell();
  machine.finish();
  machine.expect_error(DmaError::kRead, 0);
  EXPECT_EQ(machine.differences(), 0u) << machine.first_difference();
  EXPECT_EQ(machine.unit->violations(), 0u) << testing::PrintToString(machine.log);
  machine.enable(8);
  machine.copy(kFrom, kTo, 100);
  machine.doorbell();
  machine.finish();
  EXPECT_EQ(std::memcmp(machine.at(kTo), machine.at(kFrom), 100), 0);
}

TEST(DmaUnit, WantsADma) {
  Sim sim;
  const UnitConfig config{.use = Use::kRtl, .plugin = Plugin::load(CARDVP_PLUGIN_RTL_TEST_PROBE), .block = {}};
  EXPECT_THROW(DmaUnit("dma", sim, config), std::invalid_argument);
}

}  // namespace
}  // namespace cardvp::rtl::test
