// Small helpers of the decode functions, and their declarations.
#pragma once

#include "models/arm/interpreter/decoder.h"
#include "models/arm/registers.h"

namespace cardvp::arm::interpreter {

constexpr unsigned bits(std::uint32_t word, unsigned high, unsigned low) {
  return word >> low & ((2u << (high - low)) - 1);
}
constexpr bool bit(std::uint32_t word, unsigned at) { return word >> at & 1; }
constexpr std::int64_t signed_bits(std::uint32_t word, unsigned high, unsigned low) {
  const unsigned width = high - low + 1;
  return static_cast<std::int64_t>(std::uint64_t{bits(word, high, low)} << (64 - width)) >> (64 - width);
}

// Register numbers as RegisterFile::x has them; 31 is zero (as a source), nothing (as a destination), or SP.
constexpr std::uint8_t source(unsigned number) {
  return static_cast<std::uint8_t>(number == 31 ? RegisterFile::kZero : number);
}
constexpr std::uint8_t destination(unsigned number) {
  return static_cast<std::uint8_t>(number == 31 ? RegisterFile::kSink : number);
}
constexpr std::uint8_t or_sp(unsigned number) { return static_cast<std::uint8_t>(number); }

// The 64-bit or the 32-bit form of an operation, by the sf bit.
constexpr Op sized(Op form64, std::uint32_t word) { return form64 + !bit(word, 31); }

#define ENCODING(name, pattern, function) bool function(std::uint32_t word, unsigned page_offset, Instruction& out);
#include "models/arm/interpreter/encodings.def"
#undef ENCODING

}  // namespace cardvp::arm::interpreter
