// What the host does in a run: waits until the card lets it out of reset and its link is up, finds its functions,
// starts a driver for each volume, runs the workloads one after another, those in the background beside them, stops the
// drivers. Its operator's calls are workloads too.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "platform/machine.h"
#include "scenarios/scenario.h"
#include "scenarios/volume_workloads.h"
#include "scenarios/workload_result.h"

namespace cardvp::scenarios {

struct ControllerFound {
  std::string volume;
  std::string address;  // "01:00.0"
  host::nvme::ControllerInfo info;
};

class HostProgram {
 public:
  // `files`: where the volumes' bytes are, as in Media. `done` is called when it has ended, well or not.
  HostProgram(platform::Machine& machine, const Scenario& scenario, std::vector<std::filesystem::path> files,
              std::function<void()> done);

  void start() { tasks_.spawn(run()); }

  bool link_up() const { return link_up_.has_value(); }
  std::optional<sc_core::sc_time> link_up_time() const { return link_up_; }
  std::optional<sc_core::sc_time> ready_time() const { return ready_; }
  std::uint64_t instructions_to_link() const { return instructions_; }
  // Why it ended, if not well.
  const std::string& error() const { return error_; }
  bool finished() const { return finished_; }
  const std::vector<ControllerFound>& controllers() const { return controllers_; }
  // Of the workloads that have ended, in the scenario's order.
  const std::vector<WorkloadResult>& results() const { return results_; }
  // What it is doing: "workload random-qd1 (2 of 4)", and how much of that is done, 0 to 1.
  std::string activity() const;
  double fraction() const;

 private:
  // A workload that runs beside others.
  struct Background {
    host::IoWatch watch;
    bool endless = false;  // until it is told to stop
    bool ended = false;
  };
  // A firmware update during which others ran in the background.
  struct OpenUpdate {
    std::size_t number;  // of the workload
    std::vector<std::pair<const host::IoWatch*, std::size_t>> spans;
  };

  Task<> run();
  Task<bool> boot();
  Task<bool> attach_all();
  Task<> run_all();
  Task<> run_in_background(const Workload& workload, Background& background);
  Task<> run_workload(const Workload& workload, host::IoWatch* watch);
  Task<> run_one(const Workload& workload, host::IoWatch* watch, WorkloadResult& result);
  Task<> call(const CallWorkload& call, WorkloadResult& result);
  Task<> update_firmware(const Workload& workload, WorkloadResult& result);
  void settle_updates();
  void write_flash(const FlashWriteWorkload& write, WorkloadResult& result);
  Task<> shut_down();

  // Each says what went wrong; empty: nothing.
  Task<std::string> start_driver(std::size_t volume, const host::PciFunction& function);
  Task<std::string> find_volume(std::size_t volume);
  void keep(WorkloadResult result);
  void fail(const WorkloadResult& result);

  platform::Machine& machine_;
  const Scenario& scenario_;
  std::function<void()> done_;
  VolumeWorkloads volumes_;

  std::string activity_ = "booting";
  std::size_t current_ = 0;     // workload, from 1
  std::uint64_t progress_ = 0;  // of the workload that runs, in its own unit
  std::uint64_t goal_ = 0;
  sc_core::sc_time timed_from_, timed_to_;  // of a workload that ends by time
  std::optional<sc_core::sc_time> link_up_, ready_;
  std::uint64_t instructions_ = 0;
  std::string error_;
  bool finished_ = false;
  std::vector<ControllerFound> controllers_;
  std::vector<WorkloadResult> results_;
  std::deque<Background> background_;
  std::vector<OpenUpdate> updates_;
  Trigger background_ended_;
  TaskScope tasks_;
};

}  // namespace cardvp::scenarios
