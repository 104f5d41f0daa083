// Debian's U-Boot for QEMU's virt machine, unmodified, at its prompt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/system/program.h"

namespace cardvp::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kScenario = CARDVP_SOURCE_DIR "/scenarios/uboot.json";

// CRC-32 of ISO 3309, bit by bit: what U-Boot's crc32 command computes.
std::uint32_t crc32(const std::string& bytes) {
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

struct UBoot : testing::Test {
  Folder folder;
  json scenario = json::parse(read_file(kScenario));

  // The steps up to the prompt, then these.
  void after_the_prompt(const json& steps) {
    json& console = scenario["console"];
    console.erase(console.begin() + 3, console.end());
    console.insert(console.end(), steps.begin(), steps.end());
  }
  Ended run(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"run", folder.file("s.json", scenario.dump()), "--out", folder / "out"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cardvp(arguments);
  }
  json report() const { return json::parse(read_file(folder / "out/report.json")); }
};

TEST_F(UBoot, TheScenarioPassesAndIsTheSameTwice) {
  for (const char* out : {"a", "b"}) {
    const Ended ended = cardvp({"run", kScenario, "--out", folder / out});
    ASSERT_EQ(ended.status, 0) << ended.out << ended.error;
  }
  const std::string report = read_file(folder / "a/report.json");
  EXPECT_EQ(report, read_file(folder / "b/report.json"));
  EXPECT_EQ(json::parse(report)["console"].size(), scenario["console"].size());
  EXPECT_EQ(read_file(folder / "a/uart.log"), read_file(folder / "b/uart.log"));
}

TEST_F(UBoot, ComputesTheChecksumOfKnownMemory) {
  std::string pattern;
  for (int i = 0; i < 0x300; ++i) pattern += "\x78\x56\x34\x12";
  const std::string expected = fmt::format("{:08x}", crc32(pattern));
  after_the_prompt({{{"send", "mw.l 42000000 12345678 300; crc32 42000000 c00\r"}},
                    {{"expect_regex", "==> ([0-9a-f]{8})$"}, {"equals", expected}}});
  const Ended ended = run();
  EXPECT_EQ(ended.status, 0) << ended.out << ended.error;
  EXPECT_EQ(report()["console"].back()["found"], expected);
}

TEST_F(UBoot, AWrongChecksumFailsTheRun) {
  scenario["console"][16]["equals"] = "00000000";
  const Ended ended = run();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.error, HasSubstr("/console/16): expected 00000000, got ae2a0915"));
}

TEST_F(UBoot, RunsInEl2Too) {
  const Ended ended = run({"--set", "/card/boot/level=2"});
  EXPECT_EQ(ended.status, 0) << ended.out << ended.error;
}

TEST_F(UBoot, ResetStartsItAgain) {
  after_the_prompt({{{"send", "mw.l 41000000 600df00d; reset\r"}},
                    {{"expect", "Hit any key"}},
                    {{"send", " "}},
                    {{"expect", "=> "}},
                    {{"send", "md.l 41000000 1\r"}},
                    {{"expect_regex", "^41000000: ([0-9a-f]+)"}, {"equals", "600df00d"}}});  // DRAM is kept
  const Ended ended = run();
  EXPECT_EQ(ended.status, 0) << ended.out << ended.error;
  EXPECT_EQ(report()["boot"]["card_resets"], 2);
}

TEST_F(UBoot, SeesTheDramThatThereIs) {
  after_the_prompt(
      {{{"send", "bdinfo\r"}}, {{"expect_regex", "^-> size *= 0x([0-9a-f]+)"}, {"equals", "0000000080000000"}}});
  const Ended ended = run({"--set", "/card/dram_mib=2048"});
  EXPECT_EQ(ended.status, 0) << ended.out << ended.error;
  EXPECT_LT(json::parse(read_file(folder / "out/timing.json"))["peak_memory_mib"], 256);  // of 2048: allocated on touch
}

}  // namespace
}  // namespace cardvp::test
