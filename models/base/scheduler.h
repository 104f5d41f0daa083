// Scheduler: runs every Task of a machine on the SystemC kernel, from one SC_METHOD.
//
// Order is fixed by what the models do, never by addresses or by the host: what becomes ready runs in the order in
// which it became ready; what is due at the same time runs in the order in which it was scheduled. A coroutine is never
// resumed from inside another one: waking somebody only queues it. So code between two awaits runs undisturbed.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <systemc>
#include <vector>

namespace cardvp {

class Scheduler;
class TaskScope;

namespace detail {
struct PromiseBase;
}

// A thing that the Scheduler can run: a suspended coroutine, or a callback (see Callback below). It lives in its owner
// (an awaiter lives in the coroutine frame) and takes itself out of every queue when it is destroyed.
class Runnable {
 public:
  Runnable(const Runnable&) = delete;
  Runnable& operator=(const Runnable&) = delete;

 protected:
  using Fire = void (*)(Runnable&);
  Runnable(Scheduler* scheduler, Fire fire) : scheduler_(scheduler), fire_(fire) {}
  ~Runnable() { cancel(); }

  bool pending() const { return state_ != State::kIdle; }
  inline void cancel();
  Scheduler& scheduler() const { return *scheduler_; }

 private:
  friend class Scheduler;
  enum class State : std::uint8_t { kIdle, kReady, kTimed };

  friend class TaskScope;             // gives a new task its scheduler
  friend struct detail::PromiseBase;  // asks for it
  Scheduler* scheduler_;
  Fire fire_;
  Runnable* prev_ = nullptr;  // ready queue
  Runnable* next_ = nullptr;
  State state_ = State::kIdle;
};

// A Runnable that resumes the coroutine that awaits it: the base of every awaiter that suspends.
class Resumption : public Runnable {
 public:
  explicit Resumption(Scheduler* scheduler)
      : Runnable(scheduler, [](Runnable& self) { static_cast<Resumption&>(self).resume(); }) {}

  // Says who is to be resumed: the coroutine that is about to suspend.
  template <class Promise>
  void bind(std::coroutine_handle<Promise> handle) {
    handle_ = handle;
    root_ = handle.promise().root;
  }

 private:
  void resume();

  std::coroutine_handle<> handle_;
  detail::PromiseBase* root_ = nullptr;
};

class Scheduler : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Scheduler);
  explicit Scheduler(sc_core::sc_module_name name);
  ~Scheduler() override;

  sc_core::sc_time now() const { return sc_core::sc_time_stamp(); }

  // Runs `item` later in the present activation; it must not be pending. FIFO.
  void make_ready(Runnable& item);
  // Runs `item` at `time`, which is not in the past; it must not be pending.
  void schedule(Runnable& item, sc_core::sc_time time);

  // co_await scheduler.delay(t): resumes t later, even for t = 0 (then behind all that is ready).
  auto delay(sc_core::sc_time time) { return Delay(*this, now() + time); }
  // co_await scheduler.until(t): resumes at t; at once, without suspending, if t is not in the future.
  auto until(sc_core::sc_time time) { return Until(*this, time); }

  // Nothing is ready and nothing is due at any later time: only other SystemC processes could wake a task.
  bool idle() const { return !ready_head_ && live_timers_ == 0; }

  // The first exception that left a task. The Scheduler stops the simulation when it happens; whoever called sc_start
  // rethrows it.
  std::exception_ptr failure() const { return failure_; }

  // How many times a coroutine or callback was run (a figure of this simulator, not of the simulated machine).
  std::uint64_t activations() const { return activations_; }

 private:
  friend class Runnable;
  friend class Resumption;
  friend class TaskScope;
  friend struct detail::PromiseBase;

  struct Delay : Resumption {
    sc_core::sc_time due;
    Delay(Scheduler& scheduler, sc_core::sc_time time) : Resumption(&scheduler), due(time) {}
    bool await_ready() const { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> handle) {
      bind(handle);
      scheduler().schedule(*this, due);
    }
    void await_resume() const {}
  };
  struct Until : Delay {
    using Delay::Delay;
    bool await_ready() const { return due <= scheduler().now(); }
  };

  struct Timer {
    sc_core::sc_time due;
    std::uint64_t order;
    Runnable* item;  // null once it was cancelled
    bool operator>(const Timer& other) const { return due != other.due ? due > other.due : order > other.order; }
  };

  void dispatch();
  void arm();
  void unlink(Runnable& item);
  void drop_dead_timers();
  void fail(std::exception_ptr error);

  sc_core::sc_event wake_;
  Runnable* ready_head_ = nullptr;
  Runnable* ready_tail_ = nullptr;
  std::vector<Timer> timers_;  // a heap, earliest first
  std::uint64_t live_timers_ = 0;
  std::uint64_t order_ = 0;
  std::uint64_t activations_ = 0;
  detail::PromiseBase* running_root_ = nullptr;
  bool running_root_cancelled_ = false;
  bool dispatching_ = false;
  std::exception_ptr failure_;
};

inline void Runnable::cancel() {
  if (pending()) scheduler_->unlink(*this);
}

// A function that the Scheduler calls at a time: what a Task would be too much for. Its owner keeps it alive; to
// destroy it is to cancel it.
template <auto kMethod>
class Callback;

template <class Owner, void (Owner::*kMethod)()>
class Callback<kMethod> : public Runnable {
 public:
  Callback(Scheduler& scheduler, Owner& owner)
      : Runnable(&scheduler, [](Runnable& self) { (static_cast<Callback&>(self).owner_.*kMethod)(); }), owner_(owner) {}

  // Each replaces what was pending.
  void call_at(sc_core::sc_time time) {
    cancel();
    scheduler().schedule(*this, time);
  }
  void call_soon() {
    cancel();
    scheduler().make_ready(*this);
  }
  using Runnable::cancel;
  using Runnable::pending;

 private:
  Owner& owner_;
};

}  // namespace cardvp
