// The card's address map as C++ constants, from memory_map.def.
#pragma once

#include <cstdint>

namespace cardvp::map {

struct Region {
  const char* name;
  std::uint64_t base;
  std::uint64_t size;  // bytes
  const char* what;
};

#define REGION(name, base, size, what) inline constexpr Region k##name{#name, base, size, what};
#define INTERRUPT(name, id, what)
#include "platform/memory_map.def"
#undef REGION
#undef INTERRUPT

inline constexpr Region kRegions[] = {
#define REGION(name, base, size, what) k##name,
#define INTERRUPT(name, id, what)
#include "platform/memory_map.def"
#undef REGION
#undef INTERRUPT
};

// GIC interrupt ids.
enum Interrupt : unsigned {
#define REGION(name, base, size, what)
#define INTERRUPT(name, id, what) kIrq##name = id,
#include "platform/memory_map.def"
#undef REGION
#undef INTERRUPT
};

}  // namespace cardvp::map
