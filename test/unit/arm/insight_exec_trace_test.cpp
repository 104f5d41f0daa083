// The execution trace, line by line.
#include "models/arm/insight/exec_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "models/arm/insight/syndrome.h"
#include "test/unit/arm/fake_core.h"
#include "test/unit/arm/machine.h"

namespace cardvp::arm {
namespace {

using sc_core::sc_time;
using testing::ElementsAre;
using testing::HasSubstr;

// Runs of blanks as one, since columns are for eyes.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string joined, word;
    while (words >> word) joined += (joined.empty() ? "" : " ") + word;
    lines.push_back(joined);
  }
  return lines;
}

struct CallsTrace : testing::Test {
  CallsTrace() { symbols.add(CARDVP_PROGRAMS "/calls.elf"); }

  std::vector<std::string> run(const ExecTraceConfig& config = {}) {
    std::ostringstream out;
    TestMachine machine;
    EXPECT_TRUE(machine.load_program("calls"));
    ExecTrace trace(out, symbols, config);
    machine.core.attach(&trace);
    machine.run();
    trace.finish();
    executed = machine.core.instructions();
    return lines_of(out.str());
  }
  static std::size_t instructions(const std::vector<std::string>& lines) {
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
      return line[0] != '#' && line.find("exception") == line.npos && line.find("return") == line.npos;
    }));
  }

  Symbols symbols;
  std::uint64_t executed = 0;
};

TEST_F(CallsTrace, ShowsInstructionsAndWhatTheyChange) {
  const std::vector<std::string> lines = run();
  ASSERT_GT(lines.size(), 14u);
  EXPECT_THAT(
      std::vector(lines.begin(), lines.begin() + 14),
      ElementsAre(
          "# core 0: _start (calls)",  //
          "0.000 0 EL3 0000000040000000 10004000 adr x0, #0x40000800 x0=0x40000800",
          "0.001 0 EL3 0000000040000004 d51ec000 msr vbar_el3, x0",
          "0.002 0 EL3 0000000040000008 d2a80100 movz x0, #0x4008, lsl #16 x0=0x40080000",
          "0.003 0 EL3 000000004000000c 9100001f mov sp, x0 sp=0x40080000",
          "0.004 0 EL3 0000000040000010 d280001d movz x29, #0", "0.005 0 EL3 0000000040000014 d280001e movz x30, #0",
          "0.006 0 EL3 0000000040000018 94000004 bl #0x40000028 <outer> x30=0x4000001c", "# core 0: outer (calls)",
          "0.007 0 EL3 0000000040000028 a9bf7bfd stp x29, x30, [sp, #-0x10]! sp=0x4007fff0",
          "0.008 0 EL3 000000004000002c 910003fd mov x29, sp x29=0x4007fff0",
          "0.009 0 EL3 0000000040000030 d2800073 movz x19, #0x3 x19=0x3",
          "0.010 0 EL3 0000000040000034 94000006 bl #0x4000004c <middle> x30=0x40000038", "# core 0: middle (calls)"));
  EXPECT_EQ(instructions(lines), executed);
  EXPECT_THAT(lines, testing::Contains(HasSubstr("subs x19, x19, #1 x19=0x2 nzcv=0010")));
}

TEST_F(CallsTrace, ShowsExceptionsAndReturns) {
  const std::vector<std::string> lines = run();
  const auto svc =
      std::find_if(lines.begin(), lines.end(), [](const auto& line) { return line.ends_with("svc #0x7"); });
  ASSERT_GT(lines.end() - svc, 6);
  EXPECT_THAT(svc[1], HasSubstr("EL3 exception: SVC #0x7, EL3 to EL3, ESR 0x56000007, ELR 0x40000044 <outer+0x1c>, at "
                                "0x40000a00 <vectors+0x200>"));
  EXPECT_EQ(svc[2], "# core 0: vectors+0x200 (calls)");
  EXPECT_THAT(svc[3], HasSubstr("d69f03e0 eret"));
  EXPECT_THAT(svc[4], HasSubstr("EL3 return from EL3, at 0x40000044 <outer+0x1c>"));
  EXPECT_EQ(svc[5], "# core 0: outer+0x1c (calls)");
}

TEST_F(CallsTrace, OfOneFunctionHasItsCallees) {
  const std::vector<std::string> lines = run({.functions = {"middle"}});
  EXPECT_EQ(instructions(lines), 3 * (2005u + 1002 + 6));
  EXPECT_EQ(lines[0], "# core 0: middle (calls)");
  EXPECT_THAT(lines, testing::Not(testing::Contains(HasSubstr("outer (calls)"))));
}

TEST_F(CallsTrace, OfSeveralFunctions) {
  EXPECT_EQ(instructions(run({.functions = {"plain", "leaf"}})), 3 * (2005u + 1002));
}

TEST_F(CallsTrace, OfAFunctionThatThereIsNot) {
  std::ostringstream out;
  EXPECT_THROW(ExecTrace(out, symbols, {.functions = {"nobody"}}), std::runtime_error);
}

TEST_F(CallsTrace, OfATimeHasNothingElse) {
  const auto ns = [](double value) { return sc_time(value, sc_core::SC_NS); };
  const std::vector<std::string> lines = run({.from = ns(6), .to = ns(9)});
  EXPECT_EQ(instructions(lines), 3u);
  EXPECT_THAT(lines[1], HasSubstr("0.006 0 EL3 0000000040000018"));
}

struct FakeTrace : testing::Test {
  std::vector<std::string> lines() {
    trace.finish();
    return lines_of(out.str());
  }
  std::ostringstream out;
  Symbols symbols;
  ExecTrace trace{out, symbols};
  FakeCore core;
};

TEST_F(FakeTrace, ShowsVectorAndStatusRegisters) {
  core.words[0x1000] = 0x4e221c20;  // and v0.16b, v1.16b, v2.16b
  core.file.pc = 0x1000;
  trace.instruction(core, sc_time(1, sc_core::SC_MS));
  core.file.v[0] = {0x2, 0x1};
  core.file.fpsr = 0x10;
  core.state |= 0x3c0;
  EXPECT_THAT(lines(), ElementsAre("# core 0: 0x1000",
                                   "1000.000 0 EL1 0000000000001000 4e221c20 and v0.16b, v1.16b, v2.16b daif=1111 "
                                   "v0=0x00000000000000010000000000000002 fpsr=0x10"));
}

TEST_F(FakeTrace, ShowsWhatCannotBeReadOrDisassembled) {
  core.words[0x1004] = 0x00000000;
  for (const std::uint64_t pc : {0x1000, 0x1004}) {
    core.file.pc = pc;
    trace.instruction(core, sc_core::SC_ZERO_TIME);
  }
  EXPECT_THAT(lines(), ElementsAre("# core 0: 0x1000", "0.000 0 EL1 0000000000001000 -------- not readable",
                                   "0.000 0 EL1 0000000000001004 00000000 .inst 0x00000000"));
}

// An interrupt switches to the handler's stack and masks; the instruction before it did neither.
TEST_F(FakeTrace, TakesAnInstructionsChangesApartFromTheExceptions) {
  core.words[0x1000] = 0xf1000400;  // subs x0, x0, #1
  core.file.pc = 0x1000;
  core.file.x[RegisterFile::kSp] = 0x8000;
  core.file.banked_sp[2] = 0x9000;
  trace.instruction(core, sc_core::SC_ZERO_TIME);
  core.file.x[0] = 0x1;
  core.file.banked_sp[1] = 0x8000;
  core.file.x[RegisterFile::kSp] = 0x9000;
  core.system[Sys::SPSR_EL2] = core.state | 0x2000'0000;
  core.state = 0x3c9;
  core.file.pc = 0x480;
  trace.exception(core, sc_time(1, sc_core::SC_NS), {"IRQ", 1, 2, 0, 0, 0x1004, 0x480});
  EXPECT_THAT(lines(), ElementsAre("# core 0: 0x1000",  //
                                   "0.000 0 EL1 0000000000001000 f1000400 subs x0, x0, #1 x0=0x1 nzcv=0010",
                                   "0.001 0 EL2 exception: IRQ, EL1 to EL2, ELR 0x1004, at 0x480"));
}

TEST_F(FakeTrace, TellsCoresApart) {
  FakeCore other;
  other.core_number = 1;
  core.words[0x1000] = other.words[0x1000] = 0xd2800020;  // mov x0, #1
  core.file.pc = other.file.pc = 0x1000;
  trace.instruction(core, sc_core::SC_ZERO_TIME);
  core.file.x[0] = 1;
  trace.instruction(other, sc_core::SC_ZERO_TIME);
  EXPECT_THAT(lines(), ElementsAre("# core 0: 0x1000", "0.000 0 EL1 0000000000001000 d2800020 movz x0, #0x1 x0=0x1",
                                   "# core 1: 0x1000", "0.000 1 EL1 0000000000001000 d2800020 movz x0, #0x1"));
}

// Arm ARM, D13.2.37.
TEST(Syndrome, InWords) {
  EXPECT_EQ(syndrome_text(0x96000047), "data abort (write), translation fault, level 3");
  EXPECT_EQ(syndrome_text(0x92000021), "data abort (read), alignment fault");
  EXPECT_EQ(syndrome_text(0x86000004), "instruction abort, translation fault, level 0");
  EXPECT_EQ(syndrome_text(0x96000010), "data abort (read), external abort");
  EXPECT_EQ(syndrome_text(0x02000000), "undefined or of unknown reason");
  EXPECT_EQ(syndrome_text(0xf2000012), "BRK #0x12");
  EXPECT_EQ(syndrome_text(0xfe000000), "exception class 0x3f");
  EXPECT_TRUE(has_fault_address(0x96000047));
  EXPECT_TRUE(has_fault_address(0x8a000000));
  EXPECT_FALSE(has_fault_address(0x56000007));
}

}  // namespace
}  // namespace cardvp::arm
