// Lockstep: a model and the RTL of one contract get the same transactions, and what both make of them is compared.
//
// The user gets what the RTL gave. A difference is logged, the first kMaxLogged of them, and counted; if that is asked
// for, the first one also ends the run (on_stop) once the waveform, if there is one, shows what came behind it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "models/base/model.h"
#include "rtl/block.h"

namespace cardvp::rtl {

struct Difference {
  std::string unit;         // hierarchical name: "card.rtl.aes"
  std::string transaction;  // "xts encrypt 512 bytes, tweak 00..."
  std::string what;         // that differs: "byte 16 of the data", "status", "irq"
  std::string model, rtl;   // both values
  sc_core::sc_time at;      // of the block, when it gave its value

  std::string text() const;  // one line
};

class Lockstep {
 public:
  static constexpr std::uint64_t kMaxLogged = 10;

  // Counts as OWNER.comparisons and OWNER.differences, by the name of the block's parent.
  Lockstep(Sim& sim, Block& block, bool stop);

  // Each compares one outcome; `transaction` says what it is of, and is called for a difference only. True if equal.
  template <class Transaction>
  bool bytes(std::span<const std::uint8_t> model, std::span<const std::uint8_t> rtl, const char* of,
             Transaction&& transaction) {
    comparisons_.add();
    const auto [m, r] = std::mismatch(model.begin(), model.end(), rtl.begin(), rtl.end());
    if (m == model.end() && r == rtl.end()) return true;
    differ_at(model, rtl, static_cast<std::size_t>(m - model.begin()), of, transaction());
    return false;
  }
  template <class Transaction>
  bool value(std::uint64_t model, std::uint64_t rtl, const char* what, Transaction&& transaction) {
    comparisons_.add();
    if (model == rtl) return true;
    differ(what, hex(model), hex(rtl), transaction());
    return false;
  }
  template <class Transaction>
  bool text(const std::string& model, const std::string& rtl, const char* what, Transaction&& transaction) {
    comparisons_.add();
    if (model == rtl) return true;
    differ(what, model, rtl, transaction());
    return false;
  }

  std::uint64_t differences() const { return differences_.value(); }
  const std::optional<Difference>& first() const { return first_; }
  // Calls at the first difference, if it is to end the run.
  void on_stop(std::function<void(const Difference&)> action) { on_stop_ = std::move(action); }
  bool stops() const { return stop_ && first_; }

 private:
  static std::string hex(std::uint64_t value);
  void differ_at(std::span<const std::uint8_t> model, std::span<const std::uint8_t> rtl, std::size_t offset,
                 const char* of, std::string transaction);
  void differ(std::string what, std::string model, std::string rtl, std::string transaction);

  Block& block_;
  bool stop_;
  std::string unit_;
  Logger log_;
  Counter& comparisons_;
  Counter& differences_;
  std::optional<Difference> first_;
  std::function<void(const Difference&)> on_stop_;
};

}  // namespace cardvp::rtl
