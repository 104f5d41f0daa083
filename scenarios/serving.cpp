#include "scenarios/serving.h"

#include <algorithm>
#include <set>

#include "host/nvme/spec.h"

namespace cardvp::scenarios {
namespace {

using sc_core::sc_time;
using std::chrono::nanoseconds;

// Of one turn, wall time: what else looks after the run waits for no longer.
constexpr std::chrono::microseconds kTurn{2000};
// Simulated time between two looks at the clients.
const sc_time kSlice{20, sc_core::SC_US};
// What a guest asked for (a doorbell) may go on for so long without a further command,
const sc_time kDemand{5, sc_core::SC_MS};
// as long as something happens that soon; what comes later are timers.
const sc_time kSoon{500, sc_core::SC_US};
// With --pace realtime, behind the wall by more than this, time is given up.
constexpr std::chrono::milliseconds kMostLag{100};

nanoseconds to_wall(sc_time time) { return nanoseconds(static_cast<std::int64_t>(time.to_seconds() * 1e9)); }
double milliseconds(nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

std::string socket_name(const ServerScenario& server, const std::string& item) {
  return server.name.empty() ? item : server.name + "." + item;
}

unsigned count_virtual(const std::vector<platform::InterfaceConfig>& interfaces, std::size_t physical) {
  return static_cast<unsigned>(std::count_if(interfaces.begin(), interfaces.end(), [physical](const auto& interface) {
    return interface.physical == physical;
  }));
}

// An NVMe controller has a page of nothing else (NVM Express 1.4, 3.1.24).
std::optional<host::vfio_user::DoorbellArea> doorbells_of(const host::PciFunction& function) {
  if (function.class_code != host::nvme::kClassCode) return std::nullopt;
  return host::vfio_user::DoorbellArea{0, host::nvme::reg::kDoorbells, 4096};
}

void check_names(const Scenario& scenario) {
  for (const ServerScenario& server : scenario.servers) {
    std::set<std::string> names;
    for (const platform::VolumeConfig& volume : server.card.volumes) names.insert(volume.name);
    const auto& interfaces = server.card.network.interfaces;
    for (std::size_t i = 0; i < interfaces.size(); ++i)
      if (!names.insert(interfaces[i].name).second)
        throw platform::ConfigError(fmt::format("{}/interfaces/{}/name", server.card.pointer, i),
                                    "another name than a volume's, for its socket", '"' + interfaces[i].name + '"');
  }
}

}  // namespace

Serving::Serving(platform::Machine& machine, const Scenario& scenario, const ServeOptions& options,
                 std::function<void(const std::string&)> say)
    : machine_(machine),
      scenario_(scenario),
      pace_(options.pace),
      doorbells_(options.doorbells),
      say_(std::move(say)),
      server_("vfio_user", machine.sim(), options.sockets, {.interrupt_gap = options.interrupt_gap}),
      tasks_(machine.sim().scheduler) {
  check_names(scenario);
  server_.on_answered([this] { machine_.pause(); });
}

// --- What is offered -------------------------------------------------------------------------------------------------

void Serving::start() {
  for (std::size_t server = 0; server < scenario_.servers.size(); ++server) tasks_.spawn(start_server(server));
}

Task<> Serving::start_server(std::size_t server) {
  const ServerScenario& config = scenario_.servers[server];
  host::Boot& boot = machine_.host(server).boot();
  while (!boot.started()) {
    if (!boot.error().empty()) {
      error_ =
          fmt::format("the host{} does not start: {}", config.name.empty() ? "" : " of " + config.name, boot.error());
      co_return;
    }
    co_await boot.changed();
  }
  std::uint8_t function = 0;
  for (const platform::VolumeConfig& volume : config.card.volumes)
    tasks_.spawn(offer(server, function++, socket_name(config, volume.name)));
  const auto& interfaces = config.card.network.interfaces;
  for (std::size_t i = 0; i < interfaces.size(); ++i, ++function) {
    if (const unsigned count = count_virtual(interfaces, i); count > 0)
      tasks_.spawn(enable_virtual(server, function, count));
    else
      tasks_.spawn(offer(server, function, socket_name(config, interfaces[i].name)));
  }
}

// The function's socket goes with it, without a word from here.
Task<> Serving::offer(std::size_t server, std::uint8_t function, std::string name) {
  host::RootComplex& root = machine_.host(server).root();
  for (;;) {
    const std::optional<host::PciFunction> found = co_await root.wait_function(function, sc_core::sc_max_time());
    if (!found) co_return;
    const unsigned removals = root.removals(function);
    server_.offer(*found, name, doorbells_ == Doorbells::kMapped ? doorbells_of(*found) : std::nullopt);
    ++offered_;
    say_(fmt::format("{}.sock: {}, {:04x}:{:04x}", name, found->name(), found->vendor, found->device));
    while (root.link_up() && root.removals(function) == removals) co_await root.presence_event();
    say_(fmt::format("{}.sock: the function has gone", name));
  }
}

Task<> Serving::enable_virtual(std::size_t server, std::uint8_t physical, unsigned count) {
  host::RootComplex& root = machine_.host(server).root();
  for (;;) {
    const std::optional<host::PciFunction> found = co_await root.wait_function(physical, sc_core::sc_max_time());
    if (!found) co_return;
    const unsigned removals = root.removals(physical);
    co_await root.enable_virtual(*found, count);
    while (root.link_up() && root.removals(physical) == removals) co_await root.presence_event();
  }
}

// --- Time ------------------------------------------------------------------------------------------------------------

// How far simulated time is behind the wall's; negative: ahead.
nanoseconds Serving::behind() const {
  return WallClock::now() - wall_start_ - to_wall(machine_.sim().scheduler.now() - start_);
}

bool Serving::in_demand() {
  const sc_time now = machine_.sim().scheduler.now();
  if (server_.demands() != demands_) {
    demands_ = server_.demands();
    demanded_at_ = now;
  }
  return !ready() || server_.waiting() ||
         (now - demanded_at_ < kDemand && sc_core::sc_time_to_pending_activity() < kSoon);
}

bool Serving::has_work() { return (pace_ == Pace::kFree && in_demand()) || behind() > nanoseconds(0); }

// At the end of a turn: what is lost is lost.
void Serving::keep_up() {
  const nanoseconds lag = behind();
  if (pace_ == Pace::kRealtime) {
    if (lag <= nanoseconds(0)) return;
    worst_lag_ = std::max(worst_lag_, lag);
    if (lag <= kMostLag) return;
    given_up_ += lag;
  }
  wall_start_ = WallClock::now();
  start_ = machine_.sim().scheduler.now();
}

// Over time in which nothing happens it goes in one step.
sc_time Serving::slice() const {
  const sc_time quiet = std::min(sc_core::sc_time_to_pending_activity(), kDemand);
  const double missing = std::max(0.0, static_cast<double>(behind().count()));
  return std::max(kSlice, std::min(quiet, sc_time(missing, sc_core::SC_NS)));
}

void Serving::turn() {
  const WallClock::time_point end = WallClock::now() + kTurn;
  server_.poll();
  while (has_work()) {
    machine_.run_for(slice());
    server_.poll();
    if (WallClock::now() >= end) return keep_up();
  }
  keep_up();
  // Until the wall is as far as what comes next, or somebody asks for something.
  const nanoseconds next =
      to_wall(std::min(sc_core::sc_time_to_pending_activity(), sc_time(kTurn.count(), sc_core::SC_US)));
  const auto early = std::chrono::duration_cast<std::chrono::microseconds>(next - behind());
  if (early.count() > 0) server_.wait(std::min(early, kTurn));
}

std::string Serving::progress() const {
  std::string line = fmt::format("{} of {} sockets in use, {} commands, {:.3f} s simulated", server_.clients(),
                                 offered_, server_.commands(), machine_.sim().scheduler.now().to_seconds());
  if (pace_ == Pace::kRealtime)
    line += fmt::format(", {:.1f} ms behind the wall", milliseconds(std::max(behind(), nanoseconds(0))));
  return line;
}

std::string Serving::summary() const {
  std::string line = fmt::format("{} commands of clients, answered within {:.1f} ms, and {} doorbells without one",
                                 server_.commands(), milliseconds(server_.longest_wait()), server_.doorbells());
  if (pace_ == Pace::kRealtime)
    line += fmt::format("; simulated time was up to {:.1f} ms behind the wall's, and {:.1f} ms of it were given up",
                        milliseconds(worst_lag_), milliseconds(given_up_));
  return line;
}

}  // namespace cardvp::scenarios
