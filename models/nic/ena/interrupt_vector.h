// An MSI-X vector of I/O queues, as the host rules it by its unmask register: sent once, then held back until the host
// unmasks it again. What was completed meanwhile is sent for then. Delays moderate it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "models/base/scheduler.h"
#include "models/nic/ena/spec.h"
#include "models/pcie/function.h"

namespace cardvp::nic::ena {

enum class Direction : std::uint8_t { kTx, kRx };

class InterruptVector {
 public:
  InterruptVector(Scheduler& scheduler, pcie::Function& function, unsigned vector)
      : function_(function), vector_(vector), timer_(scheduler, *this) {}

  // There is something new for the host in a completion queue of the vector.
  void raise(Direction direction) {
    const sc_core::sc_time due = now() + delay_[static_cast<std::size_t>(direction)];
    if (pending_ && due_ <= due) return;
    pending_ = true;
    due_ = due;
    if (!masked_) send_when_due();
  }

  // The host's write of the unmask register. `resolution`: of its delays; zero: they are ignored.
  void write(Unmask request, sc_core::sc_time resolution) {
    written_ = request.value;
    if (!request.keeps_delays()) {
      delay_[static_cast<std::size_t>(Direction::kTx)] = resolution * request.tx_delay();
      delay_[static_cast<std::size_t>(Direction::kRx)] = resolution * request.rx_delay();
    }
    if (!request.unmasks()) return;
    masked_ = false;
    if (pending_) send_when_due();
  }
  std::uint32_t written() const { return written_; }

  // As at first: masked, nothing pending, no delays.
  void reset() {
    timer_.cancel();
    masked_ = true;
    pending_ = false;
    delay_ = {};
    written_ = 0;
  }

  // Completion queues that use it.
  unsigned users = 0;

 private:
  sc_core::sc_time now() const { return sc_core::sc_time_stamp(); }

  void send_when_due() {
    if (due_ <= now())
      send();
    else
      timer_.call_at(due_);
  }
  void send() {
    timer_.cancel();
    pending_ = false;
    masked_ = true;
    function_.interrupt(vector_);
  }

  pcie::Function& function_;
  unsigned vector_;
  bool masked_ = true;
  bool pending_ = false;
  sc_core::sc_time due_;  // of what is pending
  std::array<sc_core::sc_time, 2> delay_;
  std::uint32_t written_ = 0;
  Callback<&InterruptVector::send> timer_;
};

}  // namespace cardvp::nic::ena
