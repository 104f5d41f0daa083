#include "scenarios/installation.h"

#include <algorithm>

#include "platform/config.h"

namespace cardvp::scenarios {
namespace {

namespace fs = std::filesystem;

// The first that exists of: beside the program (a build folder), share/cardvp below its folder (again), share/cardvp
// and lib/cardvp next to its folder (bin/ of an installation).
fs::path find(const fs::path& relative) {
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& base : {folder, folder / "share/cardvp", folder / "../share/cardvp", folder / "../lib/cardvp"})
    if (fs::exists(base / relative, error)) return fs::weakly_canonical(base / relative);
  return {};
}

}  // namespace

fs::path installed_firmware(const std::string& name) { return find(fs::path("firmware") / name); }

namespace {

fs::path located(const fs::path& path, const std::string& pointer, const fs::path& in) {
  const std::string text = path.string();
  if (!text.starts_with(platform::kInstalled)) return path;
  const std::string name = text.substr(std::string_view(platform::kInstalled).size());
  fs::path found = find(in / name);
  if (found.empty())
    throw platform::ConfigError(pointer, fmt::format("a file of the installation's folder {}", in.string()), name);
  return found;
}

}  // namespace

fs::path located(const fs::path& path, const std::string& pointer) { return located(path, pointer, "firmware"); }

fs::path located_plugin(const fs::path& path, const std::string& pointer) {
  return located(path, pointer, "rtl/plugins");
}

std::vector<fs::path> installed_scenarios() {
  std::vector<fs::path> files;
  // A build folder has a scenarios/ of CMake's own; the marker is a file that the real one always has.
  const fs::path folder = find("scenarios/schema.json").parent_path();
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".json" && entry.path().filename() != "schema.json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace cardvp::scenarios
