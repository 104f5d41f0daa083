// The awaiter of one command: it lives in the frame of the task that awaits it, and is linked into its queue.
#pragma once

#include <cstdint>

#include "host/nvme/spec.h"
#include "host/nvme/status.h"
#include "models/base/scheduler.h"

namespace cardvp::host::nvme {

class QueuePair;

class Request : public Resumption {
 public:
  Request(Scheduler& scheduler, QueuePair& queue, const Command& command, std::uint64_t address, std::uint64_t bytes)
      : Resumption(&scheduler), queue_(&queue), command_(command), address_(address), bytes_(bytes) {}
  // Refused by the driver: it completes at once.
  Request(Scheduler& scheduler, Status refusal)
      : Resumption(&scheduler), completion_{.status = refusal}, state_(State::kDone) {}

  bool await_ready() const { return state_ == State::kDone; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    bind(handle);
    submit();
  }

 protected:
  ~Request() {
    if (state_ == State::kWaiting || state_ == State::kInFlight) abandon();
  }
  const Completion& completion() const { return completion_; }

 private:
  friend class QueuePair;
  enum class State : std::uint8_t { kNew, kWaiting, kInFlight, kDone };

  void submit();
  void abandon();
  void finish(const Completion& completion) {
    completion_ = completion;
    state_ = State::kDone;
    scheduler().make_ready(*this);
  }

  QueuePair* queue_ = nullptr;
  Command command_;
  std::uint64_t address_ = 0;  // of the data
  std::uint64_t bytes_ = 0;    // of data; 0: the command's own PRPs stand
  Completion completion_;
  sc_core::sc_time since_;  // waiting or in flight, for the timeout
  Request* before_ = nullptr;
  Request* after_ = nullptr;
  std::uint16_t slot_ = 0;
  State state_ = State::kNew;
};

// co_await gives the Status.
class IoRequest : public Request {
 public:
  using Request::Request;
  Status await_resume() const { return completion().status; }
};

// co_await gives the Completion: command-specific result and Status.
class CommandRequest : public Request {
 public:
  using Request::Request;
  Completion await_resume() const { return completion(); }
};

}  // namespace cardvp::host::nvme
