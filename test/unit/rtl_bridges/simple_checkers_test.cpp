// Every rule of the checkers of AXI4-Stream, APB and register ports, broken.
#include <gmock/gmock.h>

#include <utility>

#include "rtl/bridges/check_apb.h"
#include "rtl/bridges/check_register.h"
#include "rtl/bridges/check_stream.h"
#include "test/unit/rtl_bridges/wires.h"

namespace cardvp::rtl::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST_F(CheckerTest, Stream) {
  for (const auto& [signal, width] : std::map<std::string, unsigned>{
           {"tdata", 64}, {"tkeep", 8}, {"tstrb", 8}, {"tlast", 1}, {"tvalid", 1}, {"tready", 1}})
    wires.add(signal, width);
  watch(std::make_unique<StreamChecker>(sim, "block", wires.bind(InterfaceKind::kAxiStream, InterfaceRole::kSource)));
  cycle({{"tvalid", 1}});
  EXPECT_THAT(broken, ElementsAre("VALID_AFTER_RESET tvalid"));
  broken.clear();
  cycle({{"tready", 1}, {"tkeep", 0x0f}, {"tstrb", 0x0f}});
  EXPECT_THAT(broken, UnorderedElementsAre("PAYLOAD_STABLE tkeep", "PAYLOAD_STABLE tstrb"));
  broken.clear();
  cycle({{"tstrb", 0x10}});
  EXPECT_THAT(broken, ElementsAre("TKEEP_RESERVED tstrb"));
  broken.clear();
  cycle({{"tready", 0}, {"tstrb", 0}});
  cycle({{"tdata", 1}});
  cycle({{"tlast", 1}});
  cycle({{"tvalid", 0}});
  EXPECT_THAT(broken, ElementsAre("PAYLOAD_STABLE tdata", "PAYLOAD_STABLE tlast", "VALID_STABLE tvalid"));
}

class ApbCheckerTest : public CheckerTest {
 protected:
  ApbCheckerTest() {
    for (const auto& [signal, width] : std::map<std::string, unsigned>{{"paddr", 12},
                                                                       {"psel", 1},
                                                                       {"penable", 1},
                                                                       {"pwrite", 1},
                                                                       {"pwdata", 32},
                                                                       {"pstrb", 4},
                                                                       {"pready", 1},
                                                                       {"prdata", 32}})
      wires.add(signal, width);
    watch(std::make_unique<ApbChecker>(sim, "block", wires.bind(InterfaceKind::kApb, InterfaceRole::kTarget)));
  }
};

TEST_F(ApbCheckerTest, GoodTrafficBreaksNoRule) {
  cycle();
  cycle({{"psel", 1}, {"pwrite", 1}, {"pstrb", 3}, {"paddr", 4}});
  cycle({{"penable", 1}, {"pready", 0}});
  cycle({{"pready", 1}});
  cycle({{"penable", 0}, {"pwrite", 0}, {"pstrb", 0}, {"paddr", 8}});  // the next follows at once
  cycle({{"penable", 1}});
  cycle({{"psel", 0}, {"penable", 0}});
  EXPECT_THAT(broken, IsEmpty());
}

TEST_F(ApbCheckerTest, Rules) {
  const auto rules = [&] { return std::exchange(broken, {}); };
  cycle({{"penable", 1}});
  EXPECT_THAT(rules(), ElementsAre("PENABLE_ALONE penable"));
  cycle({{"psel", 1}, {"pready", 1}});
  EXPECT_THAT(rules(), ElementsAre("PENABLE_SETUP penable"));
  cycle({{"penable", 0}});
  cycle();
  EXPECT_THAT(rules(), ElementsAre("PENABLE_ACCESS penable"));
  cycle({{"penable", 1}, {"pready", 0}, {"paddr", 4}});
  EXPECT_THAT(rules(), ElementsAre("PAYLOAD_STABLE paddr"));
  cycle({{"pwdata", 1}});
  EXPECT_THAT(rules(), ElementsAre("PAYLOAD_STABLE pwdata"));
  cycle({{"psel", 0}, {"penable", 0}});
  EXPECT_THAT(rules(), ElementsAre("PSEL_STABLE psel"));
  cycle({{"psel", 1}, {"pstrb", 1}});
  EXPECT_THAT(rules(), ElementsAre("PSTRB_READ pstrb"));
}

TEST_F(CheckerTest, RegisterPort) {
  for (const auto& [signal, width] : std::map<std::string, unsigned>{
           {"cs", 1}, {"we", 1}, {"address", 8}, {"write_data", 128}, {"ready", 1}, {"error", 1}})
    wires.add(signal, width);
  watch(std::make_unique<RegisterChecker>(sim, "block",
                                          wires.bind(InterfaceKind::kRegisterPort, InterfaceRole::kTarget)));
  cycle({{"cs", 1}, {"we", 1}});
  cycle({{"ready", 1}, {"error", 1}});
  cycle({{"address", 1}, {"error", 0}});
  cycle({{"cs", 0}, {"we", 0}, {"ready", 0}});
  EXPECT_THAT(broken, IsEmpty());
  cycle({{"we", 1}, {"error", 1}});
  EXPECT_THAT(broken, ElementsAre("WE_ALONE we", "ERROR_ALONE error"));
  broken.clear();
  cycle({{"cs", 1}, {"error", 0}});
  cycle({{"address", 2}});
  cycle({{"write_data", 7}});
  cycle({{"cs", 0}, {"we", 0}});
  EXPECT_THAT(broken, ElementsAre("PAYLOAD_STABLE address", "PAYLOAD_STABLE write_data", "CS_STABLE cs"));
}

}  // namespace
}  // namespace cardvp::rtl::test
