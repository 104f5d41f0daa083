// What Instruction::imm holds for the loads and stores of structures. Their other fields: rd is the first register, rn
// the base, and rm what is added to that afterwards, together with `increment`.
#pragma once

#include <bit>
#include <cstdint>

#include "models/arm/interpreter/instruction.h"

namespace cardvp::arm::interpreter {

struct StructureAccess {
  std::uint8_t registers = 0;       // 1 to 4
  std::uint8_t element = 0;         // bytes
  std::uint8_t register_bytes = 0;  // 8 or 16
  bool interleaved = false;         // memory has an element of each register in turn
  std::uint8_t lane = 0;            // if one lane is accessed
  std::uint8_t increment = 0;       // bytes
  std::uint16_t unused = 0;
};

inline void set_structure_access(Instruction& instruction, const StructureAccess& access) {
  instruction.imm = std::bit_cast<std::uint64_t>(access);
}
inline StructureAccess structure_access(const Instruction& instruction) {
  return std::bit_cast<StructureAccess>(instruction.imm);
}

}  // namespace cardvp::arm::interpreter
