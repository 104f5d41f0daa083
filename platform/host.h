// The host: how it starts, memory, root complex, and an NVMe driver for each volume of the card.
#pragma once

#include <memory>
#include <vector>

#include "host/boot.h"
#include "host/memory.h"
#include "host/nvme/driver.h"
#include "host/root_complex.h"
#include "platform/config.h"

namespace cardvp::platform {

class Host : public Model {
 public:
  // Throws std::runtime_error if the memory is not to be had.
  Host(sc_core::sc_module_name name, Sim& sim, const HostConfig& config, pcie::Link& link, std::size_t volumes);

  host::Boot& boot() { return boot_; }
  host::RootComplex& root() { return root_; }
  host::nvme::Driver& driver(std::size_t volume) { return *drivers_.at(volume); }

 private:
  host::Boot boot_;
  host::Memory memory_;
  host::RootComplex root_;
  std::vector<std::unique_ptr<host::nvme::Driver>> drivers_;
};

}  // namespace cardvp::platform
