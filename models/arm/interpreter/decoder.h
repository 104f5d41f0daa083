// From instruction words to Instructions, by the table of encodings.def.
#pragma once

#include <cstdint>
#include <span>

#include "models/arm/interpreter/instruction.h"

namespace cardvp::arm::interpreter {

// The instruction word at `page_offset` bytes from the start of its page; false: it is undefined.
using DecodeFunction = bool (*)(std::uint32_t word, unsigned page_offset, Instruction& out);

struct Encoding {
  const char* name;
  std::uint32_t mask;   // the fixed bits,
  std::uint32_t value;  // and what they are
  DecodeFunction decode;
};

std::span<const Encoding> encodings();
// The encoding that `word` belongs to, or null.
const Encoding* find_encoding(std::uint32_t word);

// Decodes any word; undefined ones give Op::Undefined.
Instruction decode(std::uint32_t word, unsigned page_offset);

// The bit mask of a logical immediate (Arm ARM, DecodeBitMasks); false: reserved.
bool logical_immediate_mask(unsigned n, unsigned imms, unsigned immr, bool is64, std::uint64_t& mask);

}  // namespace cardvp::arm::interpreter
