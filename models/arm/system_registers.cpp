#include "models/arm/system_registers.h"

#include <memory>

namespace cardvp::arm {

namespace {

constexpr auto kNever = SystemRegisters::kNever;
constexpr SystemRegisters::Info kInfo[] = {
#define SYSREG(name, op0, op1, crn, crm, op2, read, write, reset, writable) {#name, read, write, reset, writable},
#include "models/arm/system_registers.def"
#undef SYSREG
};

using Keys = std::array<Sys, 1 << 16>;

std::unique_ptr<const Keys> make_keys() {
  auto keys = std::make_unique<Keys>();
  keys->fill(Sys::kUndefined);
  for (unsigned crm = 1; crm < 8; ++crm)
    for (unsigned op2 = 0; op2 < 8; ++op2) (*keys)[system_key(3, 0, 0, crm, op2)] = Sys::kReservedId;
#define SYSREG(name, op0, op1, crn, crm, op2, read, write, reset, writable) \
  (*keys)[system_key(op0, op1, crn, crm, op2)] = Sys::name;
#include "models/arm/system_registers.def"
#undef SYSREG
  return keys;
}

}  // namespace

Sys find_system_register(std::uint16_t key) {
  static const std::unique_ptr<const Keys> keys = make_keys();
  return (*keys)[key];
}

const SystemRegisters::Info& SystemRegisters::info(Sys id) { return kInfo[static_cast<std::size_t>(id)]; }

void SystemRegisters::reset() {
  for (std::size_t i = 0; i < values_.size(); ++i) values_[i] = kInfo[i].reset;
}

const BankedRegisters& banked(unsigned el) {
  static constexpr BankedRegisters kBanks[] = {
      {Sys::SCTLR_EL1, Sys::VBAR_EL1, Sys::ESR_EL1, Sys::FAR_EL1, Sys::ELR_EL1, Sys::SPSR_EL1, Sys::TTBR0_EL1,
       Sys::TCR_EL1, Sys::MAIR_EL1},
      {Sys::SCTLR_EL2, Sys::VBAR_EL2, Sys::ESR_EL2, Sys::FAR_EL2, Sys::ELR_EL2, Sys::SPSR_EL2, Sys::TTBR0_EL2,
       Sys::TCR_EL2, Sys::MAIR_EL2},
      {Sys::SCTLR_EL3, Sys::VBAR_EL3, Sys::ESR_EL3, Sys::FAR_EL3, Sys::ELR_EL3, Sys::SPSR_EL3, Sys::TTBR0_EL3,
       Sys::TCR_EL3, Sys::MAIR_EL3},
  };
  return kBanks[el == 0 ? 0 : el - 1];
}

}  // namespace cardvp::arm
