// The self-checking programs of programs/*.S.
#include <gtest/gtest.h>

#include "test/unit/arm/machine.h"

namespace cardvp::arm {
namespace {

struct Programs : testing::TestWithParam<std::tuple<std::string, bool>> {};

TEST_P(Programs, FindWhatTheArchitectureSays) {
  TestMachine machine;
  machine.bus.grants_dmi = std::get<1>(GetParam());
  ASSERT_TRUE(machine.load_program(std::get<0>(GetParam())));
  machine.core.reset();
  machine.run_for(1e6);
  EXPECT_EQ(machine.result(), 0x600du) << "failed at line " << machine.result() << ", found 0x" << std::hex
                                       << machine.result(1) << "\n"
                                       << machine.core.describe();
}

// Without DMI, every access and fetch is a bus transaction.
INSTANTIATE_TEST_SUITE_P(
    Each, Programs,
    testing::Combine(testing::Values<std::string>("data_processing", "branches", "loads_stores", "exclusives",
                                                  "exceptions", "levels", "translation", "modified_code"),
                     testing::Bool()),
    [](const auto& test) { return std::get<0>(test.param) + (std::get<1>(test.param) ? "_dmi" : "_bus"); });

}  // namespace
}  // namespace cardvp::arm
