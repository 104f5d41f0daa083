#include "models/base/scheduler.h"

#include <algorithm>
#include <cassert>
#include <functional>

#include "models/base/task.h"

namespace cardvp {

using sc_core::sc_time;

Scheduler::Scheduler(sc_core::sc_module_name name) : sc_module(name) {
  SC_METHOD(dispatch);
  sensitive << wake_;
  dont_initialize();
}

Scheduler::~Scheduler() = default;

void Scheduler::make_ready(Runnable& item) {
  assert(!item.pending());
  item.state_ = Runnable::State::kReady;
  item.next_ = nullptr;
  item.prev_ = ready_tail_;
  (ready_tail_ ? ready_tail_->next_ : ready_head_) = &item;
  ready_tail_ = &item;
  if (!dispatching_) wake_.notify(sc_core::SC_ZERO_TIME);
}

void Scheduler::schedule(Runnable& item, sc_time time) {
  assert(!item.pending() && time >= now());
  item.state_ = Runnable::State::kTimed;
  timers_.push_back({time, order_++, &item});
  std::push_heap(timers_.begin(), timers_.end(), std::greater<>());
  ++live_timers_;
  // A later notification never replaces an earlier one, so this is right whatever was armed before.
  if (!dispatching_) wake_.notify(time - now());
}

void Scheduler::unlink(Runnable& item) {
  if (item.state_ == Runnable::State::kReady) {
    (item.prev_ ? item.prev_->next_ : ready_head_) = item.next_;
    (item.next_ ? item.next_->prev_ : ready_tail_) = item.prev_;
  } else {
    // Cancelling is rare (resets), waiting is not: so a timer does not know its place in the heap.
    auto timer = std::find_if(timers_.begin(), timers_.end(), [&](const Timer& t) { return t.item == &item; });
    assert(timer != timers_.end());
    timer->item = nullptr;
    --live_timers_;
  }
  item.state_ = Runnable::State::kIdle;
}

void Scheduler::drop_dead_timers() {
  while (!timers_.empty() && !timers_.front().item) {
    std::pop_heap(timers_.begin(), timers_.end(), std::greater<>());
    timers_.pop_back();
  }
}

void Scheduler::dispatch() {
  dispatching_ = true;
  const sc_time time = now();
  do {
    for (drop_dead_timers(); !timers_.empty() && timers_.front().due <= time; drop_dead_timers()) {
      Runnable& item = *timers_.front().item;
      std::pop_heap(timers_.begin(), timers_.end(), std::greater<>());
      timers_.pop_back();
      --live_timers_;
      item.state_ = Runnable::State::kIdle;
      make_ready(item);
    }
    while (Runnable* item = ready_head_) {
      unlink(*item);
      ++activations_;
      item->fire_(*item);
    }
  } while (!timers_.empty() && timers_.front().due <= time);
  dispatching_ = false;
  if (!timers_.empty()) wake_.notify(timers_.front().due - time);
}

void Scheduler::fail(std::exception_ptr error) {
  if (failure_) return;
  failure_ = std::move(error);
  sc_core::sc_stop();
}

void Resumption::resume() {
  Scheduler& scheduler = this->scheduler();
  detail::PromiseBase* const root = root_;
  scheduler.running_root_ = root;
  handle_.resume();
  scheduler.running_root_ = nullptr;
  if (scheduler.running_root_cancelled_) {
    scheduler.running_root_cancelled_ = false;
    root->self.destroy();
  }
}

void detail::PromiseBase::finish_root(PromiseBase& promise) noexcept {
  Scheduler& scheduler = promise.start.scheduler();
  if (promise.error) scheduler.fail(promise.error);
  if (!promise.scope) return;  // cancelled while running: resume() destroys it
  promise.scope->remove(promise);
  promise.self.destroy();
}

void TaskScope::spawn(Task<> task) {
  detail::PromiseBase& root = std::exchange(task.handle_, nullptr).promise();
  root.scope = this;
  root.root = &root;
  root.next = first_;
  if (first_) first_->prev = &root;
  first_ = &root;
  ++size_;
  root.start.scheduler_ = &scheduler_;
  root.start.bind(std::coroutine_handle<detail::Promise<void>>::from_address(root.self.address()));
  scheduler_.make_ready(root.start);
}

void TaskScope::remove(detail::PromiseBase& root) {
  (root.prev ? root.prev->next : first_) = root.next;
  if (root.next) root.next->prev = root.prev;
  --size_;
}

void TaskScope::cancel() {
  while (first_) {
    detail::PromiseBase& root = *first_;
    remove(root);
    if (&root == scheduler_.running_root_) {
      root.scope = nullptr;
      scheduler_.running_root_cancelled_ = true;
    } else {
      root.self.destroy();
    }
  }
}

}  // namespace cardvp
