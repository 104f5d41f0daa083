// Declares the registers of one .def file (see registers.h) in the namespace it is included in:
//
//   namespace cardvp::watchdog::regs {
//   #define CARDVP_REGISTERS "models/memory/watchdog.def"
//   #include "models/base/declare_registers.h"
//   }
//
// gives an enumerator per register (CONTROL), a Field per field (CONTROL_ENABLE), a byte offset per register
// (offset::CONTROL), and the description, kBank. No include guard: it is meant to be included once per bank.
#ifndef CARDVP_REGISTERS
#error "define CARDVP_REGISTERS as the .def file first"
#endif
#include "models/base/registers.h"

enum Register : std::uint16_t {
#define BANK(bank, size, doc)
#define REGS(bank, name, at, bits, count, stride, doc) name,
#define REG(bank, name, at, bits, doc) name,
#define FIELD(bank, reg, name, lsb, width, access, reset, doc)
#include CARDVP_REGISTERS
#undef REGS
#undef REG
#undef FIELD
};

namespace offset {
enum Offset : std::uint32_t {
#define REGS(bank, name, at, bits, count, stride, doc) name = at,
#define REG(bank, name, at, bits, doc) name = at,
#define FIELD(bank, reg, name, lsb, width, access, reset, doc)
#include CARDVP_REGISTERS
#undef REGS
#undef REG
#undef FIELD
};
}  // namespace offset

#define REGS(bank, name, at, bits, count, stride, doc)
#define REG(bank, name, at, bits, doc)
#define FIELD(bank, reg, name, lsb, width, access, reset, doc) \
  inline constexpr ::cardvp::Field reg##_##name{reg, lsb, width};
#include CARDVP_REGISTERS
#undef REGS
#undef REG
#undef FIELD

inline constexpr ::cardvp::RegisterInfo kRegisters[] = {
#define REGS(bank, name, at, bits, count, stride, doc) {#name, at, bits, count, stride, doc},
#define REG(bank, name, at, bits, doc) {#name, at, bits, 1, 0, doc},
#define FIELD(bank, reg, name, lsb, width, access, reset, doc)
#include CARDVP_REGISTERS
#undef REGS
#undef REG
#undef FIELD
};

inline constexpr ::cardvp::FieldInfo kFields[] = {
#define REGS(bank, name, at, bits, count, stride, doc)
#define REG(bank, name, at, bits, doc)
#define FIELD(bank, reg, name, lsb, width, access, reset, doc) \
  {reg, #name, lsb, width, ::cardvp::Access::access, reset, doc},
#include CARDVP_REGISTERS
#undef REGS
#undef REG
#undef FIELD
#undef BANK
};

#define REGS(bank, name, at, bits, count, stride, doc)
#define REG(bank, name, at, bits, doc)
#define FIELD(bank, reg, name, lsb, width, access, reset, doc)
#define BANK(bank, size, doc) inline constexpr ::cardvp::BankInfo kBank{#bank, size, doc, kRegisters, kFields};
#include CARDVP_REGISTERS
#undef REGS
#undef REG
#undef FIELD
#undef BANK
#undef CARDVP_REGISTERS
