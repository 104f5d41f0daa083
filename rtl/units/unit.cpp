#include "rtl/units/unit.h"

#include <stdexcept>

#include <fmt/format.h>

namespace cardvp::rtl {

Unit::Unit(sc_core::sc_module_name name, Sim& sim, const UnitConfig& config)
    : Model(name, sim), block_("block", sim, config.plugin, config.block) {
  if (config.checkers) checkers_.emplace(sim, block_);
  if (config.use == Use::kLockstep) lockstep_.emplace(sim, block_, config.stop_at_difference);
}

const InterfaceDescription& Unit::interface(std::string_view wanted, InterfaceKind kind, InterfaceRole role) const {
  const InterfaceDescription* const found = block_.description().interface(wanted);
  if (found && found->kind == kind && found->role == role) return *found;
  throw std::invalid_argument(fmt::format("{}: the block {} has no {} {} called {}", block_.plugin().file().string(),
                                          block_.description().name, to_string(kind), to_string(role), wanted));
}

}  // namespace cardvp::rtl
