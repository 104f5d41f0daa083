// Decode functions of loads and stores of FP and SIMD registers (Arm ARM, C4.1.4).
#include "models/arm/interpreter/decode_fields.h"
#include "models/arm/interpreter/simd_structures.h"

namespace cardvp::arm::interpreter {

namespace {

// With SP as the base its alignment is checked first, but after whether vectors are enabled.
void check_sp(Instruction& out) {
  if (out.rn != RegisterFile::kSp) return;
  out.aux = static_cast<std::uint16_t>(out.op);
  out.op = Op::CheckSpVector;
}

// The log2 of the bytes of a single-register access; false: reserved.
bool access_size(std::uint32_t word, unsigned& size) {
  size = bits(word, 31, 30) | unsigned{bit(word, 23)} << 2;
  return size <= 4;
}

// Fills in the operation of a single-register access, `mode` being the first of its group.
void access(unsigned size, Op mode, std::uint32_t word, Instruction& out) {
  out.op = mode + (bit(word, 22) ? 5 + size : size);
  out.rd = static_cast<std::uint8_t>(bits(word, 4, 0));
  out.rn = or_sp(bits(word, 9, 5));
}

// The registers of a structure access, which may be post-indexed by a register or by what it transfers.
void structure(std::uint32_t word, Op op, StructureAccess access, unsigned transferred, Instruction& out) {
  out.op = op;
  out.rd = static_cast<std::uint8_t>(bits(word, 4, 0));
  out.rn = or_sp(bits(word, 9, 5));
  out.rm = RegisterFile::kZero;
  if (bit(word, 23)) {
    out.rm = source(bits(word, 20, 16));
    if (out.rm == RegisterFile::kZero) access.increment = static_cast<std::uint8_t>(transferred);
  }
  set_structure_access(out, access);
  check_sp(out);
}

}  // namespace

bool simd_load_literal(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned opc = bits(word, 31, 30);
  if (opc == 3) return false;
  out.op = Op::LoadSLiteral + opc;
  out.rd = static_cast<std::uint8_t>(bits(word, 4, 0));
  out.imm = static_cast<std::uint64_t>(signed_bits(word, 23, 5) * 4);
  return true;
}

bool simd_pair(std::uint32_t word, unsigned, Instruction& out) {
  static constexpr Op kModes[] = {Op::StorePairSOffset, Op::StorePairSPost, Op::StorePairSOffset, Op::StorePairSPre};
  const unsigned opc = bits(word, 31, 30);
  if (opc == 3) return false;
  out.op = kModes[bits(word, 24, 23)] + (2 * opc + bit(word, 22));
  out.rd = static_cast<std::uint8_t>(bits(word, 4, 0));
  out.ra = static_cast<std::uint8_t>(bits(word, 14, 10));
  out.rn = or_sp(bits(word, 9, 5));
  out.imm = static_cast<std::uint64_t>(signed_bits(word, 21, 15) * (4 << opc));
  check_sp(out);
  return true;
}

bool simd_access_signed_offset(std::uint32_t word, unsigned, Instruction& out) {
  static constexpr Op kModes[] = {Op::StoreBOffset, Op::StoreBPost, Op::Undefined, Op::StoreBPre};
  const unsigned mode = bits(word, 11, 10);
  unsigned size;
  if (!access_size(word, size) || mode == 2) return false;
  access(size, kModes[mode], word, out);
  out.imm = static_cast<std::uint64_t>(signed_bits(word, 20, 12));
  check_sp(out);
  return true;
}

bool simd_access_unsigned_offset(std::uint32_t word, unsigned, Instruction& out) {
  unsigned size;
  if (!access_size(word, size)) return false;
  access(size, bits(word, 9, 5) == 31 ? Op::StoreBOffsetSp : Op::StoreBOffset, word, out);
  out.imm = std::uint64_t{bits(word, 21, 10)} << size;
  return true;
}

bool simd_access_register_offset(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned option = bits(word, 15, 13);
  unsigned size;
  if (!access_size(word, size) || !(option & 2)) return false;
  const Op word_mode = option & 4 ? Op::StoreBSxtw : Op::StoreBUxtw;
  access(size, option & 1 ? Op::StoreBLsl : word_mode, word, out);
  out.rm = source(bits(word, 20, 16));
  out.imm = bit(word, 12) ? size : 0;
  check_sp(out);
  return true;
}

bool simd_structures(std::uint32_t word, unsigned, Instruction& out) {
  struct Form {
    std::uint8_t registers;  // 0: reserved
    bool interleaved;
  };
  static constexpr Form kForms[16] = {{4, true},  {},         {4, false}, {}, {3, true}, {},
                                      {3, false}, {1, false}, {2, true},  {}, {2, false}};
  const bool q = bit(word, 30);
  const unsigned size = bits(word, 11, 10);
  const Form form = kForms[bits(word, 15, 12)];
  if (!form.registers || (form.interleaved && size == 3 && !q)) return false;
  const StructureAccess access{.registers = form.registers,
                               .element = static_cast<std::uint8_t>(1u << size),
                               .register_bytes = static_cast<std::uint8_t>(q ? 16 : 8),
                               .interleaved = form.interleaved};
  structure(word, bit(word, 22) ? Op::LoadStructures : Op::StoreStructures, access,
            unsigned{access.registers} * access.register_bytes, out);
  return true;
}

bool simd_elements(std::uint32_t word, unsigned, Instruction& out) {
  const bool q = bit(word, 30), load = bit(word, 22), s = bit(word, 12);
  const unsigned size_field = bits(word, 11, 10);
  unsigned scale = bits(word, 15, 14);
  unsigned lane = unsigned{q} << 3 | unsigned{s} << 2 | size_field;  // if of bytes
  const bool replicate = scale == 3;
  if (replicate) {
    if (!load || s) return false;
    scale = size_field;
    lane = 0;
  } else if (scale == 2 && size_field == 1) {
    if (s) return false;
    scale = 3;
    lane = q;
  } else {
    if (size_field & ((1u << scale) - 1)) return false;
    lane >>= scale;
  }
  const StructureAccess access{
      .registers = static_cast<std::uint8_t>((unsigned{bit(word, 13)} << 1 | bit(word, 21)) + 1),
      .element = static_cast<std::uint8_t>(1u << scale),
      .register_bytes = static_cast<std::uint8_t>(q ? 16 : 8),
      .lane = static_cast<std::uint8_t>(lane)};
  const Op single = load ? Op::LoadElements : Op::StoreElements;
  structure(word, replicate ? Op::LoadReplicated : single, access, unsigned{access.registers} * access.element, out);
  return true;
}

}  // namespace cardvp::arm::interpreter
