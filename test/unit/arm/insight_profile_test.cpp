// The profile of a known program: which stacks, and how long.
#include "models/arm/insight/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "test/unit/arm/fake_core.h"
#include "test/unit/arm/machine.h"

namespace cardvp::arm {
namespace {

std::string text(const Profile& profile) {
  std::ostringstream out;
  profile.write(out);
  return out.str();
}

TEST(Profile, OfNestedCalls) {
  Symbols symbols;
  symbols.add(CARDVP_PROGRAMS "/calls.elf");
  TestMachine machine;
  ASSERT_TRUE(machine.load_program("calls"));
  Profile profile(symbols, 1, false);
  machine.core.attach(&profile, sc_core::sc_time(1, sc_core::SC_US));
  machine.run();
  // At 1 ns an instruction, three times: 2005 instructions in `leaf`, 1002 in `plain`, 6 in `middle`, 3 in `outer`; 16
  // around them.
  EXPECT_EQ(machine.core.instructions(), 3 * (2005u + 1002 + 6) + 3 * 3 + 16);
  EXPECT_EQ(text(profile),
            "calls;_start;outer;middle;leaf 6\n"
            "calls;_start;outer;middle;plain 3\n");
}

TEST(Profile, WeighsByThePeriodAndSorts) {
  FakeCore core;
  Symbols symbols;
  Profile profile(symbols, 10, false);
  for (const std::uint64_t pc : {0x5004ull, 0x1234ull, 0x5ffcull}) {
    core.file.pc = pc;
    profile.sample(core);
  }
  EXPECT_EQ(text(profile), "EL1;0x1000 10\nEL1;0x5000 20\n");
}

TEST(Profile, TellsCoresApart) {
  FakeCore core;
  core.core_number = 2;
  core.file.pc = 0x1000;
  Symbols symbols;
  Profile profile(symbols, 1, true);
  profile.sample(core);
  EXPECT_EQ(text(profile), "core 2;EL1;0x1000 1\n");
}

TEST(Profile, DoesNotGrowWithoutEnd) {
  FakeCore core;
  Symbols symbols;
  Profile profile(symbols, 1, false);
  constexpr std::uint64_t kSamples = 100'500;
  for (std::uint64_t i = 0; i < kSamples; ++i) {
    core.file.pc = i * 4096;
    profile.sample(core);
  }
  const std::string all = text(profile);
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 100'001);
  EXPECT_THAT(all, testing::StartsWith("(other stacks) 500\n"));
}

}  // namespace
}  // namespace cardvp::arm
