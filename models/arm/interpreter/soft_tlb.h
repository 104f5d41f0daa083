// Soft TLB: from virtual pages to host memory, for one translation context. Direct-mapped; a page that needs more than
// a plain host access (devices, code that must be watched for writes) never gets in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "models/arm/instruction_engine.h"

namespace cardvp::arm::interpreter {

class SoftTlb {
 public:
  struct Entry {
    // The page's virtual address; kEmpty matches nothing, since its low bits survive no comparison mask.
    std::uint64_t tag;
    std::uintptr_t addend;  // host address - virtual address
  };

  SoftTlb() { flush(); }

  // Host memory of a naturally aligned access; null: not here, or not aligned. kSize is a power of 2.
  template <unsigned kSize>
  std::byte* find_read(std::uint64_t address) const {
    return find<kSize>(read_, address);
  }
  template <unsigned kSize>
  std::byte* find_write(std::uint64_t address) const {
    return find<kSize>(write_, address);
  }

  void add_read(std::uint64_t address, std::byte* host) { add(read_, address, host); }
  void add_write(std::uint64_t address, std::byte* host) { add(write_, address, host); }

  void flush() {
    read_.fill({kEmpty, 0});
    flush_writes();
  }
  void flush_writes() { write_.fill({kEmpty, 0}); }
  void flush_page(std::uint64_t address) {
    read_[index(address)].tag = kEmpty;
    write_[index(address)].tag = kEmpty;
  }

 private:
  static constexpr std::size_t kEntries = 256;
  static constexpr std::uint64_t kEmpty = ~0ull;
  using Entries = std::array<Entry, kEntries>;

  static std::size_t index(std::uint64_t address) { return address >> kPageBits & (kEntries - 1); }

  template <unsigned kSize>
  static std::byte* find(const Entries& entries, std::uint64_t address) {
    const Entry& entry = entries[index(address)];
    if ((address & (~(kPageSize - 1) | (kSize - 1))) != entry.tag) return nullptr;
    return reinterpret_cast<std::byte*>(address + entry.addend);
  }
  static void add(Entries& entries, std::uint64_t address, std::byte* host) {
    const std::uint64_t page = address & ~(kPageSize - 1);
    entries[index(address)] = {page, reinterpret_cast<std::uintptr_t>(host) - (address - page) - page};
  }

  Entries read_;
  Entries write_;
};

}  // namespace cardvp::arm::interpreter
