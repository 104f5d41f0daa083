// Machines for benchmarks of the network: servers with one interface each, in one VPC, on one switch.
#pragma once

#include <vector>

#include "host/workload/traffic.h"
#include "platform/machine.h"

namespace cardvp::bench {

// How packets between two cards go.
enum class Way { kPlain, kEncrypted, kMultipath };

class Network {
 public:
  // Server 0 has a peer in each of the others, reached in the way of the same place; or, `pairs`: server 2n has one
  // in 2n + 1. Returns when all drivers run.
  Network(const std::vector<Way>& ways, bool pairs);

  // From server 0 to the others by their place in `ways`; of pairs all at once. Throws std::runtime_error if packets
  // are lost.
  void run(const std::vector<std::size_t>& ways, const host::TrafficConfig& config);
  platform::Machine& machine() { return machine_; }

 private:
  host::TrafficEnd end(std::size_t server);
  Task<> bring_up(std::size_t server);
  Task<> traffic(std::size_t from, std::size_t to, const host::TrafficConfig& config);

  std::vector<Way> ways_;
  bool pairs_;
  platform::Machine machine_;
  TaskScope tasks_;
  std::size_t running_ = 0;
  std::string problem_;
};

}  // namespace cardvp::bench
