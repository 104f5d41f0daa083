// Runs verilator and the compiler for a block, in a work folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rtl/build/block_source.h"

namespace cardvp::rtl {

inline constexpr char kPluginFile[] = "plugin.so";  // in the work folder

std::string verilator_version();

// Writes the block's C++ to the work folder. Throws ConfigError with the pointer of the description that verilator's
// complaint is about; returns its warnings, one a line.
std::vector<std::string> verilate(const BlockSource& source, const std::filesystem::path& work);

// Compiles and links kPluginFile from that and the wrapper's files, which are there. Throws std::runtime_error.
void compile(const std::filesystem::path& work);

}  // namespace cardvp::rtl
