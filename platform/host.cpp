#include "platform/host.h"

namespace cardvp::platform {

Host::Host(sc_core::sc_module_name name, Sim& sim, const HostConfig& config, pcie::Link& link, std::size_t volumes,
           std::size_t interfaces)
    : Model(name, sim), boot_("boot", sim), memory_(config.memory_size), root_("root", sim, link, memory_) {
  for (std::size_t i = 0; i < volumes; ++i)
    drivers_.push_back(
        std::make_unique<host::nvme::Driver>(fmt::format("nvme{}", i).c_str(), sim, root_, config.driver));
  for (std::size_t i = 0; i < interfaces; ++i)
    ena_drivers_.push_back(
        std::make_unique<host::ena::Driver>(fmt::format("ena{}", i).c_str(), sim, root_, config.ena));
}

}  // namespace cardvp::platform
