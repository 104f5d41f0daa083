// Backtraces: chains of frame records, right and wrong ones.
#include "models/arm/insight/backtrace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/arm/fake_core.h"
#include "test/unit/arm/machine.h"

namespace cardvp::arm {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

struct Chain : testing::Test {
  Chain() {
    core.file.pc = 0x1000;
    core.file.x[29] = 0x8000;
    core.put_frame(0x8000, 0x8020, 0x2008);
    core.put_frame(0x8020, 0, 0x3008);
  }
  std::vector<std::uint64_t> unwind() { return Unwinder(symbols).unwind(core); }

  FakeCore core;
  Symbols symbols;
};

TEST_F(Chain, GivesTheCallInstructions) { EXPECT_THAT(unwind(), ElementsAre(0x1000, 0x2004, 0x3004)); }

TEST_F(Chain, EndsWithoutAReturnAddress) {
  core.put_frame(0x8000, 0x8020, 0);
  EXPECT_THAT(unwind(), ElementsAre(0x1000));
}

TEST_F(Chain, EndsAtAddressesThatNobodyReturnsTo) {
  core.put_frame(0x8020, 0, 0x3009);
  EXPECT_THAT(unwind(), ElementsAre(0x1000, 0x2004));
}

TEST_F(Chain, EndsAtUnalignedAndUnmappedFrames) {
  for (const std::uint64_t frame : {0x8001ull, 0x8004ull, 0x9000ull, ~0ull, ~0ull & ~7, 0x8000'0000'0000'0000ull}) {
    core.file.x[29] = frame;
    EXPECT_THAT(unwind(), ElementsAre(0x1000)) << std::hex << frame;
  }
}

TEST_F(Chain, EndsWhereItTurnsBackASecondTime) {
  core.put_frame(0x8020, 0x7000, 0x3008);  // an exception handler's stack may be above the interrupted one
  core.put_frame(0x7000, 0x8000, 0x4008);
  EXPECT_THAT(unwind(), ElementsAre(0x1000, 0x2004, 0x3004, 0x4004, 0x2004, 0x3004));
  core.put_frame(0x8000, 0x8000, 0x2008);
  EXPECT_THAT(unwind(), ElementsAre(0x1000, 0x2004, 0x2004));
}

TEST_F(Chain, IsNotFollowedForEver) {
  for (std::uint64_t frame = 0x8000; frame < 0x10000; frame += 16) core.put_frame(frame, frame + 16, 0x2008);
  EXPECT_THAT(unwind(), SizeIs(Unwinder::kDeepest));
}

// programs/calls.S on a core, seen at chosen instructions.
class Stop final : public Tracer {
 public:
  explicit Stop(const Symbols& symbols) : symbols_(symbols) {}
  void instruction(DebugPort& core, sc_core::sc_time) override {
    if (!seen_.contains(core.registers().pc)) seen_[core.registers().pc] = backtrace(core, symbols_);
  }
  void exception(DebugPort&, sc_core::sc_time, const ExceptionRecord&) override {}
  const std::vector<std::string>& at(std::uint64_t pc) { return seen_[pc]; }

 private:
  const Symbols& symbols_;
  std::map<std::uint64_t, std::vector<std::string>> seen_;
};

TEST(Backtrace, IsWholeAtEveryInstruction) {
  Symbols symbols;
  symbols.add(CARDVP_PROGRAMS "/calls.elf");
  TestMachine machine;
  ASSERT_TRUE(machine.load_program("calls"));
  Stop stop(symbols);
  machine.core.attach(&stop);
  machine.run();
  const std::string outer = "#2  0x0000000040000034 outer+0xc (calls)",
                    start = "#3  0x0000000040000018 _start+0x18 (calls)";
  const std::string middle = "#1  0x0000000040000054 middle+0x8 (calls)";
  // Ahead of the frame record, when it is there, and when it has gone again.
  EXPECT_THAT(stop.at(0x40000064), ElementsAre("#0  0x0000000040000064 leaf (calls)", middle, outer, start));
  EXPECT_THAT(stop.at(0x40000068), ElementsAre("#0  0x0000000040000068 leaf+0x4 (calls)", middle, outer, start));
  EXPECT_THAT(stop.at(0x40000070), ElementsAre("#0  0x0000000040000070 leaf+0xc (calls)", middle, outer, start));
  EXPECT_THAT(stop.at(0x4000007c), ElementsAre("#0  0x000000004000007c leaf+0x18 (calls)", middle, outer, start));
  // A function that has none.
  EXPECT_THAT(stop.at(0x40000084), ElementsAre("#0  0x0000000040000084 plain+0x4 (calls)",
                                               "#1  0x0000000040000058 middle+0xc (calls)", outer, start));
  // x30 is left from a call that has returned.
  EXPECT_THAT(stop.at(0x40000020), ElementsAre("#0  0x0000000040000020 _start+0x20 (calls)"));
}

}  // namespace
}  // namespace cardvp::arm
