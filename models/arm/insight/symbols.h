// What the code at an address is called: function symbols of ELF files and of Linux's System.map.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cardvp::arm {

class Symbols {
 public:
  // "Of what, where": `offset` bytes behind the start of `function`.
  struct Place {
    std::string_view function;
    std::string_view module;   // the file's name without its extension
    std::uint64_t start, end;  // of the function
    std::uint64_t offset;
  };

  // An AArch64 ELF file with a symbol table, or a System.map, recognised by its content. `load_offset` is added to
  // every address: for programs that run elsewhere than where they are linked. Throws std::runtime_error with path and
  // reason; then nothing was added.
  void add(const std::filesystem::path& file, std::uint64_t load_offset = 0);
  bool empty() const { return functions_.empty(); }

  // The function that begins last of those that begin at or below `address`, if it reaches that far. One without a size
  // (of assembler sources, say) reaches to the next, or to the end of its section.
  std::optional<Place> find(std::uint64_t address) const;
  // "main+0x10", "main" at its start, "0x4000" outside of all functions.
  std::string describe(std::uint64_t address) const;
  // Where functions of that name begin; local functions of several files may share one.
  std::vector<std::uint64_t> starts(std::string_view function) const;

 private:
  struct Function {
    std::uint64_t start, end;
    std::string name;
    std::size_t module;
  };

  std::vector<Function> functions_;  // by start, none twice
  std::vector<std::string> modules_;
};

}  // namespace cardvp::arm
