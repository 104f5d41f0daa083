// Random reads and writes of a memory behind a bridge, checked byte by byte against a model of it.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "rtl/bridges/transaction.h"

namespace cardvp::rtl::test {

struct Traffic {
  std::uint64_t base = 0;
  std::uint64_t size = 1024;  // bytes of the memory, from `base`; zero at first, and nobody else's
  unsigned granule = 1;       // addresses and sizes are multiples of it
  unsigned max_size = 64;     // of an access
  bool shapes = false;        // bursts of narrow beats, cut short
  bool types = false;         // and of other types
  unsigned bus = 8;           // bytes, for the shapes
  std::uint32_t id = 0;
};

struct Tally {
  unsigned reads = 0, writes = 0;
  unsigned errors = 0;      // answers that were not OKAY
  unsigned mismatches = 0;  // reads that were not what the model has
  unsigned ended = 0;       // tasks
};

Task<> exercise(TargetBridge& bridge, Traffic traffic, unsigned seed, unsigned accesses, Tally& tally);

}  // namespace cardvp::rtl::test
