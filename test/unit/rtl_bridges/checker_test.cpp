// Every rule of the checker of AXI, broken on pins that the test moves itself, cycle by cycle; what no reset sets.
#include <gmock/gmock.h>

#include "rtl/bridges/check_axi.h"
#include "test/unit/rtl_bridges/bridge_test.h"
#include "test/unit/rtl_bridges/wires.h"

namespace cardvp::rtl::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class AxiCheckerTest : public CheckerTest {
 protected:
  // On 32 bits.
  void axi(InterfaceRole role) {
    for (const char* const channel : {"aw", "ar"}) {
      const std::string c = channel;
      for (const auto& [signal, width] : std::map<std::string, unsigned>{
               {"id", 4}, {"addr", 32}, {"len", 8}, {"size", 3}, {"burst", 2}, {"lock", 1}, {"valid", 1}, {"ready", 1}})
        wires.add(c + signal, width);
    }
    for (const auto& [signal, width] : std::map<std::string, unsigned>{{"wdata", 32},
                                                                       {"wstrb", 4},
                                                                       {"wlast", 1},
                                                                       {"wvalid", 1},
                                                                       {"wready", 1},
                                                                       {"bid", 4},
                                                                       {"bresp", 2},
                                                                       {"bvalid", 1},
                                                                       {"bready", 1},
                                                                       {"rid", 4},
                                                                       {"rdata", 32},
                                                                       {"rresp", 2},
                                                                       {"rlast", 1},
                                                                       {"rvalid", 1},
                                                                       {"rready", 1}})
      wires.add(signal, width);
    watch(std::make_unique<AxiChecker>(sim, "block", wires.bind(InterfaceKind::kAxi4, role)));
    cycle();
  }
  void write_address(Values values) {
    values.merge(Values{{"awvalid", 1},
                        {"awready", 1},
                        {"awaddr", 0},
                        {"awlen", 0},
                        {"awsize", 2},
                        {"awburst", 1},
                        {"awid", 0},
                        {"awlock", 0}});
    cycle(values);
    cycle({}, {{"awvalid", 0}});
  }
  void read_address(Values values) {
    values.merge(Values{{"arvalid", 1},
                        {"arready", 1},
                        {"araddr", 0},
                        {"arlen", 0},
                        {"arsize", 2},
                        {"arburst", 1},
                        {"arid", 0},
                        {"arlock", 0}});
    cycle(values);
    cycle({}, {{"arvalid", 0}});
  }
  void data(std::uint64_t strobes, bool last) {
    cycle({{"wvalid", 1}, {"wready", 1}, {"wstrb", strobes}, {"wlast", last}});
    cycle({}, {{"wvalid", 0}});
  }
  void answer(std::uint64_t id, std::uint64_t resp) {
    cycle({{"bvalid", 1}, {"bready", 1}, {"bid", id}, {"bresp", resp}});
    cycle({}, {{"bvalid", 0}});
  }
  void beat(std::uint64_t id, bool last, std::uint64_t resp = 0) {
    cycle({{"rvalid", 1}, {"rready", 1}, {"rid", id}, {"rlast", last}, {"rresp", resp}});
    cycle({}, {{"rvalid", 0}});
  }
};

TEST_F(AxiCheckerTest, GoodTrafficBreaksNoRule) {
  axi(InterfaceRole::kTarget);
  write_address({{"awlen", 1}, {"awid", 3}});
  data(0xf, false);
  data(0xf, true);
  answer(3, 0);
  data(0xc, true);  // ahead of its address
  write_address({{"awaddr", 2}, {"awlen", 0}});
  answer(0, 2);
  read_address({{"arlen", 1}, {"arid", 1}});
  read_address({{"arlen", 0}, {"arid", 2}});
  beat(1, false);
  beat(2, true);  // of other IDs in between
  beat(1, true);
  write_address({{"awlock", 1}, {"awlen", 0}});
  data(0xf, true);
  answer(0, 1);  // EXOKAY, of an exclusive one
  EXPECT_THAT(broken, IsEmpty());
  EXPECT_EQ(checker->violations(), 0u);
}

TEST_F(AxiCheckerTest, ValidAfterReset) {
  axi(InterfaceRole::kTarget);
  checker->reset();
  cycle({{"bvalid", 1}});
  EXPECT_THAT(broken, ElementsAre("VALID_AFTER_RESET bvalid", "RESPONSE_UNASKED bvalid"));
}

TEST_F(AxiCheckerTest, ValidTakenBackAndPayloadChanged) {
  axi(InterfaceRole::kMaster);
  cycle({{"awvalid", 1}, {"awaddr", 8}, {"awready", 0}, {"awburst", 1}, {"awsize", 2}});
  cycle({{"awaddr", 12}});
  cycle({{"awid", 1}});
  cycle({}, {{"awvalid", 0}});
  EXPECT_THAT(broken, ElementsAre("PAYLOAD_STABLE awaddr", "PAYLOAD_STABLE awid", "VALID_STABLE awvalid"));
}

TEST_F(AxiCheckerTest, ValidThatGoesAwayWithinTheCycle) {
  axi(InterfaceRole::kMaster);
  cycle({{"wvalid", 0}}, {{"wvalid", 1}});
  EXPECT_THAT(broken, ElementsAre("VALID_COMBINATIONAL wvalid"));
}

TEST_F(AxiCheckerTest, WriteData) {
  axi(InterfaceRole::kMaster);
  write_address({{"awlen", 2}});
  data(0xf, true);
  data(0xf, false);
  data(0xf, false);
  EXPECT_THAT(broken, ElementsAre("WLAST wlast", "WLAST wlast"));
  broken.clear();
  write_address({{"awaddr", 2}, {"awlen", 1}, {"awsize", 1}});
  data(0xc, false);  // lanes 2 and 3
  data(0x4, true);   // of the next beat, which is in 0 and 1
  EXPECT_THAT(broken, ElementsAre("WSTRB_LANES wstrb"));
}

TEST_F(AxiCheckerTest, Answers) {
  axi(InterfaceRole::kTarget);
  answer(0, 0);
  write_address({{"awlen", 1}, {"awid", 4}});
  data(0xf, false);
  answer(4, 0);  // before the last beat
  data(0xf, true);
  answer(5, 0);  // of another ID
  answer(4, 1);  // EXOKAY
  EXPECT_THAT(broken, ElementsAre("RESPONSE_UNASKED bvalid", "RESPONSE_UNASKED bvalid", "RESPONSE_UNASKED bvalid",
                                  "RESPONSE_CODE bresp"));
}

TEST_F(AxiCheckerTest, AnswerInTheCycleOfItsDataIsTooEarly) {
  axi(InterfaceRole::kTarget);
  write_address({{"awlen", 0}});
  cycle({{"wvalid", 1}, {"wready", 1}, {"wlast", 1}, {"bvalid", 1}, {"bready", 1}});
  EXPECT_THAT(broken, ElementsAre("RESPONSE_SAME_CYCLE bvalid"));
  broken.clear();
  cycle({{"wvalid", 0}}, {{"bvalid", 0}});
  cycle({{"arvalid", 1}, {"arready", 1}, {"arsize", 2}, {"arburst", 1}, {"rvalid", 1}, {"rlast", 1}});
  EXPECT_THAT(broken, ElementsAre("RESPONSE_SAME_CYCLE rvalid"));
}

TEST_F(AxiCheckerTest, ReadData) {
  axi(InterfaceRole::kTarget);
  beat(0, true);
  read_address({{"arlen", 1}, {"arid", 1}});
  beat(2, false);
  beat(1, true);
  beat(1, false, 1);
  EXPECT_THAT(broken, ElementsAre("RESPONSE_UNASKED rvalid", "RESPONSE_UNASKED rvalid", "RLAST rlast",
                                  "RESPONSE_CODE rresp", "RLAST rlast"));
}

TEST_F(AxiCheckerTest, Bursts) {
  axi(InterfaceRole::kMaster);
  read_address({{"araddr", 0xffc}, {"arlen", 1}});
  read_address({{"arburst", 3}});
  write_address({{"awsize", 3}});
  write_address({{"awburst", 2}, {"awlen", 2}});
  write_address({{"awburst", 2}, {"awlen", 3}, {"awaddr", 1}});
  write_address({{"awburst", 0}, {"awlen", 16}});
  EXPECT_THAT(broken, ElementsAre("BURST_4K araddr", "BURST_TYPE arburst", "BURST_SIZE awsize", "WRAP_LENGTH awlen",
                                  "WRAP_ADDRESS awaddr", "FIXED_LENGTH awlen"));
}

TEST_F(AxiCheckerTest, MessageNamesRuleSignalAndTimeAndDoesNotFloodTheLog) {
  axi(InterfaceRole::kMaster);
  sc_core::sc_start(ns(70));
  for (int i = 0; i < 100; ++i) read_address({{"arburst", 3}});
  EXPECT_EQ(checker->violations(), 100u);
  ASSERT_EQ(log.size(), Checker::kMaxLogged);
  EXPECT_THAT(log[0], testing::AllOf(testing::HasSubstr("interface=wires"), testing::HasSubstr("rule=BURST_TYPE"),
                                     testing::HasSubstr("signal=arburst"), testing::HasSubstr("70 ns")));
}

TEST_F(BridgeTest, WhatNoResetSetsIsFound) {
  make(CARDVP_BRIDGE_PORTS);
  EXPECT_THAT(undefined_after_reset(block->plugin()), UnorderedElementsAre("loose_irq", "loose_axis_tvalid"));
  check();
  EXPECT_EQ(broken("X_AFTER_RESET loose_irq"), 1u);
  EXPECT_TRUE(logged("rule=X_AFTER_RESET signal=loose_irq"));
  EXPECT_EQ(checkers->violations(), 2u);
}

TEST_F(BridgeTest, BlockWithoutSuchOutputsHasNone) {
  make(CARDVP_BRIDGE_MEMORY);
  EXPECT_THAT(undefined_after_reset(block->plugin()), IsEmpty());
}

}  // namespace
}  // namespace cardvp::rtl::test
