#include "rtl/build/builder.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "models/support/subprocess.h"
#include "rtl/build/verilate.h"

namespace cardvp::rtl {

// The wrapper's files, made by CMakeLists.txt.
extern const char kPluginAbiText[];
extern const char kPluginHooksText[];
extern const char kPluginInstanceText[];
extern const char kPluginMainText[];
extern const char kPluginTracksText[];

namespace {

namespace fs = std::filesystem;

// A folder that is gone at the end, unless it is the user's own.
class WorkFolder {
 public:
  explicit WorkFolder(const fs::path& own) {
    if (own.empty()) {
      std::string name = (fs::temp_directory_path() / "cardvp-rtl-XXXXXX").string();
      if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder can be made: " + name);
      path_ = name;
      temporary_ = true;
    } else {
      path_ = fs::absolute(own);
      fs::create_directories(path_);
    }
  }
  ~WorkFolder() {
    std::error_code error;
    if (temporary_) fs::remove_all(path_, error);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  bool temporary_ = false;
};

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Only if that changes it: make goes by the time.
void write(const fs::path& file, const std::string& text) {
  if (fs::exists(file) && read(file) == text) return;
  std::ofstream out(file, std::ios::binary);
  if (!(out << text).flush()) throw std::runtime_error(file.string() + ": cannot be written");
}

std::string digest(const BlockSource& source) {
  std::string all = read(source.file);
  for (const fs::path& file : source.sources) all += '\0' + read(file);
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(all.data(), all.size(), hash, &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL has no SHA-256");
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", hash[i]);
  return text;
}

std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

// block_tables.h, which plugin_main.cpp includes.
std::string tables(const Inspection& inspection) {
  std::string ports, connections;
  unsigned words = 1;
  for (std::size_t i = 0; i < inspection.ports.size(); ++i) {
    const Port& port = inspection.ports[i];
    ports += fmt::format("    {{{}, {}, {:d}}},\n", quoted(port.name), port.width, port.is_input);
    connections += fmt::format("  to[{}] = &block.{};\n", i, port.member);
    words = std::max({words, (port.width + 31) / 32, 2u});
  }
  return fmt::format(
      "const cardvp_rtl_port kPorts[] = {{\n{}}};\n"
      "enum : unsigned {{ kPortCount = {}, kMaxWords = {} }};\n"
      "void connect_ports(Vblock& block, void** to) {{\n{}}}\n"
      "const char kName[] = {};\nconst char kDescription[] = {};\nconst char kDigest[] = \"{}\";\n"
      "const char kVerilator[] = {};\n",
      ports, inspection.ports.size(), words, connections, quoted(inspection.source.name),
      quoted(to_text(inspection.resolution.description)), digest(inspection.source), quoted(verilator_version()));
}

Inspection inspect(const fs::path& file, const fs::path& work) {
  Inspection inspection;
  inspection.source = read_block_source(file);
  inspection.warnings = verilate(inspection.source, work);
  inspection.ports = read_ports(read(work / "Vblock.h"));
  inspection.resolution = resolve(inspection.source, inspection.ports);
  return inspection;
}

// Beside its place first: a run that has the old one loaded keeps it, and nobody sees a half.
void put(const fs::path& plugin, const fs::path& output) {
  if (output.has_parent_path()) fs::create_directories(output.parent_path());
  const fs::path beside = output.string() + ".new";
  try {
    fs::copy_file(plugin, beside, fs::copy_options::overwrite_existing);
    fs::rename(beside, output);
  } catch (...) {
    std::error_code error;
    fs::remove(beside, error);
    throw;
  }
}

Inspection build(const BuildOptions& options) {
  const auto tell = [&](const std::string& what) {
    if (options.progress) options.progress(what);
  };
  const WorkFolder folder(options.work);
  const fs::path& work = folder.path();
  tell("verilating " + options.file.string());
  Inspection inspection = inspect(options.file, work);
  write(work / "plugin_abi.h", kPluginAbiText);
  write(work / "plugin_hooks.h", kPluginHooksText);
  write(work / "plugin_instance.h", kPluginInstanceText);
  write(work / "plugin_main.cpp", kPluginMainText);
  write(work / "plugin_tracks.h", kPluginTracksText);
  write(work / "block_tables.h", tables(inspection));
  write(work / "exports.map", "{ global: cardvp_rtl_plugin; local: *; };\n");
  tell("compiling " + inspection.source.name);
  compile(work);
  const fs::path output = options.output.empty() ? fs::path(inspection.source.name + ".so") : options.output;
  put(work / kPluginFile, output);
  tell("made " + output.string());
  return inspection;
}

template <class Function>
Inspection interruptibly(Function&& function) {
  const ProgramInterrupt interrupt;
  try {
    Inspection inspection = function();
    if (interrupt.signal() == 0) return inspection;
  } catch (...) {
    if (interrupt.signal() == 0) throw;
  }
  throw Interrupted(interrupt.signal());
}

}  // namespace

Inspection inspect_block(const fs::path& file) {
  return interruptibly([&] {
    const WorkFolder work({});
    return inspect(file, work.path());
  });
}

Inspection build_block(const BuildOptions& options) {
  return interruptibly([&] { return build(options); });
}

}  // namespace cardvp::rtl
