// ESR_ELx in words (Arm ARM, D13.2.37).
#pragma once

#include <cstdint>
#include <string>

namespace cardvp::arm {

// "data abort, translation fault, level 3", "SVC #0".
std::string syndrome_text(std::uint64_t syndrome);
// The class of exception sets FAR_ELx.
bool has_fault_address(std::uint64_t syndrome);

}  // namespace cardvp::arm
