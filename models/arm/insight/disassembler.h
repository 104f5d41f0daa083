// A64 instructions as text, by capstone, with the names of branch targets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "models/arm/insight/symbols.h"

namespace cardvp::arm {

class Disassembler {
 public:
  explicit Disassembler(const Symbols& symbols);
  ~Disassembler();
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  // Valid until the next call. What capstone does not know is ".inst 0x...".
  const std::string& text(std::uint64_t pc, std::uint32_t word);

 private:
  struct Entry {
    std::uint64_t pc = 1;  // never one of an instruction
    std::uint32_t word = 0;
    std::string text;
  };
  static constexpr std::size_t kEntries = 1 << 14;

  std::string disassemble(std::uint64_t pc, std::uint32_t word) const;

  const Symbols& symbols_;
  std::size_t capstone_ = 0;    // csh
  std::vector<Entry> entries_;  // direct-mapped
};

}  // namespace cardvp::arm
