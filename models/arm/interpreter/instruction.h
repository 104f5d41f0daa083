// A decoded instruction: 16 bytes, independent of the virtual address it runs at.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cardvp::arm::interpreter {

enum class Op : std::uint16_t {
#define OP(name) name,
#include "models/arm/interpreter/operations.def"
#undef OP
  kCount,
};

// The operation `index` places behind `first`; operations.def says which stand in a row.
constexpr Op operator+(Op first, unsigned index) { return static_cast<Op>(static_cast<unsigned>(first) + index); }

struct Instruction {
  Op op;
  std::uint8_t rd;  // register numbers are indices of RegisterFile::x
  std::uint8_t rn;
  std::uint8_t rm;
  std::uint8_t ra;
  std::uint16_t aux;  // small immediates: shift amounts, conditions, ...
  std::uint64_t imm;
};
static_assert(sizeof(Instruction) == 16);

}  // namespace cardvp::arm::interpreter
