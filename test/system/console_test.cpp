// Console steps, boot options and ELF firmware, with programs of a few instructions and with the card's own firmware.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/system/program.h"

namespace cardvp::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kFirmwareFolder = CARDVP_FIRMWARE_DIR;

// A64, entered at the first byte of the flash.
using Code = std::vector<std::uint32_t>;
constexpr std::uint32_t kHvc = 0xd4000002, kSmc = 0xd4000003, kBranchToItself = 0x14000000, kWfi = 0xd503207f;
Code psci(std::uint32_t function, std::uint32_t call) {
  return {0x52800000 | (function & 0xffff) << 5,  // movz w0, #lower half
          0x72a00000 | (function >> 16) << 5,     // movk w0, #upper half, lsl #16
          call, kBranchToItself};
}
constexpr std::uint32_t kSystemOff = 0x84000008, kSystemReset = 0x84000009;

// Prints a character: mov w2, #c; strb w2, [x1], with x1 = the UART.
constexpr std::uint32_t kUartToX1 = 0xd2a12001;  // movz x1, #0x900, lsl #16
std::string bytes(const Code& code) { return {reinterpret_cast<const char*>(code.data()), code.size() * 4}; }
Code print(const std::string& text, const Code& then) {
  Code code = {kUartToX1};
  for (const char c : text) {
    code.push_back(0x52800002 | static_cast<std::uint32_t>(c) << 5);
    code.push_back(0x39000022);
  }
  code.insert(code.end(), then.begin(), then.end());
  return code;
}

struct ConsoleRun : testing::Test {
  Folder folder;
  json scenario = {{"name", "t"}, {"card", json::object()}};

  void flash(const Code& code) {
    scenario["card"]["boot"] = {{"type", "image"}, {"flash", folder.file("flash.bin", bytes(code))}};
  }
  Ended run(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"run", folder.file("s.json", scenario.dump()), "--out", folder / "out"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cardvp(arguments);
  }
  json report() const { return json::parse(read_file(folder / "out/report.json")); }
};

TEST_F(ConsoleRun, TheRomsOutputIsFound) {
  scenario["console"] = {{{"expect", "cardvp ROM"}},
                         {{"expect_regex", "^ROM: (\\w+) [0-9.]+, "}, {"equals", "controller"}}};
  const Ended ended = run();
  EXPECT_EQ(ended.status, 0) << ended.error;
  EXPECT_EQ(report()["console"][1]["found"], "controller");
  EXPECT_EQ(report()["result"], "passed");
}

TEST_F(ConsoleRun, WhatDoesNotComeFailsTheRunAtOnceIfNothingElseCan) {
  scenario["console"] = {{{"expect", "ROM"}}, {{"expect", "no such text"}}};
  const Ended ended = run({"--set", "/card/firmware=" + folder.file("bad.img", "x")});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.error, AllOf(HasSubstr(R"(expect "no such text" (/console/1))"), HasSubstr("ROM: halted"),
                                 HasSubstr("stuck: WFI"), HasSubstr("pc  ")));
  EXPECT_LT(report()["simulated_ns"], 10e6);
}

TEST_F(ConsoleRun, ABusyCoreIsGivenItsTime) {
  flash(print("hello\n", {kBranchToItself}));
  scenario["console"] = {{{"expect", "hello"}}, {{"expect", "world"}, {"within_ms", 3}}};
  const Ended ended = run();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.error, AllOf(HasSubstr(R"(expect "world" (/console/1): not met in time)"), HasSubstr("  hello")));
  EXPECT_GE(report()["simulated_ns"], 3e6);
  EXPECT_LT(report()["simulated_ns"], 4e6);
}

TEST_F(ConsoleRun, TheSameOutputIsNotFoundTwice) {
  flash(print("aab\nb", psci(kSystemOff, kHvc)));
  scenario["console"] = {{{"expect", "ab"}}, {{"expect", "b"}}, {{"expect_power_off", true}}};
  EXPECT_EQ(run().status, 0);
  scenario["console"] = {{{"expect", "b"}}, {{"expect", "ab"}}};
  const Ended ended = run();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.error, HasSubstr("(/console/1): the card has powered off"));
}

TEST_F(ConsoleRun, APatternLooksAtWholeLines) {
  flash(print("n=12\r\nn=3", psci(kSystemOff, kHvc)));
  scenario["console"] = {{{"expect_regex", "n=([0-9]+)$"}, {"equals", "12"}}};
  EXPECT_EQ(run().status, 0);
  scenario["console"] = {{{"expect_regex", "n=([0-9]+)$"}, {"equals", "1"}}};
  const Ended ended = run();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.error, HasSubstr("expected 1, got 12"));
  scenario["console"] = {{{"expect_regex", "n=3"}}};  // that line never ends
  EXPECT_EQ(run().status, 1);
}

TEST_F(ConsoleRun, PowerOffEndsARunWithoutSteps) {
  flash(psci(kSystemOff, kHvc));
  EXPECT_EQ(run().status, 0);
  flash(psci(kSystemOff, kSmc));
  EXPECT_EQ(run({"--set", "/card/boot/level=2"}).status, 0);
}

TEST_F(ConsoleRun, ResetStartsAgain) {
  flash(print("up\n", psci(kSystemReset, kHvc)));
  scenario["console"] = {{{"expect", "up"}}, {{"expect", "up"}}, {{"expect", "up"}}};
  EXPECT_EQ(run().status, 0);
  EXPECT_GE(report()["boot"]["card_resets"], 3);
}

TEST_F(ConsoleRun, TheRunLimitEndsARunWithoutSteps) {
  flash({kBranchToItself});
  EXPECT_EQ(run({"--set", "/limits/run_ms=2"}).status, 0);
  scenario["console"] = {{{"expect", "never"}}};
  const Ended ended = run({"--set", "/limits/run_ms=2"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.error, HasSubstr("limits.run_ms"));
}

TEST_F(ConsoleRun, CoresThatSleepForEverEndARunWithoutSteps) {
  flash({kWfi, 0x17ffffff});
  const Ended ended = run();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.error, AllOf(HasSubstr("nothing is left that could happen"), HasSubstr("stuck: WFI")));
}

TEST_F(ConsoleRun, AnExceptionInItsOwnHandlerEndsTheRun) {
  flash({0x00000000});  // undefined, and so is the vector, in what the flash has erased
  const Ended ended = run();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.error, AllOf(HasSubstr("exception loop"), HasSubstr("EL1: ESR ")));
}

TEST_F(ConsoleRun, WhatIsTypedArrives) {
  // Receiver on, then echo for ever: UARTLCR_H = FIFO, 8 bits; UARTCR = enable, transmit, receive.
  flash({kUartToX1, 0x52800e02, 0xb9002c22,   // mov w2, #0x70; str w2, [x1, #0x2c]
         0x52806022, 0xb9003022,              // mov w2, #0x301; str w2, [x1, #0x30]
         0xb9401822, 0x3727ffe2, 0xb9400022,  // loop: ldr w2, [x1, #0x18]; tbnz w2, #4, loop; ldr w2, [x1]
         0x39000022, 0x17fffffc});            // strb w2, [x1]; b loop
  scenario["console"] = {{{"send", "typed by nobody\n"}, {"pace_us", 50}},
                         {{"expect_regex", "(.*)"}, {"equals", "typed by nobody"}}};
  const Ended ended = run();
  EXPECT_EQ(ended.status, 0) << ended.error;
  // 16 characters, 50 us before each.
  EXPECT_GE(report()["console"][0]["at_ns"], 800e3);
  EXPECT_LT(report()["console"][0]["at_ns"], 900e3);
}

TEST_F(ConsoleRun, ThePipeIsTheConsoleIfAsked) {
  flash(print("plain\n", psci(kSystemOff, kHvc)));
  const Ended ended = run({"--console"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, testing::StartsWith("plain\n"));  // no times
}

TEST_F(ConsoleRun, StepsThatCannotBeAreRefused) {
  const auto blame = [&](const json& step) {
    scenario["console"] = json::array({step});
    const Ended ended = run();
    EXPECT_EQ(ended.status, 2) << step;
    return ended.error;
  };
  EXPECT_THAT(blame(json::object()), HasSubstr("/console/0: expected one of expect"));
  EXPECT_THAT(blame({{"expect", "a"}, {"send", "b"}}), HasSubstr("/console/0: expected one of expect"));
  EXPECT_THAT(blame({{"expect", ""}}), HasSubstr("/console/0/expect"));
  EXPECT_THAT(blame({{"expect_regex", "("}}), HasSubstr("/console/0/expect_regex"));
  EXPECT_THAT(blame({{"expect_regex", "a"}, {"equals", "a"}}), HasSubstr("/console/0/equals"));
  EXPECT_THAT(blame({{"send", "a"}, {"within_ms", 5}}), HasSubstr("/console/0/within_ms"));
  EXPECT_THAT(blame({{"expect", "a"}, {"pace_us", 5}}), HasSubstr("/console/0/pace_us"));
  EXPECT_THAT(blame({{"expect_power_off", false}}), HasSubstr("/console/0/expect_power_off"));
}

TEST_F(ConsoleRun, BootFilesThatCannotBeAreRefused) {
  json& card = scenario["card"];
  const auto blame = [&](const json& boot) {
    card["boot"] = boot;
    const Ended ended = run();
    EXPECT_EQ(ended.status, 2) << boot;
    EXPECT_THAT(ended.out, IsEmpty());
    return ended.error;
  };
  const std::string text = folder.file("text", std::string(1000, 'x'));
  EXPECT_THAT(blame({{"type", "image"}}), HasSubstr("/card/boot"));
  EXPECT_THAT(blame({{"type", "image"}, {"flash", "none.bin"}}),
              AllOf(HasSubstr("/card/boot/flash: expected a file"), HasSubstr("none.bin, which does not exist")));
  EXPECT_THAT(blame({{"type", "linux"}, {"kernel", "none"}}),
              AllOf(HasSubstr("/card/boot/kernel"), HasSubstr("fetch-linux")));
  EXPECT_THAT(blame({{"type", "linux"}, {"kernel", text}}),
              AllOf(HasSubstr("/card/boot/kernel"), HasSubstr("magic 0x78787878")));
  EXPECT_THAT(blame({{"type", "linux"}, {"kernel", text}, {"level", 3}}), HasSubstr("/card/boot/level"));
}

TEST(ElfFirmware, RunsAsItsImageDoes) {
  const Folder folder;
  const Ended ended = cardvp({"run", folder.file("s.json", small_scenario().dump()), "--set",
                              "/card/firmware=" + kFirmwareFolder + "/controller.elf"});
  EXPECT_EQ(ended.status, 0) << ended.error;
  EXPECT_THAT(ended.out, HasSubstr("link up"));
}

TEST(ElfFirmware, ThatIsNoFirmwareIsRefused) {
  const Folder folder;
  const std::string file = folder.file("s.json", small_scenario().dump());
  for (const std::string& elf :
       {std::string(CARDVP_PROGRAM), kFirmwareFolder + "/rom.elf",
        folder.file("cut.elf", read_file(kFirmwareFolder + "/controller.elf").substr(0, 100))}) {
    const Ended ended = cardvp({"run", file, "--set", "/card/firmware=" + elf});
    EXPECT_EQ(ended.status, 2) << elf;
    EXPECT_THAT(ended.error, HasSubstr("/card/firmware: expected a firmware image, or an ELF program"));
  }
}

TEST(Cores, TheFirmwareHasTheFirstOfFour) {
  const Folder folder;
  const Ended ended = cardvp({"run", folder.file("s.json", small_scenario().dump()), "--set", "/card/core/count=4"});
  EXPECT_EQ(ended.status, 0) << ended.error;
}

}  // namespace
}  // namespace cardvp::test
