// A unit: a block of RTL in the place of a functional part of a model, which it does the work of, or works beside in
// lockstep. Holds what all of them have: the instance, its checkers, the comparison.
#pragma once

#include <memory>
#include <optional>

#include "rtl/block.h"
#include "rtl/bridges/checkers.h"
#include "rtl/units/lockstep.h"

namespace cardvp::rtl {

enum class Use : std::uint8_t {
  kModel,     // no RTL
  kRtl,       // the RTL does the work
  kLockstep,  // so does the model, and both are compared
};

struct UnitConfig {
  Use use = Use::kModel;
  std::shared_ptr<const Plugin> plugin;  // none with kModel
  BlockConfig block;
  bool checkers = false;
  bool stop_at_difference = true;  // end the run; otherwise differences are counted
};

class Unit : public Model {
 public:
  // Throws std::invalid_argument for a plug-in that does not have the interfaces and ports that the unit needs.
  Unit(sc_core::sc_module_name name, Sim& sim, const UnitConfig& config);

  Block& block() { return block_; }
  const Block& block() const { return block_; }
  // Null unless in lockstep.
  Lockstep* lockstep() { return lockstep_ ? &*lockstep_ : nullptr; }
  std::uint64_t violations() const { return checkers_ ? checkers_->violations() : 0; }

 protected:
  // The block's interface of that name and kind. Throws std::invalid_argument.
  const InterfaceDescription& interface(std::string_view name, InterfaceKind kind, InterfaceRole role) const;

 private:
  Block block_;
  std::optional<Checkers> checkers_;  // ahead of the bridges, which units have
  std::optional<Lockstep> lockstep_;
};

}  // namespace cardvp::rtl
