// The protocol checkers of a block, all of them: one for each interface, and
//   X_AFTER_RESET   an output that others rely on is undefined after reset
// Verilator knows no X. What stands for it are values from a seed: an output that differs between instances of other
// seeds depends on a flip-flop that no reset and no initial block sets.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rtl/bridges/checker.h"

namespace cardvp::rtl {

// Handshakes and answers of interfaces, and interrupts, that are undefined after reset with all other inputs low.
std::vector<std::string> undefined_after_reset(const Plugin& plugin);

// To be made ahead of the block's bridges, destroyed before the block.
class Checkers {
 public:
  Checkers(Sim& sim, Block& block);

  std::uint64_t violations() const;
  void on_violation(const std::function<void(const Violation&)>& sink);

 private:
  std::vector<std::unique_ptr<Checker>> checkers_;
  std::vector<Violation> at_reset_;
  Counter& undefined_;
};

}  // namespace cardvp::rtl
