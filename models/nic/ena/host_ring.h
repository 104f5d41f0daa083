// A ring of 64-byte entries in host memory, as a base and a CAPS register describe it: AQ, ACQ or AENQ.
#pragma once

#include <bit>
#include <cstdint>

#include "models/nic/ena/spec.h"

namespace cardvp::nic::ena {

struct HostRing {
  std::uint64_t base = 0;     // host address of entry 0
  std::uint32_t entries = 0;  // a power of two; 0: there is no ring

  // None if the depth is no power of two, or the entries have another size.
  static HostRing of(std::uint64_t base, std::uint64_t depth, std::uint64_t entry_bytes) {
    const bool good = std::has_single_bit(depth) && entry_bytes == kAdminEntry;
    return good ? HostRing{base, static_cast<std::uint32_t>(depth)} : HostRing{};
  }
  bool live() const { return entries != 0; }
  // `counter` runs freely.
  std::uint32_t index(std::uint32_t counter) const { return counter & (entries - 1); }
  std::uint64_t address(std::uint32_t counter) const { return base + std::uint64_t{index(counter)} * kAdminEntry; }
};

}  // namespace cardvp::nic::ena
