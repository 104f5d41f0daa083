// The command line: help, listings, and configurations that end with status 2 before anything is simulated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/system/program.h"

namespace cardvp::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(CommandLine, HelpAndVersion) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"}, {"run", "--help"}, {"--version"}}) {
    const Ended ended = cardvp(arguments);
    EXPECT_EQ(ended.status, 0);
    EXPECT_THAT(ended.out, Not(IsEmpty()));
    EXPECT_THAT(ended.error, IsEmpty());
  }
  EXPECT_THAT(cardvp({"run", "--help"}).out, AllOf(HasSubstr("--set"), HasSubstr("--out"), HasSubstr("--trace")));
}

TEST(CommandLine, BadUsageIsStatus2) {
  EXPECT_EQ(cardvp({}).status, 2);
  EXPECT_EQ(cardvp({"fly"}).status, 2);
  EXPECT_EQ(cardvp({"run"}).status, 2);
  EXPECT_EQ(cardvp({"run", kQuickstart, "--speed", "3"}).status, 2);
  EXPECT_EQ(cardvp({"run", kQuickstart, "--seed", "x"}).status, 2);
  EXPECT_EQ(cardvp({"run", kQuickstart, "--log", "loud"}).status, 2);
  EXPECT_EQ(cardvp({"run", kQuickstart, "--set", "queue_depth=4"}).status, 2);
}

TEST(CommandLine, ListShowsTheScenarios) {
  const Ended ended = cardvp({"list"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("quickstart"), HasSubstr("ext4"), HasSubstr("quickstart.json")));
}

TEST(CommandLine, RegistersAndMap) {
  EXPECT_THAT(cardvp({"registers"}).out, HasSubstr("## WATCHDOG"));
  EXPECT_THAT(cardvp({"map"}).out, HasSubstr("| UART |"));
}

TEST(CommandLine, TheRegisterReferenceIsUpToDate) {
  EXPECT_EQ(cardvp({"registers"}).out, read_file(CARDVP_SOURCE_DIR "/docs/registers.md"))
      << "run: cardvp registers > docs/registers.md";
}

TEST(CommandLine, ValidateRunsNothing) {
  EXPECT_EQ(cardvp({"validate", kQuickstart}).status, 0);
  const Ended ended = cardvp({"validate", kQuickstart, "--set", "/card/pcie/lanes=3"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.error, AllOf(HasSubstr("/card/pcie/lanes: expected one of 1, 2, 4, 8, 16"), HasSubstr("got 3")));
}

// --set of the quickstart, and the pointer that is blamed.
struct Blame {
  const char* set;
  const char* pointer;
};
void PrintTo(const Blame& blame, std::ostream* out) { *out << std::string(blame.set).substr(1); }

class BadSet : public testing::TestWithParam<Blame> {};

TEST_P(BadSet, NamesThePointer) {
  const Ended ended = cardvp({"run", kQuickstart, "--set", GetParam().set});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.error, HasSubstr(std::string("cardvp: ") + GetParam().pointer + ": expected "));
  EXPECT_THAT(ended.out, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Pointers, BadSet,
                         testing::Values(Blame{"/host/workloads/0/queue_depth=0", "/host/workloads/0/queue_depth"},
                                         Blame{"/host/workloads/0/queue_depth=many", "/host/workloads/0/queue_depth"},
                                         Blame{"/host/workloads/9/queue_depth=1", "/host/workloads/9"},
                                         Blame{"/host/workloads/0/queue_deep=1", "/host/workloads/0/queue_deep"},
                                         Blame{"/nothing/here=1", "/nothing"}, Blame{"/name/x=1", "/name"},
                                         Blame{"/card/volumes/0/medium/from=missing-folder",
                                               "/card/volumes/0/medium/from"},
                                         Blame{"/card/volumes/1/block_size=1024", "/card/volumes/1/block_size"},
                                         Blame{"/card/rom=missing.bin", "/card/rom"}));

TEST(BadFile, IsStatus2) {
  const Folder folder;
  const Ended missing = cardvp({"run", folder / "none.json"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_THAT(missing.error, HasSubstr("none.json"));
  const Ended malformed = cardvp({"run", folder.file("bad.json", "{\n  \"name\": }\n")});
  EXPECT_EQ(malformed.status, 2);
  EXPECT_THAT(malformed.error, AllOf(HasSubstr("bad.json"), HasSubstr("line 2, column 11")));
  EXPECT_EQ(cardvp({"run", folder.file("list.json", "[1]")}).status, 2);
  EXPECT_EQ(cardvp({"run", folder.file("deep.json", std::string(100'000, '['))}).status, 2);
}

TEST(BadMedium, IsStatus2) {
  const Folder folder;
  nlohmann::json scenario = small_scenario();
  nlohmann::json& medium = scenario["card"]["volumes"][0]["medium"];
  const auto run = [&] { return cardvp({"run", folder.file("s.json", scenario.dump())}); };

  medium = {{"type", "file"}, {"path", "disk.img"}};
  Ended ended = run();
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.error, AllOf(HasSubstr("/card/volumes/0/medium"), HasSubstr("disk.img")));

  folder.file("disk.img", std::string(1000, 'x'));  // not a multiple of 512
  EXPECT_EQ(run().status, 2);

  folder.file("disk.img", std::string(1 << 20, 'x'));
  medium["size_mib"] = 4;
  ended = run();
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.error, AllOf(HasSubstr("/card/volumes/0/medium"), HasSubstr("disk.img")));
}

}  // namespace
}  // namespace cardvp::test
