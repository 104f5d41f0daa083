// What no model of this kind can be faster than: coroutines on the SystemC kernel that await three delays for each
// item and copy its bytes.
#pragma once

#include <cstring>
#include <vector>

#include "models/base/task.h"

namespace cardvp::bench {

class Floor {
 public:
  // Each of `lanes` coroutines copies items of `bytes`, spread over `memory` bytes.
  Floor(Scheduler& scheduler, std::size_t lanes, std::size_t bytes, std::size_t memory)
      : scheduler_(scheduler), lanes_(lanes), bytes_(bytes), from_(memory, 1), to_(lanes * bytes) {}

  // `run_some` advances the simulation.
  template <class RunSome>
  void run(std::uint64_t items, RunSome&& run_some) {
    TaskScope scope(scheduler_);
    left_ = static_cast<std::int64_t>(items);
    for (std::size_t i = 0; i < lanes_; ++i) scope.spawn(lane(i));
    while (left_ > 0) run_some();
  }

 private:
  Task<> lane(std::size_t number) {
    const sc_core::sc_time step(100 + 7.0 * static_cast<double>(number), sc_core::SC_NS);
    std::size_t item = number;
    while (left_-- > 0) {
      for (int i = 0; i < 3; ++i) co_await scheduler_.delay(step);
      item = (item * 1103515245 + 12345) % (from_.size() / bytes_);
      std::memcpy(to_.data() + number * bytes_, from_.data() + item * bytes_, bytes_);
    }
  }

  Scheduler& scheduler_;
  std::size_t lanes_, bytes_;
  std::vector<char> from_, to_;
  std::int64_t left_ = 0;
};

}  // namespace cardvp::bench
