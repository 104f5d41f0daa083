// Zeroed memory of the simulator's own, whose pages exist from their first touch on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace cardvp::memory {

class Mapping {
 public:
  // Throws std::runtime_error if the address space is not to be had. 0 bytes: empty.
  explicit Mapping(std::uint64_t size);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::span<std::byte> bytes() const { return bytes_; }
  // Zeros everywhere, and gives the pages back.
  void clear();

 private:
  std::span<std::byte> bytes_;
};

}  // namespace cardvp::memory
