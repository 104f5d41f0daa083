// Decoded code, by physical page. An instruction is decoded when it is first reached; what may have changed goes back
// to Op::Decode in place, so a page can be invalidated while it executes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "models/arm/instruction_engine.h"
#include "models/arm/interpreter/instruction.h"

namespace cardvp::arm::interpreter {

struct CodePage {
  static constexpr std::size_t kInstructions = kPageSize / 4;

  CodePage(std::uint64_t base, const std::byte* memory) : physical(base), host(memory) {
    drop(0, kInstructions);
    instructions[kInstructions].op = Op::PageEnd;
  }
  void drop(std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) instructions[i].op = Op::Decode;
  }

  std::uint64_t physical;
  const std::byte* host;  // the page's memory; null: read words from the bus
  std::array<Instruction, kInstructions + 1> instructions;
};

class DecodeCache {
 public:
  CodePage* find(std::uint64_t physical) const {
    const auto found = pages_.find(physical >> kPageBits);
    return found == pages_.end() ? nullptr : found->second.get();
  }
  CodePage& add(std::uint64_t physical, const std::byte* host) {
    auto& page = pages_[physical >> kPageBits];
    page = std::make_unique<CodePage>(physical & ~(kPageSize - 1), host);
    return *page;
  }
  bool full() const { return pages_.size() >= kMaxPages; }

  // Drops what overlaps the range, and leaves the pages in place.
  void invalidate(std::uint64_t physical, std::uint64_t bytes);
  void invalidate_all();
  // Frees everything. Not while one of the pages executes.
  void clear() { pages_.clear(); }

 private:
  static constexpr std::size_t kMaxPages = 4096;  // 64 MiB of decoded code
  std::unordered_map<std::uint64_t, std::unique_ptr<CodePage>> pages_;
};

}  // namespace cardvp::arm::interpreter
