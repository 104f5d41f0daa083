// Decode functions of loads and stores (Arm ARM, C4.1.4).
#include "models/arm/interpreter/decode_fields.h"

namespace cardvp::arm::interpreter {

namespace {

// With SP as the base its alignment is checked first: by a form of its own for what is frequent, else by CheckSp.
void check_sp(Instruction& out) {
  if (out.rn != RegisterFile::kSp) return;
  out.aux = static_cast<std::uint16_t>(out.op);
  out.op = Op::CheckSp;
}

// Fills in the operation of a single-register access, `mode` being the first of its group. False: reserved, or a
// prefetch, which is told by `size` 3 and `opc` 2.
bool access(unsigned size, unsigned opc, Op mode, std::uint32_t word, Instruction& out) {
  static constexpr unsigned kFirst[] = {0, 4, 8, 11};
  if ((opc == 2 && size == 3) || (opc == 3 && size >= 2)) return false;
  out.op = mode + (kFirst[opc] + size);
  out.rd = opc ? destination(bits(word, 4, 0)) : source(bits(word, 4, 0));
  out.rn = or_sp(bits(word, 9, 5));
  return true;
}

bool is_prefetch(unsigned size, unsigned opc) { return size == 3 && opc == 2; }

bool nop(Instruction& out) {
  out.op = Op::Nop;
  return true;
}

}  // namespace

bool exclusive(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned size = bits(word, 31, 30);
  const bool ordered_only = bit(word, 23), load = bit(word, 22), two = bit(word, 21), ordered = bit(word, 15);
  if (two && (ordered_only || size < 2)) return false;  // compare and swap: Armv8.1
  if (ordered_only && !ordered) return false;           // LoadLOAcquire, StoreLORelease: Armv8.1
  if (ordered_only) {
    out.op = load ? Op::LoadAcquire : Op::StoreRelease;
  } else if (two) {
    out.op = load ? Op::LoadExclusivePair : Op::StoreExclusivePair;
  } else {
    out.op = load ? Op::LoadExclusive : Op::StoreExclusive;
  }
  out.rd = load ? destination(bits(word, 4, 0)) : source(bits(word, 4, 0));
  out.ra = load ? destination(bits(word, 14, 10)) : source(bits(word, 14, 10));
  out.rm = destination(bits(word, 20, 16));  // status
  out.rn = or_sp(bits(word, 9, 5));
  out.imm = 1u << size;
  check_sp(out);
  return true;
}

bool load_literal(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned opc = bits(word, 31, 30);
  if (opc == 3) return nop(out);  // PRFM
  out.op = Op::LdrwLiteral + opc;
  out.rd = destination(bits(word, 4, 0));
  out.imm = static_cast<std::uint64_t>(signed_bits(word, 23, 5) * 4);
  return true;
}

bool pair(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned opc = bits(word, 31, 30), mode = bits(word, 24, 23);
  const bool load = bit(word, 22);
  if (opc == 3 || (opc == 1 && (!load || mode == 0))) return false;
  static constexpr Op kModes[] = {Op::StpwOffset, Op::StpwPost, Op::StpwOffset, Op::StpwPre};
  static constexpr Op kSpModes[] = {Op::StpwOffsetSp, Op::StpwPostSp, Op::StpwOffsetSp, Op::StpwPreSp};
  out.rn = or_sp(bits(word, 9, 5));
  out.rd = load ? destination(bits(word, 4, 0)) : source(bits(word, 4, 0));
  out.ra = load ? destination(bits(word, 14, 10)) : source(bits(word, 14, 10));
  const unsigned form = opc == 1 ? 4 : opc + load;
  out.op = (out.rn == RegisterFile::kSp ? kSpModes : kModes)[mode] + form;
  out.imm = static_cast<std::uint64_t>(signed_bits(word, 21, 15) * (opc == 2 ? 8 : 4));
  return true;
}

bool access_signed_offset(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned size = bits(word, 31, 30), opc = bits(word, 23, 22), mode = bits(word, 11, 10);
  if (is_prefetch(size, opc)) return mode == 0 && nop(out);  // PRFUM
  static constexpr Op kModes[] = {Op::StrbOffset, Op::StrbPost, Op::StrbUnprivileged, Op::StrbPre};
  const bool sp_form = mode == 0 && bits(word, 9, 5) == 31;
  if (!access(size, opc, sp_form ? Op::StrbOffsetSp : kModes[mode], word, out)) return false;
  out.imm = static_cast<std::uint64_t>(signed_bits(word, 20, 12));
  if (!sp_form) check_sp(out);
  return true;
}

bool access_unsigned_offset(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned size = bits(word, 31, 30), opc = bits(word, 23, 22);
  if (is_prefetch(size, opc)) return nop(out);
  if (!access(size, opc, bits(word, 9, 5) == 31 ? Op::StrbOffsetSp : Op::StrbOffset, word, out)) return false;
  out.imm = std::uint64_t{bits(word, 21, 10)} << size;
  return true;
}

bool access_register_offset(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned size = bits(word, 31, 30), opc = bits(word, 23, 22), option = bits(word, 15, 13);
  if (!(option & 2)) return false;
  if (is_prefetch(size, opc)) return nop(out);
  const Op word_mode = option & 4 ? Op::StrbSxtw : Op::StrbUxtw;
  if (!access(size, opc, option & 1 ? Op::StrbLsl : word_mode, word, out)) return false;
  out.rm = source(bits(word, 20, 16));
  out.imm = bit(word, 12) ? size : 0;
  check_sp(out);
  return true;
}

}  // namespace cardvp::arm::interpreter
