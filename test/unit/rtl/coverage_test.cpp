// Coverage of probe.v (the numbers of its lines are below), counted, merged, summed up and given to Verilator's own
// tool.
#include "rtl/coverage.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "models/support/subprocess.h"
#include "test/unit/rtl/requester.h"

namespace cardvp::rtl::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class CoverageTest : public BlockTest {
 protected:
  CoverageTest() { fs::create_directories(folder_); }
  ~CoverageTest() override { fs::remove_all(folder_); }

  // It counts, or prints its count in each cycle.
  std::unique_ptr<Block> make_block(const char* name, bool enable, unsigned command) {
    BlockConfig config;
    config.clocking.mode = Clocking::Mode::kBatched;
    config.clocking.batch = 10;
    config.tie_offs = {{"enable", enable}, {"command", command}};
    if (command != 0) config.plusargs = {"+word=5"};
    return std::make_unique<Block>(name, sim, Plugin::load(CARDVP_RTL_PROBE), std::move(config));
  }
  // Both run for the same number of cycles, at least 100 and at most 124, which it returns.
  std::uint64_t run() {
    sc_core::sc_start(ns(1000));
    EXPECT_TRUE(counting_->write_coverage(good_));
    EXPECT_TRUE(printing_->write_coverage(other_));
    return counting_->domain()->cycles();
  }
  std::string error(const std::string& text) {
    std::ofstream(folder_ / "bad.dat", std::ios::binary) << text;
    try {
      Coverage coverage;
      coverage.add("probe", good_);
      const auto before = coverage.totals()["probe"].lines.total;
      try {
        coverage.add("probe", folder_ / "bad.dat");
      } catch (...) {
        EXPECT_EQ(coverage.totals()["probe"].lines.total, before);
        throw;
      }
    } catch (const std::runtime_error& failure) {
      return failure.what();
    }
    return "none";
  }
  // The count of a point, from its file's text.
  static std::string count(const std::string& text, unsigned line, const std::string& what) {
    std::istringstream lines(text);
    for (std::string candidate; std::getline(lines, candidate);)
      if (candidate.find(fmt::format("\1l\2{}\1", line)) != std::string::npos &&
          candidate.find("\1o\2" + what + "\1") != std::string::npos)
        return candidate.substr(candidate.rfind(' ') + 1);
    return "none";
  }

  const fs::path folder_ = fs::temp_directory_path() / fmt::format("cardvp-coverage-{}", ::getpid());
  const fs::path good_ = folder_ / "good.dat", other_ = folder_ / "other.dat";
  std::unique_ptr<Block> counting_ = make_block("block", true, 0);
  std::unique_ptr<Block> printing_ = make_block("block_of_another_name", false, 4);
};

constexpr unsigned kReset = 4;

// Points of lines: the initial block (25), both branches of 27, the always block (34), both branches of 35 and of 40,
// the items 1, 4 and default of the case statement (43, 46, 47). Verilator does not count those that stop it (44, 45).
TEST_F(CoverageTest, LinesAsComputedByHand) {
  const std::uint64_t cycles = run();
  const std::string text = read(good_);
  const std::string work = std::to_string(cycles - kReset);
  EXPECT_EQ(count(text, 25, "block"), "1");
  EXPECT_EQ(count(text, 27, "if"), "1");
  EXPECT_EQ(count(text, 27, "else"), "0");
  EXPECT_EQ(count(text, 34, "block"), std::to_string(cycles));
  EXPECT_EQ(count(text, 35, "if"), "4");
  EXPECT_EQ(count(text, 35, "else"), work);
  EXPECT_EQ(count(text, 40, "if"), work);
  EXPECT_EQ(count(text, 40, "else"), "0");
  EXPECT_EQ(count(text, 43, "case"), "0");
  EXPECT_EQ(count(text, 46, "case"), "0");
  EXPECT_EQ(count(text, 47, "case"), work);
  Coverage coverage;
  coverage.add("probe", good_);
  EXPECT_EQ(coverage.totals()["probe"].lines.total, 11u);
  EXPECT_EQ(coverage.totals()["probe"].lines.covered, 7u);
}

// Signals of 424 bits. Changed have: clk, rst_n, enable, irq; of the count, which begins with 7 and is below 128, seven
// bits; of in_reset, up to 4, three; all 128 of wide_out, which is not 0; of long_out, which is 1, one.
TEST_F(CoverageTest, TogglesAsComputedByHand) {
  const std::uint64_t cycles = run();
  const std::string text = read(good_);
  EXPECT_EQ(count(text, 6, "clk"), std::to_string(2 * cycles - 1));
  EXPECT_EQ(count(text, 7, "rst_n"), "3");  // high, so that its edge is seen; low; high
  EXPECT_EQ(count(text, 8, "enable"), "1");
  EXPECT_EQ(count(text, 10, "irq"), "2");
  EXPECT_EQ(count(text, 18, "wide_in[127]"), "0");
  Coverage coverage;
  coverage.add("probe", good_);
  EXPECT_EQ(coverage.totals()["probe"].toggles.total, 424u);
  EXPECT_EQ(coverage.totals()["probe"].toggles.covered, 4u + 7 + 3 + 128 + 1);
}

TEST_F(CoverageTest, InstancesOfOneBlockCountTogether) {
  const fs::path merged = folder_ / "merged.dat";
  const std::uint64_t cycles = run();
  Coverage coverage;
  coverage.add("probe", good_);
  coverage.add("probe", other_);
  const CoverageTotals totals = coverage.totals()["probe"];
  EXPECT_EQ(totals.lines.total, 11u);
  EXPECT_EQ(totals.lines.covered, 10u);  // all but $finish
  EXPECT_EQ(totals.toggles.total, 424u);
  EXPECT_EQ(totals.toggles.covered, 143u + 1 + 2);  // of `command` one bit, of from_plusarg two
  ASSERT_TRUE(coverage.write(merged));
  const std::string text = read(merged);
  EXPECT_EQ(count(text, 34, "block"), std::to_string(2 * cycles));
  EXPECT_EQ(count(text, 40, "else"), std::to_string(cycles - kReset));
  EXPECT_EQ(count(text, 43, "case"), "0");
  EXPECT_EQ(count(text, 46, "case"), std::to_string(cycles - kReset));
  EXPECT_THAT(text, HasSubstr("\1h\2block*.probe'"));
}

TEST_F(CoverageTest, BlocksAreToldApartInTheTotals) {
  run();
  Coverage coverage;
  coverage.add("one", good_);
  coverage.add("two", other_);
  EXPECT_EQ(coverage.totals().size(), 2u);
  EXPECT_EQ(coverage.totals()["one"].lines.covered, 7u);
  EXPECT_EQ(coverage.totals()["two"].lines.covered, 7u);
}

TEST_F(CoverageTest, VerilatorTakesTheMergedFile) {
  const fs::path merged = folder_ / "merged.dat", theirs = folder_ / "theirs.dat";
  run();
  Coverage coverage;
  coverage.add("probe", good_);
  coverage.add("probe", other_);
  ASSERT_TRUE(coverage.write(merged));
  const std::string program = find_program("verilator_coverage");
  const fs::path annotated = folder_ / "annotated";
  const ProgramResult result = run_program({program, "--annotate", annotated, "--annotate-min", "1", merged}, {});
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("Total coverage"));
  EXPECT_THAT(read(annotated / "probe.v"), AllOf(HasSubstr("%000000\t        1: $finish;"), HasSubstr(" 4: $display")));
  // Its own way of merging makes the same of them.
  ASSERT_EQ(run_program({program, "--write", theirs, good_, other_}, {}).status, 0);
  Coverage again;
  again.add("probe", theirs);
  ASSERT_TRUE(again.write(theirs));
  EXPECT_EQ(read(theirs), read(merged));
}

TEST_F(CoverageTest, FilesThatAreNone) {
  run();
  EXPECT_THAT(error(""), HasSubstr("bad.dat: is empty"));
  EXPECT_THAT(error("hello\n"), HasSubstr("bad.dat:1: is no coverage data"));
  const std::string begin = "# SystemC::Coverage-3\n", point = "C '\1f\2a.v\1page\2v_line/a\1h\2top' ";
  EXPECT_EQ(error(begin), "none");
  EXPECT_EQ(error(begin + point + "7\n"), "none");
  for (const char* const count : {"", "-1", "x", "7x", "99999999999999999999999"})
    EXPECT_THAT(error(begin + point + count + "\n"), HasSubstr("bad.dat:2: ")) << count;
  EXPECT_THAT(error(begin + point + "7\n" + point + "7"), HasSubstr("bad.dat:3: "));
  EXPECT_THAT(error(begin + "C '' 7\n"), HasSubstr("bad.dat:2: "));
  EXPECT_THAT(error(begin + "C ' 7\n"), HasSubstr("bad.dat:2: "));
  EXPECT_THAT(error(begin + "\n"), HasSubstr("bad.dat:2: "));
  const std::string whole = read(good_);
  for (const std::size_t size : {whole.size() - 1, whole.size() / 2, std::size_t{30}})
    EXPECT_THAT(error(whole.substr(0, size)), HasSubstr("or cut short")) << size;
  Coverage coverage;
  EXPECT_THROW(coverage.add("probe", folder_ / "nothing.dat"), std::runtime_error);
  EXPECT_FALSE(coverage.write("/nonexistent/merged.dat"));
}

TEST_F(CoverageTest, CountsStickAtTheLargest) {
  std::ofstream(good_) << "# SystemC::Coverage-3\nC '\1f\2a.v\1page\2v_line/a' 18446744073709551615\n";
  Coverage coverage;
  coverage.add("a", good_);
  coverage.add("a", good_);
  ASSERT_TRUE(coverage.write(good_));
  EXPECT_THAT(read(good_), HasSubstr("v_line/a' 18446744073709551615\n"));
}

}  // namespace
}  // namespace cardvp::rtl::test
