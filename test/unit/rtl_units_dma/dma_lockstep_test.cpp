// Faults of a DMA's RTL, and what lockstep says of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/rtl_units_dma/machine.h"

namespace cardvp::rtl::test {
namespace {

using testing::HasSubstr;

// What fits into whole words differs in nothing; the first byte too many is that behind the destination.
TEST(DmaLockstepBugs, AWholeLastWordIsFoundWhereItIsTooMuch) {
  DmaMachine machine(Use::kLockstep, CARDVP_PLUGIN_DMA_BUG1);
  machine.fill();
  machine.enable(8);
  machine.copy(kFrom + 5, kTo + 3, 805);
  machine.doorbell();
  machine.finish();
  EXPECT_EQ(machine.differences(), 0u) << machine.first_difference();
  machine.copy(kFrom, kTo + 0x1000, 1001);
  machine.doorbell();
  machine.finish();
  EXPECT_EQ(machine.differences(), 1u);
  EXPECT_THAT(machine.first_difference(), HasSubstr("dma differs from its model"));
  EXPECT_THAT(machine.first_difference(),
              HasSubstr(fmt::format("write at {:#x}: the model has none, the RTL 7 bytes", kTo + 0x1000 + 1001)));
  EXPECT_THAT(machine.log.back(), HasSubstr("write at"));
}

TEST(DmaLockstepBugs, AShortCopyIsFoundWhereItEnds) {
  DmaMachine machine(Use::kLockstep, CARDVP_PLUGIN_DMA_BUG2);
  machine.fill();
  machine.enable(8);
  machine.copy(kFrom, kTo, 65'535);
  machine.doorbell();
  machine.finish();
  EXPECT_EQ(machine.differences(), 0u) << machine.first_difference();
  machine.copy(kFrom, kTo + 0x2'0000, 65'536 + 1000);
  machine.copy(kFrom, kTo + 0x8'0000, 500);
  machine.doorbell();
  machine.finish();
  EXPECT_EQ(machine.differences(), 1u);
  EXPECT_THAT(machine.first_difference(),
              HasSubstr(fmt::format("descriptor 1: 66536 bytes from {:#x} to {:#x}: byte at {:#x}", kFrom,
                                    kTo + 0x2'0000, kTo + 0x2'0000 + 1000)));
  EXPECT_THAT(machine.first_difference(), HasSubstr("never written"));
}

// The last descriptor of a ring is missed as well, though nobody asks: the firmware waits for its interrupt.
TEST(DmaLockstepBugs, AShortCopyIsFoundWithoutTheFirmware) {
  DmaMachine machine(Use::kLockstep, CARDVP_PLUGIN_DMA_BUG2);
  machine.fill();
  machine.enable(8);
  machine.copy(kFrom, kTo, 0x2'0000);
  machine.doorbell();
  sc_core::sc_start(us(100));
  EXPECT_THAT(machine.first_difference(), HasSubstr(fmt::format("byte at {:#x}", kTo)));
}

TEST(DmaLockstepBugs, TheFirstDifferenceMayEndTheRun) {
  DmaMachine machine(Use::kLockstep, CARDVP_PLUGIN_DMA_BUG1);
  unsigned stops = 0;
  machine.unit->lockstep()->on_stop([&](const Difference&) { ++stops; });
  machine.fill();
  machine.enable(8);
  for (unsigned i = 0; i < 3; ++i) machine.copy(kFrom, kTo, 1001 + i);
  machine.doorbell();
  machine.finish();
  EXPECT_EQ(machine.differences(), 3u);
  EXPECT_EQ(stops, 1u);
}

struct Fault {
  unsigned number;
  std::string found;  // of the first difference
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.number; }

class DmaLockstepFaults : public testing::TestWithParam<Fault> {};

TEST_P(DmaLockstepFaults, AreFound) {
  DmaMachine machine(Use::kLockstep, CARDVP_PLUGIN_FAULTY_DMA, GetParam().number);
  if (GetParam().number != 11) machine.fill();
  machine.expected.resize(kRamSize);
  machine.set(offset::INTERRUPT_ENABLE, kDone | kFailed);
  machine.get(offset::ID);
  machine.enable(8);
  machine.copy(kFrom, kTo, 1000, true);
  machine.copy(kFrom + 2000, kTo + 2000, 900, true);
  machine.add({kFrom, kRam + kRamSize - 512, 4096, 0, 0});
  machine.doorbell();
  sc_core::sc_start(us(200));
  if (machine.get(offset::CONTROL) != 0) machine.enable(8);
  machine.add({kRam - 512, kTo, 1024, 0, 0});
  machine.doorbell();
  sc_core::sc_start(us(200));
  machine.get(offset::STATUS);
  EXPECT_THAT(machine.first_difference(), HasSubstr(GetParam().found)) << testing::PrintToString(machine.log);
  EXPECT_EQ(machine.differences() == 0, GetParam().found.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, DmaLockstepFaults,
    testing::Values(Fault{0, ""}, Fault{1, ": irq: the model has 0x1, the RTL 0x0"},
                    Fault{2, ": irq: the model has 0x0, the RTL 0x1"},
                    Fault{3, "read ID (4 bytes at 0x000): value: the model has 0x444d4101, the RTL 0x444d4102"},
                    Fault{4, "never written"}, Fault{5, fmt::format("byte at {:#x}: the model has", kTo + 2 * 8 + 1)},
                    Fault{6, "ERROR.CODE: the model has 0x5, the RTL 0x0"},
                    Fault{7, "ERROR.CODE: the model has 0x4, the RTL 0x0"},
                    Fault{8, "descriptor: the model has goes on, or stops, the RTL does nothing any longer"},
                    Fault{9, fmt::format("read at {:#x}: the model has none, the RTL 32 bytes", kRing + 0x1000)},
                    Fault{10, "ERROR.CODE: the model has 0x0, the RTL 0x5"},
                    Fault{11, fmt::format("byte at {:#x}: the model has written once, the RTL written again", kTo)},
                    Fault{12, fmt::format("byte at {:#x}: the model has", kTo + 3 * 8)}),
    [](const auto& fault) { return fmt::format("Fault{}", fault.param.number); });

}  // namespace
}  // namespace cardvp::rtl::test
