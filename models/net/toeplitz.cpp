#include "models/net/toeplitz.h"

#include <cassert>

namespace cardvp::net {

Toeplitz::Toeplitz(std::span<const std::uint8_t, kToeplitzKeyBytes> key) {
  for (std::size_t at = 0; at < kMostInput; ++at) {
    // The input's bit i, most significant first, selects 32 bits of the key from its bit i on.
    std::uint64_t window = 0;
    for (std::size_t i = 0; i < 5; ++i) window = window << 8 | key[at + i];
    for (unsigned byte = 0; byte < 256; ++byte) {
      std::uint32_t hash = 0;
      for (unsigned bit = 0; bit < 8; ++bit)
        if (byte & 0x80u >> bit) hash ^= static_cast<std::uint32_t>(window >> (8 - bit));
      table_[at][byte] = hash;
    }
  }
}

std::uint32_t Toeplitz::hash(std::span<const std::uint8_t> input) const {
  assert(input.size() <= kMostInput);
  std::uint32_t hash = 0;
  for (std::size_t at = 0; at < input.size(); ++at) hash ^= table_[at][input[at]];
  return hash;
}

}  // namespace cardvp::net
