// What is clocked together with a block: bridges, and how tasks wait for what they do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/base/scheduler.h"

namespace cardvp::rtl {

class Block;
class Domain;

// A transaction in a bridge that somebody waits for. It completes at a time of the block, which may be ahead of the
// simulated time; the task that awaits it resumes when the simulated time is there:
//
//   Completion done(scheduler);  queue_.push_back({..., &done});  begin_work();  co_await done;
// Whoever destroys it before it is done, as a cancelled task does, tells the bridge first.
class Completion : public Resumption {
 public:
  explicit Completion(Scheduler& scheduler) : Resumption(&scheduler) {}

  bool done() const { return done_; }
  sc_core::sc_time at() const { return at_; }
  // For the bridge, once.
  void complete(sc_core::sc_time at);

  bool await_ready() const { return done_ && at_ <= scheduler().now(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    bind(handle);
    waiting_ = true;
    if (done_) scheduler().schedule(*this, at_);
  }
  void await_resume() const {}

 private:
  bool done_ = false;
  bool waiting_ = false;
  sc_core::sc_time at_;
};

// A bridge's side towards the pins. For each cycle of its clock: drive(), clock low, sample(), clock high.
class BridgePins {
 public:
  BridgePins() = default;
  virtual ~BridgePins();
  BridgePins(const BridgePins&) = delete;
  BridgePins& operator=(const BridgePins&) = delete;

  // Sets the block's inputs for the next rising edge.
  virtual void drive() = 0;
  // Takes inputs and outputs as the flip-flops will at the rising edge that follows: a transfer happens if valid and
  // ready are both high now.
  virtual void sample() = 0;
  // The block is being reset: inputs to idle. What is in flight fails.
  virtual void reset() = 0;
  // No progress for as many cycles as the block's time-out, or the block stopped: what is in flight fails. Its work is
  // over when this returns.
  virtual void time_out() = 0;
  // What is in flight, for people: "write 0x10 <- 0x1".
  virtual std::string pending() const = 0;
  // Outputs by which the block says that it wants something while nothing is in flight (a master's awvalid, arvalid and
  // wvalid, a source's tvalid): the clock may run without this bridge until one of them changes.
  virtual std::vector<std::string> wakes_on() const { return {}; }
  virtual std::string name() const = 0;

  bool working() const { return working_; }

 protected:
  // A bridge works from begin_work() to end_work(): the clock runs, at once where the clocking says so. Both may be
  // called again and again.
  void begin_work();
  void end_work();
  // Something moved: the time-out counts anew.
  void made_progress();
  Domain* domain() const { return domain_; }

 private:
  friend class Block;
  friend class Domain;
  Domain* domain_ = nullptr;
  std::uint64_t progress_at_ = 0;  // cycle
  bool working_ = false;
};

}  // namespace cardvp::rtl
