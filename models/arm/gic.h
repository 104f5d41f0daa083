// GICv2 (Arm IHI 0048B), without the security extensions, as QEMU's `virt` has it: distributor and CPU interface, up to
// 8 CPUs, ids 0-15 SGI, 16-31 PPI, 32 and up SPI.
#pragma once

#include <cstdint>
#include <functional>

#include "models/base/bus_target.h"

namespace cardvp::arm {

class Gic : public Model {
 public:
  Gic(sc_core::sc_module_name name, Sim& sim, unsigned cpus, unsigned spis);
  ~Gic() override;

  // On the card bus: GICD_* and GICC_*. The CPU interface is banked by CPU; the initiator's CPU number comes in a
  // CpuId extension of the payload (absent: CPU 0).
  BusTarget& distributor();
  BusTarget& cpu_interface();

  // Level of an interrupt input: `id` is 32 and up, or 16-31 with its CPU.
  void set_spi(unsigned id, bool level);
  void set_ppi(unsigned cpu, unsigned id, bool level);

  // The IRQ output of a CPU interface.
  void connect_irq(unsigned cpu, std::function<void(bool)> sink);

  void reset();
};

}  // namespace cardvp::arm
