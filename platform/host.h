// The host: how it starts, memory, root complex, an NVMe driver for each volume of the card, and an ENA driver for each
// interface.
#pragma once

#include <memory>
#include <vector>

#include "host/boot.h"
#include "host/ena/driver.h"
#include "host/memory.h"
#include "host/nvme/driver.h"
#include "host/root_complex.h"
#include "platform/config.h"

namespace cardvp::platform {

class Host : public Model {
 public:
  // Throws std::runtime_error if the memory is not to be had.
  Host(sc_core::sc_module_name name, Sim& sim, const HostConfig& config, pcie::Link& link, std::size_t volumes,
       std::size_t interfaces);

  host::Boot& boot() { return boot_; }
  host::RootComplex& root() { return root_; }
  host::nvme::Driver& driver(std::size_t volume) { return *drivers_.at(volume); }
  host::ena::Driver& ena(std::size_t interface) { return *ena_drivers_.at(interface); }

 private:
  host::Boot boot_;
  host::Memory memory_;
  host::RootComplex root_;
  std::vector<std::unique_ptr<host::nvme::Driver>> drivers_;
  std::vector<std::unique_ptr<host::ena::Driver>> ena_drivers_;
};

}  // namespace cardvp::platform
