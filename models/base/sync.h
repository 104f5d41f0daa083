// What tasks wait for, beside time. Every primitive wakes its waiters in the order in which they came, and loses
// nothing when a waiting task is cancelled. None may be destroyed before its waiters.
#pragma once

#include <cassert>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "models/base/scheduler.h"

namespace cardvp {

// The tasks that wait at one primitive, oldest first.
class WaitList {
 public:
  explicit WaitList(Scheduler& scheduler) : scheduler_(scheduler) {}
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;
  ~WaitList() { assert(empty()); }

  class Waiter : public Resumption {
   public:
    explicit Waiter(WaitList& list) : Resumption(&list.scheduler_), list_(list) {}
    ~Waiter() {
      if (waiting_) list_.remove(*this);
    }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> handle) {
      bind(handle);
      list_.append(*this);
    }

   private:
    friend class WaitList;
    WaitList& list_;
    Waiter* before_ = nullptr;
    Waiter* after_ = nullptr;
    bool waiting_ = false;
  };

  bool empty() const { return !first_; }

  // Makes the oldest waiter ready; false if there is none.
  bool wake_one() {
    if (!first_) return false;
    Waiter& waiter = *first_;
    remove(waiter);
    scheduler_.make_ready(waiter);
    return true;
  }
  void wake_all() {
    while (wake_one()) {
    }
  }

 private:
  void append(Waiter& waiter) {
    waiter.waiting_ = true;
    waiter.after_ = nullptr;
    waiter.before_ = last_;
    (last_ ? last_->after_ : first_) = &waiter;
    last_ = &waiter;
  }
  void remove(Waiter& waiter) {
    waiter.waiting_ = false;
    (waiter.before_ ? waiter.before_->after_ : first_) = waiter.after_;
    (waiter.after_ ? waiter.after_->before_ : last_) = waiter.before_;
  }

  Scheduler& scheduler_;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

// A condition may have changed: everybody who waits looks again. Nothing is remembered, so look first, then wait:
//   while (ring.empty()) co_await trigger;
class Trigger {
 public:
  explicit Trigger(Scheduler& scheduler) : waiters_(scheduler) {}
  void notify() { waiters_.wake_all(); }

  auto operator co_await() {
    struct Awaiter : WaitList::Waiter {
      using Waiter::Waiter;
      bool await_ready() const { return false; }
      void await_resume() const {}
    };
    return Awaiter(waiters_);
  }

 private:
  WaitList waiters_;
};

// A number of identical things of which each task takes one: co_await slots.acquire(); ... slots.release();
// First come, first served: a release while somebody waits hands the thing over.
class Semaphore {
 public:
  Semaphore(Scheduler& scheduler, std::size_t count) : waiters_(scheduler), free_(count) {}

  class Acquire : public WaitList::Waiter {
   public:
    explicit Acquire(Semaphore& semaphore) : Waiter(semaphore.waiters_), semaphore_(semaphore) {}
    ~Acquire() {
      if (pending()) semaphore_.release();  // handed over, but cancelled before it ran: it goes on to the next
    }
    bool await_ready() const { return semaphore_.try_acquire(); }
    void await_resume() const {}

   private:
    Semaphore& semaphore_;
  };
  Acquire acquire() { return Acquire(*this); }
  bool try_acquire() {
    if (free_ == 0) return false;
    --free_;
    return true;
  }
  void release() {
    if (!waiters_.wake_one()) ++free_;
  }
  std::size_t free() const { return free_; }

 private:
  WaitList waiters_;
  std::size_t free_;
};

// An unbounded queue between tasks; one reader at a time: T item = co_await fifo.pop();
template <class T>
class Fifo {
 public:
  explicit Fifo(Scheduler& scheduler) : readers_(scheduler) {}

  void push(T item) {
    items_.push_back(std::move(item));
    readers_.wake_one();
  }
  auto pop() {
    struct Awaiter : WaitList::Waiter {
      Fifo& fifo;
      explicit Awaiter(Fifo& f) : Waiter(f.readers_), fifo(f) {}
      bool await_ready() const { return !fifo.items_.empty(); }
      T await_resume() {
        T item = std::move(fifo.items_.front());
        fifo.items_.pop_front();
        return item;
      }
    };
    return Awaiter(*this);
  }
  std::size_t size() const { return items_.size(); }
  void clear() { items_.clear(); }

 private:
  WaitList readers_;
  std::deque<T> items_;
};

// A result that one task waits for and somebody else delivers, once: T result = co_await shot; ... shot.deliver(t).
template <class T>
class OneShot {
 public:
  explicit OneShot(Scheduler& scheduler) : waiter_(scheduler) {}

  bool delivered() const { return value_.has_value(); }
  void deliver(T value) {
    assert(!value_);
    value_ = std::move(value);
    waiter_.wake_one();
  }
  auto operator co_await() {
    struct Awaiter : WaitList::Waiter {
      OneShot& shot;
      explicit Awaiter(OneShot& s) : Waiter(s.waiter_), shot(s) {}
      bool await_ready() const { return shot.value_.has_value(); }
      T await_resume() { return std::move(*shot.value_); }
    };
    return Awaiter(*this);
  }

 private:
  WaitList waiter_;
  std::optional<T> value_;
};

}  // namespace cardvp
