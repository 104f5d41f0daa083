// Flash, holding an image that is read once, when the card is built. Bytes behind the image are erased: 0xff.
// The bus cannot write it. Whether the image is any good is the firmware's to check: a short one is no error here.
#pragma once

#include "models/memory/read_only.h"

namespace cardvp::memory {

class Flash : public ReadOnlyMemory {
 public:
  // Throws std::runtime_error if the image is larger than `size` bytes.
  Flash(sc_core::sc_module_name name, Sim& sim, std::uint64_t size, std::span<const std::byte> image);
  // Throws std::runtime_error, with path and remedy, if the file cannot be read or is larger than `size` bytes. An
  // empty path: no image, everything is erased.
  Flash(sc_core::sc_module_name name, Sim& sim, std::uint64_t size, const std::string& path);
};

}  // namespace cardvp::memory
