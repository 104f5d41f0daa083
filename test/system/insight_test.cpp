// What a run shows of the firmware: exec.log, profile.folded, backtraces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>

#include "test/system/program.h"

namespace cardvp::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& file) {
  std::vector<std::string> lines;
  std::istringstream in(read_file(file));
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// "      1.234 0 EL1 000000000b100000 d5034fdf  msr ...": neither a place nor an exception.
bool is_instruction(const std::string& line) {
  constexpr std::size_t kLevel = 17, kPc = 21;
  return line.size() > kPc + 16 && line.compare(kLevel, 2, "EL") == 0 &&
         line.find_first_not_of("0123456789abcdef", kPc) == kPc + 16;
}

// Not Contains() of GoogleMock, which takes seconds for a trace.
bool has(const std::vector<std::string>& lines, const char* part) {
  return std::any_of(lines.begin(), lines.end(),
                     [part](const std::string& line) { return line.find(part) != line.npos; });
}

TEST(Insight, TraceAndProfileOfARun) {
  const Folder folder;
  const std::string file = folder.file("s.json", small_scenario().dump());
  ASSERT_EQ(cardvp({"run", file, "--out", folder / "plain"}).status, 0);
  for (const char* out : {"a", "b"}) {
    const Ended ended = cardvp({"run", file, "--trace", "exec", "--profile", "--out", folder / out});
    ASSERT_EQ(ended.status, 0) << ended.error;
    EXPECT_EQ(ended.error, "");
  }
  const std::string report_text = read_file(folder / "a/report.json");
  EXPECT_EQ(report_text, read_file(folder / "plain/report.json")) << "who watches changes nothing";
  EXPECT_FALSE(std::filesystem::exists(folder / "a/trace.json")) << "`exec` is not a pattern of model names";
  for (const char* name : {"exec.log", "profile.folded"})
    EXPECT_EQ(read_file(folder / ("a/" + std::string(name))), read_file(folder / ("b/" + std::string(name))));

  // Every instruction once, from the first on.
  const std::vector<std::string> trace = lines_of(folder / "a/exec.log");
  const auto executed = json::parse(report_text)["instructions"].get<std::int64_t>();
  EXPECT_EQ(std::count_if(trace.begin(), trace.end(), is_instruction), executed);
  ASSERT_GT(trace.size(), 2u);
  EXPECT_EQ(trace[0], "# core 0: _start (rom)");
  EXPECT_THAT(trace[1], HasSubstr("0.000 0 EL3 000000000b000000 "));
  for (const char* part :
       {"# core 0: rom_main (rom)", "# core 0: main (controller)", "exception: IRQ, EL1 to EL1, ELR "})
    EXPECT_TRUE(has(trace, part)) << part;

  // Nothing is sampled while the core waits: as much as its instructions took (1 ns each), and its device accesses.
  std::int64_t us = 0;
  std::string stacks;
  for (const std::string& line : lines_of(folder / "a/profile.folded")) {
    us += std::stoll(line.substr(line.rfind(' ')));
    stacks += line.substr(0, line.rfind(' ')) + "\n";
  }
  EXPECT_GE(us, executed / 1000 - 1);
  EXPECT_LT(us, 4 * executed / 1000);  // ROM and firmware poll the security engine while it verifies their images
  EXPECT_THAT(stacks, AllOf(HasSubstr("rom;_start;rom_main;boot;slot_load;memcpy\n"),
                            HasSubstr("controller;_start;main;work;volumes_handle_message;nvme_admin")));
}

TEST(Insight, TraceOfOneFunctionAndOfATime) {
  const Folder folder;
  const std::string file = folder.file("s.json", small_scenario().dump());
  ASSERT_EQ(cardvp({"run", file, "--trace", "exec:gic_init", "--out", folder / "out"}).status, 0);
  std::vector<std::string> trace = lines_of(folder / "out/exec.log");
  ASSERT_FALSE(trace.empty());
  EXPECT_EQ(trace[0], "# core 0: gic_init (controller)");
  EXPECT_FALSE(has(trace, "# core 0: main (controller)"));

  ASSERT_EQ(
      cardvp({"run", file, "--trace", "exec", "--trace-from", "10", "--trace-to", "10.5", "--out", folder / "out"})
          .status,
      0);
  trace = lines_of(folder / "out/exec.log");
  const auto count = std::count_if(trace.begin(), trace.end(), is_instruction);
  EXPECT_GT(count, 0);
  EXPECT_LE(count, 500);  // at 1 ns each
}

TEST(Insight, NeedsWhatItNames) {
  const Folder folder;
  const std::string file = folder.file("s.json", small_scenario().dump()), out = folder / "out";
  const auto refusal = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"run", file});
    const Ended ended = cardvp(options);
    EXPECT_EQ(ended.status, 2);
    return ended.error;
  };
  EXPECT_THAT(refusal({"--trace", "exec"}), HasSubstr("--trace exec: expected --out DIR"));
  EXPECT_THAT(refusal({"--profile"}), HasSubstr("--profile: expected --out DIR"));
  EXPECT_THAT(refusal({"--trace", "exec:nobody", "--out", out}), HasSubstr("no program has a function nobody"));
  EXPECT_THAT(refusal({"--symbols", folder / "none.elf"}), HasSubstr("no such file"));
  EXPECT_THAT(refusal({"--symbols", file}), HasSubstr("neither an ELF file nor a System.map"));
  EXPECT_THAT(refusal({"--symbols", file + "@xyz"}), HasSubstr("hexadecimal"));
  refusal({"--profile=0", "--out", out});
  refusal({"--trace-from", "1"});
}

// A core that can make no progress.
TEST(Insight, BacktraceOfAStuckCore) {
  const Folder folder;
  const Ended ended = cardvp({"run", folder.file("s.json", small_scenario().dump()), "--set",
                              "/card/firmware=" + folder.file("bad.img", std::string(4096, '\xff'))});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.error, AllOf(HasSubstr("the core is stuck"), HasSubstr("backtrace of core 0, EL3:\n  #0 "),
                                 HasSubstr(" rom_main+0x"), HasSubstr(" _start+0x")));
}

TEST(Insight, SpeedAtTheEnd) {
  const Folder folder;
  const Ended ended = cardvp({"run", folder.file("s.json", small_scenario().dump())});
  EXPECT_EQ(ended.status, 0);
  EXPECT_TRUE(std::regex_search(
      ended.out,
      std::regex(R"(simulated [0-9.]+ ms in [0-9.]+ s: [0-9.]+ x real time, [0-9.]+ M instructions, [0-9.]+ MIPS)")))
      << ended.out;
}

}  // namespace
}  // namespace cardvp::test
