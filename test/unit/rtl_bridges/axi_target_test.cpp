// The bridge to an AXI4 target, against a RAM in Verilog.
#include "rtl/bridges/axi_target.h"

#include <gmock/gmock.h>

#include <numeric>

#include "test/unit/rtl_bridges/bridge_test.h"

namespace cardvp::rtl::test {
namespace {

using testing::Each;

class AxiTargetTest : public BridgeTest {
 protected:
  void SetUp() override {
    BlockConfig config;
    config.time_out_cycles = 2000;
    make(CARDVP_BRIDGE_MEMORY, config);
  }
  AxiTarget& bridge(const AxiTargetConfig& config = {}) {
    check();
    axi = std::make_unique<AxiTarget>(sim, *block, interface("s_axi"), config);
    return *axi;
  }
  // Reads so many bytes at 0 in one transaction while the memory breaks a rule.
  Response read_with_fault(unsigned fault, std::size_t bytes) {
    set("fault", fault);
    AxiTargetConfig config;
    config.stalls = {50, 3};
    std::vector<std::uint8_t> data(bytes);
    return run(bridge(config), false, 0, data);
  }

  std::unique_ptr<AxiTarget> axi;
};

struct Mood {
  std::size_t outstanding;
  unsigned stalls;  // percent
  bool pauses;
};
void PrintTo(const Mood& mood, std::ostream* out) {
  *out << fmt::format("{} outstanding, {} % stalls, pauses {}", mood.outstanding, mood.stalls, mood.pauses);
}
class AxiTargetTraffic : public AxiTargetTest, public testing::WithParamInterface<Mood> {};

TEST_P(AxiTargetTraffic, EveryByteIsWhereItBelongs) {
  AxiTargetConfig config;
  config.outstanding = GetParam().outstanding;
  config.stalls = {GetParam().stalls, 7};
  set("pauses", GetParam().pauses);
  AxiTarget& target = bridge(config);
  Tally tally;
  for (unsigned i = 0; i < 4; ++i) {
    Traffic traffic;
    traffic.base = i * 8192;
    traffic.size = 8192;  // two pages: bursts are cut between them
    traffic.max_size = i == 0 ? 5000 : 300;
    traffic.shapes = traffic.types = true;
    traffic.id = i;
    tasks.spawn(exercise(target, traffic, 100 + i, 300, tally));
  }
  sc_core::sc_start(sc_core::sc_time(100, sc_core::SC_MS));
  EXPECT_EQ(tally.ended, 4u);
  EXPECT_GT(tally.reads, 400u);
  EXPECT_EQ(tally.reads + tally.writes, 1200u);
  EXPECT_EQ(tally.errors, 0u);
  EXPECT_EQ(tally.mismatches, 0u);
  EXPECT_THAT(violations, Each(""));
  EXPECT_EQ(counted("s_axi.unexpected"), 0u);
  EXPECT_FALSE(target.working());
}
INSTANTIATE_TEST_SUITE_P(All, AxiTargetTraffic,
                         testing::Values(Mood{1, 0, false}, Mood{4, 0, false}, Mood{8, 30, true}));

TEST_F(AxiTargetTest, SeveralBurstsAreOutstanding) {
  AxiTargetConfig config;
  config.outstanding = 6;
  AxiTarget& target = bridge(config);
  std::vector<std::uint8_t> data(8 * 1024);
  EXPECT_EQ(run(target, false, 0, data, {.max_beats = 16}), Response::kOkay);
  EXPECT_GE(get("most_outstanding"), 4u);
}

TEST_F(AxiTargetTest, LongBurstsKeepTheBusBusy) {
  std::vector<std::uint8_t> data(4096);
  std::iota(data.begin(), data.end(), std::uint8_t{0});
  AxiTarget& target = bridge();
  Transaction write(target, true, 0, data);
  EXPECT_EQ(target.access_now(write), Response::kOkay);
  const std::uint64_t begin = block->domain()->cycles();
  std::vector<std::uint8_t> back(4096);
  Transaction read(target, false, 0, back);
  EXPECT_EQ(target.access_now(read), Response::kOkay);
  EXPECT_LE(block->domain()->cycles() - begin, 512u + 8);  // 512 beats
  EXPECT_EQ(back, data);
}

TEST_F(AxiTargetTest, SmallAlignedAccessesAreNarrowBeats) {
  AxiTarget& target = bridge();
  std::vector<std::uint8_t> data = {1, 2};
  Transaction read(target, false, 0x16, data);
  target.access_now(read);
  EXPECT_EQ(get("s_axi_araddr"), 0x16u);
  EXPECT_EQ(get("s_axi_arsize"), 1u);
  EXPECT_EQ(get("s_axi_arlen"), 0u);
}

TEST_F(AxiTargetTest, ErrorsOfTheBlockAreTheTransactions) {
  AxiTarget& target = bridge();
  std::vector<std::uint8_t> data(64);
  EXPECT_EQ(run(target, true, 0x10000, data), Response::kSlvErr);
  EXPECT_EQ(run(target, false, 0x20000, data), Response::kSlvErr);
  EXPECT_EQ(run(target, false, 0xffc0, data), Response::kOkay);
  EXPECT_EQ(run(target, false, 0xffe0, data), Response::kSlvErr);  // its second burst
  EXPECT_EQ(counted("s_axi.errors"), 3u);
  EXPECT_THAT(violations, Each(""));
}

TEST_F(AxiTargetTest, WrapsThatAxiForbidsAreRefused) {
  AxiTarget& target = bridge();
  std::vector<std::uint8_t> data(24);
  EXPECT_EQ(run(target, false, 0, data, {.type = BurstType::kWrap, .bytes_per_beat = 8}), Response::kRefused);
  EXPECT_EQ(run(target, false, 4, std::span(data).first(16), {.type = BurstType::kWrap, .bytes_per_beat = 8}),
            Response::kRefused);
  EXPECT_EQ(run(target, false, 0, data, {.bytes_per_beat = 16}), Response::kRefused);
  EXPECT_EQ(run(target, false, 0, data, {.bytes_per_beat = 3}), Response::kRefused);
}

TEST_F(AxiTargetTest, TimeOutNamesTheTransactionAndALateAnswerDoesNoHarm) {
  AxiTarget& target = bridge();
  std::vector<std::uint8_t> data = {0x11, 0x22, 0x33, 0x44};
  EXPECT_EQ(run(target, true, 0x100, data), Response::kOkay);
  set("stuck", 1);
  std::vector<std::uint8_t> lost = {9, 9, 9, 9};
  EXPECT_EQ(run(target, false, 0x200, lost), Response::kTimeOut);
  EXPECT_TRUE(logged(R"(bridge=s_axi transaction="read 0x200, 4 bytes" cycles=2000)"));
  EXPECT_EQ(block->time_outs(), 1u);
  set("stuck", 0);
  // The answer to the first comes ahead of the second's, and is not taken for it.
  std::vector<std::uint8_t> back(4);
  EXPECT_EQ(run(target, false, 0x100, back), Response::kOkay);
  EXPECT_EQ(back, data);
  EXPECT_EQ(lost, std::vector<std::uint8_t>(4, 9));
  EXPECT_THAT(violations, Each(""));
}

TEST_F(AxiTargetTest, BlockThatTakesNoRequestTimesOutToo) {
  AxiTarget& target = bridge();
  set("deaf", 1);
  std::vector<std::uint8_t> data = {1};
  EXPECT_EQ(run(target, true, 0x30, data), Response::kTimeOut);
  EXPECT_TRUE(logged(R"(transaction="write 0x30 <- 0x1")"));
  EXPECT_EQ(get("s_axi_awvalid"), 1u);  // which may not be taken back
  EXPECT_EQ(run(target, true, 0x31, data), Response::kTimeOut);
  EXPECT_TRUE(logged(R"(transaction="write 0x31 <- 0x1, behind one that was given up")"));
  block->reset();
  EXPECT_EQ(get("s_axi_awvalid"), 0u);
  set("deaf", 0);
  EXPECT_EQ(run(target, true, 0x31, data), Response::kOkay);
  EXPECT_EQ(run(target, false, 0x30, data), Response::kOkay);
  EXPECT_EQ(data[0], 0);
  EXPECT_THAT(violations, Each(""));
}

TEST_F(AxiTargetTest, ResetEndsWhatIsInFlight) {
  AxiTarget& target = bridge();
  set("stuck", 1);
  std::vector<std::uint8_t> data(4);
  Response response = Response::kBusy;
  tasks.spawn(access(target, false, 0, data, response));
  sc_core::sc_start(ns(500));
  block->reset();
  sc_core::sc_start(ns(500'000));
  EXPECT_EQ(response, Response::kReset);
  EXPECT_EQ(block->time_outs(), 0u);
}

TEST_F(AxiTargetTest, CancelledTaskLeavesTheBusInOrder) {
  AxiTarget& target = bridge();
  std::vector<std::uint8_t> data(4096, 0xa5);
  Response response = Response::kBusy;
  {
    TaskScope scope(sim.scheduler);
    std::vector<std::uint8_t> gone(4096, 0x5a);
    scope.spawn(access(target, true, 0, gone, response));
    set("pauses", 1);
    sc_core::sc_start(ns(200));
  }
  EXPECT_EQ(response, Response::kBusy);
  EXPECT_EQ(run(target, true, 8192, data), Response::kOkay);
  std::vector<std::uint8_t> back(4096);
  EXPECT_EQ(run(target, false, 8192, back), Response::kOkay);
  EXPECT_EQ(back, data);
  EXPECT_THAT(violations, Each(""));
  EXPECT_FALSE(target.working());
}

// What a block does against the protocol is seen, counted, and harms nobody else.
struct Fault {
  unsigned number;
  bool write;
  const char* rule;
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.number << ' ' << fault.rule; }
class AxiTargetFaults : public AxiTargetTest, public testing::WithParamInterface<Fault> {};

TEST_P(AxiTargetFaults, AreSeen) {
  set("fault", GetParam().number);
  set("pauses", GetParam().number == 9);
  AxiTargetConfig config;
  config.stalls = {50, 3};
  AxiTarget& target = bridge(config);
  std::vector<std::uint8_t> data(64);
  run(target, GetParam().write, 0, data);
  EXPECT_GE(broken(GetParam().rule), 1u) << testing::PrintToString(violations);
  EXPECT_TRUE(
      logged(fmt::format("rule={}", std::string(GetParam().rule).substr(0, std::string(GetParam().rule).find(' ')))));
  EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::sc_time(10, sc_core::SC_MS));
  set("fault", 0);
  block->reset();
  EXPECT_EQ(run(target, true, 0, data), Response::kOkay);
}
INSTANTIATE_TEST_SUITE_P(
    All, AxiTargetFaults,
    testing::Values(Fault{1, true, "RESPONSE_UNASKED s_axi_bvalid"}, Fault{2, true, "RESPONSE_UNASKED s_axi_bvalid"},
                    Fault{3, false, "RLAST s_axi_rlast"}, Fault{4, false, "RLAST s_axi_rlast"},
                    Fault{5, false, "RESPONSE_UNASKED s_axi_rvalid"}, Fault{6, true, "RESPONSE_CODE s_axi_bresp"},
                    Fault{6, false, "RESPONSE_CODE s_axi_rresp"}, Fault{7, false, "VALID_STABLE s_axi_rvalid"},
                    Fault{8, false, "PAYLOAD_STABLE s_axi_rdata"}, Fault{9, true, "RESPONSE_UNASKED s_axi_bvalid"},
                    Fault{10, false, "VALID_COMBINATIONAL s_axi_rvalid"}));

TEST_F(AxiTargetTest, AnswersOfAnotherFormAreErrors) {
  EXPECT_EQ(read_with_fault(3, 64), Response::kSlvErr);  // RLAST in every beat
  EXPECT_EQ(counted("s_axi.unexpected"), 7u);            // of 8, the last of which is right
}

TEST_F(AxiTargetTest, AnswersOfAnotherIdAreNobodys) {
  set("fault", 2);
  std::vector<std::uint8_t> data(8);
  EXPECT_EQ(run(bridge(), true, 0, data), Response::kTimeOut);
  EXPECT_EQ(counted("s_axi.unexpected"), 1u);
}

TEST_F(AxiTargetTest, AccessWithinACycleIsRefusedNotWaitedFor) {
  AxiTarget& target = bridge();
  struct Nested : BridgePins {
    explicit Nested(AxiTarget& other) : bridge(other) {}
    void drive() override {}
    void sample() override {
      if (asked) return;
      asked = true;
      Transaction inner(bridge, false, 0, data);
      response = bridge.access_now(inner);
    }
    void reset() override {}
    void time_out() override {}
    std::string pending() const override { return ""; }
    std::string name() const override { return "nested"; }
    AxiTarget& bridge;
    bool asked = false;
    std::array<std::uint8_t, 4> data{};
    Response response = Response::kOkay;
  } nested(target);
  block->domain()->add(nested);
  std::vector<std::uint8_t> data(8);
  EXPECT_EQ(run(target, false, 0, data), Response::kOkay);
  EXPECT_EQ(nested.response, Response::kBusy);
}

}  // namespace
}  // namespace cardvp::rtl::test
