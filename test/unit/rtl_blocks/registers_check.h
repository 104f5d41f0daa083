// Whether a block's registers are as its description says.
#pragma once

#include <initializer_list>

#include "models/base/registers.h"
#include "test/unit/rtl_blocks/block.h"

namespace cardvp::rtl_blocks {

// Of a block behind reset: reset values, which bits can be written, byte strobes, and errors where nothing is.
// Registers in `left_out` are read, never written.
void check_registers(Registers& block, const BankInfo& bank, std::initializer_list<std::uint32_t> left_out);
inline void check_registers(Registers& block, const BankInfo& bank, std::uint32_t left_out) {
  check_registers(block, bank, {left_out});
}

}  // namespace cardvp::rtl_blocks
