// From a block description to a plug-in: verilates the block, finds its interfaces, compiles it with the wrapper. Needs
// verilator, make and g++, and nothing of this project's source tree.
#pragma once

#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "rtl/build/resolve.h"

namespace cardvp::rtl {

struct Inspection {
  BlockSource source;
  std::vector<Port> ports;
  Resolution resolution;
  std::vector<std::string> warnings;  // verilator's, one a line
};

// A signal ended the build; nothing of it is left but the user's own work folder.
class Interrupted : public std::runtime_error {
 public:
  explicit Interrupted(int number) : std::runtime_error("interrupted"), signal(number) {}
  const int signal;
};

struct BuildOptions {
  std::filesystem::path file;    // the block description
  std::filesystem::path output;  // of the plug-in; empty: NAME.so in the current folder
  std::filesystem::path work;    // kept, so that a second build does only what changed; empty: a temporary one
  std::function<void(const std::string&)> progress = nullptr;  // told of what is being done
};

// Both throw ConfigError with the JSON pointer of what is wrong with the description or the block, std::runtime_error
// if the tools fail otherwise, Interrupted: SIGINT, SIGTERM and SIGHUP end what they run, not the process.
Inspection inspect_block(const std::filesystem::path& file);
// Writes the plug-in, as a whole or not at all.
Inspection build_block(const BuildOptions& options);

// Ports, clocks, interfaces, what was found by convention and what was left over.
std::string to_report(const Inspection& inspection);
// Of a plug-in's own description.
std::string plugin_report(const std::filesystem::path& file);

}  // namespace cardvp::rtl
