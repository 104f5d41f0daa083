// The register banks of the NIC: an ENA function's, the host's side and the firmware's; the data path's.
#pragma once

#include "models/base/registers.h"

namespace cardvp::nic {

namespace host_regs {
#define CARDVP_REGISTERS "models/nic/ena_host.def"
#include "models/base/declare_registers.h"
}  // namespace host_regs

namespace control_regs {
#define CARDVP_REGISTERS "models/nic/nic_control.def"
#include "models/base/declare_registers.h"
}  // namespace control_regs

namespace vpc_regs {
#define CARDVP_REGISTERS "models/nic/vpc.def"
#include "models/base/declare_registers.h"
}  // namespace vpc_regs

namespace interface_regs {
#define CARDVP_REGISTERS "models/nic/vpc_interface.def"
#include "models/base/declare_registers.h"
}  // namespace interface_regs

// BAR 0, in bytes: behind the registers of ena_host.def.
enum Bar0 : std::uint32_t {
  kSqDoorbells = 0x1000,  // TX SQ n at + 8 * n, RX SQ n at + 8 * n + 4: 256 pairs
  kUnmask = 0x2000,       // of MSI-X vector n at + 4 * n: all CQs of a vector share it
  kMsixTable = 0x3000,
  kMsixPending = 0x5000,
  kBar0Bytes = 0x8000,
};

}  // namespace cardvp::nic
