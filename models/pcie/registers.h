// The endpoint's register banks.
#pragma once

#include "models/base/registers.h"

namespace cardvp::pcie::link_regs {
#define CARDVP_REGISTERS "models/pcie/pcie_link.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::pcie::link_regs

namespace cardvp::pcie::function_regs {
#define CARDVP_REGISTERS "models/pcie/pcie_function.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::pcie::function_regs
