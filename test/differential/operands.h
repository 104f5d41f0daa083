// Random operands, with those in favour at which arithmetic has its corners.
#pragma once

#include <cstdint>

#include "test/differential/random.h"

namespace cardvp::arm::differential {

// For a general register.
std::uint64_t integer(Random& random);
// 64 bits of a vector register: FP numbers or integers of one size.
std::uint64_t vector_lanes(Random& random);

}  // namespace cardvp::arm::differential
