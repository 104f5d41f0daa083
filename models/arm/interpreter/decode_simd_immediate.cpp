// Advanced SIMD modified immediate (Arm ARM, C4.1.6, and AdvSIMDExpandImm of the shared pseudocode).
#include "models/arm/interpreter/decode_fields.h"

namespace cardvp::arm::interpreter {

namespace {

constexpr std::uint64_t replicate(std::uint64_t value, unsigned width) {
  for (; width < 64; width *= 2) value |= value << width;
  return value;
}

// Each bit of the byte, eight times.
constexpr std::uint64_t byte_mask(std::uint64_t byte) {
  std::uint64_t result = 0;
  for (unsigned i = 0; i < 8; ++i) result |= (byte >> i & 1) * (std::uint64_t{0xff} << 8 * i);
  return result;
}

// VFPExpandImm: sign, an exponent of not(b):bb...b:cd, four bits of fraction.
constexpr std::uint64_t expand_fp(unsigned imm8, unsigned exponent_bits, unsigned fraction_bits) {
  const std::uint64_t sign = imm8 >> 7, b = imm8 >> 6 & 1, cd = imm8 >> 4 & 3;
  const std::uint64_t repeated = b ? (std::uint64_t{1} << (exponent_bits - 3)) - 1 : 0;
  const std::uint64_t exponent = (b ^ 1) << (exponent_bits - 1) | repeated << 2 | cd;
  return (sign << exponent_bits | exponent) << fraction_bits | std::uint64_t{imm8 & 15} << (fraction_bits - 4);
}

}  // namespace

bool simd_modified_immediate(std::uint32_t word, unsigned, Instruction& out) {
  const bool q = bit(word, 30), inverted = bit(word, 29);
  const unsigned cmode = bits(word, 15, 12), imm8 = bits(word, 18, 16) << 5 | bits(word, 9, 5);
  if (bit(word, 11)) return false;  // FMOV of half precision: Armv8.2
  out.rd = static_cast<std::uint8_t>(bits(word, 4, 0));
  out.aux = q;
  out.op = Op::VectorMove;
  if (cmode == 15) {  // FMOV
    if (inverted && !q) return false;
    out.imm = inverted ? expand_fp(imm8, 11, 52) : replicate(expand_fp(imm8, 8, 23), 32);
    return true;
  }
  if (cmode == 14) {
    out.imm = inverted ? byte_mask(imm8) : replicate(imm8, 8);
    return true;
  }
  if (cmode >= 12) {  // shifting ones
    out.imm = replicate(cmode == 12 ? imm8 << 8 | 0xff : imm8 << 16 | 0xffff, 32);
  } else if (cmode >= 8) {
    out.imm = replicate(std::uint64_t{imm8} << 8 * (cmode >> 1 & 1), 16);
  } else {
    out.imm = replicate(std::uint64_t{imm8} << 8 * (cmode >> 1), 32);
  }
  if (cmode < 12 && (cmode & 1)) {
    out.op = inverted ? Op::VectorAnd : Op::VectorOr;  // BIC, ORR
  }
  if (inverted) out.imm = ~out.imm;
  return true;
}

}  // namespace cardvp::arm::interpreter
