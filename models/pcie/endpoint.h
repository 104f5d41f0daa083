// The card's PCIe endpoint: up to 255 functions on one link, and the registers by which the firmware rules them.
// On the card bus: the link page (pcie_link.def), then a page per function (pcie_function.def).
#pragma once

#include <array>

#include "models/base/bus_target.h"
#include "models/pcie/function.h"
#include "models/pcie/link.h"

namespace cardvp::pcie {

class Endpoint : public BusTarget, public DevicePort {
 public:
  Endpoint(sc_core::sc_module_name name, Sim& sim, Link& link);

  // Adds a function; its number must be free. The endpoint does not own it.
  void add(Function& function);

  // Card reset: link down, every function absent.
  void reset();

  ReadResult config_read(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size) override;
  Completion config_write(std::uint8_t bus, std::uint8_t function, std::uint16_t offset, unsigned size,
                          std::uint32_t value) override;
  ReadResult memory_read(std::uint64_t address, unsigned size) override;
  void memory_write(std::uint64_t address, std::span<const std::byte> data) override;
  void link_reset() override;
};

}  // namespace cardvp::pcie
