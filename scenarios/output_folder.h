// Where a run's files go.
#pragma once

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <string_view>

namespace cardvp::scenarios {

class OutputFolder {
 public:
  // Makes the folder, and removes what an earlier run left of the files that a run writes. Throws std::runtime_error,
  // with a remedy, if nothing can be written there.
  explicit OutputFolder(std::filesystem::path path);
  // A folder within, for files of these names alone.
  OutputFolder folder(std::string_view name, std::initializer_list<const char*> files) const;

  // For a file that is written while the run goes on.
  std::filesystem::path file(std::string_view name) const { return path_ / name; }

  // Throws std::runtime_error if not all of it could be written.
  void write(std::string_view name, std::string_view text) const;
  void write(std::string_view name, const std::function<void(std::ostream&)>& writer) const;

 private:
  OutputFolder(std::filesystem::path path, std::initializer_list<const char*> files);

  std::filesystem::path path_;
};

}  // namespace cardvp::scenarios
