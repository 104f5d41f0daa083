#include "scenarios/host_program.h"

#include <algorithm>
#include <chrono>

namespace cardvp::scenarios {

using host::nvme::Driver;
using host::nvme::Error;

HostProgram::HostProgram(platform::Machine& machine, const Scenario& scenario, std::vector<std::filesystem::path> files,
                         std::function<void()> done)
    : machine_(machine),
      scenario_(scenario),
      done_(std::move(done)),
      volumes_(machine, scenario, std::move(files)),
      background_ended_(machine.sim().scheduler),
      tasks_(machine.sim().scheduler) {}

std::string HostProgram::activity() const {
  return current_ == 0 ? activity_ : fmt::format("{} ({} of {})", activity_, current_, scenario_.workloads.size());
}

double HostProgram::fraction() const {
  const auto share = [](sc_core::sc_time part, sc_core::sc_time whole) { return part.to_double() / whole.to_double(); };
  if (timed_to_ > timed_from_)
    return std::min(1.0, share(machine_.sim().scheduler.now() - timed_from_, timed_to_ - timed_from_));
  return goal_ == 0 ? 0 : std::min(1.0, static_cast<double>(progress_) / static_cast<double>(goal_));
}

Task<> HostProgram::run() {
  // Not in one condition: GCC 12 destroys the second task, made or not.
  bool ready = co_await boot();
  if (ready) ready = co_await attach_all();
  if (ready) {
    ready_ = machine_.sim().scheduler.now();
    co_await run_all();
    co_await shut_down();
  }
  finished_ = true;
  done_();
}

Task<bool> HostProgram::boot() {
  host::Boot& boot = machine_.host().boot();
  while (!boot.started()) {
    if (!boot.error().empty()) {
      error_ = "the host does not start: " + boot.error();
      co_return false;
    }
    co_await boot.changed();
  }
  host::RootComplex& root = machine_.host().root();
  while (!root.link_up()) co_await root.link_event();
  link_up_ = machine_.sim().scheduler.now();
  instructions_ = machine_.card().cluster().instructions();
  co_return true;
}

Task<bool> HostProgram::attach_all() {
  activity_ = "enumerating";
  const std::vector<host::PciFunction> functions = co_await machine_.host().root().enumerate();
  const auto& volumes = scenario_.card.volumes;
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    if (!volumes[i].attached) continue;
    const auto function = std::find_if(functions.begin(), functions.end(),
                                       [i](const host::PciFunction& found) { return found.number() == i; });
    if (function == functions.end())
      error_ = fmt::format("volume {}: the host found no PCIe function {}", volumes[i].name, i);
    else
      error_ = co_await start_driver(i, *function);
    if (!error_.empty()) co_return false;
  }
  co_return true;
}

Task<std::string> HostProgram::start_driver(std::size_t volume, const host::PciFunction& function) {
  const std::string& name = scenario_.card.volumes[volume].name;
  activity_ = "starting the driver of " + name;
  Driver& driver = machine_.host().driver(volume);
  if (const Error error = co_await driver.start(function)) co_return fmt::format("volume {}: {}", name, error.text);
  std::erase_if(controllers_, [&name](const ControllerFound& found) { return found.volume == name; });
  controllers_.push_back({name, function.name(), driver.info()});
  co_return std::string{};
}

Task<std::string> HostProgram::find_volume(std::size_t volume) {
  const std::optional<host::PciFunction> function =
      co_await machine_.host().root().probe(static_cast<std::uint8_t>(volume));
  if (function) co_return co_await start_driver(volume, *function);
  co_return fmt::format("volume {}: the host found no PCIe function {}", scenario_.card.volumes[volume].name, volume);
}

Task<> HostProgram::run_all() {
  for (const Workload& workload : scenario_.workloads) {
    ++current_;
    if (workload.background) {
      const auto* io = std::get_if<host::IoWorkloadConfig>(&workload.what);
      background_.emplace_back().endless = io && io->count == 0 && io->duration == sc_core::SC_ZERO_TIME;
      tasks_.spawn(run_in_background(workload, background_.back()));
    } else {
      co_await run_workload(workload, nullptr);
    }
  }
  activity_ = "waiting for the workloads in the background";
  for (Background& background : background_)
    if (background.endless) background.watch.stop();
  for (const Background& background : background_)
    while (!background.ended) co_await background_ended_;
  settle_updates();
}

Task<> HostProgram::run_in_background(const Workload& workload, Background& background) {
  co_await run_workload(workload, &background.watch);
  background.ended = true;
  background_ended_.notify();
}

Task<> HostProgram::run_workload(const Workload& workload, host::IoWatch* watch) {
  WorkloadResult result;
  result.number = static_cast<std::size_t>(&workload - scenario_.workloads.data());
  result.name = workload.name;
  result.type = workload.type;
  result.background = workload.background;
  result.expected_error = workload.expect_error;
  if (workload.type != "call" && workload.type != "flash_write")
    result.volume = scenario_.card.volumes[workload.volume].name;
  if (!workload.background) {
    activity_ = "workload " + workload.name;
    progress_ = goal_ = 0;
    timed_to_ = timed_from_ = sc_core::SC_ZERO_TIME;
  }
  result.io.start = machine_.sim().scheduler.now();
  const auto wall_start = std::chrono::steady_clock::now();
  co_await run_one(workload, watch, result);
  result.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_start).count();
  if (result.io.end < result.io.start) result.io.end = machine_.sim().scheduler.now();
  keep(std::move(result));
}

void HostProgram::fail(const WorkloadResult& result) {
  if (error_.empty()) error_ = fmt::format("workload {}: {}", result.name, result.error);
}

void HostProgram::keep(WorkloadResult result) {
  if (!result.passed()) fail(result);
  const auto place = std::find_if(results_.begin(), results_.end(),
                                  [&result](const WorkloadResult& other) { return other.number > result.number; });
  results_.insert(place, std::move(result));
}

Task<> HostProgram::shut_down() {
  activity_ = "shutting down";
  current_ = 0;
  for (std::size_t i = 0; i < scenario_.card.volumes.size(); ++i) {
    Driver& driver = machine_.host().driver(i);
    if (!driver.running()) continue;
    const Error error = co_await driver.stop();
    if (error && error_.empty()) error_ = fmt::format("volume {}: {}", scenario_.card.volumes[i].name, error.text);
  }
}

}  // namespace cardvp::scenarios
