// A block description as its author wrote it: what is in the JSON file, with the file's paths made absolute.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "rtl/description.h"

namespace cardvp::rtl {

// block_schema.json, as it was built in.
const nlohmann::json& block_schema();

struct InterfaceSource {
  std::string pointer;  // of the description, for errors
  InterfaceKind kind = InterfaceKind::kAxiLite;
  std::optional<InterfaceRole> role;
  std::string name, prefix, clock;             // empty: by convention
  std::map<std::string, std::string> signals;  // that are not called prefix + signal
};

struct ResetSource {
  std::string port, clock;
  std::optional<bool> active_low;
  unsigned cycles = 16;
};

struct BlockSource {
  std::filesystem::path file;
  std::string name, top;
  std::vector<std::filesystem::path> sources, include_dirs;
  std::map<std::string, std::string> defines;
  std::map<std::string, std::string> parameters;  // as verilator's -G takes them
  std::optional<std::vector<ClockDescription>> clocks;
  std::optional<std::vector<ResetSource>> resets;
  std::vector<InterfaceSource> interfaces;
  std::optional<std::vector<std::string>> interrupts;
  std::uint64_t address_size = 0;
  std::vector<std::string> arguments;
  bool warnings_are_errors = false;
  bool loops_allowed = false;
  std::string trace = "fst";
  bool coverage = false;
};

// Throws ConfigError with the JSON pointer of what is wrong, missing files included.
BlockSource read_block_source(const std::filesystem::path& file);

}  // namespace cardvp::rtl
