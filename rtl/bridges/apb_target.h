// A bridge to a block's APB completer (IHI 0024: APB3, with APB4's PSTRB if it is there). One access at a time: a setup
// cycle, then access cycles until PREADY.
#pragma once

#include <array>

#include "rtl/bridges/part_queue.h"

namespace cardvp::rtl {

class ApbTarget : public TargetBridge {
 public:
  // Throws std::invalid_argument for a width of data that it does not take.
  ApbTarget(Sim& sim, Block& block, const InterfaceDescription& description);

  void drive() override;
  void sample() override;
  void reset() override;
  void time_out() override { queue_.fail(Response::kTimeOut); }
  std::string pending() const override { return pending_text(queue_); }

 private:
  Response accept(Transaction& transaction) override { return queue_.push(transaction); }
  void abandon(Transaction& transaction) override { queue_.abandon(transaction); }
  void present(const Part& part);
  void finish();

  Pin sel_, enable_, write_, addr_, wdata_, strb_, rdata_, ready_, slverr_;
  unsigned bus_;
  PartQueue queue_;
  bool presented_ = false;  // the first part is on the pins
  bool access_ = false;     // in its access phase
};

}  // namespace cardvp::rtl
