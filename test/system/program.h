// Runs the built `cardvp` as a user does.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace cardvp::test {

struct Ended {
  int status = -1;  // exit status; 128 + n: ended by signal n
  std::string out;
  std::string error;
};

// `interrupt_on`: sends SIGINT as soon as standard output has this text.
Ended cardvp(const std::vector<std::string>& arguments, const std::string& interrupt_on = {});

// A folder for the test's files, removed behind it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string file(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& file);
inline const std::string kQuickstart = CARDVP_SOURCE_DIR "/scenarios/quickstart.json";

// A scenario that takes no time: one small volume in memory, a few commands.
nlohmann::json small_scenario();

}  // namespace cardvp::test
