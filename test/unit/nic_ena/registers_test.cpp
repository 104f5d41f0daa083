// Registers as the host sees them, read-less register reads, device reset (2.1 to 2.5; items 2, 4, 6, 7).
#include "test/unit/nic_ena/machine.h"

namespace cardvp::nic::ena {
namespace {

namespace hreg = host_regs;
namespace control = control_regs;
constexpr std::uint32_t kReset = 1, kFunctionReset = 2, kCredit = 4, kReleased = 8;
using Events = std::vector<std::uint32_t>;

struct Registers : Machine {
  std::uint64_t status() { return reg(hreg::offset::DEV_STS); }
  std::uint64_t answer(std::uint64_t at = kResponse) { return host.load<std::uint64_t>(at); }
  void ask(std::uint16_t request, std::uint16_t offset) {
    set_reg(hreg::offset::MMIO_REG_READ, request | std::uint32_t{offset} << 16);
    run(us(1));
  }
};

TEST_F(Registers, Item2_IdentityAndCapabilitiesAreTheFirmwares) {
  plug();
  EXPECT_EQ(reg(hreg::offset::VERSION), Firmware::kVersion);
  EXPECT_EQ(reg(hreg::offset::CTRL_VERSION), Firmware::kController);
  EXPECT_EQ(reg(hreg::offset::CAPS), Firmware::kCaps);
  EXPECT_EQ(status(), 1u);
  EXPECT_EQ(reg(hreg::offset::INTR_MASK), 1u);
  EXPECT_EQ(firmware.get(control::LIMITS_QUEUES, control::offset::LIMITS), 4u);
  EXPECT_EQ(firmware.get(control::LIMITS_VECTORS, control::offset::LIMITS), 5u);
  EXPECT_EQ(firmware.page.read(control::offset::DEPTHS), 1024u);
  EXPECT_EQ(firmware.page.read(control::offset::LLQ), 4u | 64u << 16);
  // A page without a function.
  EXPECT_EQ(firmware.page.read(0x5000 + control::offset::LIMITS), 0u);
}

TEST_F(Registers, Item2_WhatTheFirmwareSaysAheadOfTimeShowsThen) {
  plug();
  firmware.page.write(control::offset::HOST_CAPS, 0x2001, 4, us(5));
  firmware.page.write(control::offset::STATUS, 0, 4, us(5));
  EXPECT_EQ(reg(hreg::offset::CAPS), Firmware::kCaps);
  EXPECT_EQ(status(), 1u);
  run(us(6));
  EXPECT_EQ(reg(hreg::offset::CAPS), 0x2001u);
  EXPECT_EQ(status(), 0u);
}

TEST_F(Registers, Item7_NarrowAndWideAccesses) {
  plug();
  set_reg(hreg::offset::AQ_BASE_LO, 0x1122334455667788, 8);
  EXPECT_EQ(reg(hreg::offset::AQ_BASE_LO), 0x55667788u);
  EXPECT_EQ(reg(hreg::offset::AQ_BASE_HI), 0x11223344u);
  EXPECT_EQ(reg(hreg::offset::AQ_BASE_LO, 8), 0x1122334455667788u);
  EXPECT_EQ(reg(hreg::offset::AQ_BASE_LO + 2, 2), 0x5566u);
  EXPECT_EQ(reg(hreg::offset::AQ_BASE_LO + 1, 1), 0x77u);
  set_reg(hreg::offset::AQ_BASE_LO, 0xff, 1);
  set_reg(hreg::offset::AQ_BASE_LO + 2, 0xffff, 2);
  EXPECT_EQ(reg(hreg::offset::AQ_BASE_LO), 0x55667788u);
  EXPECT_EQ(count("bad_accesses"), 2u);
}

TEST_F(Registers, Item7_UnknownOffsetsAndReadOnlyRegisters) {
  plug();
  for (const std::uint64_t gap : {0x1c, 0x48, 0x50, 0x6c, 0x100, 0xffc}) {
    set_reg(gap, 0x12345678);
    EXPECT_EQ(reg(gap), 0u) << gap;
  }
  EXPECT_EQ(reg(0x18, 8), 0u);  // AQ_CAPS, then a gap
  for (const std::uint64_t constant :
       {hreg::offset::VERSION, hreg::offset::CTRL_VERSION, hreg::offset::CAPS, hreg::offset::DEV_STS}) {
    const std::uint64_t before = reg(constant);
    set_reg(constant, 0xffffffff);
    EXPECT_EQ(reg(constant), before);
  }
  // Doorbells of queues that do not exist, and what is behind them.
  set_reg(kSqDoorbells, 1);
  set_reg(kSqDoorbells + 8 * 200, 1);
  EXPECT_EQ(count("ignored_doorbells"), 2u);
  EXPECT_EQ(reg(kSqDoorbells), 0u);
  EXPECT_EQ(reg(kUnmask + 4 * 200), 0u);
  EXPECT_EQ(reg(0x7ffc), 0u);
}

TEST_F(Registers, Item6_RequestAndOffsetComeWithTheValueInOneWrite) {
  plug();
  set_reg(hreg::offset::MMIO_RESP_LO, kResponse);
  host.writes.clear();
  ask(1, hreg::offset::CAPS);
  ASSERT_EQ(host.writes.size(), 1u);
  EXPECT_EQ(host.writes[0].address, kResponse);
  ASSERT_EQ(host.writes[0].data.size(), 8u);
  EXPECT_EQ(answer(), std::uint64_t{Firmware::kCaps} << 32 | hreg::offset::CAPS << 16 | 1);
  // The id wraps.
  ask(0xffff, hreg::offset::VERSION);
  EXPECT_EQ(answer(), std::uint64_t{Firmware::kVersion} << 32 | 0xffff);
  ask(0, hreg::offset::DEV_STS);
  EXPECT_EQ(answer(), std::uint64_t{1} << 32 | hreg::offset::DEV_STS << 16);
}

TEST_F(Registers, Item6_BackToBackUnknownAndUnaligned) {
  plug();
  set_reg(hreg::offset::MMIO_RESP_LO, kResponse);
  host.writes.clear();
  for (std::uint32_t i = 1; i <= 8; ++i)
    set_reg(hreg::offset::MMIO_REG_READ, i | std::uint32_t{hreg::offset::CTRL_VERSION} << 16);
  run(us(1));
  ASSERT_EQ(host.writes.size(), 8u);
  for (std::uint32_t i = 1; i <= 8; ++i)
    EXPECT_EQ(host.writes[i - 1].as<std::uint64_t>(), std::uint64_t{Firmware::kController} << 32 | 4 << 16 | i);
  ask(9, 0x50);  // a gap
  EXPECT_EQ(answer(), 0x50u << 16 | 9u);
  ask(10, hreg::offset::CAPS + 1);
  EXPECT_EQ(answer(), 0x09u << 16 | 10u);
  ask(11, 0xfffc);
  EXPECT_EQ(answer(), 0xfffcull << 16 | 11u);
}

TEST_F(Registers, Item6_WithoutAnAddressNobodyIsAnswered) {
  plug();
  host.writes.clear();
  ask(1, hreg::offset::CAPS);
  EXPECT_TRUE(host.writes.empty());
  set_reg(hreg::offset::MMIO_RESP_LO, kResponse + 4);
  ask(2, hreg::offset::CAPS);
  EXPECT_TRUE(host.writes.empty());
  EXPECT_EQ(count("bad_accesses"), 1u);
}

TEST_F(Registers, Item6_WorksDuringResetAtAnAddressWrittenDuringReset) {
  plug();
  set_reg(hreg::offset::MMIO_RESP_LO, kResponse);
  set_reg(hreg::offset::DEV_CTL, 1);
  EXPECT_EQ(reg(hreg::offset::MMIO_RESP_LO), 0u);
  set_reg(hreg::offset::MMIO_RESP_LO, kResponse + 64);
  set_reg(hreg::offset::MMIO_RESP_HI, 0);
  ask(7, hreg::offset::DEV_STS);
  EXPECT_EQ(answer(kResponse + 64) & 0xffffffff, hreg::offset::DEV_STS << 16 | 7u);
  EXPECT_EQ(answer(kResponse + 64) >> 32 & 8, 8u);
  set_reg(hreg::offset::DEV_CTL, 0);
  run(us(1));
  ask(8, hreg::offset::DEV_STS);
  EXPECT_EQ(answer(kResponse + 64) >> 32 & 9, 1u);
}

TEST_F(Registers, Item4_ResetIsInProgressUntilTheHostReleasesIt) {
  plug();
  set_reg(hreg::offset::DEV_CTL, 1 | 5u << 28);
  EXPECT_EQ(status() & 8, 8u);  // at once
  run(us(500));
  EXPECT_EQ(status() & 8, 8u);
  EXPECT_EQ(firmware.page.read(control::offset::RESET_REASON), 5u);
  set_reg(hreg::offset::DEV_CTL, 0);
  EXPECT_EQ(status() & 8, 8u);
  run(us(1));
  EXPECT_EQ(status(), 0x11u);  // ready, and a reset has ended
  EXPECT_EQ(firmware.events, (Events{kReset, kReleased}));
}

TEST_F(Registers, Item4_TheFirmwareCannotEndAResetBefore) {
  plug();
  set_reg(hreg::offset::DEV_CTL, 1);
  run(us(1));
  firmware.page.write(control::offset::STATUS, 3);
  run(us(1));
  EXPECT_EQ(status() & 8, 8u);
  EXPECT_EQ(firmware.page.read(control::offset::STATUS), 3u);
}

TEST_F(Registers, Item4_AFirmwareThatHasNotSeenTheNewestResetEndsNone) {
  plug();
  firmware.ends_resets = false;
  set_reg(hreg::offset::DEV_CTL, 1);
  set_reg(hreg::offset::DEV_CTL, 0);
  run(us(1));
  firmware.set_silent(true);
  set_reg(hreg::offset::DEV_CTL, 1);
  set_reg(hreg::offset::DEV_CTL, 0);
  firmware.page.write(control::offset::STATUS, 3);  // means the first
  run(us(1));
  EXPECT_EQ(status() & 8, 8u);
  firmware.ends_resets = true;
  firmware.set_silent(false);
  run(us(1));
  EXPECT_EQ(status() & 8, 0u);
}

TEST_F(Registers, Item4_ReasonHasTwoNibbles) {
  plug();
  set_reg(hreg::offset::DEV_CTL, 1 | 0x2u << 28 | 0x1u << 24);
  EXPECT_EQ(firmware.page.read(control::offset::RESET_REASON), 0x12u);
}

TEST_F(Registers, Item4_TwiceInARowAndReleaseWithoutReset) {
  plug();
  device_reset(1);
  device_reset(0);
  EXPECT_EQ(firmware.page.read(control::offset::RESET_REASON), 0u);
  firmware.events.clear();
  set_reg(hreg::offset::DEV_CTL, 0);
  run(us(1));
  EXPECT_EQ(status() & 9, 1u);
  EXPECT_TRUE(firmware.events.empty());
  // Written again while it lasts: still one reset.
  set_reg(hreg::offset::DEV_CTL, 1);
  set_reg(hreg::offset::DEV_CTL, 1);
  run(us(1));
  EXPECT_EQ(firmware.events, Events{kReset});
}

TEST_F(Registers, Item4_ResetClearsWhatTheHostSet) {
  start();
  set_reg(hreg::offset::INTR_MASK, 0);
  set_reg(hreg::offset::AENQ_HEAD_DB, 16);
  run(us(1));
  EXPECT_EQ(firmware.events, Events{kCredit});
  EXPECT_EQ(firmware.page.read(control::offset::AENQ), 16u);
  firmware.page.write(control::offset::STATUS, 5);  // fatal
  run(us(1));
  EXPECT_EQ(status(), 0x21u);
  device_reset();
  EXPECT_EQ(status(), 0x11u);
  EXPECT_EQ(reg(hreg::offset::INTR_MASK), 1u);
  for (const std::uint64_t cleared : {hreg::offset::AQ_BASE_LO, hreg::offset::AQ_CAPS, hreg::offset::ACQ_CAPS,
                                      hreg::offset::AENQ_CAPS, hreg::offset::AENQ_HEAD_DB})
    EXPECT_EQ(reg(cleared), 0u) << cleared;
  EXPECT_EQ(firmware.page.read(control::offset::AENQ), 0u);
  EXPECT_EQ(reg(hreg::offset::CAPS), Firmware::kCaps);
  EXPECT_EQ(data_path.resets, (std::vector<std::uint16_t>{0}));
}

TEST_F(Registers, Item4_FunctionLevelResetTakesEverythingBack) {
  start();
  firmware.set_silent(true);
  firmware.page.write(control::offset::MTU, 1500);
  endpoint.config_write(1, 0, 0x58, 2, 0x8000);
  EXPECT_EQ(firmware.page.read(control::offset::MTU), 9216u);
  EXPECT_EQ(firmware.page.read(control::offset::STATUS), 0u);
  EXPECT_EQ(firmware.page.read(control::offset::LIMITS), 4u | 5u << 16);
  firmware.set_silent(false);
  run(us(1));
  EXPECT_EQ(firmware.events, Events{kFunctionReset});
  endpoint.config_write(1, 0, 0x04, 2, 6);
  endpoint.config_write(1, 0, 0x10, 4, static_cast<std::uint32_t>(kBar0));
  EXPECT_EQ(status(), 1u);  // set up anew, and no device reset has ended since
}

TEST_F(Registers, OneMessageHoweverManyEvents) {
  plug();
  firmware.set_silent(true);
  set_reg(hreg::offset::DEV_CTL, 1);
  set_reg(hreg::offset::DEV_CTL, 0);
  set_reg(hreg::offset::DEV_CTL, 1);
  set_admin_rings();
  set_reg(hreg::offset::AENQ_HEAD_DB, 16);
  firmware.set_silent(false);
  run(us(1));
  EXPECT_EQ(firmware.events, Events{kReset | kCredit});  // the release was of the reset before
}

}  // namespace
}  // namespace cardvp::nic::ena
