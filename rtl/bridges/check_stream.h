// Checker of AXI4-Stream (IHI 0051), for either role of the block: the rules of channels (checker.h), and
//   TKEEP_RESERVED   TSTRB of a byte that TKEEP leaves out (2.4.3)
#pragma once

#include "rtl/bridges/checker.h"

namespace cardvp::rtl {

class StreamChecker : public Checker {
 public:
  StreamChecker(Sim& sim, Block& block, const InterfaceDescription& description);
  // For pins that are not of a block; the caller calls sample().
  StreamChecker(Sim& sim, const std::string& owner, InterfacePins pins);

  void sample() override;
  void reset() override { rules_.reset(); }

 private:
  ChannelRules rules_;
  Pin valid_, keep_, strb_;
};

}  // namespace cardvp::rtl
