#include "scenarios/ext4_image.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/support/subprocess.h"
#include "scenarios/file_digest.h"
#include "test/unit/platform/temporary_folder.h"

namespace cardvp {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::uint64_t kSize = 8 << 20;

// The same tree, made in another order, by another umask, at another time.
void make_tree(const TemporaryFolder& folder, bool reversed) {
  std::vector<std::string> names = {"tree/a.txt", "tree/b \"quoted\" name", "tree/sub/deeper/c", "tree/sub/d"};
  if (reversed) std::reverse(names.begin(), names.end());
  for (const std::string& name : names) folder.file(name, "content of " + name);
  folder.file("tree/large", std::string(300'000, 'x'));
  fs::create_symlink("../a.txt", folder.path() / "tree/sub/link");
  ::chmod((folder.path() / "tree/a.txt").c_str(), reversed ? 0664 : 0600);
  ::chmod((folder.path() / "tree/sub").c_str(), reversed ? 0775 : 0700);
  const timespec times[2] = {{reversed ? 1000 : 2'000'000'000, 1}, {reversed ? 3000 : 1'500'000'000, 999}};
  for (const char* name : {"tree", "tree/a.txt", "tree/sub", "tree/sub/d"})
    ::utimensat(AT_FDCWD, (folder.path() / name).c_str(), times, 0);
}

TEST(Ext4Image, TheSameContentsGiveTheSameBytes) {
  const TemporaryFolder first, second;
  make_tree(first, false);
  make_tree(second, true);
  scenarios::make_ext4_image(first.path() / "tree", kSize, first.path() / "image");
  scenarios::make_ext4_image(second.path() / "tree", kSize, second.path() / "image");
  EXPECT_EQ(fs::file_size(first.path() / "image"), kSize);
  EXPECT_EQ(scenarios::file_sha256(first.path() / "image"), scenarios::file_sha256(second.path() / "image"));

  second.file("tree/a.txt", "other content");
  fs::remove(second.path() / "image");
  scenarios::make_ext4_image(second.path() / "tree", kSize, second.path() / "image");
  EXPECT_NE(scenarios::file_sha256(first.path() / "image"), scenarios::file_sha256(second.path() / "image"));
}

TEST(Ext4Image, IsASoundFileSystemWithTheFolderInIt) {
  const TemporaryFolder folder;
  make_tree(folder, false);
  const std::string image = (folder.path() / "image").string();
  scenarios::make_ext4_image(folder.path() / "tree", kSize, image);
  EXPECT_EQ(run_program({find_program("e2fsck"), "-fn", image}, {}).status, 0);
  const std::string debugfs = find_program("debugfs");
  EXPECT_THAT(run_program({debugfs, "-R", "cat /sub/deeper/c", image}, {}).output,
              HasSubstr("content of tree/sub/deeper/c"));
  EXPECT_THAT(run_program({debugfs, "-R", "stat /sub/link", image}, {}).output, HasSubstr("\"../a.txt\""));
  EXPECT_THAT(run_program({debugfs, "-R", "stat /a.txt", image}, {}).output, HasSubstr("Mode:  0644"));
}

TEST(Ext4Image, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const auto message = [&](const fs::path& from, std::uint64_t size) -> std::string {
    try {
      scenarios::make_ext4_image(from, size, folder.path() / "image");
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "made";
  };
  EXPECT_THAT(message(folder.path() / "none", kSize), HasSubstr("none"));
  folder.file("big/file", std::string(9 << 20, 'x'));
  EXPECT_THAT(message(folder.path() / "big", kSize), HasSubstr("raise size_mib"));
  folder.file("odd/a\nb", "x");
  EXPECT_THAT(message(folder.path() / "odd", kSize), HasSubstr("line break"));

  ::setenv("PATH", "/nonexistent", 1);
  if (find_program("mke2fs").empty()) {  // the system folders are looked at in any case
    EXPECT_THAT(message(folder.path() / "big", kSize), HasSubstr("apt-get install e2fsprogs"));
  }
}

TEST(Subprocess, GivesStatusAndOutput) {
  const auto result = run_program({"/bin/sh", "-c", "echo $GREETING; echo err >&2; exit 7"}, {"GREETING=hello"});
  EXPECT_EQ(result.status, 7);
  EXPECT_EQ(result.output, "hello\nerr\n");
  EXPECT_EQ(run_program({"/bin/sh", "-c", "kill -9 $$"}, {}).status, -1);
  EXPECT_NE(run_program({"/nonexistent/program"}, {}).status, 0);
  EXPECT_EQ(find_program("no-such-program-of-this-name"), "");
}

}  // namespace
}  // namespace cardvp
