// The two register banks of a controller: the host's and the firmware's.
#pragma once

#include "models/base/registers.h"

namespace cardvp::nvme {

namespace host_regs {
#define CARDVP_REGISTERS "models/nvme/nvme_host.def"
#include "models/base/declare_registers.h"
}  // namespace host_regs

namespace control_regs {
#define CARDVP_REGISTERS "models/nvme/nvme_control.def"
#include "models/base/declare_registers.h"
}  // namespace control_regs

}  // namespace cardvp::nvme
