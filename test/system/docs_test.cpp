// What docs say of tests: each that a page names is there.
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>

#include "test/system/program.h"

namespace cardvp::test {
namespace {

namespace fs = std::filesystem;
const fs::path kSource = CARDVP_SOURCE_DIR;

std::set<std::string> matches(const std::string& text, const std::string& pattern, const std::string& format) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) found.insert(at->format(format));
  return found;
}

// "Suite.Name" of each in the sources.
std::set<std::string> tests() {
  std::set<std::string> all;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kSource / "test"))
    if (entry.path().extension() == ".cpp")
      all.merge(matches(read_file(entry.path()), R"(TEST(?:_F|_P)?\((\w+),\s*(\w+)\))", "$1.$2"));
  return all;
}

TEST(Docs, NameTestsThatThereAre) {
  const std::set<std::string> all = tests();
  ASSERT_GT(all.size(), 500u);
  const std::set<std::string> named =
      matches(read_file(kSource / "docs/nic.md"), R"(`([A-Z]\w+)\.([A-Z]\w+)`)", "$1.$2");
  EXPECT_GT(named.size(), 100u);
  for (const std::string& test : named) EXPECT_TRUE(all.contains(test)) << "docs/nic.md names " << test;
}

// The list that the page is about has 43 items, in order.
TEST(Docs, CoverEachItemOfTheEnaList) {
  const std::string page = read_file(kSource / "docs/nic.md");
  std::size_t at = 0;
  for (int item = 1; item <= 43; ++item) {
    at = page.find("\n| " + std::to_string(item) + " ", at);
    ASSERT_NE(at, std::string::npos) << "item " << item;
  }
}

// Where reasons of drops are named, and how.
struct Reasons {
  const char* file;
  const char* pattern;
};

TEST(Docs, SayWhatEachDropMeans) {
  const std::string page = read_file(kSource / "docs/nic.md");
  for (const auto& [file, pattern] : {Reasons{"models/nic/ena/packet_unit.cpp", R"re("((?:tx|rx)_\w+)")re"},
                                      Reasons{"models/nic/vpc/drops.cpp", R"re("(\w+)",)re"},
                                      Reasons{"models/nic/transport/counters.cpp", R"re("drops\.(\w+)")re"},
                                      Reasons{"models/net/parse.cpp", R"re(return "(\w+)")re"},
                                      Reasons{"models/wire/drop.cpp", R"re(return "(\w+)")re"}}) {
    std::set<std::string> reasons = matches(read_file(kSource / file), pattern, "$1");
    reasons.erase("unknown");  // of a value that there is not
    EXPECT_GE(reasons.size(), 8u) << file;
    for (const std::string& reason : reasons)
      EXPECT_NE(page.find("`" + reason + "`"), std::string::npos)
          << "docs/nic.md does not say what " << reason << " is";
  }
}

}  // namespace
}  // namespace cardvp::test
