// The cells of a NOR flash: programming makes bits 0, erasing makes them 1 again. What the image does not fill is
// erased; pages that never were anything else cost no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/memory/mapping.h"

namespace cardvp::memory {

class NorArray {
 public:
  // The image is no larger than `size` bytes. Throws std::runtime_error if the address space is not to be had.
  NorArray(std::uint64_t size, std::span<const std::byte> image);

  std::uint64_t size() const { return cells_.bytes().size(); }
  // Ranges lie within size().
  void read(std::uint64_t offset, std::span<std::byte> to) const;
  std::uint16_t read(std::uint64_t offset) const;  // two bytes, little endian; `offset` is even
  void program(std::uint64_t offset, std::uint16_t value);
  void erase(std::uint64_t offset);  // two bytes

  // The neighbouring pages that, as the one of `offset`, are in memory, or are not.
  struct Run {
    std::uint64_t first, last;  // offsets of the first and the last byte
    std::byte* host;            // of the first byte; null: not in memory, all are 0xff
  };
  Run run(std::uint64_t offset) const;

  bool changed() const { return changed_; }  // differs from the image, or did
  // All up to the last byte that is not erased.
  std::vector<std::byte> contents() const;

 private:
  std::span<std::byte> page(std::uint64_t number) const;

  Mapping cells_;
  std::vector<bool> in_memory_;  // by page
  bool changed_ = false;
};

}  // namespace cardvp::memory
