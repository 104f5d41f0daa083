#include "models/security/host_gate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "test/unit/bus/initiator.h"

namespace cardvp::security {
namespace {

// Registers, by models/security/host_gate.def.
enum : std::uint64_t { kControl = 0, kStatus = 4, kFlashSize = 8, kBlockedWrites = 12 };

struct HostGateTest : testing::Test {
  static constexpr std::uint64_t kSize = 0x100000;
  Sim sim;
  Alarms alarms{"alarms", sim};
  std::vector<std::byte> image = std::vector<std::byte>(1000, std::byte{0x5a});
  HostGate gate{"gate", sim, alarms, kSize, image};
  Initiator registers{"registers"}, flash{"flash"};
  std::vector<bool> levels;  // of the reset line

  HostGateTest() {
    registers.socket.bind(gate.socket);
    flash.socket.bind(gate.flash().socket);
    gate.host_reset.connect([this](bool level) { levels.push_back(level); });
    pass(1);
  }
  static void pass(double us) { sc_core::sc_start({us, sc_core::SC_US}); }
  bool host_reads(std::uint64_t offset, std::size_t size, std::byte expected = std::byte{0x5a}) {
    std::vector<std::byte> bytes(size);
    return gate.read(offset, bytes) &&
           std::all_of(bytes.begin(), bytes.end(), [&](std::byte b) { return b == expected; });
  }
  bool host_writes(std::uint64_t offset) {
    const std::array<std::byte, 8> bytes{};
    return gate.write(offset, bytes);
  }
};

TEST_F(HostGateTest, HoldsTheHostUntilTheFirmwareReleasesIt) {
  EXPECT_TRUE(gate.host_reset.level());
  EXPECT_FALSE(gate.released());
  EXPECT_EQ(registers.read(kStatus), 0u);
  registers.write(kControl, 0);
  pass(1);
  EXPECT_TRUE(gate.host_reset.level());
  registers.ahead = {2, sc_core::SC_US};  // as a core that runs ahead
  registers.write(kControl, 1);
  pass(1);
  EXPECT_TRUE(gate.host_reset.level());  // not before the time of the write
  pass(2);
  EXPECT_FALSE(gate.host_reset.level());
  registers.ahead = {};
  EXPECT_EQ(registers.read(kStatus), 1u);
  EXPECT_EQ(levels, std::vector<bool>{false});
}

TEST_F(HostGateTest, FirmwareCannotTakeAReleaseBackButAResetHoldsAgain) {
  registers.write(kControl, 1);
  pass(1);
  registers.write(kControl, 0);
  pass(1);
  EXPECT_TRUE(gate.released());
  gate.reset();
  EXPECT_FALSE(gate.released());
  EXPECT_EQ(registers.read(kStatus), 0u);
  EXPECT_EQ(levels, (std::vector<bool>{false, true}));
  pass(10);
  EXPECT_FALSE(gate.released());
}

TEST_F(HostGateTest, AResetOvertakesAReleaseThatIsYetToCome) {
  registers.ahead = {5, sc_core::SC_US};
  registers.write(kControl, 1);
  gate.reset();
  pass(10);
  EXPECT_FALSE(gate.released());
}

TEST_F(HostGateTest, AHostInResetReadsNothing) {
  EXPECT_FALSE(host_reads(0, 16));
  registers.write(kControl, 1);
  pass(1);
  EXPECT_TRUE(host_reads(0, 1000));
  EXPECT_TRUE(host_reads(1000, kSize - 1000, std::byte{0xff}));
  EXPECT_FALSE(host_reads(kSize - 8, 16));
  EXPECT_FALSE(host_reads(~0ull - 4, 16));
}

TEST_F(HostGateTest, EveryWriteOfTheHostIsBlockedCountedAndAnAlarm) {
  registers.write(kControl, 1);
  pass(1);
  EXPECT_FALSE(host_writes(0));
  EXPECT_FALSE(host_writes(kSize));
  EXPECT_EQ(gate.blocked_writes(), 2u);
  EXPECT_EQ(registers.read(kBlockedWrites), 2u);
  ASSERT_EQ(alarms.kept().size(), 2u);
  EXPECT_EQ(alarms.kept()[0].kind, "host_flash_write");
  EXPECT_TRUE(host_reads(0, 1000));
  gate.reset();
  EXPECT_EQ(registers.read(kBlockedWrites), 0u);
  EXPECT_EQ(alarms.count(), 2u);  // what happened stays so
}

TEST_F(HostGateTest, TheCardReadsTheFlashAndCannotWriteItEither) {
  EXPECT_EQ(registers.read(kFlashSize), kSize);
  EXPECT_EQ(flash.read(0), 0x5a5a5a5au);
  EXPECT_EQ(flash.read(1000), 0xffffffffu);
  flash.write(0, 0x40404040);  // the commands that would program a word of CFI flash
  flash.write(0, 0);
  pass(1000);
  flash.write(0, 0xffffffff);
  pass(1);
  EXPECT_EQ(flash.read(0), 0x5a5a5a5au);
}

TEST_F(HostGateTest, AlarmsWithoutEndAreCountedAndTheFirstKept) {
  for (std::size_t i = 0; i < Alarms::kKept + 5; ++i) host_writes(i);
  EXPECT_EQ(alarms.count(), Alarms::kKept + 5);
  ASSERT_EQ(alarms.kept().size(), Alarms::kKept);
  EXPECT_NE(alarms.kept()[1].text.find("offset 0x1"), std::string::npos);
}

}  // namespace
}  // namespace cardvp::security
