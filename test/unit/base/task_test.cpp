#include "models/base/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "models/base/sync.h"

namespace cardvp {
namespace {

using sc_core::SC_NS;
using sc_core::sc_start;
using sc_core::sc_time;

sc_time ns(double value) { return {value, SC_NS}; }

struct Tasks : testing::Test {
  Scheduler scheduler{"scheduler"};
  std::vector<std::string> seen;
  TaskScope scope{scheduler};

  void note(const std::string& what) {
    seen.push_back(std::to_string(static_cast<long>(scheduler.now().to_seconds() * 1e9 + 0.5)) + " " + what);
  }
  Task<> twice(std::string name, double delay) {
    co_await scheduler.delay(ns(delay));
    note(name);
    co_await scheduler.delay(ns(delay));
    note(name);
  }
  Task<int> add(int a, int b) {
    co_await scheduler.delay(ns(1));
    co_return a + b;
  }
};
using Seen = std::vector<std::string>;

TEST_F(Tasks, RunInTheOrderOfTimeThenOfScheduling) {
  scope.spawn(twice("a", 10));
  scope.spawn(twice("b", 5));
  scope.spawn(twice("c", 10));
  sc_start();
  EXPECT_EQ(seen, (Seen{"5 b", "10 a", "10 c", "10 b", "20 a", "20 c"}));
  EXPECT_EQ(scope.size(), 0u);
  EXPECT_TRUE(scheduler.idle());
}

TEST_F(Tasks, AwaitResultsOfOthers) {
  int sum = 0;
  scope.spawn([](Tasks& t, int& out) -> Task<> { out = co_await t.add(co_await t.add(1, 2), 4); }(*this, sum));
  sc_start();
  EXPECT_EQ(sum, 7);
  EXPECT_EQ(scheduler.now(), ns(2));
}

TEST_F(Tasks, ExceptionsReachTheAwaiterAndElseStopTheRun) {
  auto thrower = [](Tasks& t) -> Task<> {
    co_await t.scheduler.delay(ns(1));
    throw std::runtime_error("boom");
  };
  std::string caught;
  scope.spawn([](Tasks& t, auto& inner, std::string& out) -> Task<> {
    try {
      co_await inner(t);
    } catch (const std::exception& error) {
      out = error.what();
    }
    co_await inner(t);
  }(*this, thrower, caught));
  sc_start();
  EXPECT_EQ(caught, "boom");
  ASSERT_TRUE(scheduler.failure());
  EXPECT_THROW(std::rethrow_exception(scheduler.failure()), std::runtime_error);
}

// Counts the frames that are alive: a task's locals are destroyed with it.
struct Alive {
  int& count;
  explicit Alive(int& c) : count(c) { ++count; }
  ~Alive() { --count; }
};

TEST_F(Tasks, CancelDestroysThemWhereverTheyWait) {
  int alive = 0;
  Trigger trigger(scheduler);
  Semaphore semaphore(scheduler, 0);
  Fifo<int> fifo(scheduler);
  OneShot<int> shot(scheduler);
  TaskScope doomed(scheduler);
  auto nested = [](Tasks& t, int& count) -> Task<> {
    Alive a(count);
    co_await t.scheduler.delay(ns(100));
    ADD_FAILURE() << "resumed after its cancellation";
  };
  doomed.spawn([](Tasks& t, int& count, auto& inner) -> Task<> {
    Alive a(count);
    co_await inner(t, count);
  }(*this, alive, nested));
  doomed.spawn([](Trigger& t, int& count) -> Task<> {
    Alive a(count);
    co_await t;
  }(trigger, alive));
  doomed.spawn([](Semaphore& s, int& count) -> Task<> {
    Alive a(count);
    co_await s.acquire();
  }(semaphore, alive));
  doomed.spawn([](Fifo<int>& f, int& count) -> Task<> {
    Alive a(count);
    co_await f.pop();
  }(fifo, alive));
  doomed.spawn([](OneShot<int>& s, int& count) -> Task<> {
    Alive a(count);
    co_await s;
  }(shot, alive));
  sc_start(ns(10));
  EXPECT_EQ(alive, 6);
  doomed.cancel();
  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(scheduler.idle());
  trigger.notify();
  semaphore.release();
  fifo.push(1);
  shot.deliver(1);
  sc_start();
  EXPECT_EQ(semaphore.free(), 1u);
  EXPECT_EQ(fifo.size(), 1u);
}

TEST_F(Tasks, CancelBeforeTheStart) {
  scope.spawn(twice("never", 1));
  scope.cancel();
  sc_start();
  EXPECT_TRUE(seen.empty());
}

TEST_F(Tasks, MayCancelTheirOwnScope) {
  int alive = 0;
  auto self = std::make_unique<TaskScope>(scheduler);
  self->spawn([](Tasks& t, int& count, TaskScope& own) -> Task<> {
    Alive a(count);
    co_await t.scheduler.delay(ns(1));
    own.cancel();
    t.note("runs on to the next suspension");
    co_await t.scheduler.delay(ns(1));
    t.note("never");
  }(*this, alive, *self));
  self->spawn([](Tasks& t, int& count, TaskScope& own) -> Task<> {  // ends without another suspension
    Alive a(count);
    co_await t.scheduler.delay(ns(2));
    own.cancel();
  }(*this, alive, *self));
  self->spawn(twice("killed", 5));
  sc_start();
  EXPECT_EQ(seen, (Seen{"1 runs on to the next suspension"}));
  EXPECT_EQ(alive, 0);
}

TEST_F(Tasks, SemaphoreIsFairAndSurvivesCancelledOwners) {
  Semaphore semaphore(scheduler, 1);
  TaskScope doomed(scheduler);
  auto user = [](Tasks& t, Semaphore& s, std::string name) -> Task<> {
    co_await s.acquire();
    t.note(name);
    co_await t.scheduler.delay(ns(10));
    s.release();
  };
  scope.spawn(user(*this, semaphore, "a"));
  doomed.spawn(user(*this, semaphore, "cancelled"));
  scope.spawn(user(*this, semaphore, "b"));
  scope.spawn([](Tasks& t, TaskScope& d) -> Task<> {
    co_await t.scheduler.delay(ns(10));  // a releases at this time, before: "cancelled" owns it but has not run
    d.cancel();
  }(*this, doomed));
  sc_start();
  EXPECT_EQ(seen, (Seen{"0 a", "10 b"}));
  EXPECT_EQ(semaphore.free(), 1u);
}

TEST_F(Tasks, FifoKeepsOrder) {
  Fifo<int> fifo(scheduler);
  std::vector<int> got;
  scope.spawn([](Fifo<int>& f, std::vector<int>& out) -> Task<> {
    for (int i = 0; i < 4; ++i) out.push_back(co_await f.pop());
  }(fifo, got));
  fifo.push(1);
  fifo.push(2);
  sc_start();
  fifo.push(3);
  fifo.push(4);
  sc_start();
  EXPECT_EQ(got, (std::vector<int>{1, 2, 3, 4}));
}

TEST_F(Tasks, UntilThePastDoesNotSuspend) {
  scope.spawn([](Tasks& t) -> Task<> {
    co_await t.scheduler.until(ns(7));
    t.note("x");
    co_await t.scheduler.until(ns(3));
    t.note("y");
  }(*this));
  sc_start();
  EXPECT_EQ(seen, (Seen{"7 x", "7 y"}));
}

struct Beeper {
  Scheduler& scheduler;
  int beeps = 0;
  void beep() { ++beeps; }
  Callback<&Beeper::beep> callback{scheduler, *this};
};

TEST_F(Tasks, CallbacksFireOnceAndCanBeMoved) {
  Beeper beeper{scheduler};
  beeper.callback.call_at(ns(5));
  beeper.callback.call_at(ns(3));
  sc_start();
  EXPECT_EQ(beeper.beeps, 1);
  EXPECT_EQ(scheduler.now(), ns(3));
  beeper.callback.call_at(ns(9));
  beeper.callback.cancel();
  sc_start();
  EXPECT_EQ(beeper.beeps, 1);
}

}  // namespace
}  // namespace cardvp
