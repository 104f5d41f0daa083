// Decode functions of branches, exception generation and system instructions (Arm ARM, C4.1.3).
#include "models/arm/instruction_engine.h"
#include "models/arm/interpreter/decode_fields.h"

namespace cardvp::arm::interpreter {

namespace {

// A branch by `offset` bytes. Within the page, `imm` is the distance in decoded instructions; else in guest bytes.
bool branch(Op local, std::int64_t offset, unsigned page_offset, Instruction& out) {
  const std::int64_t target = page_offset + offset;
  const bool in_page = target >= 0 && target < static_cast<std::int64_t>(kPageSize);
  out.op = local + !in_page;
  out.imm = static_cast<std::uint64_t>(in_page ? offset / 4 * static_cast<std::int64_t>(sizeof(Instruction)) : offset);
  return true;
}

}  // namespace

bool branch_immediate(std::uint32_t word, unsigned page_offset, Instruction& out) {
  return branch(bit(word, 31) ? Op::BlLocal : Op::BLocal, signed_bits(word, 25, 0) * 4, page_offset, out);
}

bool compare_branch(std::uint32_t word, unsigned page_offset, Instruction& out) {
  static constexpr Op kOps[] = {Op::Cbz32Local, Op::Cbnz32Local, Op::Cbz64Local, Op::Cbnz64Local};
  out.rd = source(bits(word, 4, 0));
  return branch(kOps[bit(word, 31) * 2 + bit(word, 24)], signed_bits(word, 23, 5) * 4, page_offset, out);
}

bool test_branch(std::uint32_t word, unsigned page_offset, Instruction& out) {
  out.rd = source(bits(word, 4, 0));
  out.aux = static_cast<std::uint16_t>(bit(word, 31) << 5 | bits(word, 23, 19));
  return branch(bit(word, 24) ? Op::TbnzLocal : Op::TbzLocal, signed_bits(word, 18, 5) * 4, page_offset, out);
}

bool conditional_branch(std::uint32_t word, unsigned page_offset, Instruction& out) {
  const unsigned condition = bits(word, 3, 0);
  const Op local = condition >= 14 ? Op::BLocal : Op::BEqLocal + condition * 2;
  return branch(local, signed_bits(word, 23, 5) * 4, page_offset, out);
}

bool branch_register(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned opc = bits(word, 24, 21), n = bits(word, 9, 5);
  out.rn = source(n);
  out.imm = word;
  switch (opc) {
    case 0b0000: out.op = Op::Br; return true;
    case 0b0001: out.op = Op::Blr; return true;
    case 0b0010: out.op = Op::Br; return true;  // RET differs in its hint alone
    case 0b0100: out.op = Op::ExceptionReturn; return n == 31;
    default: return false;  // DRPS is undefined outside of Debug state
  }
}

bool exception_generation(std::uint32_t word, unsigned, Instruction& out) {
  out.imm = word;
  switch (bits(word, 23, 21) << 2 | bits(word, 1, 0)) {
    case 0b000'01: out.op = Op::SupervisorCall; return true;
    case 0b000'10: out.op = Op::HypervisorCall; return true;
    case 0b000'11: out.op = Op::MonitorCall; return true;
    case 0b001'00: out.op = Op::Breakpoint; return true;
    default: return false;  // HLT with halting debug off, DCPS outside of Debug state
  }
}

bool pstate_write(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned field = bits(word, 18, 16) << 3 | bits(word, 7, 5);
  if (field != 0b000'101 && field != 0b011'110 && field != 0b011'111) return false;  // SPSel, DAIFSet, DAIFClr
  out.op = Op::WriteSystem;
  out.rn = RegisterFile::kZero;
  out.imm = word;
  return true;
}

bool hint(std::uint32_t word, unsigned, Instruction& out) {
  out.imm = word;
  switch (bits(word, 11, 5)) {
    case 2: out.op = Op::WaitForEvent; break;
    case 3: out.op = Op::WaitForInterrupt; break;
    case 4: out.op = Op::SendEvent; break;
    case 5: out.op = Op::SendEventLocal; break;
    default: out.op = Op::Nop;
  }
  return true;
}

bool barrier(std::uint32_t word, unsigned, Instruction& out) {
  switch (bits(word, 7, 5)) {
    case 2: out.op = Op::ClearExclusive; return true;
    case 4:
    case 5:
    case 6: out.op = Op::Nop; return true;  // DSB, DMB, ISB: one core, in order, sees its own effects
    default: return false;
  }
}

bool system_register(std::uint32_t word, unsigned, Instruction& out) {
  const bool read = bit(word, 21);
  out.op = read ? Op::ReadSystem : Op::WriteSystem;
  out.rd = destination(bits(word, 4, 0));
  out.rn = source(bits(word, 4, 0));
  out.imm = word;
  return true;
}

}  // namespace cardvp::arm::interpreter
