#include "scenarios/host_program.h"

#include <algorithm>
#include <chrono>

namespace cardvp::scenarios {

HostProgram::HostProgram(platform::Machine& machine, const Scenario& scenario, VolumeFiles files,
                         std::function<void()> done)
    : machine_(machine),
      scenario_(scenario),
      done_(std::move(done)),
      volumes_(machine, scenario, std::move(files)),
      boots_(scenario.servers.size()),
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

bool HostProgram::links_up() const {
  return std::all_of(boots_.begin(), boots_.end(), [](const Boot& boot) { return boot.link_up.has_value(); });
}

Task<> HostProgram::run() {
  // Not in the condition: GCC 12 destroys the task, made or not.
  const bool ready = co_await bring_up();
  if (ready) {
    ready_ = machine_.sim().scheduler.now();
    co_await run_all();
    co_await shut_down();
  }
  finished_ = true;
  done_();
}

// The servers boot beside each other; whose turn it is has mostly done so already.
Task<bool> HostProgram::bring_up() {
  for (std::size_t server = 0; server < boots_.size() && error_.empty(); ++server) co_await boot(server);
  for (std::size_t server = 0; server < boots_.size() && error_.empty(); ++server)
    error_ = co_await drivers_.start_all(server);
  co_return error_.empty();
}

Task<> HostProgram::boot(std::size_t server) {
  host::Boot& boot = machine_.host(server).boot();
  while (!boot.started()) {
    if (!boot.error().empty()) {
      const std::string& name = scenario_.servers[server].name;
      error_ = fmt::format("the host{} does not start: {}", name.empty() ? "" : " of " + name, boot.error());
      co_return;
    }
    co_await boot.changed();
  }
  host::RootComplex& root = machine_.host(server).root();
  while (!root.link_up()) co_await root.link_event();
  boots_[server] = {machine_.sim().scheduler.now(), machine_.card(server).cluster().instructions()};
}

Task<> HostProgram::run_all() {
  for (const Workload& workload : scenario_.workloads) {
    ++current_;
    if (workload.background) {
      const auto* io = std::get_if<host::IoWorkloadConfig>(&workload.what);
      Background& background = background_.emplace_back();
      background.server = workload.server;
      background.endless = io && io->count == 0 && io->duration == sc_core::SC_ZERO_TIME;
      tasks_.spawn(run_in_background(workload, background));
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
  result.server = workload.server;
  if (workload.about_volume) result.volume = drivers_.volume_name(workload.server, workload.volume);
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
  const std::string problem = co_await drivers_.stop_all();
  if (error_.empty()) error_ = problem;
}

}  // namespace cardvp::scenarios
