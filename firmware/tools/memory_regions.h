// The card's memory map (platform/memory_map.def) by name.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

namespace cardvp::tools {

struct Region {
  const char* name;
  std::uint64_t base;
  std::uint64_t size;  // bytes
};
inline constexpr auto kRegions = std::to_array<Region>({
#define REGION(name, base, size, what) {#name, base, size},
#define INTERRUPT(name, id, what)
#include "platform/memory_map.def"
#undef REGION
#undef INTERRUPT
});

inline const Region& region(const std::string& name) {
  for (const Region& region : kRegions)
    if (name == region.name) return region;
  throw std::invalid_argument(fmt::format("\"{}\" is neither an address nor a region of the memory map", name));
}

}  // namespace cardvp::tools
