// The system registers' encodings, access rules and storage.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace cardvp::arm {

enum class Sys : std::uint8_t {
#define SYSREG(name, op0, op1, crn, crm, op2, read, write, reset, writable) name,
#include "models/arm/system_registers.def"
#undef SYSREG
  kCount,
  kReservedId,  // an encoding of the identification space that nothing is allocated in: reads as 0
  kUndefined,
};

// The fields of MRS, MSR and SYS instructions that name what is accessed: op0:op1:CRn:CRm:op2.
constexpr std::uint16_t system_key(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
  return static_cast<std::uint16_t>(op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2);
}
constexpr std::uint16_t system_key(std::uint32_t word) { return static_cast<std::uint16_t>(word >> 5); }

Sys find_system_register(std::uint16_t key);

class SystemRegisters {
 public:
  static constexpr std::uint8_t kNever = 9;
  struct Info {
    const char* name;
    std::uint8_t read_el;
    std::uint8_t write_el;
    std::uint64_t reset;
    std::uint64_t writable;
  };
  static const Info& info(Sys id);

  void reset();

  std::uint64_t operator[](Sys id) const { return values_[static_cast<std::size_t>(id)]; }
  std::uint64_t& operator[](Sys id) { return values_[static_cast<std::size_t>(id)]; }
  // A write by software: the bits that it may change.
  void write(Sys id, std::uint64_t value) {
    const std::uint64_t mask = info(id).writable;
    (*this)[id] = ((*this)[id] & ~mask) | (value & mask);
  }

 private:
  std::array<std::uint64_t, static_cast<std::size_t>(Sys::kCount)> values_{};
};

// The registers that exist once for each of EL1 to EL3.
struct BankedRegisters {
  Sys sctlr, vbar, esr, far, elr, spsr, ttbr0, tcr, mair;
};
const BankedRegisters& banked(unsigned el);

}  // namespace cardvp::arm
