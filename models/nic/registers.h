// The register banks of the NIC: an ENA function's, the host's side and the firmware's; the data path's.
#pragma once

#include "models/base/registers.h"
#include "models/nic/bar0.h"

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

// BAR 0 (bar0.h), in bytes.
enum Bar0 : std::uint32_t {
  kSqDoorbells = ENA_BAR0_SQ_DOORBELLS,
  kUnmask = ENA_BAR0_UNMASK,
  kMsixTable = ENA_BAR0_MSIX_TABLE,
  kMsixPending = ENA_BAR0_MSIX_PENDING,
  kBar0Bytes = ENA_BAR0_BYTES,
};

}  // namespace cardvp::nic
