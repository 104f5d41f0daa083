// What the hosts do in a run: each waits until its card lets it out of reset and its link is up, finds its functions,
// and starts their drivers (host_drivers.h); then the workloads run one after another, those in the background beside
// them; then the drivers are stopped. Their operator's calls are workloads too.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "platform/machine.h"
#include "scenarios/host_drivers.h"
#include "scenarios/network_workloads.h"
#include "scenarios/scenario.h"
#include "scenarios/volume_workloads.h"
#include "scenarios/workload_result.h"

namespace cardvp::scenarios {

class HostProgram {
 public:
  // `done` is called when it has ended, well or not.
  HostProgram(platform::Machine& machine, const Scenario& scenario, VolumeFiles files, std::function<void()> done);

  void start() { tasks_.spawn(run()); }

  struct Boot {  // of a server
    std::optional<sc_core::sc_time> link_up;
    std::uint64_t instructions = 0;  // of the card until then
  };
  const Boot& boot_of(std::size_t server) const { return boots_.at(server); }
  bool links_up() const;
  std::optional<sc_core::sc_time> ready_time() const { return ready_; }
  // Why it ended, if not well.
  const std::string& error() const { return error_; }
  bool finished() const { return finished_; }
  const HostDrivers& drivers() const { return drivers_; }
  // Of the workloads that have ended, in the scenario's order.
  const std::vector<WorkloadResult>& results() const { return results_; }
  // What it is doing: "workload random-qd1 (2 of 4)", and how much of that is done, 0 to 1.
  std::string activity() const;
  double fraction() const;

 private:
  // A workload that runs beside others.
  struct Background {
    host::IoWatch watch;
    std::size_t server = 0;
    bool endless = false;  // until it is told to stop
    bool ended = false;
  };
  // A firmware update during which others ran in the background.
  struct OpenUpdate {
    std::size_t number;  // of the workload
    std::vector<std::pair<const host::IoWatch*, std::size_t>> spans;
  };

  Task<> run();
  Task<bool> bring_up();
  Task<> boot(std::size_t server);
  Task<> run_all();
  Task<> run_in_background(const Workload& workload, Background& background);
  Task<> run_workload(const Workload& workload, host::IoWatch* watch);
  Task<> run_one(const Workload& workload, host::IoWatch* watch, WorkloadResult& result);
  Task<> run_on_network(const Workload& workload, WorkloadResult& result, std::uint64_t* progress);
  Task<> run_on_volume(const Workload& workload, host::IoWatch* watch, WorkloadResult& result, std::uint64_t* progress);
  void expect_duration(const Workload& workload, std::uint64_t count, sc_core::sc_time duration);
  Task<> call(const Workload& workload, WorkloadResult& result);
  bool has_new_key(std::size_t server, const Device& device) const;
  Task<> update_firmware(const Workload& workload, WorkloadResult& result);
  void settle_updates();
  void write_flash(const Workload& workload, WorkloadResult& result);
  Task<> shut_down();
  void keep(WorkloadResult result);
  void fail(const WorkloadResult& result);

  platform::Machine& machine_;
  const Scenario& scenario_;
  std::function<void()> done_;
  VolumeWorkloads volumes_;

  std::string activity_ = "booting";
  HostDrivers drivers_{machine_, scenario_, activity_};
  NetworkWorkloads network_{machine_, scenario_, drivers_};
  std::size_t current_ = 0;     // workload, from 1
  std::uint64_t progress_ = 0;  // of the workload that runs, in its own unit
  std::uint64_t goal_ = 0;
  sc_core::sc_time timed_from_, timed_to_;  // of a workload that ends by time
  std::vector<Boot> boots_;                 // by server
  std::optional<sc_core::sc_time> ready_;
  std::string error_;
  bool finished_ = false;
  std::vector<WorkloadResult> results_;
  std::deque<Background> background_;
  std::vector<OpenUpdate> updates_;
  Trigger background_ended_;
  TaskScope tasks_;
};

}  // namespace cardvp::scenarios
