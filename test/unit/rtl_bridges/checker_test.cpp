// Every rule of the protocol checkers, broken on pins that the test moves itself, cycle by cycle.
#include <gmock/gmock.h>

#include <deque>

#include "rtl/bridges/check_apb.h"
#include "rtl/bridges/check_axi.h"
#include "rtl/bridges/check_register.h"
#include "rtl/bridges/check_stream.h"
#include "test/unit/rtl_bridges/bridge_test.h"

namespace cardvp::rtl::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Pins without a block.
class Wires {
 public:
  void add(const std::string& signal, unsigned width) {
    pins_.emplace(signal, Pin(storage_.emplace_back().data(), width));
    description_.signals[signal] = signal;
  }
  InterfacePins bind(InterfaceKind kind, InterfaceRole role) {
    description_.name = "wires";
    description_.kind = kind;
    description_.role = role;
    return {description_, pins_};
  }
  void set(const std::string& signal, std::uint64_t value) { pins_.at(signal).set(value); }

 private:
  std::deque<std::array<std::uint64_t, 2>> storage_;
  std::map<std::string, Pin> pins_;
  InterfaceDescription description_;
};

using Values = std::map<std::string, std::uint64_t>;

class CheckerTest : public testing::Test {
 protected:
  CheckerTest() {
    sim.log.set_sink([this](const LogRecord& record) { log.push_back(Log::format(record)); });
  }
  void watch(std::unique_ptr<Checker> made) {
    checker = std::move(made);
    checker->on_violation([this](const Violation& violation) {
      broken.push_back(fmt::format("{} {}", violation.rule, violation.signal));
    });
  }
  // A cycle with these pins changed; what they were at the clock's edge before is as `early` says.
  void cycle(const Values& values = {}, const Values& early = {}) {
    for (const auto& [signal, value] : early) wires.set(signal, value);
    checker->drive();
    for (const auto& [signal, value] : values) wires.set(signal, value);
    checker->sample();
  }

  Sim sim;
  std::vector<std::string> log, broken;
  Wires wires;
  std::unique_ptr<Checker> checker;
};

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
  EXPECT_THAT(broken, ElementsAre("RESPONSE_UNASKED bvalid"));
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
