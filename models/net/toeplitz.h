// The Toeplitz hash of receive-side scaling.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cardvp::net {

inline constexpr std::size_t kToeplitzKeyBytes = 40;

// A key made ready: tables, so that a hash of 36 bytes takes some tens of ns. `input`: addresses and ports in network
// order, at most 36 bytes.
class Toeplitz {
 public:
  explicit Toeplitz(std::span<const std::uint8_t, kToeplitzKeyBytes> key);
  std::uint32_t hash(std::span<const std::uint8_t> input) const;

 private:
  static constexpr std::size_t kMostInput = kToeplitzKeyBytes - 4;
  std::array<std::array<std::uint32_t, 256>, kMostInput> table_;
};

}  // namespace cardvp::net
