// Gives the functions of a machine's cards to guests, over vfio-user sockets (host/vfio_user/server.h), until somebody
// ends it.
//
// A host here is what the hypervisor's kernel is: it waits for the card's link, finds the functions and offers each, by
// the name of its volume or interface ("docs.sock"; of several servers "a.docs.sock"). Its own drivers are not started.
// What is attached later is offered when it comes, what is detached goes, and so after a reset of the card. Of an
// interface with virtual functions these are offered; it itself stays with the host, as a function-level reset by its
// guest would take them away from theirs.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "host/vfio_user/server.h"
#include "platform/machine.h"
#include "scenarios/scenario.h"
#include "scenarios/serve_options.h"

namespace cardvp::scenarios {

class Serving {
 public:
  // `say`: lines for people. Throws platform::ConfigError if two sockets of a server would have one name,
  // std::runtime_error for the folder.
  Serving(platform::Machine& machine, const Scenario& scenario, const ServeOptions& options,
          std::function<void(const std::string&)> say);

  void start();
  // Takes commands from the clients and runs the machine for what they want, some milliseconds of wall time at most;
  // or waits for as long, if there is nothing to do.
  void turn();

  // Some function was offered.
  bool ready() const { return offered_ > 0; }
  // Why a host does not start; empty: it has, or will.
  const std::string& error() const { return error_; }
  // Lines for people: what goes on, and what it was in the end.
  std::string progress() const;
  std::string summary() const;

 private:
  using WallClock = std::chrono::steady_clock;

  Task<> start_server(std::size_t server);
  Task<> offer(std::size_t server, std::uint8_t function, std::string name);
  Task<> enable_virtual(std::size_t server, std::uint8_t physical, unsigned count);
  bool has_work();
  bool in_demand();
  std::chrono::nanoseconds behind() const;
  sc_core::sc_time slice() const;
  void keep_up();

  platform::Machine& machine_;
  const Scenario& scenario_;
  const Pace pace_;
  const Doorbells doorbells_;
  std::function<void(const std::string&)> say_;
  host::vfio_user::Server server_;
  TaskScope tasks_;
  std::string error_;
  std::size_t offered_ = 0;  // functions, by now

  // Simulated time should be start_ at wall_start_, and then go as the wall's.
  WallClock::time_point wall_start_ = WallClock::now();
  sc_core::sc_time start_;
  sc_core::sc_time demanded_at_;  // when a client asked for something last
  std::uint64_t demands_ = 0;     // that had come by then
  std::chrono::nanoseconds worst_lag_{0};
  std::chrono::nanoseconds given_up_{0};
};

}  // namespace cardvp::scenarios
