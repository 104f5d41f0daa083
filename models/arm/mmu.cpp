#include "models/arm/mmu.h"

#include <algorithm>

namespace cardvp::arm {

namespace {

constexpr std::uint64_t ones(unsigned count) { return count >= 64 ? ~0ull : (1ull << count) - 1; }
constexpr bool bit(std::uint64_t value, unsigned at) { return value >> at & 1; }

Mmu::Result fault(unsigned status) { return {false, static_cast<std::uint8_t>(status), 0, 0}; }

constexpr std::uint64_t kTgeBit = 1ull << 27;

}  // namespace

// One half of a translation regime's address space.
struct Mmu::Regime {
  std::uint64_t base;  // of the first table, and what else TTBRn_ELx holds
  unsigned input_bits;
  unsigned output_bits;
  bool disabled;  // TCR_EL1.EPDn
  bool wxn;
  std::uint64_t mair;
};

std::uint64_t Mmu::branch_address(std::uint64_t address, unsigned el) const {
  const std::uint64_t tcr = registers_[banked(el).tcr];
  const bool two_ranges = el < 2;
  const bool upper = two_ranges && bit(address, 55);
  const bool top_byte_ignored = two_ranges ? bit(tcr, upper ? 38 : 37) : bit(tcr, 20);
  if (!top_byte_ignored) return address;
  return upper ? address | 0xffull << 56 : address & ones(56);
}

Mmu::Result Mmu::translate(std::uint64_t address, AccessKind kind, unsigned el, bool check) const {
  const BankedRegisters& bank = banked(el);
  const std::uint64_t sctlr = registers_[bank.sctlr], tcr = registers_[bank.tcr];
  address = branch_address(address, el);
  const bool two_ranges = el < 2;
  const bool upper = two_ranges && bit(address, 55);

  const bool overridden = two_ranges && bit(registers_[Sys::SCR_EL3], 0) && (registers_[Sys::HCR_EL2] & kTgeBit);
  if (!bit(sctlr, 0) || overridden) {
    if (address >> kPhysicalBits) return fault(kAddressSize);
    const bool cacheable = kind == AccessKind::kExecute && bit(sctlr, 12);
    return {true, 0, address, static_cast<std::uint8_t>(kind != AccessKind::kExecute ? 0x00 : cacheable ? 0xaa : 0x44)};
  }

  const unsigned size_field = upper ? tcr >> 16 & 0x3f : tcr & 0x3f;
  static constexpr unsigned kOutputBits[] = {32, 36, 40};
  const Regime regime{
      .base = registers_[upper ? Sys::TTBR1_EL1 : bank.ttbr0],
      .input_bits = 64 - std::clamp(size_field, 16u, 39u),
      .output_bits = kOutputBits[std::min<std::uint64_t>(tcr >> (two_ranges ? 32 : 16) & 7, 2)],
      .disabled = two_ranges && bit(tcr, upper ? 23 : 7),
      .wxn = bit(sctlr, 19),
      .mair = registers_[bank.mair],
  };
  const std::uint64_t sign = address >> regime.input_bits;
  if (sign != (upper ? ones(64 - regime.input_bits) : 0) || regime.disabled) return fault(kTranslation);
  return walk(regime, address, kind, el, check);
}

Mmu::Result Mmu::walk(const Regime& regime, std::uint64_t address, AccessKind kind, unsigned el, bool check) const {
  unsigned level = 4 - (regime.input_bits - kPageBits + 8) / 9;
  unsigned shift = kPageBits + 9 * (3 - level);
  std::uint64_t index = (address & ones(regime.input_bits)) >> shift;
  std::uint64_t table = regime.base & ones(48) & ~ones(std::max(regime.input_bits - shift + 3, 6u)) & ~1ull;
  std::uint64_t tables = 0;  // the hierarchical permissions of all table descriptors
  if (table >> regime.output_bits) return fault(kAddressSize);
  for (;; ++level, shift -= 9, index = address >> shift & ones(9)) {
    std::uint64_t descriptor = 0;
    if (!read_(table + index * 8, descriptor)) return fault(kExternalOnWalk | level);
    const bool table_or_page = bit(descriptor, 1);
    if (!bit(descriptor, 0) || (level == 3 && !table_or_page) || (level == 0 && !table_or_page))
      return fault(kTranslation | level);
    const std::uint64_t output = descriptor & ones(48) & ~ones(kPageBits);
    if (level < 3 && table_or_page) {
      if (output >> regime.output_bits) return fault(kAddressSize | level);
      tables |= descriptor;
      table = output;
      continue;
    }
    if (output >> regime.output_bits) return fault(kAddressSize | level);
    if (check && !bit(descriptor, 10)) return fault(kAccessFlag | level);
    if (check && !permits(descriptor, tables, kind, el, regime.wxn)) return fault(kPermission | level);
    const auto attributes = static_cast<std::uint8_t>(regime.mair >> (descriptor >> 2 & 7) * 8);
    return {true,
            0,
            (output & ~ones(shift)) | (address & ones(shift)),
            attributes,
            static_cast<std::uint8_t>(shift),
            static_cast<std::uint8_t>(descriptor >> 8 & 3)};
  }
}

bool Mmu::permits(std::uint64_t descriptor, std::uint64_t tables, AccessKind kind, unsigned el, bool wxn) const {
  const bool one_privilege = el >= 2;
  const bool user = bit(descriptor, 6) && !bit(tables, 61);
  const bool writable = !bit(descriptor, 7) && !bit(tables, 62);
  const bool uxn = bit(descriptor, 54) || bit(tables, 60);
  const bool pxn = bit(descriptor, 53) || bit(tables, 59);
  const bool readable_here = el != 0 || user;
  const bool writable_here = readable_here && writable;
  switch (kind) {
    case AccessKind::kRead: return readable_here;
    case AccessKind::kWrite: return writable_here;
    default:
      if (wxn && writable_here) return false;
      if (one_privilege || el == 0) return !uxn;
      return !pxn && !(user && writable);
  }
}

}  // namespace cardvp::arm
