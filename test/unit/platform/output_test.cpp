#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/file_digest.h"
#include "scenarios/media.h"
#include "scenarios/output_folder.h"
#include "scenarios/uart_log.h"
#include "test/unit/platform/temporary_folder.h"

namespace cardvp {
namespace {

using platform::ConfigError;
using platform::MediumConfig;
using testing::ElementsAre;
using testing::HasSubstr;

const sc_core::sc_time kTime{1500, sc_core::SC_NS};

TEST(OutputFolder, IsMadeWithItsParentsAndForgetsTheLastRun) {
  const TemporaryFolder folder;
  folder.file("a/b/report.json", "old");
  folder.file("a/b/notes.txt", "mine");
  const scenarios::OutputFolder out(folder.path() / "a/b");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "a/b/report.json"));
  EXPECT_EQ(read_file(folder.path() / "a/b/notes.txt"), "mine");
  out.write("report.json", "new");
  EXPECT_EQ(read_file(folder.path() / "a/b/report.json"), "new");
}

TEST(OutputFolder, ThatCannotBeWrittenIsToldAtOnce) {
  const TemporaryFolder folder;
  const std::string file = folder.file("file", "x");
  for (const std::string& path : {file, file + "/below", std::string("/proc/cardvp")}) {
    try {
      const scenarios::OutputFolder out(path);
      FAIL() << path;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr(path));
      EXPECT_THAT(error.what(), HasSubstr("cannot be written"));
    }
  }
}

TEST(OutputFolder, AFullDiskIsAnError) {
  const TemporaryFolder folder;
  const scenarios::OutputFolder out(folder.path());
  std::filesystem::create_symlink("/dev/full", folder.path() / "report.json");
  EXPECT_THROW(out.write("report.json", std::string(100'000, 'x')), std::runtime_error);
}

TEST(UartLog, KeepsEveryByteAndShowsLines) {
  std::vector<std::string> lines;
  scenarios::UartLog log([&](const std::string& line) { lines.push_back(line); });
  const std::string sent = "ROM: hello\r\n\x1b[31mred\tend";
  for (const char c : sent) log.add(c, kTime);
  EXPECT_THAT(lines, ElementsAre("[     1.500 us] ROM: hello"));
  log.finish(kTime);
  log.finish(kTime);
  EXPECT_THAT(lines, ElementsAre("[     1.500 us] ROM: hello", "[     1.500 us] .[31mred.end"));
  EXPECT_EQ(log.text(), sent);
  EXPECT_THAT(log.last_lines(), ElementsAre("ROM: hello", ".[31mred.end"));
}

TEST(UartLog, ALineWithoutEndIsCut) {
  std::vector<std::string> lines;
  scenarios::UartLog log([&](const std::string& line) { lines.push_back(line); });
  for (std::size_t i = 0; i < 3 * scenarios::UartLog::kLongestLine; ++i) log.add('x', kTime);
  EXPECT_EQ(lines.size(), 2u);
}

TEST(FileDigest, IsSha256) {
  const TemporaryFolder folder;
  // FIPS 180-2, B.1: the message "abc".
  EXPECT_EQ(scenarios::file_sha256(folder.file("abc", "abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // FIPS 180-2, B.3: one million times "a".
  EXPECT_EQ(scenarios::file_sha256(folder.file("a", std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_THROW(scenarios::file_sha256(folder.path() / "none"), std::runtime_error);
}

platform::CardConfig card_with(const MediumConfig& medium) {
  platform::CardConfig card;
  card.volumes.resize(2);
  card.volumes[0].medium.size = 1 << 20;
  card.volumes[1].name = "second";
  card.volumes[1].medium = medium;
  return card;
}

std::string blamed(const TemporaryFolder& folder, const MediumConfig& medium) {
  try {
    scenarios::make_media(card_with(medium), folder.path(), folder.path());
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "made";
}

TEST(Media, ThatAreNotAsSaidAreToldByPointer) {
  const TemporaryFolder folder;
  const MediumConfig missing{MediumConfig::Type::kFile, folder.path() / "none.img"};
  EXPECT_THAT(blamed(folder, missing), HasSubstr("/card/volumes/1/medium: "));
  EXPECT_THAT(blamed(folder, missing), HasSubstr("none.img"));
  const MediumConfig shorter{MediumConfig::Type::kFile, folder.file("short.img", std::string(4096, 'x')), 1 << 20};
  EXPECT_THAT(blamed(folder, shorter), HasSubstr("/card/volumes/1/medium: "));
  EXPECT_THAT(blamed(folder, shorter), HasSubstr("short.img"));
  const MediumConfig no_folder{MediumConfig::Type::kExt4, folder.path() / "none", 8 << 20};
  EXPECT_THAT(blamed(folder, no_folder), HasSubstr("/card/volumes/1/medium/from: "));
}

TEST(Media, SayWhereTheirBytesAre) {
  const TemporaryFolder folder;
  folder.file("tree/x", "x");
  const scenarios::Media media = scenarios::make_media(
      card_with({MediumConfig::Type::kExt4, folder.path() / "tree", 8 << 20}), folder.path(), folder.path());
  EXPECT_EQ(media.files[0], "");
  EXPECT_EQ(media.files[1], folder.path() / "second.ext4");
  EXPECT_EQ(media.media[1]->size(), 8u << 20);
}

}  // namespace
}  // namespace cardvp
