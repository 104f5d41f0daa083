// Task: a coroutine that runs in simulated time.
//
// An in-flight command, packet or host request is one Task, written as its steps happen:
//
//   Task<> Controller::read(Command command) {
//     co_await volume_.access(command.bytes);        // simulated time passes here
//     ...
//   }
//
// A Task is lazy: it starts when a TaskScope spawns it, or when another Task awaits it. Awaiting transfers control
// straight into the child and back; only awaiting the Scheduler, or one of the primitives of sync.h, suspends.
//
// GCC 12 copies aggregates bitwise that are made inside a co_await expression (GCC bug 98401): give such an argument a
// name first, and await then.
//
// Cancellation is destruction: a TaskScope destroys the frames of its tasks, at whatever they wait for, and every
// awaiter of this library unlinks itself in its destructor. Destructors of a task's locals therefore are its clean-up.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "models/base/scheduler.h"

namespace cardvp {

namespace detail {

// What every task promise has: the link to its awaiting parent, and for a root (a task that a scope spawned) the links
// of the scope's list. `root` is inherited by awaited children, so that the Scheduler knows which root is running.
struct PromiseBase {
  Resumption start{nullptr};  // of a root
  std::coroutine_handle<> self;
  std::coroutine_handle<> parent;
  PromiseBase* root = nullptr;
  TaskScope* scope = nullptr;  // of a root that is alive; null once it was cancelled while running
  PromiseBase* prev = nullptr;
  PromiseBase* next = nullptr;
  std::exception_ptr error;

  std::suspend_always initial_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }

  struct Final {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) noexcept {
      PromiseBase& promise = handle.promise();
      if (promise.parent) return promise.parent;
      finish_root(promise);
      return std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }

  static void finish_root(PromiseBase& promise) noexcept;
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  std::coroutine_handle<Promise> get_return_object() {
    auto handle = std::coroutine_handle<Promise>::from_promise(*this);
    self = handle;
    return handle;
  }
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  std::coroutine_handle<Promise> get_return_object() {
    auto handle = std::coroutine_handle<Promise>::from_promise(*this);
    self = handle;
    return handle;
  }
  void return_void() {}
  void take() {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;

  Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  struct Awaiter {
    std::coroutine_handle<promise_type> child;
    bool await_ready() noexcept { return false; }
    template <class Parent>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) noexcept {
      child.promise().parent = parent;
      child.promise().root = parent.promise().root;
      return child;
    }
    T await_resume() {
      if (child.promise().error) std::rethrow_exception(child.promise().error);
      return child.promise().take();
    }
  };
  // Runs the task as a part of the awaiting one; yields its result, or rethrows its exception.
  Awaiter operator co_await() && noexcept { return Awaiter{handle_}; }

 private:
  friend class TaskScope;
  std::coroutine_handle<promise_type> handle_;
};

// Owns the tasks that serve one thing, for instance the commands in flight in one controller.
class TaskScope {
 public:
  explicit TaskScope(Scheduler& scheduler) : scheduler_(scheduler) {}
  ~TaskScope() { cancel(); }
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  // The task starts in the present activation, behind what is ready already. An exception that leaves it stops the
  // simulation (Scheduler::failure).
  void spawn(Task<> task);

  // Destroys every task of the scope. If one of them is the caller itself, it runs on to its next suspension (it must
  // not rely on the scope's owner being unchanged) and is destroyed there.
  void cancel();

  std::size_t size() const { return size_; }

 private:
  friend struct detail::PromiseBase;
  void remove(detail::PromiseBase& root);

  Scheduler& scheduler_;
  detail::PromiseBase* first_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace cardvp
