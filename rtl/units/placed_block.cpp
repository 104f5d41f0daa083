#include "rtl/units/placed_block.h"

#include <stdexcept>

namespace cardvp::rtl {

PlacedBlock::PlacedBlock(sc_core::sc_module_name name, Sim& sim, const PlacedBlockConfig& config)
    : Model(name, sim), block_("block", sim, config.plugin, config.block) {
  if (config.checkers) checkers_.emplace(sim, block_);
  if (const InterfaceDescription* const found = target(config.interface)) {
    if (block_.description().address_size == 0)
      throw std::invalid_argument(fmt::format("{}: the block's description has no address_range", found->name));
    bridge_ = make_target_bridge(sim, block_, *found);
    registers_.emplace("registers", sim, *bridge_);
  }
  for (const InterfaceDescription& interface : block_.description().interfaces) {
    if (interface.role != InterfaceRole::kMaster) continue;
    BusMemory& memory = memories_.emplace_back(interface.name.c_str(), sim);
    masters_.emplace_back(sim, block_, interface, memory);
  }
  for (const std::string& port : block_.description().interrupts) {
    Line& line = interrupts_.emplace_back();
    block_.watch(port, [&line](std::uint64_t level) { line.set(level != 0); });
  }
}

const InterfaceDescription* PlacedBlock::target(const std::string& wanted) const {
  const InterfaceDescription* found = nullptr;
  for (const InterfaceDescription& interface : block_.description().interfaces) {
    if (interface.role != InterfaceRole::kTarget || (!wanted.empty() && interface.name != wanted)) continue;
    if (found)
      throw std::invalid_argument(fmt::format("the block {} has several target interfaces: {}, {}; say which one",
                                              block_.description().name, found->name, interface.name));
    found = &interface;
  }
  if (!found && !wanted.empty())
    throw std::invalid_argument(
        fmt::format("the block {} has no target interface {}", block_.description().name, wanted));
  return found;
}

}  // namespace cardvp::rtl
