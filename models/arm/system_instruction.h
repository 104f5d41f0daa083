// The fields of MRS, MSR and SYS instructions (Arm ARM, C4.1.3).
#pragma once

#include <cstdint>

namespace cardvp::arm {

constexpr bool is_read(std::uint32_t word) { return word >> 21 & 1; }
constexpr unsigned op0(std::uint32_t word) { return word >> 19 & 3; }
constexpr unsigned op1(std::uint32_t word) { return word >> 16 & 7; }
constexpr unsigned crn(std::uint32_t word) { return word >> 12 & 15; }
constexpr unsigned crm(std::uint32_t word) { return word >> 8 & 15; }
constexpr unsigned op2(std::uint32_t word) { return word >> 5 & 7; }

}  // namespace cardvp::arm
