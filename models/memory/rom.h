// Boot ROM. What the image does not fill reads as 0.
#pragma once

#include "models/memory/read_only.h"

namespace cardvp::memory {

class Rom : public ReadOnlyMemory {
 public:
  // Throws std::runtime_error if the image is larger than `size` bytes.
  Rom(sc_core::sc_module_name name, Sim& sim, std::uint64_t size, std::span<const std::byte> image);
  // From a file; throws std::runtime_error, with path and remedy, if it cannot be read or is too large.
  Rom(sc_core::sc_module_name name, Sim& sim, std::uint64_t size, const std::string& path);
};

}  // namespace cardvp::memory
