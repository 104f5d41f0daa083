// GICv2m MSI frame (Arm Server Base System Architecture, appendix on GICv2m), registers in gicv2m.def: a device's
// message, a write of an interrupt id, becomes an edge on that SPI of the GIC. Software configures these SPIs as
// edge-triggered; a level-sensitive one sees nothing.
#pragma once

#include "models/arm/gic.h"

namespace cardvp::arm {

struct GicV2mConfig {   // as QEMU's `virt`
  unsigned first = 80;  // interrupt id
  unsigned count = 64;
};

class GicV2m : public RegisterTarget {
 public:
  // Throws std::invalid_argument if the range is empty, or not all SPIs of `gic`, which outlives this.
  GicV2m(sc_core::sc_module_name name, Sim& sim, Gic& gic, const GicV2mConfig& config = {});

  // Card reset: nothing is kept here.
  void reset() {}

 private:
  void set_spi(const RegisterWrite& write);

  Gic& gic_;
  GicV2mConfig config_;
  Counter& messages_;
  Counter& ignored_;
};

}  // namespace cardvp::arm
