// Without floating point, the FP opcodes of the Advanced SIMD encoding classes are undefined.
#include "models/arm/interpreter/decode_simd.h"

namespace cardvp::arm::interpreter {

bool decode_fp_three_same(std::uint32_t, unsigned, Instruction&) { return false; }
bool decode_fp_two_register_misc(std::uint32_t, unsigned, Instruction&) { return false; }
bool decode_fp_across_lanes(std::uint32_t, unsigned, Instruction&) { return false; }
bool decode_fp_by_element(std::uint32_t, unsigned, Instruction&) { return false; }
bool decode_fp_shift_immediate(std::uint32_t, unsigned, Instruction&) { return false; }
bool decode_fp_scalar_three_same(std::uint32_t, unsigned, Instruction&) { return false; }
bool decode_fp_scalar_two_register_misc(std::uint32_t, unsigned, Instruction&) { return false; }
bool decode_fp_scalar_pairwise(std::uint32_t, unsigned, Instruction&) { return false; }
bool decode_fp_scalar_by_element(std::uint32_t, unsigned, Instruction&) { return false; }
bool decode_fp_scalar_shift_immediate(std::uint32_t, unsigned, Instruction&) { return false; }

}  // namespace cardvp::arm::interpreter
