// The program cardvp-image, as a user runs it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "firmware/sdk/include/image.h"

namespace {

using testing::HasSubstr;

struct ImageTool : testing::Test {
  ImageTool() {
    folder = std::filesystem::path(testing::TempDir()) /
             (std::string("cardvp-image-") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder);
    write("body", std::string(1000, 'b'));
  }
  ~ImageTool() override { std::filesystem::remove_all(folder); }

  std::string path(const std::string& name) const { return (folder / name).string(); }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Runs the tool; `output` gets what it printed, on both streams.
  int run(const std::string& arguments) {
    output.clear();
    FILE* pipe = popen(fmt::format("{} {} 2>&1", CARDVP_IMAGE_TOOL, arguments).c_str(), "r");
    char buffer[256];
    while (fgets(buffer, sizeof buffer, pipe)) output += buffer;
    const int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int pack(const std::string& options) { return run("pack " + options + " " + path("body") + " " + path("image")); }

  std::filesystem::path folder;
  std::string output;
};

TEST_F(ImageTool, PacksAndShows) {
  ASSERT_EQ(pack("--load SRAM --entry 0xb100010 --version 1.2.3 --security-version 4 --name hello"), 0) << output;
  EXPECT_EQ(std::filesystem::file_size(path("image")), 64u + 1000u);
  EXPECT_EQ(read("image").substr(0, 4), "CVFW");
  EXPECT_EQ(read("image").substr(64), std::string(1000, 'b'));
  ASSERT_EQ(run("info " + path("image")), 0) << output;
  EXPECT_THAT(output, HasSubstr("hello"));
  EXPECT_THAT(output, HasSubstr("1.2.3"));
  EXPECT_THAT(output, HasSubstr("0xb100000"));
  EXPECT_THAT(output, HasSubstr("0xb100010"));
  EXPECT_THAT(output, HasSubstr("1000 bytes"));
}

TEST_F(ImageTool, SameInputSameImage) {
  pack("--load SRAM --entry SRAM --version 1");
  const std::string first = read("image");
  pack("--load SRAM --entry SRAM --version 1");
  EXPECT_EQ(read("image"), first);
}

TEST_F(ImageTool, RefusesWhatTheRomWouldRefuse) {
  EXPECT_EQ(pack("--load 0x1000 --entry 0x1000 --version 1"), 1);
  EXPECT_THAT(output, HasSubstr("load address"));
  EXPECT_EQ(pack("--load SRAM --entry 0xb1003e8 --version 1"), 1);  // the first byte behind the body
  EXPECT_THAT(output, HasSubstr("entry"));
  EXPECT_EQ(pack("--load 0xb1ffff8 --entry 0xb1ffff8 --version 1"), 1);
  write("body", "");
  EXPECT_EQ(pack("--load SRAM --entry SRAM --version 1"), 1);
  EXPECT_FALSE(std::filesystem::exists(path("image")));
}

TEST_F(ImageTool, RefusesBadOptions) {
  for (const char* options :
       {"--load NOWHERE --entry SRAM --version 1", "--load -1 --entry SRAM --version 1",
        "--load 0xb100000x --entry SRAM --version 1", "--load 99999999999999999999 --entry SRAM --version 1",
        "--load '' --entry SRAM --version 1", "--load SRAM --entry SRAM --version 256",
        "--load SRAM --entry SRAM --version 1.", "--load SRAM --entry SRAM --version 1.2.3.4",
        "--load SRAM --entry SRAM --version x", "--load SRAM --entry SRAM --version 1 --security-version 4294967296",
        "--load SRAM --entry SRAM --version 1 --name abcdefghijklmnopqrstu",
        "--load SRAM --entry SRAM --version 1 --name ''"}) {
    EXPECT_EQ(pack(options), 1) << options << "\n" << output;
    EXPECT_FALSE(std::filesystem::exists(path("image"))) << options;
  }
  EXPECT_NE(pack("--load SRAM --entry SRAM"), 0);
  EXPECT_NE(run(""), 0);
}

TEST_F(ImageTool, FilesThatAreNotThere) {
  EXPECT_EQ(run("pack --load SRAM --entry SRAM --version 1 " + path("none") + " " + path("image")), 1);
  EXPECT_THAT(output, HasSubstr(path("none")));
  EXPECT_EQ(run("pack --load SRAM --entry SRAM --version 1 " + path("body") + " " + path("none/image")), 1);
  EXPECT_EQ(run("info " + path("none")), 1);
  EXPECT_EQ(run("info " + folder.string()), 1);
}

TEST_F(ImageTool, InfoFindsDamage) {
  ASSERT_EQ(pack("--load SRAM --entry SRAM --version 1"), 0);
  const std::string good = read("image");
  const auto info_of = [&](const std::string& bytes) {
    write("image", bytes);
    return run("info " + path("image"));
  };
  EXPECT_EQ(info_of(good), 0);
  EXPECT_EQ(info_of(good + "more"), 0);  // a flash is longer than what is in it
  for (const std::size_t length : {0u, 1u, 63u, 64u, 1063u}) {
    EXPECT_EQ(info_of(good.substr(0, length)), 1);
    EXPECT_THAT(output, HasSubstr("truncated"));
  }
  for (const std::size_t at : {0u, 8u, 36u, 63u, 64u, 1063u}) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_EQ(info_of(damaged), 1) << at;
  }
}

}  // namespace
