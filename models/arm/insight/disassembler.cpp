#include "models/arm/insight/disassembler.h"

#include <capstone/capstone.h>

#include <array>
#include <bit>
#include <charconv>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

namespace cardvp::arm {
namespace {

static_assert(sizeof(csh) == sizeof(std::size_t));

// B, BL, B.cond, CBZ, CBNZ, TBZ, TBNZ: capstone writes the target as the last operand, "#0x40000010".
bool is_direct_branch(std::uint32_t word) {
  return (word & 0x7c000000) == 0x14000000 || (word & 0xff000010) == 0x54000000 || (word & 0x7c000000) == 0x34000000;
}

}  // namespace

Disassembler::Disassembler(const Symbols& symbols) : symbols_(symbols), entries_(kEntries) {
  if (::cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &capstone_) != CS_ERR_OK)
    throw std::runtime_error("capstone: this build of the library does not know AArch64");
}

Disassembler::~Disassembler() { ::cs_close(&capstone_); }

const std::string& Disassembler::text(std::uint64_t pc, std::uint32_t word) {
  Entry& entry = entries_[pc / 4 % kEntries];
  if (entry.pc != pc || entry.word != word) entry = {pc, word, disassemble(pc, word)};
  return entry.text;
}

std::string Disassembler::disassemble(std::uint64_t pc, std::uint32_t word) const {
  const auto code = std::bit_cast<std::array<std::uint8_t, sizeof word>>(word);
  cs_insn* instruction = nullptr;
  if (::cs_disasm(capstone_, code.data(), code.size(), pc, 1, &instruction) != 1)
    return fmt::format(".inst   {:#010x}", word);
  std::string text = fmt::format("{:<7} {}", instruction->mnemonic, instruction->op_str);
  ::cs_free(instruction, 1);
  const std::size_t number = text.rfind("#0x");
  std::uint64_t target = 0;
  if (is_direct_branch(word) && number != std::string::npos &&
      std::from_chars(text.data() + number + 3, text.data() + text.size(), target, 16).ec == std::errc() &&
      symbols_.find(target))
    text += " <" + symbols_.describe(target) + ">";
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace cardvp::arm
