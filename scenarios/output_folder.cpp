#include "scenarios/output_folder.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

namespace cardvp::scenarios {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  throw std::runtime_error(
      fmt::format("{}: cannot be written: {}; name an output folder that can", path.string(), why));
}

}  // namespace

OutputFolder::OutputFolder(fs::path path)
    : OutputFolder(std::move(path), {"coverage.dat", "exec.log", "profile.folded", "report.json", "timing.json",
                                     "trace.json", "uart.log"}) {
  write("uart.log", "");  // a folder may exist and still take no file
}

OutputFolder::OutputFolder(fs::path path, std::initializer_list<const char*> files) : path_(std::move(path)) {
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) fail(path_, error.message());
  for (const char* name : files) {
    fs::remove(path_ / name, error);
    if (error) fail(path_ / name, error.message());
  }
}

OutputFolder OutputFolder::folder(std::string_view name, std::initializer_list<const char*> files) const {
  return OutputFolder(path_ / name, files);
}

void OutputFolder::write(std::string_view name, std::string_view text) const {
  write(name, [text](std::ostream& out) { out << text; });
}

void OutputFolder::write(std::string_view name, const std::function<void(std::ostream&)>& writer) const {
  std::ofstream file(path_ / name, std::ios::binary);
  if (file) writer(file);
  if (!file.flush()) fail(path_ / name, std::strerror(errno));
}

}  // namespace cardvp::scenarios
