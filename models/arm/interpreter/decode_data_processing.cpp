// Decode functions of data processing, immediate and register (Arm ARM, C4.1.2 and C4.1.5).
#include <bit>

#include "models/arm/interpreter/decode_fields.h"

namespace cardvp::arm::interpreter {

namespace {

constexpr std::uint64_t ones(unsigned count) { return count >= 64 ? ~0ull : (1ull << count) - 1; }

}  // namespace

bool logical_immediate_mask(unsigned n, unsigned imms, unsigned immr, bool is64, std::uint64_t& mask) {
  if (n && !is64) return false;
  const int length = static_cast<int>(std::bit_width(n << 6 | (~imms & 0x3f))) - 1;  // log2 of the element's size
  if (length < 1) return false;
  const unsigned size = 1u << length;
  const unsigned set = (imms & (size - 1)) + 1;
  const unsigned rotation = immr & (size - 1);
  if (set == size) return false;
  std::uint64_t element = ones(set);
  if (rotation) element = (element >> rotation | element << (size - rotation)) & ones(size);
  for (unsigned width = size; width < 64; width *= 2) element |= element << width;
  mask = is64 ? element : element & 0xffffffff;
  return true;
}

bool pc_relative(std::uint32_t word, unsigned, Instruction& out) {
  const std::int64_t offset = signed_bits(word, 23, 5) * 4 + bits(word, 30, 29);
  out.op = bit(word, 31) ? Op::Adrp : Op::Adr;
  out.rd = destination(bits(word, 4, 0));
  out.imm = static_cast<std::uint64_t>(bit(word, 31) ? offset * 4096 : offset);
  return true;
}

bool add_sub_immediate(std::uint32_t word, unsigned, Instruction& out) {
  const bool subtract = bit(word, 30), set_flags = bit(word, 29);
  const std::uint64_t value = std::uint64_t{bits(word, 21, 10)} << (bit(word, 22) ? 12 : 0);
  out.rn = or_sp(bits(word, 9, 5));
  if (set_flags) {
    out.op = sized(subtract ? Op::SubsImmediate64 : Op::AddsImmediate64, word);
    out.rd = destination(bits(word, 4, 0));
    out.imm = value;
  } else {
    out.op = sized(Op::AddImmediate64, word);
    out.rd = or_sp(bits(word, 4, 0));
    out.imm = subtract ? -value : value;
  }
  return true;
}

bool logical_immediate(std::uint32_t word, unsigned, Instruction& out) {
  if (!logical_immediate_mask(bit(word, 22), bits(word, 15, 10), bits(word, 21, 16), bit(word, 31), out.imm))
    return false;
  const unsigned opc = bits(word, 30, 29);
  const Op ops[] = {Op::AndImmediate, sized(Op::OrrImmediate64, word), sized(Op::EorImmediate64, word),
                    sized(Op::AndsImmediate64, word)};
  out.op = ops[opc];
  out.rn = source(bits(word, 9, 5));
  out.rd = opc == 3 ? destination(bits(word, 4, 0)) : or_sp(bits(word, 4, 0));
  if (opc == 1 && out.rn == RegisterFile::kZero) out.op = Op::MoveImmediate;
  return true;
}

bool move_wide(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned opc = bits(word, 30, 29), shift = bits(word, 22, 21) * 16;
  if (opc == 1 || (!bit(word, 31) && shift > 16)) return false;
  const std::uint64_t value = std::uint64_t{bits(word, 20, 5)} << shift;
  out.rd = destination(bits(word, 4, 0));
  if (opc == 3) {
    out.op = sized(Op::MoveKeep64, word);
    out.rn = source(bits(word, 4, 0));
    out.aux = static_cast<std::uint16_t>(shift);
    out.imm = value;
  } else {
    out.op = Op::MoveImmediate;
    out.imm = (opc == 0 ? ~value : value) & (bit(word, 31) ? ~0ull : 0xffffffff);
  }
  return true;
}

bool bitfield(std::uint32_t word, unsigned, Instruction& out) {
  const bool is64 = bit(word, 31);
  const unsigned opc = bits(word, 30, 29), size = is64 ? 64 : 32;
  const unsigned r = bits(word, 21, 16), s = bits(word, 15, 10);
  if (opc == 3 || bit(word, 22) != is64 || r >= size || s >= size) return false;
  out.rd = destination(bits(word, 4, 0));
  out.rn = source(bits(word, 9, 5));
  out.rm = source(bits(word, 4, 0));  // BFM keeps some of it
  // Two shapes: the field moves down to bit 0 (extract), or up from bit 0 (insert).
  const bool down = s >= r;
  const unsigned width = down ? s - r + 1 : s + 1;
  const unsigned shift = down ? r : size - r;
  out.imm = ones(width);
  out.aux = static_cast<std::uint16_t>(shift);
  switch (opc) {
    case 0:
      // `imm` is the left shift that brings the field's sign to bit 63.
      out.op = sized(down ? Op::Sbfx64 : Op::Sbfiz64, word);
      out.imm = 64 - width;
      break;
    case 1: out.op = sized(down ? Op::Bfxil64 : Op::Bfi64, word); break;
    default:
      out.op = down ? Op::Ubfx : Op::Ubfiz;
      if (is64 && s == 63 && down) out.op = Op::Lsr64;
      if (is64 && !down && s + 1 == r) out.op = Op::Lsl64;
  }
  return true;
}

bool extract(std::uint32_t word, unsigned, Instruction& out) {
  const bool is64 = bit(word, 31);
  const unsigned lsb = bits(word, 15, 10);
  if (bit(word, 22) != is64 || (!is64 && lsb >= 32)) return false;
  out.op = sized(Op::Extract64, word);
  out.rd = destination(bits(word, 4, 0));
  out.rn = source(bits(word, 9, 5));
  out.rm = source(bits(word, 20, 16));
  out.aux = static_cast<std::uint16_t>(lsb);
  return true;
}

bool two_source(std::uint32_t word, unsigned, Instruction& out) {
  const bool is64 = bit(word, 31);
  const unsigned opcode = bits(word, 15, 10);
  out.rd = destination(bits(word, 4, 0));
  out.rn = source(bits(word, 9, 5));
  out.rm = source(bits(word, 20, 16));
  switch (opcode) {
    case 0b000010: out.op = sized(Op::Udiv64, word); return true;
    case 0b000011: out.op = sized(Op::Sdiv64, word); return true;
    case 0b001000: out.op = sized(Op::Lslv64, word); return true;
    case 0b001001: out.op = sized(Op::Lsrv64, word); return true;
    case 0b001010: out.op = sized(Op::Asrv64, word); return true;
    case 0b001011: out.op = sized(Op::Rorv64, word); return true;
    default:
      if (opcode >> 3 != 0b010 || is64 != ((opcode & 3) == 3)) return false;
      out.op = Op::Crc32b + (opcode & 7);
      return true;
  }
}

bool one_source(std::uint32_t word, unsigned, Instruction& out) {
  const bool is64 = bit(word, 31);
  out.rd = destination(bits(word, 4, 0));
  out.rn = source(bits(word, 9, 5));
  switch (bits(word, 15, 10)) {
    case 0b000000: out.op = sized(Op::Rbit64, word); return true;
    case 0b000001: out.op = sized(Op::Rev1664, word); return true;
    case 0b000010: out.op = sized(Op::Rev3264, word); return true;
    case 0b000011: out.op = Op::Rev64; return is64;
    case 0b000100: out.op = sized(Op::Clz64, word); return true;
    case 0b000101: out.op = sized(Op::Cls64, word); return true;
    default: return false;
  }
}

bool logical_shifted(std::uint32_t word, unsigned, Instruction& out) {
  const bool is64 = bit(word, 31);
  const unsigned amount = bits(word, 15, 10), opc = bits(word, 30, 29) * 2 + bit(word, 21);
  if (!is64 && amount >= 32) return false;
  out.rd = destination(bits(word, 4, 0));
  out.rn = source(bits(word, 9, 5));
  out.rm = source(bits(word, 20, 16));
  static constexpr Op kShifted[] = {Op::AndLsl64, Op::AndLsr64, Op::AndAsr64, Op::AndRor64};
  out.aux = static_cast<std::uint16_t>(amount);
  out.op = sized((amount ? kShifted[bits(word, 23, 22)] : Op::AndRegister64) + opc * 2, word);
  if (!amount && opc == 2 && out.rn == RegisterFile::kZero) out.op = sized(Op::Move64, word);
  return true;
}

bool add_sub_shifted(std::uint32_t word, unsigned, Instruction& out) {
  const bool is64 = bit(word, 31);
  const unsigned amount = bits(word, 15, 10), kind = bits(word, 23, 22), opc = bits(word, 30, 29);
  if (kind == 3 || (!is64 && amount >= 32)) return false;
  out.rd = destination(bits(word, 4, 0));
  out.rn = source(bits(word, 9, 5));
  out.rm = source(bits(word, 20, 16));
  static constexpr Op kShifted[] = {Op::AddLsl64, Op::AddLsr64, Op::AddAsr64};
  out.aux = static_cast<std::uint16_t>(amount);
  out.op = sized((amount ? kShifted[kind] : Op::AddRegister64) + opc * 2, word);
  return true;
}

bool add_sub_extended(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned amount = bits(word, 12, 10), opc = bits(word, 30, 29);
  if (amount > 4) return false;
  out.rd = opc & 1 ? destination(bits(word, 4, 0)) : or_sp(bits(word, 4, 0));
  out.rn = or_sp(bits(word, 9, 5));
  out.rm = source(bits(word, 20, 16));
  const unsigned width = 8u << bits(word, 14, 13);
  const bool is_signed = bit(word, 15);
  out.aux = static_cast<std::uint16_t>(amount);
  out.imm = is_signed ? 64 - width : ones(width);
  out.op = sized((is_signed ? Op::AddSxt64 : Op::AddUxt64) + opc * 2, word);
  return true;
}

bool add_sub_carry(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned opc = bits(word, 30, 29);
  out.rd = destination(bits(word, 4, 0));
  out.rn = source(bits(word, 9, 5));
  out.rm = source(bits(word, 20, 16));
  out.op = sized(Op::AddCarry64 + opc * 2, word);
  return true;
}

bool conditional_compare(std::uint32_t word, unsigned, Instruction& out) {
  const bool immediate = bit(word, 11);
  out.rn = source(bits(word, 9, 5));
  out.rm = source(bits(word, 20, 16));
  out.imm = bits(word, 20, 16);
  out.ra = static_cast<std::uint8_t>(bits(word, 3, 0));  // NZCV if the condition fails
  out.aux = static_cast<std::uint16_t>(bits(word, 15, 12));
  const Op compare = immediate ? Op::CcmpImmediate64 : Op::CcmpRegister64;
  const Op negative = immediate ? Op::CcmnImmediate64 : Op::CcmnRegister64;
  out.op = sized(bit(word, 30) ? compare : negative, word);
  return true;
}

bool conditional_select(std::uint32_t word, unsigned, Instruction& out) {
  out.rd = destination(bits(word, 4, 0));
  out.rn = source(bits(word, 9, 5));
  out.rm = source(bits(word, 20, 16));
  out.aux = static_cast<std::uint16_t>(bits(word, 15, 12));
  const Op ops[] = {Op::Csel64, Op::Csinc64, Op::Csinv64, Op::Csneg64};
  out.op = sized(ops[bit(word, 30) * 2 + bit(word, 10)], word);
  return true;
}

bool three_source(std::uint32_t word, unsigned, Instruction& out) {
  out.rd = destination(bits(word, 4, 0));
  out.rn = source(bits(word, 9, 5));
  out.rm = source(bits(word, 20, 16));
  out.ra = source(bits(word, 14, 10));
  const unsigned operation = bits(word, 23, 21) * 2 + bit(word, 15);
  if (operation < 2) {
    out.op = sized(operation ? Op::Msub64 : Op::Madd64, word);
    return true;
  }
  if (!bit(word, 31)) return false;
  switch (operation) {
    case 0b0010: out.op = Op::Smaddl; return true;
    case 0b0011: out.op = Op::Smsubl; return true;
    case 0b0100: out.op = Op::Smulh; return true;
    case 0b1010: out.op = Op::Umaddl; return true;
    case 0b1011: out.op = Op::Umsubl; return true;
    case 0b1100: out.op = Op::Umulh; return true;
    default: return false;
  }
}

}  // namespace cardvp::arm::interpreter
