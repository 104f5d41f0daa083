// RAM: SRAM or DRAM on the card bus. Any size and alignment of access; DMI for all of it. Zeros at first.
#pragma once

#include "models/base/bus_target.h"
#include "models/memory/mapping.h"

namespace cardvp::memory {

struct RamConfig {
  std::uint64_t size = 0;  // bytes
  sc_core::sc_time access_delay{10, sc_core::SC_NS};
  bool cleared_by_reset = false;
};

class Ram : public BusTarget {
 public:
  // Throws std::runtime_error if this host cannot provide the address space.
  Ram(sc_core::sc_module_name name, Sim& sim, const RamConfig& config);

  // The contents, without simulated time: for loaders and tests.
  std::span<std::byte> bytes() const { return contents_.bytes(); }

  // Card reset: the contents stay, unless the configuration says otherwise.
  void reset();

 private:
  bool access(const BusAccess& access) override;
  bool direct_memory(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) override;

  RamConfig config_;
  Mapping contents_;
};

}  // namespace cardvp::memory
