// Reads the function symbols of a file; see Symbols.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cardvp::arm {

struct FunctionSymbol {
  std::uint64_t start;
  std::uint64_t size;   // 0: unknown
  std::uint64_t limit;  // the end of its section
  unsigned rank;        // among names of the same address the lowest is the best
  std::string name;
};

// Both throw std::runtime_error with path and reason. Files are not trusted.
std::vector<FunctionSymbol> read_elf_symbols(const std::filesystem::path& file);
std::vector<FunctionSymbol> read_system_map(const std::filesystem::path& file);
bool is_elf(const std::filesystem::path& file);

// Names end up in lines of text, in which blanks, ';' and line ends mean something.
std::string printable(std::string_view name);

}  // namespace cardvp::arm
