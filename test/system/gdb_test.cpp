// A real gdb at the card's firmware.
#include <signal.h>

#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/system/process.h"
#include "test/system/program.h"

namespace cardvp::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

const std::string kElf = CARDVP_FIRMWARE_DIR "/controller.elf";

class GdbTest : public testing::Test {
 protected:
  // `cardvp run` of a small scenario, with `option` for gdb; returns when gdb can connect.
  Process& run(const std::string& option, const json& scenario = small_scenario()) {
    cardvp_.emplace(std::vector<std::string>{CARDVP_PROGRAM, "run", folder_.file("s.json", scenario.dump()), "--out",
                                             folder_ / "out", option, "0"},
                    folder_ / "cardvp.txt");
    const std::string text = cardvp_->wait_for("' ");
    const std::string before = "target remote :";
    const std::size_t at = text.find(before);
    if (at == std::string::npos) throw std::runtime_error("no port: " + text);
    port_ = text.substr(at + before.size(), text.find('\'', at) - at - before.size());
    return *cardvp_;
  }

  Process& start_gdb(const std::vector<std::string>& commands) {
    std::vector<std::string> line = {
        "gdb-multiarch",          "-nx", "-batch", "-ex", "set width 0", "-ex", "directory " CARDVP_SOURCE_DIR, "-ex",
        "target remote :" + port_};
    for (const std::string& command : commands) line.insert(line.end(), {"-ex", command});
    line.push_back(kElf);
    return gdb_.emplace(line, folder_ / "gdb.txt");
  }
  // What gdb says.
  std::string gdb(const std::vector<std::string>& commands) {
    Process& gdb = start_gdb(commands);
    EXPECT_EQ(gdb.status(), 0);
    return gdb.output();
  }

  std::string report() const { return read_file(folder_ / "out/report.json"); }

  Folder folder_;
  std::optional<Process> cardvp_, gdb_;
  std::string port_;
};

TEST_F(GdbTest, BreakpointsBacktracesStepsAndTimeStandsStill) {
  Process& cardvp = run("--gdb");
  const std::string text =
      gdb({"print $pc", "info threads", "break link_timer", "continue", "backtrace", "list", "monitor time",
           "monitor time", "info symbol $pc", "stepi", "info symbol $pc", "next", "finish", "delete",
           "hbreak volumes_handle_message", "continue", "backtrace", "up", "detach"});
  EXPECT_THAT(text, ContainsRegex(R"(\$1 = .*0xb000000)"));  // the boot ROM's first instruction
  EXPECT_THAT(text, HasSubstr("Thread 1 (core 0, EL3, running)"));
  EXPECT_THAT(text,
              ContainsRegex("Breakpoint 1[.1]*, link_timer \\(context=.*\\) at firmware/controller/link.c:[0-9]+"));
  EXPECT_THAT(text, ContainsRegex("#0  link_timer \\(context=.*\\) at firmware/controller/link.c:[0-9]+\n"
                                  "#1  0x[0-9a-f]+ in timers_run \\(\\) at firmware/sdk/src/timers.c:[0-9]+\n"
                                  "#2  0x[0-9a-f]+ in main \\(.*\\) at firmware/controller/main.c:[0-9]+"));
  EXPECT_THAT(text, HasSubstr("void link_timer(void* context) {"));  // of list
  EXPECT_THAT(text, AllOf(HasSubstr("link_timer in section .text"), HasSubstr("link_timer + 4 in section .text")));
  EXPECT_THAT(text, ContainsRegex("timers_run \\(.*\\) at firmware/sdk/src/timers.c:"));  // of finish
  EXPECT_THAT(text, ContainsRegex("Breakpoint 2, .*volumes_handle_message \\(\\)"));
  EXPECT_THAT(text, ContainsRegex("#1  .*main \\(.*\\)"));
  const std::size_t first = text.find("simulated time: "), second = text.find("simulated time: ", first + 1);
  ASSERT_NE(second, std::string::npos);
  EXPECT_EQ(text.substr(first, text.find('\n', first) - first), text.substr(second, text.find('\n', second) - second));

  EXPECT_EQ(cardvp.status(), 0) << cardvp.output();
  const std::string debugged = report();
  ASSERT_EQ(test::cardvp({"run", folder_ / "s.json", "--out", folder_ / "out"}).status, 0);
  EXPECT_EQ(debugged, report());
}

TEST_F(GdbTest, RegistersAndMemory) {
  Process& cardvp = run("--gdb");
  const std::string text = gdb({"break link_timer",
                                "continue",
                                "delete",
                                "print $VBAR_EL1 == (unsigned long)&vectors ? \"vectors\" : \"elsewhere\"",
                                "print $cpsr",
                                "print/x $MIDR_EL1",
                                "print/x $SCTLR_EL1 & 1",
                                "set $saved = $x19",
                                "set $x19 = 0x1122334455667788",
                                "flushregs",
                                "print/x $x19",
                                "set $x19 = $saved",
                                "set $TPIDR_EL1 = 0x1234",
                                "flushregs",
                                "print/x $TPIDR_EL1",
                                "set $TPIDR_EL1 = 0",
                                "set $v3.x[0] = 0x0102030405060708",
                                "flushregs",
                                "print/x $v3.b[7]",
                                "set $v3.x[0] = 0",
                                "print program_name",
                                "x/4i $pc",
                                "set $flag = timer_expired",
                                "set var timer_expired = 77",
                                "print timer_expired",
                                "set var timer_expired = $flag",
                                "x/1xw 0x08000004",  // a device: GICD_TYPER
                                "x/1xw 0xffff000000000000",
                                "info registers system",
                                "detach"});
  EXPECT_THAT(text, HasSubstr("= \"vectors\""));
  EXPECT_THAT(text, ContainsRegex(R"(= \[.*EL=1)"));
  EXPECT_THAT(text, HasSubstr("= 0xf0510"));
  EXPECT_THAT(text, HasSubstr("= 0x1122334455667788"));
  EXPECT_THAT(text, HasSubstr("= 0x1234\n"));
  EXPECT_THAT(text, HasSubstr("= 0x1\n"));  // the top byte of v3's low half
  EXPECT_THAT(text, HasSubstr("= \"firmware\""));
  EXPECT_THAT(text, HasSubstr("=> 0x"));
  EXPECT_THAT(text, HasSubstr("= 77\n"));
  EXPECT_THAT(text, HasSubstr("Cannot access memory at address 0xffff000000000000"));
  EXPECT_THAT(text, ContainsRegex("CNTFRQ_EL0 +0x3b9aca0 +62500000"));
  EXPECT_EQ(cardvp.status(), 0) << cardvp.output();
}

TEST_F(GdbTest, Watchpoints) {
  Process& cardvp = run("--gdb");
  const std::string text = gdb({"watch timer_expired", "continue", "continue", "backtrace 1", "delete",
                                "awatch message_waits", "continue", "detach"});
  // The start clears .bss, which changes nothing; the first change is by the interrupt handler.
  EXPECT_THAT(text, HasSubstr("Hardware watchpoint 1: timer_expired"));
  EXPECT_THAT(text, HasSubstr("Old value = 0\nNew value = 1\nirq_handler"));
  EXPECT_THAT(text, HasSubstr("Old value = 1\nNew value = 0\nmain"));
  EXPECT_THAT(text, HasSubstr("Hardware access (read/write) watchpoint 2: message_waits"));
  EXPECT_EQ(cardvp.status(), 0) << cardvp.output();
}

TEST_F(GdbTest, CtrlCHaltsACoreThatSleeps) {
  json scenario = small_scenario();
  scenario["host"]["workloads"][0]["count"] = 100'000'000;
  Process& cardvp = run("--gdb", scenario);
  Process& gdb = start_gdb({"continue", "info threads", "kill"});
  cardvp.wait_for("link up");
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // from here on the firmware has nothing to do
  gdb.signal(SIGINT);
  EXPECT_EQ(gdb.status(), 0);
  EXPECT_THAT(gdb.output(), HasSubstr("received signal SIGINT"));
  EXPECT_THAT(gdb.output(), HasSubstr("Thread 1 (core 0, EL1, WFI or WFE)"));
  EXPECT_THAT(gdb.output(), HasSubstr("killed"));
  EXPECT_EQ(cardvp.status(), 130);
  EXPECT_THAT(cardvp.output(), HasSubstr("ended by gdb"));
}

TEST_F(GdbTest, AttachesAndDetachesRepeatedly) {
  json scenario = small_scenario();
  scenario["host"]["workloads"][0]["count"] = 100'000'000;
  Process& cardvp = run("--gdb-attach", scenario);
  cardvp.wait_for("link up");
  for (int i = 0; i < 2; ++i) {
    const std::string text = gdb({"info threads", "backtrace", "detach"});
    EXPECT_THAT(text, AllOf(HasSubstr("Thread 1 (core 0, EL1"), ContainsRegex("main \\(.*\\)"), HasSubstr("detached")));
  }
  cardvp.signal(SIGINT);
  EXPECT_EQ(cardvp.status(), 130);
}

TEST_F(GdbTest, CtrlCEndsARunThatIsHalted) {
  Process& cardvp = run("--gdb");
  cardvp.signal(SIGINT);
  EXPECT_EQ(cardvp.status(), 130);
  EXPECT_EQ(json::parse(report())["result"], "interrupted");
}

TEST_F(GdbTest, ResetAndTheEndOfTheRun) {
  Process& cardvp = run("--gdb");
  const std::string text =
      gdb({"break main", "continue", "monitor reset", "continue", "print $pc", "continue", "delete", "continue"});
  EXPECT_THAT(text, ContainsRegex(R"(\$1 = .*0xb000000)"));
  EXPECT_THAT(text.substr(text.find("$1 = ")), HasSubstr("Breakpoint 1, main"));
  EXPECT_THAT(text, HasSubstr("exited normally"));
  EXPECT_EQ(cardvp.status(), 0) << cardvp.output();
}

TEST_F(GdbTest, CoresAreThreads) {
  json scenario = small_scenario();
  scenario["card"]["core"]["count"] = 2;
  Process& cardvp = run("--gdb", scenario);
  const std::string text =
      gdb({"break link_timer", "continue", "info threads", "thread 2", "print/x $MPIDR_EL1 & 0xff", "info symbol $pc",
           "thread 1", "print/x $MPIDR_EL1 & 0xff", "info symbol $pc", "stepi", "info symbol $pc", "delete", "detach"});
  EXPECT_THAT(text, AllOf(ContainsRegex(R"(Thread 1 \(core 0, EL1, running\))"),
                          ContainsRegex(R"(Thread 2 \(core 1, EL3, WFI or WFE\))")));  // which the ROM keeps asleep
  EXPECT_THAT(text, AllOf(HasSubstr("$1 = 0x1\nNo symbol matches $pc"), HasSubstr("$2 = 0x0\nlink_timer in section"),
                          HasSubstr("link_timer + 4 in section")));
  EXPECT_EQ(cardvp.status(), 0) << cardvp.output();
}

TEST_F(GdbTest, ShowsACoreThatPsciKeepsOff) {
  const json scenario = {
      {"name", "off"},
      {"card",
       {{"core", {{"count", 2}}},
        {"boot", {{"type", "image"}, {"flash", folder_.file("loop.bin", std::string("\0\0\0\x14", 4))}}}}},  // b .
      {"limits", {{"run_ms", 1}}}};
  Process& cardvp = run("--gdb", scenario);
  const std::string text = gdb({"info threads", "thread 2", "thread 1", "stepi", "print $pc", "detach"});
  EXPECT_THAT(text, AllOf(HasSubstr("Thread 1 (core 0, EL1, running)"), ContainsRegex(R"(Thread 2 \(core 1.*off\))"),
                          HasSubstr("$1 = (void (*)()) 0x0")));
  EXPECT_EQ(cardvp.status(), 0) << cardvp.output();
}

TEST_F(GdbTest, AMachineThatFailsCanBeLookedAt) {
  json scenario = small_scenario();
  scenario["card"]["firmware"] = folder_.file("bad.img", "no firmware");
  Process& cardvp = run("--gdb", scenario);
  const std::string text = gdb({"continue", "print $pc", "continue"});
  EXPECT_THAT(text, AllOf(HasSubstr("the card does not let the host out of reset"), HasSubstr("SIGABRT"),
                          ContainsRegex(R"(\$1 = .*0xb00)"), HasSubstr("exited with code 01")));
  EXPECT_EQ(cardvp.status(), 1) << cardvp.output();
}

TEST(Gdb, APortThatIsTaken) {
  const Folder folder;
  const std::string file = folder.file("s.json", small_scenario().dump());
  Process first({CARDVP_PROGRAM, "run", file, "--gdb", "0"}, folder / "first.txt");
  const std::string text = first.wait_for("' ");
  const std::size_t at = text.find("on port ") + 8;
  const Ended second = cardvp({"run", file, "--gdb", text.substr(at, text.find(':', at) - at)});
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.error, AllOf(HasSubstr("in use"), HasSubstr("choose another one, or 0")));
}

}  // namespace
}  // namespace cardvp::test
