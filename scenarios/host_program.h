// What the host does in a run: waits for the card's link, finds its functions, starts a driver for each volume, runs
// the workloads one after another, stops the drivers.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/workload/content.h"
#include "platform/machine.h"
#include "scenarios/scenario.h"

namespace cardvp::scenarios {

struct WorkloadResult {
  std::string name;
  std::string type;  // as in the scenario
  std::string volume;
  std::string error;  // why it could not run, or is no success; empty: passed
  host::IoResult io;  // of a checksum: its reads
  std::string sha256;
  std::string expected_sha256;  // computed without the card
  double wall_seconds = 0;

  bool passed() const { return error.empty(); }
  std::uint64_t bytes() const { return io.read_bytes + io.written_bytes; }
  double seconds() const { return (io.end - io.start).to_seconds(); }
};

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
  const std::vector<WorkloadResult>& results() const { return results_; }
  // What it is doing: "workload random-qd1 (2 of 4)", and how much of that is done, 0 to 1.
  std::string activity() const;
  double fraction() const;

 private:
  // What is known of a volume's content, from one workload to the next.
  struct Knowledge {
    std::unique_ptr<host::Content> content;
    bool overwritten = false;  // by a workload that does not verify
  };

  Task<> run();
  Task<bool> attach();
  Task<WorkloadResult> run_workload(const Workload& workload);
  Task<> run_checksum(host::nvme::Driver& driver, const Workload& workload, WorkloadResult& result);
  Task<> run_io(host::nvme::Driver& driver, const Workload& workload, WorkloadResult& result);
  Task<> shut_down();

  platform::Machine& machine_;
  const Scenario& scenario_;
  std::vector<std::filesystem::path> files_;
  std::function<void()> done_;

  std::string activity_ = "booting";
  std::uint64_t progress_ = 0;  // of the workload that runs, in its own unit
  std::uint64_t goal_ = 0;
  sc_core::sc_time timed_from_, timed_to_;  // of a workload that ends by time
  std::optional<sc_core::sc_time> link_up_, ready_;
  std::uint64_t instructions_ = 0;
  std::string error_;
  bool finished_ = false;
  std::vector<ControllerFound> controllers_;
  std::vector<Knowledge> knowledge_;
  std::vector<WorkloadResult> results_;
  TaskScope tasks_;
};

}  // namespace cardvp::scenarios
