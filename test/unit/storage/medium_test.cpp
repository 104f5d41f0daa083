#include "models/storage/medium.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace cardvp::storage {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Bytes = std::vector<std::byte>;

Bytes pattern(std::size_t size, unsigned seed = 1) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = std::byte((i * 7 + seed) & 0xff);
  return bytes;
}

struct FileMedium : testing::Test {
  std::filesystem::path folder;
  void SetUp() override {
    std::string name = testing::TempDir() + "cardvp-medium-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string file(const std::string& name, std::size_t size) {
    const std::filesystem::path path = folder / name;
    std::ofstream(path, std::ios::binary);
    std::filesystem::resize_file(path, size);
    return path;
  }
  static std::string error(const std::string& path, std::uint64_t size, bool create = false, bool read_only = false) {
    try {
      make_file_medium(path, size, create, read_only);
    } catch (const std::runtime_error& thrown) {
      return thrown.what();
    }
    return "no error";
  }
};

TEST_F(FileMedium, KeepsWhatWasWritten) {
  const std::string path = file("disk", 1 << 20);
  const Bytes data = pattern(8192);
  {
    auto medium = make_file_medium(path, 0, false, false);
    EXPECT_EQ(medium->size(), 1u << 20);
    EXPECT_TRUE(medium->direct(0, 512).empty());
    EXPECT_TRUE(medium->write((1 << 20) - 8192, data));
    EXPECT_TRUE(medium->flush());
  }
  auto medium = make_file_medium(path, 0, false, true);
  Bytes back(8192);
  EXPECT_TRUE(medium->read((1 << 20) - 8192, back));
  EXPECT_EQ(back, data);
}

TEST_F(FileMedium, IsCreatedSparselyWithItsRealSize) {
  const std::string path = folder / "new";
  constexpr std::uint64_t kSize = 1ull << 40;
  auto medium = make_file_medium(path, kSize, true, false);
  EXPECT_EQ(medium->size(), kSize);
  EXPECT_EQ(std::filesystem::file_size(path), kSize);
  EXPECT_TRUE(medium->write(kSize - 4096, pattern(4096)));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_LT(status.st_blocks * 512, 1 << 20);
  Bytes zeros(4096, std::byte{1});
  EXPECT_TRUE(medium->read(kSize / 2, zeros));
  EXPECT_EQ(zeros, Bytes(4096));
}

TEST_F(FileMedium, CreateExtendsButNeverShortens) {
  const std::string path = file("disk", 4096);
  { std::fstream(path, std::ios::in | std::ios::out | std::ios::binary) << "head"; }
  EXPECT_EQ(make_file_medium(path, 8192, true, false)->size(), 8192u);
  EXPECT_EQ(std::filesystem::file_size(path), 8192u);
  EXPECT_EQ(make_file_medium(path, 4096, true, false)->size(), 4096u);
  EXPECT_EQ(std::filesystem::file_size(path), 8192u);
  Bytes head(4);
  make_file_medium(path, 0, false, true)->read(0, head);
  EXPECT_EQ(std::memcmp(head.data(), "head", 4), 0);
}

TEST_F(FileMedium, ShorterThanItsVolumeIsAnErrorWithBothSizes) {
  const std::string path = file("short.img", 4096);
  EXPECT_THAT(error(path, 8192), AllOf(HasSubstr(path), HasSubstr("4096"), HasSubstr("8192")));
  EXPECT_EQ(std::filesystem::file_size(path), 4096u);
  EXPECT_THAT(error(path, 8192, true, true), AllOf(HasSubstr(path), HasSubstr("8192")));  // read-only: not extended
}

TEST_F(FileMedium, MissingIsAnErrorAndMakesNoFile) {
  const std::string path = folder / "missing";
  EXPECT_THAT(error(path, 0), AllOf(HasSubstr(path), HasSubstr("No such file")));
  EXPECT_THAT(error(path, 4096), HasSubstr("No such file"));
  EXPECT_THAT(error(path, 0, true), HasSubstr("No such file"));
  EXPECT_THAT(error(path, 4096, true, true), HasSubstr("No such file"));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(error(folder / "no/such/folder", 4096, true), HasSubstr("No such file"));
}

TEST_F(FileMedium, OddOrEmptyOrNoFileAtAllIsAnError) {
  EXPECT_THAT(error(file("odd", 1000), 0), AllOf(HasSubstr("1000"), HasSubstr("512")));
  EXPECT_THAT(error(file("empty", 0), 0), HasSubstr("empty"));
  EXPECT_THAT(error(folder, 0), HasSubstr(folder.string()));
  EXPECT_THAT(error(folder, 0, false, true), HasSubstr("regular file"));
  const std::string fifo = folder / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(error(fifo, 0), HasSubstr("regular file"));
  EXPECT_THAT(error(file("disk", 512), ~0ull), HasSubstr("no file can have"));
}

TEST_F(FileMedium, UnwritableIsAnErrorUnlessReadOnly) {
  const std::string path = file("disk", 4096);
  std::filesystem::permissions(path, std::filesystem::perms(0444));
  std::filesystem::permissions(folder, std::filesystem::perms(0755));
  const uid_t user = ::geteuid();
  constexpr uid_t kNobody = 65534;
  if (user == 0) {  // who may write everything
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  EXPECT_THAT(error(path, 0), AllOf(HasSubstr(path), HasSubstr("Permission denied"), HasSubstr("read-only")));
  EXPECT_EQ(make_file_medium(path, 0, false, true)->size(), 4096u);
  EXPECT_THAT(error(folder / "new", 4096, true), HasSubstr("Permission denied"));
  ASSERT_EQ(::seteuid(user), 0);
}

TEST_F(FileMedium, ReadOnlyRefusesWrites) {
  const std::string path = file("disk", 4096);
  auto medium = make_file_medium(path, 0, false, true);
  EXPECT_TRUE(medium->read_only());
  EXPECT_FALSE(medium->write(0, pattern(512)));
  EXPECT_TRUE(medium->flush());
  Bytes back(512);
  EXPECT_TRUE(medium->read(0, back));
  EXPECT_EQ(back, Bytes(512));
}

TEST_F(FileMedium, TruncatedWhileInUseFailsToRead) {
  const std::string path = file("disk", 1 << 20);
  auto medium = make_file_medium(path, 0, false, false);
  Bytes back(8192);
  EXPECT_TRUE(medium->read((1 << 20) - 8192, back));
  std::filesystem::resize_file(path, (1 << 20) - 4096);
  EXPECT_FALSE(medium->read((1 << 20) - 8192, back));
  EXPECT_FALSE(medium->read((1 << 20) - 4096, back));
  EXPECT_TRUE(medium->read((1 << 20) - 12288, back));
}

TEST(MemoryMedium, StartsAsZerosAndIsDirect) {
  auto medium = make_memory_medium(1ull << 40);  // pages are taken when they are written
  EXPECT_EQ(medium->size(), 1ull << 40);
  const std::uint64_t at = (1ull << 40) - 4096;
  Bytes back(4096, std::byte{1});
  EXPECT_TRUE(medium->read(at, back));
  EXPECT_EQ(back, Bytes(4096));
  EXPECT_TRUE(medium->write(at, pattern(4096)));
  const std::span<std::byte> direct = medium->direct(at, 4096);
  EXPECT_EQ(Bytes(direct.begin(), direct.end()), pattern(4096));
  direct[0] = std::byte{0xaa};
  EXPECT_TRUE(medium->read(at, back));
  EXPECT_EQ(back[0], std::byte{0xaa});
}

TEST(MemoryMedium, MoreThanThereIsIsAnError) {
  EXPECT_THROW(make_memory_medium(1ull << 62), std::runtime_error);
  EXPECT_THROW(make_memory_medium(0), std::runtime_error);
}

}  // namespace
}  // namespace cardvp::storage
