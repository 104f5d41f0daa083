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

  // Host memory of a naturally aligned access of `size` bytes, a power of 2; false: not here, or not aligned.
  bool find_read(std::uint64_t address, unsigned size, std::byte*& host) const {
    return find(read_, address, size, host);
  }
  bool find_write(std::uint64_t address, unsigned size, std::byte*& host) const {
    return find(write_, address, size, host);
  }
  // The same for an access that is not aligned, where the memory allows it. It stays within the page.
  bool find_read_unaligned(std::uint64_t address, std::byte*& host) const {
    return !read_aligned_only_[index(address)] && find(read_, address, 1, host);
  }
  bool find_write_unaligned(std::uint64_t address, std::byte*& host) const {
    return !write_aligned_only_[index(address)] && find(write_, address, 1, host);
  }

  void add_read(std::uint64_t address, std::byte* host, bool aligned_only) {
    add(read_, address, host);
    read_aligned_only_[index(address)] = aligned_only;
  }
  void add_write(std::uint64_t address, std::byte* host, bool aligned_only) {
    add(write_, address, host);
    write_aligned_only_[index(address)] = aligned_only;
  }

  void flush() {
    read_.fill({kEmpty, 0});
    flush_writes();
  }
  void flush_writes() { write_.fill({kEmpty, 0}); }
  void flush_lower_half() {
    constexpr std::uint64_t kUpper = std::uint64_t{1} << 55;
    for (Entries* entries : {&read_, &write_})
      for (Entry& entry : *entries)
        if (!(entry.tag & kUpper)) entry.tag = kEmpty;
  }
  void flush_page(std::uint64_t address) {
    read_[index(address)].tag = kEmpty;
    write_[index(address)].tag = kEmpty;
  }

 private:
  static constexpr std::size_t kEntries = 256;
  static constexpr std::uint64_t kEmpty = ~0ull;
  using Entries = std::array<Entry, kEntries>;

  static std::size_t index(std::uint64_t address) { return address >> kPageBits & (kEntries - 1); }

  static bool find(const Entries& entries, std::uint64_t address, unsigned size, std::byte*& host) {
    const Entry& entry = entries[index(address)];
    if ((address & (~(kPageSize - 1) | (size - 1))) != entry.tag) [[unlikely]]
      return false;
    host = reinterpret_cast<std::byte*>(address + entry.addend);
    return true;
  }
  static void add(Entries& entries, std::uint64_t address, std::byte* host) {
    const std::uint64_t page = address & ~(kPageSize - 1);
    entries[index(address)] = {page, reinterpret_cast<std::uintptr_t>(host) - (address - page) - page};
  }

  Entries read_;
  Entries write_;
  std::array<bool, kEntries> read_aligned_only_{};
  std::array<bool, kEntries> write_aligned_only_{};
};

}  // namespace cardvp::arm::interpreter
