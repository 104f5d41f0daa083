#include "rtl/build/block_source.h"

#include <cmath>
#include <fstream>

#include <fmt/format.h>

#include "models/support/config_error.h"
#include "models/support/schema_check.h"

namespace cardvp::rtl {

extern const char kBlockSchemaText[];  // made from block_schema.json by CMakeLists.txt

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json load(const fs::path& file) {
  std::ifstream in(file);
  if (!in) throw ConfigError(file.string(), "cannot be read");
  try {
    return json::parse(in);
  } catch (const json::exception& error) {
    throw ConfigError(file.string(), error.what());
  }
}

std::vector<fs::path> paths(const json& document, const char* key, const fs::path& folder, bool directories) {
  std::vector<fs::path> result;
  if (!document.contains(key)) return result;
  for (const json& item : document.at(key)) {
    const fs::path path = fs::absolute(folder / item.get<std::string>()).lexically_normal();
    std::error_code error;
    if (directories ? !fs::is_directory(path, error) : !fs::is_regular_file(path, error))
      throw ConfigError(fmt::format("/{}/{}", key, result.size()),
                        directories ? "a folder that exists" : "a file that exists", path.string());
    result.push_back(path);
  }
  return result;
}

std::optional<std::vector<ClockDescription>> clocks(const json& document) {
  if (!document.contains("clocks")) return std::nullopt;
  std::vector<ClockDescription> result;
  for (const json& item : document.at("clocks"))
    result.push_back({item.at("port"), static_cast<std::uint64_t>(std::llround(item.value("period_ns", 10.0) * 1000))});
  return result;
}

std::optional<std::vector<ResetSource>> resets(const json& document) {
  if (!document.contains("resets")) return std::nullopt;
  std::vector<ResetSource> result;
  for (const json& item : document.at("resets")) {
    ResetSource reset{item.at("port"), item.value("clock", ""), std::nullopt, item.value("cycles", 16u)};
    if (item.contains("active")) reset.active_low = item.at("active") == "low";
    result.push_back(std::move(reset));
  }
  return result;
}

std::vector<InterfaceSource> interfaces(const json& document) {
  std::vector<InterfaceSource> result;
  if (!document.contains("interfaces")) return result;
  for (const json& item : document.at("interfaces")) {
    InterfaceSource interface;
    interface.pointer = fmt::format("/interfaces/{}", result.size());
    interface.kind = kind_from(item.at("kind"));
    if (item.contains("role")) interface.role = role_from(item.at("role"));
    interface.name = item.value("name", "");
    interface.prefix = item.value("prefix", "");
    interface.clock = item.value("clock", "");
    interface.signals = item.value("signals", std::map<std::string, std::string>());
    result.push_back(std::move(interface));
  }
  return result;
}

void read_verilator(const json& document, BlockSource& source) {
  const json options = document.value("verilator", json::object());
  source.arguments = options.value("arguments", std::vector<std::string>());
  source.warnings_are_errors = options.value("lint", "warn") == "error";
  source.loops_allowed = options.value("combinational_loops", "error") == "allow";
}

}  // namespace

const json& block_schema() {
  static const json schema = json::parse(kBlockSchemaText);
  return schema;
}

BlockSource read_block_source(const fs::path& file) {
  const json document = load(file);
  check_schema(block_schema(), document);
  const fs::path folder = fs::absolute(file).parent_path();
  BlockSource source;
  source.file = file;
  source.name = document.at("name");
  source.top = document.value("top", source.name);
  source.sources = paths(document, "sources", folder, false);
  source.include_dirs = paths(document, "include_dirs", folder, true);
  source.defines = document.value("defines", source.defines);
  if (document.contains("parameters"))
    for (const auto& [name, value] : document.at("parameters").items()) source.parameters[name] = value.dump();
  source.clocks = clocks(document);
  source.resets = resets(document);
  source.interfaces = interfaces(document);
  if (document.contains("interrupts")) source.interrupts = document.at("interrupts").get<std::vector<std::string>>();
  if (document.contains("address_range")) source.address_size = document.at("address_range").at("size");
  read_verilator(document, source);
  source.trace = document.value("trace", source.trace);
  source.coverage = document.value("coverage", false);
  return source;
}

}  // namespace cardvp::rtl
