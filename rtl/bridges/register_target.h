// A bridge to a block's plain register port: chip select, write enable, address, write data, read data.
//
// The address counts words of the data's width. An access takes one cycle of cs. A block that has `ready` is waited
// for, with cs held; else read data is taken in the cycle of cs itself, or so many cycles later as `read_latency` says,
// with cs low again. Words are written as a whole: a write of a part is refused.
#pragma once

#include <array>

#include "rtl/bridges/part_queue.h"

namespace cardvp::rtl {

struct RegisterTargetConfig {
  unsigned read_latency = 0;  // cycles from cs to read data
};

class RegisterTarget : public TargetBridge {
 public:
  // Throws std::invalid_argument for a width of data that it does not take.
  RegisterTarget(Sim& sim, Block& block, const InterfaceDescription& description,
                 const RegisterTargetConfig& config = {});

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

  Pin cs_, we_, address_, write_data_, read_data_, ready_, error_;
  unsigned bus_;
  unsigned read_latency_;
  PartQueue queue_;
  bool presented_ = false;  // the first part is on the pins, or its read data is awaited
  unsigned waited_ = 0;     // cycles since
};

}  // namespace cardvp::rtl
