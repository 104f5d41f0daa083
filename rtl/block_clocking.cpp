// Block: when its clocks run.
#include <algorithm>

#include "rtl/block_run.h"

namespace cardvp::rtl {

using Mode = Clocking::Mode;

void Block::set_clocking(const Clocking& clocking) {
  if (!clocking.busy_port.empty()) check(clocking.busy_port, "busy port");
  config_.clocking = clocking;
  busy_ = pin(clocking.busy_port);
  waves_.set_ahead(std::max(clocking.run_ahead, clocking.batch));
  if (!sc_core::sc_start_of_simulation_invoked()) return;
  pump_.cancel();
  stay_awake();
  arm();
}

void Block::work_begins() {
  ++working_;
  if (!clocking_ && config_.clocking.mode != Mode::kEveryCycle) pump_.call_soon();
}

void Block::pump() {
  start();
  if (config_.clocking.mode == Mode::kEveryCycle) {
    clocking_ = true;
    while (going() && next_edge() <= now().value()) edges();
    clocking_ = false;
  } else {
    catch_up();
    clocking_ = true;
    run_ahead();
    if (config_.clocking.mode == Mode::kBatched) run_batch();
    clocking_ = false;
  }
  arm();
}

// What is left to do, at its time.
void Block::arm() {
  if (clocking_) return;
  if (reset_due_) return reset();
  if (!running_) return fail_all();
  const Clocking& clocking = config_.clocking;
  const bool awake = has_work() || clocking.mode == Mode::kEveryCycle ||
                     (clocking.mode == Mode::kBatched && (clocking.quiet_cycles == 0 || time_ < active_until_));
  if (awake)
    pump_.call_at(std::max(sc_core::sc_time::from_value(next_edge()), now()));
  else if (!clocking.skip_idle)
    drive();  // what comes to nothing now is nothing in the cycles that are made up for
}

void Block::run_ahead() {
  const std::uint64_t horizon = now().value() + config_.clocking.run_ahead * domains_.front()->period_;
  run([&] { return has_work() && next_edge() < horizon; });
}

void Block::run_batch() {
  const Domain& first = *domains_.front();
  const Clocking& clocking = config_.clocking;
  const std::uint64_t end = now().value() + clocking.batch * first.period_;
  const auto awake = [&] { return clocking.quiet_cycles == 0 || next_edge() < active_until_; };
  while (going() && next_edge() < end && (has_work() || wanted() || awake())) {
    if (has_work() || wanted())
      run([&] { return next_edge() < end && (has_work() || wanted()); });
    else if (domains_.size() > 1 || waves_due() || fresh_)
      step();
    else
      undisturbed((end - first.fall_ + first.period_ - 1) / first.period_);
  }
}

bool Block::wanted() const {
  return std::any_of(wakes_.begin(), wakes_.end(), [](const Pin& pin) { return pin.get() != 0; });
}

void Block::catch_up() {
  const std::uint64_t to = now().value();
  if (next_edge() >= to) return;
  if (config_.clocking.skip_idle) {
    for (const auto& domain : domains_) domain->skip_to(to);
    return;
  }
  clocking_ = true;
  const Domain& first = *domains_.front();
  while (going() && next_edge() < to) {
    alone_ = !wanted();  // what was begun just now is none of the past's
    if (domains_.size() > 1 || !alone_ || waves_due())
      step();
    else
      undisturbed((to - first.fall_ + first.period_ - 1) / first.period_);
  }
  clocking_ = alone_ = false;
  for (const auto& domain : domains_)
    for (BridgePins* const bridge : domain->bridges_) bridge->made_progress();
}

void Block::attend_waves() { waves_.attend(domains_.front()->cycles_, next_edge()); }

void Block::drive() {
  for (const auto& domain : domains_) domain->drive();
}

void Block::step() {
  const Domain& first = *domains_.front();
  if (!alone_) fresh_ = false;
  if (domains_.size() == 1 && first.fall_ < first.rise_)
    cycle();
  else
    edges();
}

void Block::cycle() {
  if (waves_due()) attend_waves();
  Domain& domain = *domains_.front();
  if (!alone_) domain.drive();
  domain.pin_.set(0);
  eval(domain.fall_);
  domain.edge_ = domain.rise_;
  if (!alone_) domain.sample();
  domain.pin_.set(1);
  eval(domain.rise_);
  domain.fall_ += domain.period_;
  domain.raise();
  look_at_outputs(time_, abi_.state(instance_));
}

void Block::edges() {
  if (waves_due()) attend_waves();
  const std::uint64_t at = next_edge();
  // All that rise together sample what was there before.
  for (const auto& domain : domains_) {
    if (domain->rise_ != at) continue;
    domain->edge_ = at;
    if (!alone_) domain->sample();
  }
  for (const auto& domain : domains_) {
    if (domain->rise_ == at) {
      domain->pin_.set(1);
      domain->raise();
    } else if (domain->fall_ == at) {
      if (!alone_) domain->drive();
      domain->pin_.set(0);
      domain->fall_ += domain->period_;
    }
  }
  eval(at);
  look_at_outputs(at, abi_.state(instance_));
}

std::uint64_t Block::undisturbed(std::uint64_t cycles) {
  Domain& domain = *domains_.front();
  cycles = std::min(cycles, waves_.cycles_until_due(domain.cycles_));
  if (!alone_) domain.drive();
  const cardvp_rtl_run request = {
      .clock = domain.port_,
      .cycles = cycles,
      .time = domain.fall_,
      .low = domain.low_,
      .period = domain.period_,
      .watched = looked_at_.data(),
      .watched_count = static_cast<std::uint32_t>(looked_at_.size()),
      .context = nullptr,
      .sample = nullptr,
      .next = nullptr,
  };
  const std::uint64_t ran = abi_.run(instance_, &request);
  if (ran > 0) {
    domain.fall_ += ran * domain.period_;
    domain.edge_ = domain.rise_ + (ran - 1) * domain.period_;
    domain.raise(ran);
    time_ = domain.edge_;
  }
  look_at_outputs(time_, abi_.state(instance_));
  return ran;
}

void Block::has_stopped() {
  running_ = false;
  log_.warning("the block has stopped", {{"reason", error()}});
}

void Block::stay_awake() { active_until_ = time_ + config_.clocking.quiet_cycles * domains_.front()->period_; }

}  // namespace cardvp::rtl
