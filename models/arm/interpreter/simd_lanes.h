// The 128-bit registers as lanes, and how instructions find their operands and leave their results.
//
// One function serves the 128-bit, 64-bit and scalar forms of an instruction: it computes all lanes of the register,
// and `Instruction::ra` is the log2 of the bytes that count. Operands are zero beyond that, so that no operation
// saturates there, and so are results.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "models/arm/interpreter/instruction.h"
#include "models/arm/registers.h"

namespace cardvp::arm::interpreter {

using Vector = RegisterFile::Vector;

template <class T>
using Signed = std::make_signed_t<T>;
template <class T>
using Unsigned = std::make_unsigned_t<T>;

// The integer of twice the width and the same sign.
template <class T>
struct Twice;
template <>
struct Twice<std::int8_t> : std::type_identity<std::int16_t> {};
template <>
struct Twice<std::int16_t> : std::type_identity<std::int32_t> {};
template <>
struct Twice<std::int32_t> : std::type_identity<std::int64_t> {};
template <>
struct Twice<std::uint8_t> : std::type_identity<std::uint16_t> {};
template <>
struct Twice<std::uint16_t> : std::type_identity<std::uint32_t> {};
template <>
struct Twice<std::uint32_t> : std::type_identity<std::uint64_t> {};
template <class T>
using Wide = typename Twice<T>::type;

template <class T>
inline constexpr unsigned kBits = 8 * sizeof(T);
template <class T>
inline constexpr unsigned kLanes = sizeof(Vector) / sizeof(T);
template <class T>
using Lanes = std::array<T, kLanes<T>>;
template <class T>
using HalfLanes = std::array<T, kLanes<T> / 2>;

template <class T>
Lanes<T> lanes(const Vector& vector) {
  return std::bit_cast<Lanes<T>>(vector);
}

// Instruction::ra of the vector forms, by the Q bit.
constexpr unsigned vector_width(bool q) { return q ? 4 : 3; }
inline constexpr Vector kWidthMasks[] = {{0xff, 0}, {0xffff, 0}, {0xffff'ffff, 0}, {~0ull, 0}, {~0ull, ~0ull}};

// Instruction::aux: an immediate (a shift, an index), and which half of a register a lengthening or narrowing
// instruction works on.
constexpr std::uint16_t immediate_and_half(unsigned immediate, bool upper) {
  return static_cast<std::uint16_t>(immediate | unsigned{upper} << 8);
}
inline unsigned immediate(const Instruction& instruction) { return instruction.aux & 0xff; }
inline bool upper_half(const Instruction& instruction) { return instruction.aux >> 8; }

template <class T>
Lanes<T> operand(const RegisterFile& registers, const Instruction& instruction, unsigned number) {
  const Vector& vector = registers.v[number];
  const Vector& mask = kWidthMasks[instruction.ra];
  return lanes<T>({vector.low & mask.low, vector.high & mask.high});
}

// The lanes of one half, widened; `ra` is about the wide lanes.
template <class T>
Lanes<Wide<T>> widened_operand(const RegisterFile& registers, const Instruction& instruction, unsigned number) {
  const Vector& vector = registers.v[number];
  const std::uint64_t half = upper_half(instruction) ? vector.high : vector.low;
  const auto narrow = std::bit_cast<HalfLanes<T>>(half & kWidthMasks[instruction.ra - 1].low);
  Lanes<Wide<T>> wide;
  for (unsigned i = 0; i < wide.size(); ++i) wide[i] = narrow[i];
  return wide;
}

// The two source registers of a pairwise operation, one behind the other; `ra` tells how long each is.
template <class T>
std::array<T, 2 * kLanes<T>> concatenated(const RegisterFile& registers, const Instruction& instruction) {
  const Vector &n = registers.v[instruction.rn], &m = registers.v[instruction.rm];
  std::array<Vector, 2> both = {n, m};
  if (instruction.ra == vector_width(false)) both = {Vector{n.low, m.low}, Vector{0, 0}};
  return std::bit_cast<std::array<T, 2 * kLanes<T>>>(both);
}

inline void note_saturation(RegisterFile& registers, bool saturated) {
  constexpr unsigned kQc = 27;
  registers.fpsr |= std::uint32_t{saturated} << kQc;
}

template <class T>
void set_result(RegisterFile& registers, const Instruction& instruction, const Lanes<T>& result) {
  const auto vector = std::bit_cast<Vector>(result);
  const Vector& mask = kWidthMasks[instruction.ra];
  registers.v[instruction.rd] = {vector.low & mask.low, vector.high & mask.high};
}

// A result of half the register's width: its upper half leaves the lower one alone, its lower half zeroes the upper.
template <class T>
void set_narrow_result(RegisterFile& registers, const Instruction& instruction, const HalfLanes<T>& result) {
  const auto half = std::bit_cast<std::uint64_t>(result);
  Vector& destination = registers.v[instruction.rd];
  destination = upper_half(instruction) ? Vector{destination.low, half} : Vector{half, 0};
}

}  // namespace cardvp::arm::interpreter
