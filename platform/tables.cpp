#include "platform/tables.h"

#include <fmt/format.h>

#include "models/base/registers.h"
#include "platform/memory_map.h"

// One namespace for each bank: declare_registers.h defines the same names in all of them.
namespace cardvp::platform::banks::gicd {
#define CARDVP_REGISTERS "models/arm/gicd.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::gicd
namespace cardvp::platform::banks::gicc {
#define CARDVP_REGISTERS "models/arm/gicc.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::gicc
namespace cardvp::platform::banks::gicv2m {
#define CARDVP_REGISTERS "models/arm/gicv2m.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::gicv2m
namespace cardvp::platform::banks::pl011 {
#define CARDVP_REGISTERS "models/arm/pl011.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::pl011
namespace cardvp::platform::banks::pl031 {
#define CARDVP_REGISTERS "models/arm/pl031.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::pl031
namespace cardvp::platform::banks::watchdog {
#define CARDVP_REGISTERS "models/arm/watchdog.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::watchdog
namespace cardvp::platform::banks::fuses {
#define CARDVP_REGISTERS "models/memory/fuses.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::fuses
namespace cardvp::platform::banks::mailbox {
#define CARDVP_REGISTERS "models/memory/mailbox.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::mailbox
namespace cardvp::platform::banks::pcie_link {
#define CARDVP_REGISTERS "models/pcie/pcie_link.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::pcie_link
namespace cardvp::platform::banks::pcie_function {
#define CARDVP_REGISTERS "models/pcie/pcie_function.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::pcie_function
namespace cardvp::platform::banks::nvme_control {
#define CARDVP_REGISTERS "models/nvme/nvme_control.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::nvme_control
namespace cardvp::platform::banks::nvme_host {
#define CARDVP_REGISTERS "models/nvme/nvme_host.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::nvme_host
namespace cardvp::platform::banks::nic {
#define CARDVP_REGISTERS "models/nic/nic_control.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::nic
namespace cardvp::platform::banks::ena_host {
#define CARDVP_REGISTERS "models/nic/ena_host.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::ena_host
namespace cardvp::platform::banks::vpc {
#define CARDVP_REGISTERS "models/nic/vpc.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::vpc
namespace cardvp::platform::banks::vpc_interface {
#define CARDVP_REGISTERS "models/nic/vpc_interface.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::vpc_interface
namespace cardvp::platform::banks::security {
#define CARDVP_REGISTERS "models/security/security.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::security
namespace cardvp::platform::banks::host_gate {
#define CARDVP_REGISTERS "models/security/host_gate.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::host_gate
namespace cardvp::platform::banks::dma {
#define CARDVP_REGISTERS "models/dma/dma.def"
#include "models/base/declare_registers.h"
}  // namespace cardvp::platform::banks::dma

namespace cardvp::platform {
namespace {

constexpr const BankInfo* kBanks[] = {
    &banks::gicd::kBank,      &banks::gicc::kBank,          &banks::gicv2m::kBank,       &banks::pl011::kBank,
    &banks::pl031::kBank,     &banks::watchdog::kBank,      &banks::fuses::kBank,        &banks::mailbox::kBank,
    &banks::pcie_link::kBank, &banks::pcie_function::kBank, &banks::nvme_control::kBank, &banks::nvme_host::kBank,
    &banks::nic::kBank,       &banks::ena_host::kBank,      &banks::vpc::kBank,          &banks::vpc_interface::kBank,
    &banks::security::kBank,  &banks::host_gate::kBank,     &banks::dma::kBank,
};

const char* name_of(Access access) {
  switch (access) {
    case Access::ro: return "ro";
    case Access::rw: return "rw";
    case Access::wo: return "wo";
    case Access::w1c: return "w1c";
    case Access::w1s: return "w1s";
  }
  return "";
}

std::string bits_of(const FieldInfo& field) {
  return field.width == 1 ? fmt::format("{}", field.lsb) : fmt::format("{}:{}", field.lsb + field.width - 1, field.lsb);
}

std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  return text;
}

std::string bank_table(const BankInfo& bank) {
  std::string text = fmt::format("## {}\n\n{} Size: {:#x} bytes.\n\n", bank.name, bank.doc, bank.size);
  text += "| Offset | Register | Bits | Field | Access | Reset | Meaning |\n|---|---|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < bank.registers.size(); ++i) {
    const RegisterInfo& reg = bank.registers[i];
    const bool array = reg.count > 1;
    text += fmt::format("| {:#06x}{} | {}{} | {} | | | | {} |\n", reg.offset,
                        array ? fmt::format(" + {:#x} n", reg.stride) : "", reg.name,
                        array ? fmt::format("[{}]", reg.count) : "", reg.bits, cell(reg.doc));
    for (const FieldInfo& field : bank.fields)
      if (field.reg == i)
        text += fmt::format("| | | {} | {} | {} | {:#x} | {} |\n", bits_of(field), field.name, name_of(field.access),
                            field.reset, cell(field.doc));
  }
  return text;
}

}  // namespace

std::string register_tables() {
  std::string text =
      "# Registers\n\n"
      "Made by `cardvp registers` from the register descriptions of the models. Access: ro (writes are ignored), rw, "
      "wo "
      "(reads as 0), w1c (a written 1 clears), w1s (a written 1 sets).\n";
  for (const BankInfo* bank : kBanks) text += "\n" + bank_table(*bank);
  return text;
}

std::string memory_map_tables() {
  std::string text = "| Region | First | Last | Bytes | What |\n|---|---|---|---|---|\n";
  for (const map::Region& region : map::kRegions)
    text += fmt::format("| {} | {:#010x} | {:#010x} | {:#x} | {} |\n", region.name, region.base,
                        region.base + region.size - 1, region.size, region.what);
  text += "\n| Interrupt | GIC id | What |\n|---|---|---|\n";
#define REGION(name, base, size, what)
#define INTERRUPT(name, id, what) text += fmt::format("| {} | {} | {} |\n", #name, id, what);
#include "platform/memory_map.def"
#undef REGION
#undef INTERRUPT
  return text;
}

}  // namespace cardvp::platform
