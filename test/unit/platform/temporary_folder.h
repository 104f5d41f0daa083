// A folder for one test, removed behind it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "scenarios/work_folder.h"

namespace cardvp {

class TemporaryFolder {
 public:
  std::filesystem::path path() const { return folder_.path(); }
  std::filesystem::path file(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories((path() / name).parent_path());
    std::ofstream(path() / name, std::ios::binary) << content;
    return path() / name;
  }

 private:
  scenarios::WorkFolder folder_;
};

inline std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace cardvp
