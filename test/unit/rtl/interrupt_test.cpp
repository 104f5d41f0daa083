// A build that a signal ends: at once, with nothing left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "models/support/config_error.h"
#include "rtl/build/builder.h"

namespace cardvp::rtl {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

class InterruptTest : public testing::TestWithParam<int> {
 protected:
  InterruptTest() {
    fs::create_directories(folder_ / "tmp");
    fs::create_directories(folder_ / "bin");
    ::setenv("TMPDIR", (folder_ / "tmp").c_str(), 1);
    write("block.v", "module block (input clk, output reg q);\n  always @(posedge clk) q <= !q;\nendmodule\n");
    write("block.json", R"({"name": "block", "sources": ["block.v"], "trace": "none"})");
  }
  ~InterruptTest() override { fs::remove_all(folder_); }

  void write(const char* name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  // In the place of a tool: says that it is there, and that a child of it is, and goes on for ever.
  void replace(const char* tool) const {
    const fs::path file = folder_ / "bin" / tool;
    std::ofstream(file) << "#!/bin/sh\nsleep 1000 &\necho $! > " << (folder_ / "child").string() << ".new\nmv "
                        << (folder_ / "child").string() << ".new " << (folder_ / "child").string() << "\nwait\n";
    fs::permissions(file, fs::perms::owner_all);
    ::setenv("PATH", ((folder_ / "bin").string() + ":" + std::getenv("PATH")).c_str(), 1);
  }
  BuildOptions options() const { return {folder_ / "block.json", folder_ / "out/block.so", {}}; }
  std::vector<fs::path> left_over() const {
    std::vector<fs::path> files;
    for (const char* const folder : {"tmp", "out"})
      if (fs::exists(folder_ / folder))
        for (const auto& entry : fs::directory_iterator(folder_ / folder)) files.push_back(entry.path());
    return files;
  }
  // Of a process: gone, or dead and not yet waited for.
  static bool ended(int process) {
    std::ifstream in(fmt::format("/proc/{}/stat", process));
    std::string number, name, state;
    return !(in >> number >> name >> state) || state == "Z";
  }

  const fs::path folder_ = fs::temp_directory_path() / fmt::format("cardvp-interrupt-{}", ::getpid());
};

TEST_P(InterruptTest, EndsTheToolThatRunsAndWhatThatStarted) {
  for (const char* const tool : {"make", "verilator"}) {
    replace(tool);
    fs::remove(folder_ / "child");
    std::thread user([&] {
      while (!fs::exists(folder_ / "child")) std::this_thread::yield();
      ::kill(::getpid(), GetParam());
    });
    int signal = 0;
    try {
      build_block(options());
    } catch (const Interrupted& interrupted) {
      signal = interrupted.signal;
    }
    user.join();
    EXPECT_EQ(signal, GetParam()) << tool;
    EXPECT_THAT(left_over(), IsEmpty()) << tool;
    int child = 0;
    std::ifstream(folder_ / "child") >> child;
    ASSERT_GT(child, 0);
    while (!ended(child)) std::this_thread::yield();
  }
}

TEST_P(InterruptTest, BetweenTwoToolsTheNextIsNotStarted) {
  replace("make");
  BuildOptions build = options();
  std::vector<std::string> stages;
  build.progress = [&](const std::string& stage) {
    stages.push_back(stage);
    if (stages.size() == 2) std::raise(GetParam());
  };
  EXPECT_THROW(build_block(build), Interrupted);
  EXPECT_THAT(stages, testing::ElementsAre("verilating " + (folder_ / "block.json").string(), "compiling block"));
  EXPECT_FALSE(fs::exists(folder_ / "child"));
  EXPECT_THAT(left_over(), IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(All, InterruptTest, testing::Values(SIGINT, SIGTERM, SIGHUP),
                         [](const auto& test) { return std::string(::sigabbrev_np(test.param)); });

TEST(Interrupt, SignalsThatAreIgnoredStayIgnored) {
  std::signal(SIGTERM, SIG_IGN);
  BuildOptions build{"/nonexistent.json", {}, {}};
  build.progress = [](const std::string&) { std::raise(SIGTERM); };
  EXPECT_THROW(build_block(build), ConfigError);
  EXPECT_EQ(std::signal(SIGTERM, SIG_DFL), SIG_IGN);
  EXPECT_EQ(std::signal(SIGINT, SIG_DFL), SIG_DFL);
}

}  // namespace
}  // namespace cardvp::rtl
