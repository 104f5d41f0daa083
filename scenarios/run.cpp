#include "scenarios/run.h"

#include <algorithm>
#include <thread>

namespace cardvp::scenarios {
namespace {

// Between slices of simulated time the run looks up: for Ctrl-C, limits, progress. The simulated machine does not
// notice.
const sc_core::sc_time kSlice{100, sc_core::SC_US};

// Of several servers each has a socket: SOCKET.NAME.
std::filesystem::path socket_of(std::filesystem::path socket, const std::string& server) {
  if (!server.empty()) socket += "." + server;
  return socket;
}

// Without a folder nothing is captured.
wire::Config wire_of(const Scenario& scenario, const RunOptions& options) {
  wire::Config wire = scenario.wire;
  wire.capture = wire.capture && !options.out.empty();
  return wire;
}

}  // namespace

Run::Run(const Scenario& scenario, const RunOptions& options, Terminal& terminal,
         std::vector<platform::ServerConfig> servers, VolumeFiles files, Insight& insight)
    : scenario_(scenario),
      terminal_(terminal),
      insight_(insight),
      machine_(scenario.seed, std::move(servers), wire_of(scenario, options), options.out,
               {options.level, options.traces,
                [&terminal](const LogRecord& record) { terminal.error(Log::format(record)); }}),
      console_(machine_, scenario.console, [this] { machine_.pause(); }),
      program_(machine_, scenario, std::move(files), [this] { machine_.pause(); }) {
  for (std::size_t server = 0; server < machine_.servers().size(); ++server) {
    watch(server);
    if (!options.gateway.empty())
      gateways_.emplace_back(socket_of(options.gateway, scenario.servers[server].name),
                             machine_.card(server).gateway());
  }
  if (options.console) keyboard_.emplace();
  if (options.serve)
    serving_.emplace(machine_, scenario_, *options.serve,
                     [&terminal](const std::string& line) { terminal.line(line); });
}

void Run::watch(std::size_t server) {
  const std::string& name = scenario_.servers[server].name;
  const std::string prefix = name.empty() ? "" : name + ": ";
  UartLog& log = uarts_.emplace_back([this, prefix](const std::string& line) {
    if (!keyboard_) terminal_.line(prefix + line);
  });
  platform::Card& card = machine_.card(server);
  card.uart().on_transmit([this, &log, server](char c, sc_core::sc_time at) {
    log.add(c, at);
    if (server == 0) console_.output(c, at);
  });
  card.on_power_off([this] { console_.power_off(); });
  card.rtl().on_stop([this] { machine_.pause(); });
}

Outcome Run::serve(const InterruptGuard& guard, Debugging* debugging) {
  serving_->start();
  while (!guard.interrupted()) {
    serving_->turn();
    if (terminal_.wants_progress()) terminal_.progress(serving_->progress());
    if (debugging) debugging->poll();
    if (debugging && debugging->killed()) return {Outcome::Result::kInterrupted, "ended by gdb"};
    for (platform::GatewayServer& gateway : gateways_) gateway.poll();
    if (machine_.wire().external()) machine_.wire().poll();
    if (const std::string difference = find_difference(); !difference.empty())
      return {Outcome::Result::kFailed, difference};
    if (!serving_->error().empty()) return failure(serving_->error());
    if (!serving_->ready() && now() >= scenario_.boot_limit)
      return failure(
          fmt::format("no function of a card came up within {} (limits.boot_ms)", scenario_.boot_limit.to_string()));
  }
  for (UartLog& uart : uarts_) uart.finish(now());
  machine_.wire().flush_captures();
  return {};
}

Outcome Run::run(const InterruptGuard& guard, Debugging* debugging) {
  if (serving_) return serve(guard, debugging);
  console_.start();
  if (scenario_.has_hosts()) program_.start();
  while (!complete()) {
    machine_.run_for(kSlice);
    if (debugging) debugging->poll();
    if (debugging && debugging->killed()) return {Outcome::Result::kInterrupted, "ended by gdb"};
    for (platform::GatewayServer& gateway : gateways_) gateway.poll();
    if (machine_.wire().external()) attend_wire();
    if (guard.interrupted()) return {Outcome::Result::kInterrupted, "interrupted"};
    if (complete()) break;
    if (const std::string problem = find_problem(); !problem.empty()) return failure(problem);
    if (keyboard_)
      attend_keyboard();
    else if (waits_for_calls() && !machine_.wire().external())
      attend_gateways();
    if (!keyboard_ && terminal_.wants_progress()) show_progress();
  }
  if (keyboard_) show_output();
  if (const std::string difference = find_difference(); !difference.empty())
    return {Outcome::Result::kFailed, difference};
  if (!console_.error().empty()) return failure(console_.error());
  for (UartLog& uart : uarts_) uart.finish(now());
  machine_.wire().flush_captures();
  if (!program_.error().empty()) return {Outcome::Result::kFailed, program_.error()};
  if (std::string miscount = find_miscount(); !miscount.empty()) return {Outcome::Result::kFailed, std::move(miscount)};
  return {};
}

std::string Run::find_miscount() {
  for (const ExpectedCounter& expected : scenario_.expected_counters) {
    const std::optional<std::uint64_t> found = machine_.sim().stats.value(expected.counter);
    if (!found)
      return fmt::format("{}: there is no counter {}; report.json lists them", expected.pointer, expected.counter);
    const std::uint64_t value = *found;
    if (value < expected.least)
      return fmt::format("{}: {} is {}, less than {}", expected.pointer, expected.counter, value, expected.least);
    if (value > expected.most)
      return fmt::format("{}: {} is {}, more than {}", expected.pointer, expected.counter, value, expected.most);
  }
  return {};
}

// With a limit, the operator's calls may come up to then, as long as all goes well.
bool Run::takes_calls() {
  return !gateways_.empty() && program_.error().empty() && scenario_.run_limit != sc_core::SC_ZERO_TIME &&
         !past_run_limit();
}

bool Run::powered_off() const {
  return std::any_of(machine_.servers().begin(), machine_.servers().end(),
                     [](const auto& server) { return server->card().powered_off(); });
}

bool Run::held() const {
  return std::any_of(machine_.servers().begin(), machine_.servers().end(),
                     [](const auto& server) { return server->host().boot().held(); });
}

// Between RTL and its model, that ends the run; empty: none.
std::string Run::find_difference() {
  for (const auto& server : machine_.servers())
    if (const rtl::Difference* const difference = server->card().rtl().stopped_by()) return difference->text();
  return {};
}

bool Run::complete() {
  if (!console_.error().empty() || !find_difference().empty()) return true;
  if (keyboard_ && keyboard_->quit()) return true;
  if (!finished()) return false;
  if (powered_off()) return true;
  if (keyboard_ || takes_calls()) return false;
  return scenario_.has_hosts() || !scenario_.console.empty() || past_run_limit();
}

std::string Run::find_problem() {
  const bool hosts = scenario_.has_hosts();
  if (past_run_limit() && !keyboard_)
    return fmt::format("the run took longer than {} (limits.run_ms)", scenario_.run_limit.to_string());
  if (console_.overdue(now())) return console_.step() + ": not met in time (within_ms)";
  if (hosts && !program_.links_up() && now() >= scenario_.boot_limit)
    return fmt::format("the {} within {} (limits.boot_ms)",
                       held() ? "card did not let the host out of reset" : "card's link did not come up",
                       scenario_.boot_limit.to_string());
  if (powered_off() && hosts) return "the card powered itself off while " + program_.activity();
  if (keyboard_ || takes_calls() || machine_.wire().external() || !machine_.idle())
    return {};  // keys, calls and who is outside may change everything
  if (!console_.finished()) return console_.step() + ": nothing is left that could happen";
  if (!hosts) return "nothing is left that could happen";
  if (program_.links_up()) return "nothing is left that could happen while " + program_.activity();
  return held() ? "the card does not let the host out of reset" : "the card's link does not come up";
}

void Run::show_progress() {
  if (!console_.finished() || !scenario_.has_hosts())
    terminal_.progress(fmt::format("{}, {:.3f} ms simulated", console_.activity(), now().to_seconds() * 1e3));
  else
    terminal_.progress(fmt::format("{}: {:.0f} %, {:.3f} ms simulated", program_.activity(), program_.fraction() * 100,
                                   now().to_seconds() * 1e3));
}

void Run::show_output() {
  const std::string& text = uarts_.front().text();
  Keyboard::show(std::string_view(text).substr(shown_));
  shown_ = text.size();
}

// One slice is over. A person expects the guest's seconds to be no shorter than their own; what has been lost while
// the guest was busy is not made up for. How long to wait now.
std::chrono::microseconds Run::ahead_of_the_wall() {
  constexpr auto kTolerance = std::chrono::milliseconds(20);
  due_ = std::max(due_ + std::chrono::microseconds(100), WallClock::now() - kTolerance);  // kSlice
  const auto early = due_ - WallClock::now();
  return std::max(std::chrono::duration_cast<std::chrono::microseconds>(early - kTolerance),
                  std::chrono::microseconds(0));
}

void Run::attend_keyboard() {
  show_output();
  keyboard_->wait(ahead_of_the_wall());
  machine_.card().uart().type(keyboard_->take());
}

// Who is outside lives by the wall's clock, and is given the time to answer.
void Run::attend_wire() {
  machine_.wire().poll();
  std::this_thread::sleep_for(ahead_of_the_wall());
}

void Run::attend_gateways() {
  // Of several each gets its share of the time; a call that comes to another meanwhile waits for that long.
  const std::chrono::microseconds early = ahead_of_the_wall() / static_cast<int>(gateways_.size());
  if (early.count() == 0) return;
  for (platform::GatewayServer& gateway : gateways_) gateway.wait(early);
}

// The machine itself is at fault, most likely its firmware: shows what there is to see of it.
Outcome Run::failure(std::string reason) {
  for (std::size_t i = 0; i < uarts_.size(); ++i) {
    platform::Card& card = machine_.card(i);
    const std::string& name = scenario_.servers[i].name;
    const std::string of = name.empty() ? "" : " of " + name;
    uarts_[i].finish(now());
    const std::string stuck = card.cluster().stuck();
    if (!stuck.empty()) reason += fmt::format("; the core{} is stuck: {}", of, stuck);
    for (const std::string& refusal : card.control_plane().refusals())
      reason += fmt::format("; the firmware{} refused to {}", of, refusal);
    terminal_.error(card.cluster().describe());
    for (const std::string& line : insight_.backtraces(card)) terminal_.error(line);
    terminal_.error(uarts_[i].last_lines().empty() ? fmt::format("cardvp: the UART{} was silent", of)
                                                   : fmt::format("cardvp: the UART's last lines{}:", of));
    for (const std::string& line : uarts_[i].last_lines()) terminal_.error("  " + line);
  }
  return {Outcome::Result::kFailed, std::move(reason)};
}

}  // namespace cardvp::scenarios
