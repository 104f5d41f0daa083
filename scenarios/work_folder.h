// A folder for one run's own files, removed with everything in it when the run is over.
#pragma once

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace cardvp::scenarios {

class WorkFolder {
 public:
  // In TMPDIR. Throws std::runtime_error.
  WorkFolder() {
    std::error_code error;
    std::filesystem::path parent = std::filesystem::temp_directory_path(error);
    if (error) parent = "/tmp";
    std::string name = (parent / "cardvp.XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw std::runtime_error("no folder for the run's files in " + parent.string() + ": " + std::strerror(errno) +
                               "; set TMPDIR to a folder that can be written");
    path_ = name;
  }
  ~WorkFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace cardvp::scenarios
