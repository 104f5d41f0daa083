#include "scenarios/ext4_image.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "models/support/subprocess.h"

namespace cardvp::scenarios {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUuid = "4ca4d7e2-0000-4000-8000-63617264f500";  // of the file system and its directory hashes
constexpr std::int64_t kTime = 1'600'000'000;                          // of everything in it: seconds since 1970

std::string tool(const char* name) {
  const std::string path = find_program(name);
  if (path.empty())
    throw std::runtime_error(
        fmt::format("{} is missing, which makes ext4 images; install it: apt-get install e2fsprogs", name));
  return path;
}

// debugfs takes a name in quotes, in which a quote is doubled.
std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

// Commands for debugfs that overwrite what mke2fs took from this host's file system.
void normalize(std::ostream& script, const std::string& name, fs::file_status status) {
  const auto set = [&](const char* field, const std::string& value) {
    script << "set_inode_field " << quoted(name) << ' ' << field << ' ' << value << '\n';
  };
  for (const char* time : {"atime", "ctime", "mtime", "crtime"}) set(time, fmt::format("@{}", kTime));
  set("uid", "0");
  set("gid", "0");
  const bool executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
  if (fs::is_directory(status)) set("mode", "040755");
  if (fs::is_regular_file(status)) set("mode", executable ? "0100755" : "0100644");
}

void write_script(const fs::path& folder, const fs::path& file) {
  std::vector<fs::directory_entry> entries{fs::recursive_directory_iterator(folder), {}};
  std::sort(entries.begin(), entries.end());
  std::ofstream script(file, std::ios::binary);
  normalize(script, "/", fs::status(folder));
  for (const fs::directory_entry& entry : entries) {
    const std::string name = "/" + entry.path().lexically_relative(folder).string();
    if (name.find('\n') != std::string::npos)
      throw std::runtime_error(fmt::format("{}: a line break in a file's name; rename it", entry.path().string()));
    normalize(script, name, entry.symlink_status());
  }
  if (!script.flush()) throw std::runtime_error(fmt::format("{}: cannot be written", file.string()));
}

}  // namespace

void make_ext4_image(const fs::path& folder, std::uint64_t size, const fs::path& image) {
  if (!fs::is_directory(folder))
    throw std::runtime_error(fmt::format("{}: there is no such folder to make an ext4 image from", folder.string()));
  const std::string mke2fs = tool("mke2fs");
  const std::string debugfs = tool("debugfs");
  const std::vector<std::string> environment = {fmt::format("E2FSPROGS_FAKE_TIME={}", kTime), "LC_ALL=C", "TZ=UTC",
                                                "MKE2FS_CONFIG=/dev/null", "MKE2FS_SYNC=0"};

  // Every choice that mke2fs would take from its configuration file is said here.
  const ProgramResult made = run_program(
      {mke2fs,
       "-q",
       "-F",
       "-t",
       "ext4",
       "-b",
       "4096",
       "-I",
       "256",
       "-m",
       "0",
       "-U",
       kUuid,
       "-O",
       "none,has_journal,ext_attr,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,"
       "extra_isize,metadata_csum,dir_index,resize_inode",
       "-E",
       fmt::format("hash_seed={},lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0,nodiscard", kUuid),
       "-d",
       folder.string(),
       image.string(),
       fmt::format("{}k", size / 1024)},
      environment);
  if (made.status != 0)
    throw std::runtime_error(
        fmt::format("mke2fs could not make an image of {} MiB from {}: {}\n(does it fit? raise "
                    "size_mib)",
                    size >> 20, folder.string(), made.output));

  const fs::path script = image.string() + ".debugfs";
  write_script(folder, script);
  const ProgramResult set = run_program({debugfs, "-w", "-f", script.string(), image.string()}, environment);
  fs::remove(script);
  // debugfs ends with 0 whatever happens; it echoes its commands and says more only when one failed.
  std::istringstream lines(set.output);
  for (std::string line; std::getline(lines, line);)
    if (set.status != 0 || !(line.empty() || line.starts_with("debugfs")))
      throw std::runtime_error(fmt::format("debugfs could not finish {}: {}", image.string(), line));
}

}  // namespace cardvp::scenarios
