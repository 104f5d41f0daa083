// The host of a test: link, memory and root complex, and a task that must end.
#pragma once

#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <utility>

#include "host/root_complex.h"
#include "models/base/model.h"

namespace cardvp::host {

// The card's core, for an endpoint that wants somebody at its registers.
struct CardCore : sc_core::sc_module {
  explicit CardCore(sc_core::sc_module_name name) : sc_module(name) {}
  tlm_utils::simple_initiator_socket<CardCore> socket{"socket"};
};

struct HostMachine : testing::Test {
  Sim sim;
  pcie::Link link{"link", sim, {}};
  Memory memory{64 << 20};
  RootComplex root{"root", sim, link, memory};
  TaskScope scope{sim.scheduler};

  // Runs the simulation until `task` has ended, at most `limit` of simulated time.
  void run(Task<> task, sc_core::sc_time limit = {1000, sc_core::SC_SEC}) {
    bool ended = false;
    scope.spawn([](Task<> inner, bool& flag) -> Task<> {
      co_await std::move(inner);
      flag = true;
      sc_core::sc_pause();
    }(std::move(task), ended));
    sc_core::sc_start(limit);
    if (sim.scheduler.failure()) std::rethrow_exception(sim.scheduler.failure());
    ASSERT_TRUE(ended) << "the task did not end";
  }
  template <class T>
  T result(Task<T> task) {
    std::optional<T> value;
    run([](Task<T> inner, std::optional<T>& out) -> Task<> { out.emplace(co_await std::move(inner)); }(std::move(task),
                                                                                                       value));
    return std::move(value).value();
  }
  // Until what was posted has arrived.
  void settle() { sc_core::sc_start({10, sc_core::SC_US}); }
  void link_up() {
    link.enable(true);
    ASSERT_TRUE(result(root.wait_link({1, sc_core::SC_MS})));
  }
  std::uint64_t count(const std::string& name) {
    const auto found = sim.stats.counters().find(name);
    EXPECT_NE(found, sim.stats.counters().end()) << name;
    return found == sim.stats.counters().end() ? 0 : found->second.value->value();
  }
};

}  // namespace cardvp::host
