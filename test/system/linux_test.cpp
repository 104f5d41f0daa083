// Debian's arm64 cloud kernel, unmodified, with a BusyBox shell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/system/program.h"

namespace cardvp::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::string kScenario = CARDVP_SOURCE_DIR "/scenarios/linux.json";

#define SKIP_WITHOUT_GUEST()                                                                      \
  for (const char* file : {"Image", "initramfs.cpio.gz"})                                         \
    if (!std::filesystem::exists(std::filesystem::path(CARDVP_SOURCE_DIR "/build/guest") / file)) \
  GTEST_SKIP() << "no build/guest/" << file << "; run: ./dev fetch-linux"

class Linux : public testing::TestWithParam<unsigned> {};

TEST_P(Linux, BootsToAShellAndPowersOff) {
  SKIP_WITHOUT_GUEST();
  const Folder folder;
  const Ended ended =
      cardvp({"run", kScenario, "--out", folder / "out", "--set", fmt::format("/card/core/count={}", GetParam())});
  ASSERT_EQ(ended.status, 0) << ended.out << ended.error;
  const json report = json::parse(read_file(folder / "out/report.json"));
  std::string cores;
  for (const json& step : report["console"])
    if (step["step"].get<std::string>().find("cores:") != std::string::npos && step.contains("found"))
      cores = step["found"];
  EXPECT_EQ(cores, std::to_string(GetParam()));
  const std::string log = read_file(folder / "out/uart.log");
  EXPECT_THAT(log, HasSubstr(fmt::format("SMP: Total of {} processors activated", GetParam())));
  EXPECT_THAT(log, HasSubstr("reboot: Power down"));
  for (const char* bad : {"BUG:", "WARNING:", "Oops", "stall", "Unexpected", "Call trace"})
    EXPECT_THAT(log, Not(HasSubstr(bad)));
}

INSTANTIATE_TEST_SUITE_P(Cores, Linux, testing::Values(1u, 2u, 4u));

TEST(LinuxBoot, ThreeTimesTheSame) {
  SKIP_WITHOUT_GUEST();
  const Folder folder;
  std::vector<std::string> reports, logs;
  for (int i = 0; i < 3; ++i) {
    const Ended ended = cardvp({"run", kScenario, "--quiet", "--out", folder / "out", "--set", "/card/core/count=2"});
    ASSERT_EQ(ended.status, 0) << ended.error;
    reports.push_back(read_file(folder / "out/report.json"));
    logs.push_back(read_file(folder / "out/uart.log"));
  }
  for (const json& report : {json::parse(reports[1]), json::parse(reports[2])}) {
    const json first = json::parse(reports[0]);
    EXPECT_EQ(report["uart"], first["uart"]);  // bytes, and their times
    EXPECT_EQ(report["instructions"], first["instructions"]);
  }
  EXPECT_EQ(logs[0], logs[1]);
  EXPECT_EQ(logs[0], logs[2]);
  EXPECT_EQ(reports[0], reports[1]);
  EXPECT_EQ(reports[0], reports[2]);
}

TEST(LinuxBoot, BootsInEl2) {
  SKIP_WITHOUT_GUEST();
  const Ended ended = cardvp({"run", kScenario, "--set", "/card/boot/level=2"});
  ASSERT_EQ(ended.status, 0) << ended.out << ended.error;
  EXPECT_THAT(ended.out, HasSubstr("CPU: All CPU(s) started at EL2"));
}

}  // namespace
}  // namespace cardvp::test
