// FP and Advanced SIMD instructions that access no memory: each is a function, chosen when the instruction is decoded
// and called by the one operation Op::Vector. It works on RegisterFile::v, x, flags, fpcr and fpsr, and cannot fail.
#pragma once

#include <bit>
#include <cstdint>

#include "models/arm/interpreter/instruction.h"
#include "models/arm/registers.h"

namespace cardvp::arm::interpreter {

// Finds its operands in the instruction: rd, rn, rm and ra are register numbers (of v or of x, as decoded), aux holds
// small immediates.
using VectorFunction = void (*)(RegisterFile& registers, const Instruction& instruction);

inline void set_vector_function(Instruction& out, VectorFunction function) {
  out.op = Op::Vector;
  out.imm = reinterpret_cast<std::uintptr_t>(function);
}
inline VectorFunction vector_function(const Instruction& instruction) {
  return reinterpret_cast<VectorFunction>(static_cast<std::uintptr_t>(instruction.imm));
}

// The low bytes of a register, and a register that is zero but for them.
template <class T>
T low_part(const RegisterFile::Vector& vector) {
  if constexpr (sizeof(T) == sizeof vector) {
    return vector;
  } else {
    return static_cast<T>(vector.low);
  }
}
inline RegisterFile::Vector extended(const RegisterFile::Vector& value) { return value; }
inline RegisterFile::Vector extended(std::uint64_t value) { return {value, 0}; }

}  // namespace cardvp::arm::interpreter
