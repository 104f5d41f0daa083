// Whole runs: the card boots its firmware, the host finds it, I/O comes back right, and the reports say so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/system/program.h"

namespace cardvp::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Quickstart, PassesAndIsTheSameTwice) {
  const Folder folder;
  for (const char* out : {"a", "b"}) {
    const Ended ended = cardvp({"run", kQuickstart, "--out", folder / out});
    ASSERT_EQ(ended.status, 0) << ended.out << ended.error;
    EXPECT_THAT(ended.out, AllOf(HasSubstr("IOPS"), HasSubstr("p99.9"), HasSubstr("digest equal"),
                                 HasSubstr("commands per wall s")));
    EXPECT_THAT(ended.out, Not(HasSubstr("\x1b")));  // a pipe gets plain lines
  }
  const std::string report_text = read_file(folder / "a/report.json");
  EXPECT_EQ(report_text, read_file(folder / "b/report.json"));
  EXPECT_EQ(read_file(folder / "a/uart.log"), read_file(folder / "b/uart.log"));
  EXPECT_FALSE(read_file(folder / "a/uart.log").empty());

  const json report = json::parse(report_text);
  EXPECT_EQ(report["result"], "passed");
  const json& workloads = report["workloads"];
  ASSERT_EQ(workloads.size(), 4u);
  EXPECT_EQ(workloads[0]["sha256"], workloads[0]["expected_sha256"]);
  EXPECT_EQ(workloads[0]["read_bytes"], 16u << 20);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_EQ(workloads[i]["commands"], 20000);
    EXPECT_EQ(workloads[i]["mismatches"], 0);
    EXPECT_EQ(workloads[i]["failed_commands"], 0);
    EXPECT_GT(workloads[i]["verified_blocks"], 0);
    EXPECT_GE(workloads[i]["latency_ns"]["read"]["min"], 60000);  // the volume's own latency
  }
  // Little's law: more in flight, more done, until the volume's bandwidth is used up.
  EXPECT_GT(workloads[2]["iops"], 5 * workloads[1]["iops"].get<double>());
  EXPECT_GT(workloads[3]["iops"], 2 * workloads[2]["iops"].get<double>());
  EXPECT_GT(report["energy"]["total_joules"], 0);

  const json timing = json::parse(read_file(folder / "a/timing.json"));
  EXPECT_LT(timing["peak_memory_mib"], 300);
}

TEST(Quickstart, LatencyOfOneCommandIsTheSumOfItsParts) {
  // Queue depth 1, reads only: 60 us of the volume, below 10 us for link, engine, driver and interrupt.
  const Folder folder;
  json scenario = small_scenario();
  scenario["host"]["workloads"][0]["read_percent"] = 100;
  scenario["host"]["workloads"][0]["queue_depth"] = 1;
  ASSERT_EQ(cardvp({"run", folder.file("s.json", scenario.dump()), "--out", folder / "out"}).status, 0);
  const json report = json::parse(read_file(folder / "out/report.json"));
  const double p50 = report["workloads"][0]["latency_ns"]["read"]["p50"];
  EXPECT_GT(p50, 61'000);
  EXPECT_LT(p50, 70'000);
}

TEST(Run, TheSeedDecides) {
  const Folder folder;
  const std::string file = folder.file("s.json", small_scenario().dump());
  const auto report = [&](const char* seed) {
    EXPECT_EQ(cardvp({"run", file, "--quiet", "--seed", seed, "--out", folder / "out"}).status, 0);
    return read_file(folder / "out/report.json");
  };
  const std::string first = report("1");
  EXPECT_EQ(first, report("1"));
  json a = json::parse(first), b = json::parse(report("2"));
  EXPECT_EQ(b["seed"], 2);
  EXPECT_NE(a["workloads"], b["workloads"]);
}

TEST(Run, QuietSaysNothingWhenAllIsWell) {
  const Folder folder;
  const Ended ended = cardvp({"run", folder.file("s.json", small_scenario().dump()), "--quiet"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(ended.error, "");
}

TEST(Run, WatchingDoesNotChangeTheResult) {
  const Folder folder;
  const std::string file = folder.file("s.json", small_scenario().dump());
  ASSERT_EQ(cardvp({"run", file, "--out", folder / "plain"}).status, 0);
  ASSERT_EQ(cardvp({"run", file, "--out", folder / "traced", "--trace", "*", "--log", "debug"}).status, 0);
  EXPECT_EQ(read_file(folder / "plain/report.json"), read_file(folder / "traced/report.json"));
  const json trace = json::parse(read_file(folder / "traced/trace.json"));
  EXPECT_TRUE(trace["traceEvents"].is_array());
}

TEST(Run, WritesReachTheFile) {
  const Folder folder;
  json scenario = small_scenario();
  scenario["card"]["volumes"][0]["medium"] = {
      {"type", "file"}, {"path", "disk.img"}, {"size_mib", 1}, {"create", true}};
  scenario["host"]["workloads"][0]["read_percent"] = 0;
  scenario["host"]["workloads"].push_back(
      {{"type", "checksum"}, {"name", "sum"}, {"volume", "v"}, {"block_size", 8192}, {"expect_medium", true}});
  const Ended ended = cardvp({"run", folder.file("s.json", scenario.dump()), "--out", folder / "out"});
  ASSERT_EQ(ended.status, 0) << ended.error;
  const std::string disk = read_file(folder / "disk.img");
  EXPECT_EQ(disk.size(), 1u << 20);
  EXPECT_NE(disk, std::string(1 << 20, '\0'));
  const json report = json::parse(read_file(folder / "out/report.json"));
  EXPECT_EQ(report["workloads"][1]["sha256"], report["workloads"][1]["expected_sha256"]);
}

TEST(Run, EveryVolumeIsAFunctionOfItsOwn) {
  const Folder folder;
  json scenario = small_scenario();
  json& volumes = scenario["card"]["volumes"];
  for (int i = 1; i < 12; ++i) {  // more than a device without ARI has
    volumes.push_back({{"name", "v" + std::to_string(i)},
                       {"kind", i % 2 ? "local" : "network"},
                       {"serial", "serial " + std::to_string(i)},
                       {"medium", {{"type", "memory"}, {"size_mib", i}}}});
  }
  scenario["host"]["workloads"][0]["volume"] = "v11";
  const Ended ended = cardvp({"run", folder.file("s.json", scenario.dump()), "--out", folder / "out"});
  ASSERT_EQ(ended.status, 0) << ended.error;
  const json controllers = json::parse(read_file(folder / "out/report.json"))["controllers"];
  ASSERT_EQ(controllers.size(), 12u);
  for (int i = 1; i < 12; ++i) {
    const auto at = static_cast<std::size_t>(i);
    EXPECT_EQ(controllers[at]["serial"], "serial " + std::to_string(i));
    EXPECT_EQ(controllers[at]["model"], i % 2 ? "Amazon EC2 NVMe Instance Storage" : "Amazon Elastic Block Store");
    EXPECT_EQ(controllers[at]["blocks"], (i << 20) / 512);
  }
}

TEST(Run, CtrlCEndsItInOrder) {
  const Folder folder;
  json scenario = small_scenario();
  scenario["host"]["workloads"][0]["count"] = 100'000'000;
  const std::string file = folder.file("s.json", scenario.dump());
  const Ended ended = cardvp({"run", file, "--out", folder / "out"}, "\n");
  EXPECT_EQ(ended.status, 130);
  const json report = json::parse(read_file(folder / "out/report.json"));
  EXPECT_EQ(report["result"], "interrupted");
}

}  // namespace
}  // namespace cardvp::test
