// The FP opcodes of the Advanced SIMD encoding classes: each class's decode function hands them to one of these. False:
// undefined.
#pragma once

#include <cstdint>

#include "models/arm/interpreter/instruction.h"

namespace cardvp::arm::interpreter {

bool decode_fp_three_same(std::uint32_t word, unsigned page_offset, Instruction& out);
bool decode_fp_two_register_misc(std::uint32_t word, unsigned page_offset, Instruction& out);
bool decode_fp_across_lanes(std::uint32_t word, unsigned page_offset, Instruction& out);
bool decode_fp_by_element(std::uint32_t word, unsigned page_offset, Instruction& out);
bool decode_fp_shift_immediate(std::uint32_t word, unsigned page_offset, Instruction& out);
bool decode_fp_scalar_three_same(std::uint32_t word, unsigned page_offset, Instruction& out);
bool decode_fp_scalar_two_register_misc(std::uint32_t word, unsigned page_offset, Instruction& out);
bool decode_fp_scalar_pairwise(std::uint32_t word, unsigned page_offset, Instruction& out);
bool decode_fp_scalar_by_element(std::uint32_t word, unsigned page_offset, Instruction& out);
bool decode_fp_scalar_shift_immediate(std::uint32_t word, unsigned page_offset, Instruction& out);

}  // namespace cardvp::arm::interpreter
