// PSCI 1.0, by the numbers of DEN0022D.
#include "models/arm/psci.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cardvp::arm {
namespace {

class Power final : public PowerControl {
 public:
  unsigned cores() const override { return 2; }
  bool is_on(unsigned core) const override { return on[core]; }
  void turn_on(unsigned core, std::uint64_t entry, std::uint64_t context) override {
    calls.push_back("on " + std::to_string(core) + " " + std::to_string(entry) + " " + std::to_string(context));
  }
  void turn_off() override { calls.push_back("off"); }
  void stand_by() override { calls.push_back("stand by"); }
  void system_off() override { calls.push_back("system off"); }
  void system_reset() override { calls.push_back("system reset"); }

  bool on[2] = {true, false};
  std::vector<std::string> calls;
};

constexpr auto error(std::int64_t code) { return static_cast<std::uint64_t>(code); }
const std::vector<std::string> kNothing;

TEST(Psci, TellsItsVersionAndFeatures) {
  Power power;
  EXPECT_EQ(call_psci(power, {0x84000000}), 0x10000u);
  EXPECT_EQ(call_psci(power, {0x84000006}), 2u);
  for (const std::uint64_t there :
       {0x84000000, 0x84000001, 0x84000002, 0x84000003, 0x84000004, 0x84000006, 0x84000008, 0x84000009, 0x8400000a})
    EXPECT_EQ(call_psci(power, {0x8400000a, there}), 0u) << std::hex << there;
  for (const std::uint64_t there : {0xc4000001, 0xc4000003, 0xc4000004})
    EXPECT_EQ(call_psci(power, {0x8400000a, there}), 0u) << std::hex << there;
  for (const std::uint64_t absent : {0x84000005, 0xc4000002, 0xc4000008, 0x80000000, 0x84000012})
    EXPECT_EQ(call_psci(power, {0x8400000a, absent}), error(-1)) << std::hex << absent;
  EXPECT_EQ(power.calls, kNothing);
}

TEST(Psci, TurnsOnACoreThatIsOff) {
  Power power;
  EXPECT_EQ(call_psci(power, {0xc4000003, 1, 0x1'0000'0000, 7}), 0u);
  EXPECT_EQ(call_psci(power, {0x84000003, 1, 0x1'0000'0004, 0xf'0000'0008}), 0u);  // 32-bit parameters
  EXPECT_EQ(power.calls, (std::vector<std::string>{"on 1 4294967296 7", "on 1 4 8"}));
}

TEST(Psci, RefusesToTurnOnWhatIsOnOrAbsent) {
  Power power;
  EXPECT_EQ(call_psci(power, {0xc4000003, 0, 0x1000, 0}), error(-4));
  EXPECT_EQ(call_psci(power, {0xc4000003, 2, 0x1000, 0}), error(-2));
  EXPECT_EQ(call_psci(power, {0xc4000003, 0x100, 0x1000, 0}), error(-2));  // Aff1
  EXPECT_EQ(power.calls, kNothing);
}

TEST(Psci, TellsWhetherACoreIsOn) {
  Power power;
  EXPECT_EQ(call_psci(power, {0xc4000004, 0, 0}), 0u);
  EXPECT_EQ(call_psci(power, {0xc4000004, 1, 0}), 1u);
  EXPECT_EQ(call_psci(power, {0xc4000004, 1, 1}), error(-2));  // an affinity level above the cores
  EXPECT_EQ(call_psci(power, {0xc4000004, 2, 0}), error(-2));
}

TEST(Psci, SuspendIsAStandbyOrNothing) {
  Power power;
  EXPECT_EQ(call_psci(power, {0xc4000001, 0x10000}), error(-2));
  EXPECT_EQ(power.calls, kNothing);
  EXPECT_EQ(call_psci(power, {0xc4000001, 0}), 0u);
  EXPECT_EQ(power.calls, (std::vector<std::string>{"stand by"}));
}

TEST(Psci, TurnsOffAndResets) {
  Power power;
  call_psci(power, {0x84000002});
  call_psci(power, {0x84000008});
  call_psci(power, {0x84000009});
  EXPECT_EQ(power.calls, (std::vector<std::string>{"off", "system off", "system reset"}));
  EXPECT_EQ(call_psci(power, {0xdeadbeef}), error(-1));
}

}  // namespace
}  // namespace cardvp::arm
