// The core's own time: it runs ahead of the kernel within a quantum.
#pragma once

#include <cstdint>
#include <systemc>

#include "models/arm/instruction_engine.h"

namespace cardvp::arm {

class LocalTime {
 public:
  LocalTime(const InstructionEngine& engine, double frequency_hz) : engine_(engine), period_ps_(1e12 / frequency_hz) {}

  // Begins a quantum, at the kernel's present time.
  void begin(sc_core::sc_time now) {
    begin_ = now;
    first_ = engine_.instructions();
    waited_ = sc_core::SC_ZERO_TIME;
  }
  // Since the quantum began: instructions, and what accesses cost beyond them.
  sc_core::sc_time elapsed() const { return duration(engine_.instructions() - first_) + waited_; }
  sc_core::sc_time now() const { return begin_ + elapsed(); }
  void wait(sc_core::sc_time delay) { waited_ += delay; }

  // How many instructions fit into a time, at least one.
  std::uint64_t instructions_in(sc_core::sc_time time) const {
    const double count = static_cast<double>(time.value()) / period_ps_;
    return count < 1 ? 1 : static_cast<std::uint64_t>(count + 0.999999);
  }

 private:
  sc_core::sc_time duration(std::uint64_t instructions) const {
    return sc_core::sc_time::from_value(
        static_cast<std::uint64_t>(static_cast<double>(instructions) * period_ps_ + 0.5));
  }

  const InstructionEngine& engine_;
  double period_ps_;
  sc_core::sc_time begin_;
  sc_core::sc_time waited_;
  std::uint64_t first_ = 0;
};

}  // namespace cardvp::arm
