#include "scenarios/host_program.h"

#include <algorithm>

#include "scenarios/file_digest.h"

namespace cardvp::scenarios {

using host::nvme::Driver;
using host::nvme::Error;

HostProgram::HostProgram(platform::Machine& machine, const Scenario& scenario, std::vector<std::filesystem::path> files,
                         std::function<void()> done)
    : machine_(machine),
      scenario_(scenario),
      files_(std::move(files)),
      done_(std::move(done)),
      knowledge_(scenario.card.volumes.size()),
      tasks_(machine.sim().scheduler) {}

std::string HostProgram::activity() const {
  if (goal_ == 0) return activity_;
  return fmt::format("{} ({} of {})", activity_, results_.size() + 1, scenario_.workloads.size());
}

double HostProgram::fraction() const {
  const auto share = [](sc_core::sc_time part, sc_core::sc_time whole) { return part.to_double() / whole.to_double(); };
  if (timed_to_ > timed_from_)
    return std::min(1.0, share(machine_.sim().scheduler.now() - timed_from_, timed_to_ - timed_from_));
  return goal_ == 0 ? 0 : std::min(1.0, static_cast<double>(progress_) / static_cast<double>(goal_));
}

Task<> HostProgram::run() {
  Scheduler& scheduler = machine_.sim().scheduler;
  host::RootComplex& root = machine_.host().root();
  while (!root.link_up()) co_await root.link_event();
  link_up_ = scheduler.now();
  instructions_ = machine_.card().cluster().instructions();
  if (co_await attach()) {
    ready_ = scheduler.now();
    for (const Workload& workload : scenario_.workloads) {
      WorkloadResult result = co_await run_workload(workload);
      if (!result.passed() && error_.empty()) error_ = fmt::format("workload {}: {}", result.name, result.error);
      results_.push_back(std::move(result));
      goal_ = 0;
      timed_to_ = timed_from_;
    }
    co_await shut_down();
  }
  finished_ = true;
  done_();
}

Task<bool> HostProgram::attach() {
  activity_ = "enumerating";
  const std::vector<host::PciFunction> functions = co_await machine_.host().root().enumerate();
  const auto& volumes = scenario_.card.volumes;
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    activity_ = "starting the driver of " + volumes[i].name;
    const auto function = std::find_if(functions.begin(), functions.end(),
                                       [i](const host::PciFunction& found) { return found.number() == i; });
    if (function == functions.end()) {
      error_ = fmt::format("volume {}: the host found no PCIe function {}", volumes[i].name, i);
      co_return false;
    }
    Driver& driver = machine_.host().driver(i);
    if (const Error error = co_await driver.start(*function)) {
      error_ = fmt::format("volume {}: {}", volumes[i].name, error.text);
      co_return false;
    }
    controllers_.push_back({volumes[i].name, function->name(), driver.info()});
  }
  co_return true;
}

Task<WorkloadResult> HostProgram::run_workload(const Workload& workload) {
  WorkloadResult result;
  result.name = workload.name;
  result.volume = scenario_.card.volumes[workload.volume].name;
  activity_ = "workload " + workload.name;
  progress_ = 0;
  const auto wall_start = std::chrono::steady_clock::now();
  Driver& driver = machine_.host().driver(workload.volume);
  if (std::holds_alternative<ChecksumWorkload>(workload.what)) {
    result.type = "checksum";
    co_await run_checksum(driver, workload, result);
  } else {
    result.type = "io";
    co_await run_io(driver, workload, result);
  }
  result.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_start).count();
  co_return result;
}

Task<> HostProgram::run_checksum(Driver& driver, const Workload& workload, WorkloadResult& result) {
  const ChecksumWorkload& checksum = std::get<ChecksumWorkload>(workload.what);
  goal_ = driver.info().blocks * driver.info().block_size;
  const host::ChecksumResult done = co_await host::run(driver, checksum.config, &progress_);
  result.error = done.error;
  result.sha256 = done.sha256;
  result.io.reads = done.commands;
  result.io.read_bytes = done.bytes;
  result.io.read_latency = done.latency;
  result.io.start = done.start;
  result.io.end = done.end;
  if (!checksum.expect_medium || !done.error.empty()) co_return;
  result.expected_sha256 = file_sha256(files_[workload.volume]);
  if (result.sha256 != result.expected_sha256)
    result.error = fmt::format("the host read content of SHA-256 {}, but that of {} is {}", result.sha256,
                               files_[workload.volume].filename().string(), result.expected_sha256);
}

Task<> HostProgram::run_io(Driver& driver, const Workload& workload, WorkloadResult& result) {
  host::IoWorkloadConfig config = std::get<host::IoWorkloadConfig>(workload.what);
  goal_ = config.count != 0 ? config.count : 1;
  timed_from_ = machine_.sim().scheduler.now();
  timed_to_ = config.count != 0 ? timed_from_ : timed_from_ + config.duration;
  Knowledge& known = knowledge_[workload.volume];
  if (config.verify && !known.content) {
    const auto initial = known.overwritten ? host::InitialContent::kUnknown : config.initial;
    known.content =
        std::make_unique<host::Content>(machine_.sim().scheduler, driver.info().blocks, driver.info().block_size,
                                        initial, derive_seed(scenario_.seed, result.volume));
  }
  result.io = co_await host::run(driver, config, config.verify ? known.content.get() : nullptr, &progress_);
  if (!config.verify && config.read_percent < 100) known = {nullptr, true};

  result.error = result.io.error;
  if (!result.error.empty()) co_return;
  if (result.io.failed() > 0) {
    result.error = fmt::format("{} commands failed, the first kind with {}", result.io.failed(),
                               host::nvme::Status(result.io.errors.begin()->first).text());
  } else if (result.io.mismatches > 0) {
    result.error = fmt::format("{} blocks with wrong content", result.io.mismatches);
    if (!result.io.first_mismatches.empty()) result.error += ", first " + result.io.first_mismatches.front().text();
  }
}

Task<> HostProgram::shut_down() {
  activity_ = "shutting down";
  for (std::size_t i = 0; i < controllers_.size(); ++i) {
    const Error error = co_await machine_.host().driver(i).stop();
    if (error && error_.empty()) error_ = fmt::format("volume {}: {}", controllers_[i].volume, error.text);
  }
}

}  // namespace cardvp::scenarios
