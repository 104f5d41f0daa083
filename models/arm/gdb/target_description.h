// A core's registers as gdb sees them: names, types and numbers (GDB manual, "Target Descriptions", "AArch64
// Features"), and their values as bytes in the target's order.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "models/arm/debug.h"

namespace cardvp::arm::gdb {

// target.xml. The system registers are named as by the architecture: $VBAR_EL1.
const std::string& target_description();

// Those of the core itself and of FP and SIMD come first, and are what a `g` packet has; system registers, of which
// there are many, gdb then asks for one by one as somebody wants to see them.
inline constexpr unsigned kFp = 29, kSp = 31, kPc = 32, kCpsr = 33, kV0 = 34, kFpsr = 66, kFpcr = 67;
inline constexpr unsigned kGeneralRegisters = 68;
unsigned register_count();

std::size_t register_size(unsigned number);
std::vector<std::byte> read_register(DebugPort& core, unsigned number);
// False: it is read-only. `value` has the register's size.
bool write_register(DebugPort& core, unsigned number, std::span<const std::byte> value);

}  // namespace cardvp::arm::gdb
