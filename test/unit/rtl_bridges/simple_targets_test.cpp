// The bridges to AXI4-Lite, APB and register ports, against small memories in Verilog.
#include <gmock/gmock.h>

#include <functional>

#include "rtl/bridges/apb_target.h"
#include "rtl/bridges/axi_target.h"
#include "rtl/bridges/bus_block.h"
#include "rtl/bridges/register_target.h"
#include "test/unit/rtl_bridges/bridge_test.h"

namespace cardvp::rtl::test {
namespace {

using testing::Each;

struct Kind {
  const char* interface;
  bool strobes;       // bytes of a word can be written
  std::uint64_t bad;  // an address that is answered with an error; 0: there is none
  unsigned read_latency = 0;
  bool stalls = true;  // `stuck` holds it up
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.interface; }

class SimpleTarget : public BridgeTest, public testing::WithParamInterface<Kind> {
 protected:
  void SetUp() override {
    BlockConfig config;
    config.time_out_cycles = 2000;
    make(CARDVP_BRIDGE_PORTS, config);
    check();
    const InterfaceDescription& description = interface(GetParam().interface);
    if (GetParam().read_latency == 0)
      bridge = make_target_bridge(sim, *block, description);
    else
      bridge =
          std::make_unique<RegisterTarget>(sim, *block, description, RegisterTargetConfig{GetParam().read_latency});
  }
  // Beside what the loose outputs of the block do.
  std::size_t violations_of_interest() const {
    std::size_t count = 0;
    for (const std::string& violation : violations) count += violation.find("loose") == std::string::npos;
    return count;
  }
  void exercise_it(bool pauses) {
    set("pauses", pauses);
    Traffic traffic;
    traffic.size = GetParam().bad == 0 ? 1024 : 1020;
    traffic.granule = GetParam().strobes ? 1 : 4;
    Tally tally;
    tasks.spawn(exercise(*bridge, traffic, 5, 500, tally));
    sc_core::sc_start(sc_core::sc_time(10, sc_core::SC_MS));
    EXPECT_EQ(tally.ended, 1u);
    EXPECT_GT(tally.reads, 200u);
    EXPECT_GT(tally.writes, 200u);
    EXPECT_EQ(tally.errors, 0u);
    EXPECT_EQ(tally.mismatches, 0u);
    EXPECT_EQ(violations_of_interest(), 0u) << testing::PrintToString(violations);
    EXPECT_FALSE(bridge->working());
  }

  std::unique_ptr<TargetBridge> bridge;
};

TEST_P(SimpleTarget, EveryByteIsWhereItBelongs) { exercise_it(false); }
TEST_P(SimpleTarget, EveryByteIsWhereItBelongsThroughPauses) { exercise_it(true); }

TEST_P(SimpleTarget, PartsOfWordsAreReadOfAllAndWrittenWhereThereAreStrobes) {
  std::vector<std::uint8_t> word = {1, 2, 3, 4}, part = {9};
  EXPECT_EQ(run(*bridge, true, 0x20, word), Response::kOkay);
  EXPECT_EQ(run(*bridge, true, 0x22, part), GetParam().strobes ? Response::kOkay : Response::kRefused);
  std::vector<std::uint8_t> back(2);
  EXPECT_EQ(run(*bridge, false, 0x22, back), Response::kOkay);
  EXPECT_EQ(back, (std::vector<std::uint8_t>{GetParam().strobes ? std::uint8_t{9} : std::uint8_t{3}, 4}));
}

class SimpleTargetWithErrors : public SimpleTarget {};

TEST_P(SimpleTargetWithErrors, ErrorsOfTheBlockAreTheTransactions) {
  std::vector<std::uint8_t> data(4);
  EXPECT_EQ(run(*bridge, false, GetParam().bad, data), Response::kSlvErr);
  EXPECT_EQ(run(*bridge, true, GetParam().bad, data), Response::kSlvErr);
  EXPECT_EQ(run(*bridge, true, GetParam().bad - 4, data), Response::kOkay);
}

TEST_P(SimpleTarget, TimeOutNamesTheTransactionAndTheNextWaitsForItsEnd) {
  std::vector<std::uint8_t> data = {4, 3, 2, 1}, other = {5, 6, 7, 8}, back(4);
  EXPECT_EQ(run(*bridge, true, 0x40, data), Response::kOkay);
  set("stuck", 1);
  const Response stuck = run(*bridge, true, 0x44, other);
  EXPECT_EQ(stuck, GetParam().stalls ? Response::kTimeOut : Response::kOkay);
  EXPECT_EQ(logged(fmt::format(R"(bridge={} transaction="write 0x44 <- 0x8070605" cycles=2000)", GetParam().interface)),
            GetParam().stalls);
  set("stuck", 0);
  EXPECT_EQ(run(*bridge, false, 0x40, back), Response::kOkay);
  EXPECT_EQ(back, data);
  EXPECT_EQ(violations_of_interest(), 0u) << testing::PrintToString(violations);
}

TEST_P(SimpleTarget, TransactionsStandBesideThePins) {
  const std::string file = fmt::format("{}/bridge-{}-{}.vcd", testing::TempDir(), ::getpid(), GetParam().interface);
  ASSERT_TRUE(block->start_waves(file));
  std::vector<std::uint8_t> data = {0x78, 0x56, 0x34, 0x12};
  EXPECT_EQ(run(*bridge, true, 0x10, data), Response::kOkay);
  block->stop_waves();
  std::string vcd(1 << 20, '\0');
  std::FILE* const in = std::fopen(file.c_str(), "r");
  ASSERT_TRUE(in);
  vcd.resize(std::fread(vcd.data(), 1, vcd.size(), in));
  std::fclose(in);
  std::remove(file.c_str());
  std::string bits;
  for (const char c : std::string("write 0x10 <- 0x12345678"))
    for (int bit = 7; bit >= 0; --bit) bits += (c >> bit & 1) ? '1' : '0';
  EXPECT_NE(vcd.find(bits), std::string::npos);
}

constexpr Kind kAxiLite{"s_axil", true, 0x400}, kApb{"apb", true, 0x400}, kWaiting{"waiting", false, 0x3fc};
constexpr Kind kPlain{"plain", false, 0, 0, false}, kLate{"late", false, 0, 2, false};
std::string name_of(const testing::TestParamInfo<Kind>& info) { return info.param.interface; }
INSTANTIATE_TEST_SUITE_P(All, SimpleTarget, testing::Values(kAxiLite, kApb, kWaiting, kPlain, kLate), name_of);
INSTANTIATE_TEST_SUITE_P(All, SimpleTargetWithErrors, testing::Values(kAxiLite, kApb, kWaiting), name_of);

// Protocol, cycle by cycle, from IHI 0024, figures 3-1 and 3-4.
TEST_F(BridgeTest, ApbAccessIsASetupCycleAndAccessCycles) {
  make(CARDVP_BRIDGE_PORTS);
  ApbTarget bridge(sim, *block, interface("apb"));
  struct Watcher : BridgePins {
    explicit Watcher(Block& watched) : block(watched) { watched.domain()->add(*this); }
    void drive() override {}
    void sample() override {
      seen += fmt::format("{}{} ", block.pin("apb_psel").get(), block.pin("apb_penable").get());
    }
    void reset() override {}
    void time_out() override {}
    std::string pending() const override { return ""; }
    std::string name() const override { return "watcher"; }
    Block& block;
    std::string seen;
  } watcher(*block);
  std::vector<std::uint8_t> data(8);
  EXPECT_EQ(run(bridge, true, 0, data), Response::kOkay);
  EXPECT_EQ(watcher.seen, "10 11 10 11 ");
}

TEST_F(BridgeTest, InterfacesWithoutABridgeAreRefused) {
  make(CARDVP_BRIDGE_PORTS);
  EXPECT_THROW(make_target_bridge(sim, *block, interface("s_axis")), std::invalid_argument);
  InterfaceDescription odd = interface("apb");
  odd.signals["pwdata"] = "apb_paddr";  // 12 bits
  EXPECT_THROW(make_target_bridge(sim, *block, odd), std::invalid_argument);
}

}  // namespace
}  // namespace cardvp::rtl::test
