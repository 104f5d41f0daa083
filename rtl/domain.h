// A clock of a block, and what is clocked by it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rtl/clocked.h"
#include "rtl/description.h"
#include "rtl/pin.h"

namespace cardvp::rtl {

class Block;

class Domain {
 public:
  Domain(Block& block, const ClockDescription& clock, std::uint32_t port, Pin pin);

  void add(BridgePins& bridge);  // which is not at another domain
  void remove(BridgePins& bridge);

  Block& block() const { return block_; }
  const std::string& clock() const { return clock_; }
  sc_core::sc_time period() const { return sc_core::sc_time::from_value(period_); }
  // Of the rising edge that is being sampled, or was the last.
  sc_core::sc_time edge_time() const { return sc_core::sc_time::from_value(edge_); }
  std::uint64_t cycles() const { return cycles_; }

  // For calls that cannot wait (b_transport): runs the clocks until the transaction is complete; it then has its time.
  // False if nothing of it can be done: the block is being clocked already, further up the call stack, or no bridge
  // works.
  bool run_until(const Completion& completion);

 private:
  friend class Block;
  friend class BridgePins;

  void drive() const {
    for (BridgePins* const bridge : bridges_) bridge->drive();
  }
  inline void sample();
  void raise(std::uint64_t cycles = 1) {  // the clock rose, at edge_
    cycles_ += cycles;
    rise_ += cycles * period_;
  }
  void skip_to(std::uint64_t time);

  Block& block_;
  std::string clock_;
  std::uint32_t port_;
  Pin pin_;
  std::vector<BridgePins*> bridges_;
  std::uint64_t period_, low_;  // in the kernel's resolution, ps
  std::uint64_t fall_, rise_;   // the next of each
  std::uint64_t edge_ = 0;
  std::uint64_t cycles_ = 0;
};

}  // namespace cardvp::rtl
