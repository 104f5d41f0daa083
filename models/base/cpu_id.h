// Which CPU an access comes from, for blocks that are banked by CPU (the GIC).
#pragma once

#include <tlm>

namespace cardvp {

// Extension of a TLM payload; without one, an access comes from CPU 0. The payload owns its extension and deletes it,
// so set it once, from the heap: payload.set_extension(new CpuId(1)).
struct CpuId : tlm::tlm_extension<CpuId> {
  explicit CpuId(unsigned number) : cpu(number) {}

  tlm::tlm_extension_base* clone() const override { return new CpuId(cpu); }
  void copy_from(const tlm::tlm_extension_base& other) override { cpu = static_cast<const CpuId&>(other).cpu; }

  unsigned cpu;
};

}  // namespace cardvp
