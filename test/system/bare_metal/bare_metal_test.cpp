// Programs whose findings, one a line, are the same here and on QEMU. Where QEMU departs from the Arm Architecture
// Reference Manual, or leaves out what may be left out, the line that is right stands in programs/<name>.expected;
// docs/qemu-comparison.md gives the reasons.
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "test/system/bare_metal/qemu.h"
#include "test/system/bare_metal/test_machine.h"

namespace cardvp::test {
namespace {

struct Program {
  const char* name;
  unsigned level;
  unsigned cores;
};

void PrintTo(const Program& program, std::ostream* out) { *out << program.name; }

using Lines = std::vector<std::string>;

Lines split(std::istream& text) {
  Lines lines;
  for (std::string line; std::getline(text, line);)
    if (!line.empty() && line.front() != '#') lines.push_back(line);
  return lines;
}

std::string name_of(const std::string& line) { return line.substr(0, line.find(':')); }

// Puts the manual's lines in the place of QEMU's. Each has to differ from it: else it is of no use any longer.
void correct(Lines& lines, const Lines& manual) {
  std::map<std::string, std::string> expected;
  for (const std::string& line : manual) expected[name_of(line)] = line;
  for (std::string& line : lines) {
    const auto found = expected.find(name_of(line));
    if (found == expected.end()) continue;
    EXPECT_NE(line, found->second) << "QEMU agrees by now";
    line = found->second;
    expected.erase(found);
  }
  for (const auto& [name, line] : expected) ADD_FAILURE() << "QEMU does not print at all: " << name;
}

// The programs print the same names in the same order, so lines can be compared by their place.
std::string compare(const Lines& ours, const Lines& theirs) {
  std::string text;
  for (std::size_t i = 0; i < std::max(ours.size(), theirs.size()); ++i) {
    const std::string us = i < ours.size() ? ours[i] : "(nothing)", them = i < theirs.size() ? theirs[i] : "(nothing)";
    if (us != them) text += "expected  " + them + "\nhere      " + us + "\n";
  }
  return text;
}

class BareMetal : public testing::TestWithParam<Program> {};

TEST_P(BareMetal, PrintsTheSameAsOnQemu) {
  const auto& [name, level, cores] = GetParam();
  if (!qemu_installed()) GTEST_SKIP() << "qemu-system-aarch64 is not installed (Debian package qemu-system-arm)";
  const std::string program = std::string(CARDVP_BARE_METAL "/") + name + ".elf";

  std::istringstream ours(TestMachine(program, level, cores).run());
  std::istringstream theirs(run_on_qemu(program, level, cores));
  std::ifstream manual(std::string(CARDVP_EXPECTED "/") + name + ".expected");
  Lines expected = split(theirs);
  ASSERT_FALSE(expected.empty());
  correct(expected, split(manual));
  const std::string differences = compare(split(ours), expected);
  EXPECT_TRUE(differences.empty()) << differences;
}

INSTANTIATE_TEST_SUITE_P(Programs, BareMetal,
                         testing::Values(Program{"exceptions", 1, 1}, Program{"mmu", 1, 1}, Program{"accesses", 1, 1},
                                         Program{"interrupts", 1, 1}, Program{"smp", 1, 2}, Program{"levels", 2, 1},
                                         Program{"code", 1, 1}, Program{"fp", 1, 1}, Program{"debug", 1, 1},
                                         Program{"simd", 1, 1}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace cardvp::test
