// What the units have in common that calculate for packets (models/nic/packet_math.h).
//
// The user gets what the RTL gave, and the time that its cycles took. A block that does not answer, or answers that
// something is wrong, gives no answer of the model's in its place: the calculation is invalid, counted as
// OWNER.failures, logged (the first kMaxLogged), a difference in lockstep; and the block is reset, so that the next one
// begins anew.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "models/nic/packet_math.h"
#include "rtl/units/unit.h"

namespace cardvp::rtl {

class PacketMathUnit : public Unit {
 public:
  static constexpr std::uint64_t kMaxLogged = 10;

  std::uint64_t failures() const { return failures_.value(); }

 protected:
  PacketMathUnit(sc_core::sc_module_name name, Sim& sim, const UnitConfig& config)
      : Unit(name, sim, config), failures_(counter("failures", "calculations")) {}

  // When a calculation begins that is asked for now: the block may be ahead.
  sc_core::sc_time block_time() const { return std::max(block().time(), now()); }

  // The end of one that began at `begun`. failure: empty if there was none. model: gives the model's value.
  // transaction: says what was calculated.
  template <class Model, class Transaction>
  nic::Answer answer(sc_core::sc_time begun, std::uint32_t value, const std::string& failure, const char* what,
                     Model&& model, Transaction&& transaction) {
    const nic::Answer made{.value = value, .valid = failure.empty(), .took = block_time() - begun};
    if (Lockstep* const both = lockstep()) {
      if (made.valid)
        both->value(model(), value, what, transaction);
      else
        both->text("an answer", failure, what, transaction);
    }
    if (!made.valid) fail(failure, transaction());
    return made;
  }

  // The block's registers are as after reset.
  virtual void forget() = 0;
  void reset_block() {
    block().reset();
    forget();
  }

 private:
  void fail(const std::string& failure, const std::string& transaction) {
    failures_.add();
    if (failures() <= kMaxLogged)
      log_.warning("the block has failed", {{"transaction", transaction}, {"failure", failure}});
    reset_block();
  }

  Counter& failures_;
};

}  // namespace cardvp::rtl
