// Runs that cannot succeed: status 1, with the reason.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/system/program.h"

namespace cardvp::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kFirmware = CARDVP_FIRMWARE_DIR "/controller.img";

std::string random_bytes(std::size_t size) {
  std::mt19937_64 generator(7);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(generator());
  return bytes;
}

// The ROM says why on the UART, the host stays in reset, the link never comes up, and the run says so.
void expect_refused(const std::string& firmware, const Folder& folder) {
  const Ended ended = cardvp({"run", folder.file("s.json", small_scenario().dump()), "--set",
                              "/card/firmware=" + nlohmann::json(firmware).dump(), "--out", folder / "out"});
  EXPECT_EQ(ended.status, 1) << ended.error;
  EXPECT_THAT(ended.error, HasSubstr("does not let the host out of reset"));
  EXPECT_THAT(ended.error, HasSubstr("UART's last lines"));
  const std::string uart = read_file(folder / "out/uart.log");
  EXPECT_THAT(uart, Not(IsEmpty()));
  std::istringstream lines(uart);
  std::string last;
  for (std::string line; std::getline(lines, line);)
    if (line.find_first_not_of(" \r") != std::string::npos) last = line.substr(0, line.find('\r'));
  EXPECT_THAT(ended.error, HasSubstr(last));
  const auto report = nlohmann::json::parse(read_file(folder / "out/report.json"));
  EXPECT_EQ(report["result"], "failed");
  EXPECT_TRUE(report["boot"]["link_up_ns"].is_null());
  EXPECT_TRUE(report["security"]["host"]["released_ns"].is_null()) << report["security"];
  EXPECT_THAT(report["workloads"], IsEmpty());
}

TEST(BadFirmware, Random) {
  const Folder folder;
  expect_refused(folder.file("random.img", random_bytes(read_file(kFirmware).size())), folder);
}

TEST(BadFirmware, Truncated) {
  const Folder folder;
  const std::string good = read_file(kFirmware);
  ASSERT_GT(good.size(), 4096u);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{16}, good.size() / 2, good.size() - 1})
    expect_refused(folder.file("short.img", good.substr(0, size)), folder);
}

TEST(BadFirmware, OneBitWrong) {
  const Folder folder;
  std::string image = read_file(kFirmware);
  ASSERT_GT(image.size(), 4096u);
  image[image.size() / 2] ^= 0x10;
  expect_refused(folder.file("flipped.img", image), folder);
}

TEST(BadFirmware, Missing) {
  const Folder folder;
  expect_refused(folder / "none.img", folder);
}

TEST(BadRom, EndsWithoutABoot) {
  const Folder folder;
  const Ended ended = cardvp({"run", folder.file("s.json", small_scenario().dump()), "--set",
                              "/card/rom=" + nlohmann::json(folder.file("rom.bin", random_bytes(4096))).dump(), "--set",
                              "/limits/boot_ms=2"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.error, HasSubstr("does not let the host out of reset"));
}

TEST(Output, ThatCannotBeWrittenIsToldBeforeTheRun) {
  const Folder folder;
  const std::string file = folder.file("file", "x");
  for (const std::string& out : {file, file + "/below"}) {
    const Ended ended = cardvp({"run", kQuickstart, "--out", out});
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.error, AllOf(HasSubstr(out), HasSubstr("cannot be written")));
    EXPECT_THAT(ended.out, IsEmpty());
  }
}

}  // namespace
}  // namespace cardvp::test
