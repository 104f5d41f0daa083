// The workloads that move a volume's data, and what is known of the volumes' content from one to the next.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "host/workload/content.h"
#include "host/workload/io_watch.h"
#include "platform/machine.h"
#include "scenarios/scenario.h"
#include "scenarios/workload_result.h"

namespace cardvp::scenarios {

// Where the volumes' bytes are, by server and volume, as in Media.
using VolumeFiles = std::vector<std::vector<std::filesystem::path>>;

class VolumeWorkloads {
 public:
  VolumeWorkloads(platform::Machine& machine, const Scenario& scenario, VolumeFiles files)
      : machine_(machine), scenario_(scenario), files_(std::move(files)) {
    for (const ServerScenario& server : scenario.servers) knowledge_.emplace_back(server.card.volumes.size());
  }

  // Either gives the result its figures, and its error. `progress` counts bytes, or commands.
  Task<> run_checksum(const Workload& workload, WorkloadResult& result, std::uint64_t* progress);
  Task<> run_io(const Workload& workload, WorkloadResult& result, std::uint64_t* progress, host::IoWatch* watch);

  // The volume has another content from now on, for instance with another key.
  void forget(std::size_t server, std::size_t volume);

 private:
  struct Knowledge {
    std::unique_ptr<host::Content> content;
    bool overwritten = false;  // by a workload that does not verify
  };

  host::nvme::Driver& driver(const Workload& workload) {
    return machine_.host(workload.server).driver(workload.volume);
  }

  platform::Machine& machine_;
  const Scenario& scenario_;
  VolumeFiles files_;
  std::vector<std::vector<Knowledge>> knowledge_;  // by server and volume
};

}  // namespace cardvp::scenarios
