// Loads and stores of structures: LD1 to LD4, LD1R to LD4R, ST1 to ST4.
#include "models/arm/interpreter/simd_structures.h"

#include <array>
#include <cstring>

#include "models/arm/interpreter/interpreter.h"

namespace cardvp::arm::interpreter {

namespace {

constexpr unsigned kMostRegisters = 4;
using Registers = std::array<std::array<std::byte, sizeof(RegisterFile::Vector)>, kMostRegisters>;

// Calls `copy(position in memory, register, byte within the register)` for each element of whole registers, or for each
// register if they are not interleaved.
template <class Copy>
void for_each_piece(const StructureAccess& access, Copy copy) {
  if (!access.interleaved) {
    for (unsigned r = 0; r < access.registers; ++r) copy(r * access.register_bytes, r, 0u, access.register_bytes);
    return;
  }
  unsigned at = 0;
  for (unsigned byte = 0; byte < access.register_bytes; byte += access.element) {
    for (unsigned r = 0; r < access.registers; ++r, at += access.element) copy(at, r, byte, access.element);
  }
}

void add_increment(RegisterFile& registers, const Instruction& instruction, const StructureAccess& access) {
  registers.x[instruction.rn] += registers.x[instruction.rm] + access.increment;
}

RegisterFile::Vector& register_of(RegisterFile& registers, const Instruction& instruction, unsigned index) {
  return registers.v[(instruction.rd + index) % 32];
}

}  // namespace

bool Interpreter::load_structures(const Instruction& instruction) {
  const StructureAccess access = structure_access(instruction);
  std::array<std::byte, sizeof(Registers)> memory;
  const unsigned size = access.registers * access.register_bytes;
  if (!load(registers_.x[instruction.rn], memory.data(), size, {access.element})) return false;
  Registers loaded{};
  for_each_piece(access, [&](unsigned at, unsigned r, unsigned byte, unsigned count) {
    std::memcpy(&loaded[r][byte], &memory[at], count);
  });
  for (unsigned r = 0; r < access.registers; ++r)
    register_of(registers_, instruction, r) = std::bit_cast<RegisterFile::Vector>(loaded[r]);
  add_increment(registers_, instruction, access);
  return true;
}

bool Interpreter::store_structures(const Instruction& instruction) {
  const StructureAccess access = structure_access(instruction);
  std::array<std::byte, sizeof(Registers)> memory;
  Registers stored;
  for (unsigned r = 0; r < access.registers; ++r)
    std::memcpy(&stored[r], &register_of(registers_, instruction, r), sizeof stored[r]);
  for_each_piece(access, [&](unsigned at, unsigned r, unsigned byte, unsigned count) {
    std::memcpy(&memory[at], &stored[r][byte], count);
  });
  const unsigned size = access.registers * access.register_bytes;
  if (!store(registers_.x[instruction.rn], memory.data(), size, {access.element})) return false;
  add_increment(registers_, instruction, access);
  return true;
}

bool Interpreter::load_elements(const Instruction& instruction) {
  const StructureAccess access = structure_access(instruction);
  std::array<std::byte, 8 * kMostRegisters> memory;
  if (!load(registers_.x[instruction.rn], memory.data(), access.registers * access.element, {access.element}))
    return false;
  for (unsigned r = 0; r < access.registers; ++r) {
    auto* const bytes = reinterpret_cast<std::byte*>(&register_of(registers_, instruction, r));
    std::memcpy(bytes + access.lane * access.element, &memory[r * access.element], access.element);
  }
  add_increment(registers_, instruction, access);
  return true;
}

bool Interpreter::store_elements(const Instruction& instruction) {
  const StructureAccess access = structure_access(instruction);
  std::array<std::byte, 8 * kMostRegisters> memory;
  for (unsigned r = 0; r < access.registers; ++r) {
    const auto* const bytes = reinterpret_cast<const std::byte*>(&register_of(registers_, instruction, r));
    std::memcpy(&memory[r * access.element], bytes + access.lane * access.element, access.element);
  }
  if (!store(registers_.x[instruction.rn], memory.data(), access.registers * access.element, {access.element}))
    return false;
  add_increment(registers_, instruction, access);
  return true;
}

bool Interpreter::load_replicated(const Instruction& instruction) {
  const StructureAccess access = structure_access(instruction);
  std::array<std::byte, 8 * kMostRegisters> memory;
  if (!load(registers_.x[instruction.rn], memory.data(), access.registers * access.element, {access.element}))
    return false;
  Registers loaded{};
  for (unsigned r = 0; r < access.registers; ++r) {
    for (unsigned byte = 0; byte < access.register_bytes; byte += access.element)
      std::memcpy(&loaded[r][byte], &memory[r * access.element], access.element);
    register_of(registers_, instruction, r) = std::bit_cast<RegisterFile::Vector>(loaded[r]);
  }
  add_increment(registers_, instruction, access);
  return true;
}

}  // namespace cardvp::arm::interpreter
