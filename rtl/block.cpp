#include "rtl/block.h"

#include <algorithm>
#include <stdexcept>

#include "rtl/block_run.h"

namespace cardvp::rtl {

Block::Watch::Watch(Block& block, std::uint32_t port, Pin watched, std::function<void(std::uint64_t)> to)
    : pin(watched), sink(std::move(to)), due(block.scheduler(), *this) {
  block.looked_at_.push_back(port);
}

bool Block::Watch::look(std::uint64_t time) {
  if (pin.get() == value) return false;
  value = pin.get();
  changes.emplace_back(time, value);
  if (!due.pending()) due.call_at(std::max(sc_core::sc_time::from_value(time), sc_core::sc_time_stamp()));
  return true;
}

void Block::Watch::deliver() {
  const std::uint64_t level = changes.front().second;
  changes.pop_front();
  if (!changes.empty())
    due.call_at(std::max(sc_core::sc_time::from_value(changes.front().first), sc_core::sc_time_stamp()));
  sink(level);
}

void Block::Watch::deliver_until(std::uint64_t time) {
  while (!changes.empty() && changes.front().first <= time) {
    due.cancel();
    deliver();
  }
}

Block::Block(sc_core::sc_module_name name, Sim& sim, std::shared_ptr<const Plugin> plugin, BlockConfig config)
    : Model(name, sim),
      plugin_(std::move(plugin)),
      abi_(plugin_->abi()),
      config_(std::move(config)),
      owner_(create(), abi_.destroy),
      instance_(owner_.get()),
      waves_(abi_, instance_, log_),
      time_outs_(counter("time_outs", "transactions")) {
  if (config_.waves && !config_.waves->trigger_port.empty()) check(config_.waves->trigger_port, "trigger");
  for (const auto& [port, value] : config_.tie_offs) check(port, "input");
  for (ClockDescription clock : description().clocks) {
    check(clock.port, "clock");
    if (const auto period = config_.period_ps.find(clock.port); period != config_.period_ps.end())
      clock.period_ps = period->second;
    if (clock.period_ps < 2) throw std::invalid_argument("clock " + clock.port + ": a period of at least 2 ps");
    domains_.push_back(std::make_unique<Domain>(*this, clock, *plugin_->port(clock.port), pin(clock.port)));
  }
  for (const auto& [port, period] : config_.period_ps)
    if (!domain(port)) throw std::invalid_argument("no clock " + port);
  for (const auto& [port, value] : config_.tie_offs) pin(port).set(value);
  set_clocking(config_.clocking);
  if (config_.waves) waves_.arm(*config_.waves, pin(config_.waves->trigger_port));
}

cardvp_rtl_instance* Block::create() {
  std::vector<const char*> plusargs;
  for (const std::string& argument : config_.plusargs) plusargs.push_back(argument.c_str());
  const cardvp_rtl_options options = {
      .name = this->name(),
      .seed = static_cast<std::uint32_t>(derive_seed(sim().seed, this->name())) | 1,
      .plusarg_count = static_cast<std::uint32_t>(plusargs.size()),
      .plusargs = plusargs.data(),
      .context = this,
      .message = take_message,
  };
  cardvp_rtl_instance* const instance = abi_.create(&options);
  if (!instance) throw std::runtime_error(plugin_->file().string() + ": the block cannot be instantiated");
  return instance;
}

Block::~Block() {
  alone_ = true;  // who would have to be told of anything may be gone
  run_late();
  waves_.stop();
  abi_.final(instance_);
  for (const auto& domain : domains_)
    while (!domain->bridges_.empty()) domain->remove(*domain->bridges_.back());
}

void Block::check(std::string_view port, const char* what) const {
  if (!plugin_->port(port))
    throw std::invalid_argument(fmt::format("{} {}: the block {} has no such port", what, port, description().name));
}

Pin Block::pin(std::string_view port) const {
  const std::optional<std::uint32_t> index = plugin_->port(port);
  return index ? Pin(abi_.port(instance_, *index), abi_.ports[*index].width) : Pin();
}

Domain* Block::domain(std::string_view clock) {
  for (const auto& candidate : domains_)
    if (clock.empty() || candidate->clock() == clock) return candidate.get();
  return nullptr;
}

void Block::watch(std::string_view port, std::function<void(std::uint64_t)> sink) {
  check(port, "output");
  watches_.push_back(std::make_unique<Watch>(*this, *plugin_->port(port), pin(port), std::move(sink)));
}

void Block::show_changes(sc_core::sc_time until) {
  for (const auto& watch : watches_) watch->deliver_until(until.value());
}

void Block::start_of_simulation() {
  if (config_.clocking.mode != Clocking::Mode::kOnDemand) pump_.call_soon();
}

void Block::start() {
  if (started_) return;
  started_ = true;
  for (const auto& domain : domains_) domain->skip_to(now().value());
  for (const ResetDescription& reset : description().resets) set_reset(reset, false);
  eval(time_);  // so that an asynchronous reset is seen to come
  run_reset();
}

void Block::set_reset(const ResetDescription& reset, bool active) { pin(reset.port).set(active != reset.active_low); }

void Block::reset() {
  if (!started_) return start();
  if (clocking_) {
    reset_due_ = true;
    return;
  }
  reset_due_ = false;
  for (const auto& domain : domains_)
    for (BridgePins* const bridge : domain->bridges_) {
      bridge->reset();
      bridge->end_work();
    }
  catch_up();
  run_reset();
  arm();
}

// The cycles of a reset, which bridges do not take part in.
void Block::run_reset() {
  std::vector<std::pair<const ResetDescription*, std::uint64_t>> active;  // until its clock has had so many cycles
  for (const ResetDescription& reset : description().resets) {
    active.emplace_back(&reset, domain(reset.clock)->cycles_ + reset.cycles);
    set_reset(reset, true);
  }
  clocking_ = alone_ = true;
  while (running_ && !active.empty()) {
    step();
    std::erase_if(active, [this](const auto& item) {
      const bool over = domain(item.first->clock)->cycles_ >= item.second;
      if (over) set_reset(*item.first, false);
      return over;
    });
  }
  clocking_ = alone_ = false;
  fresh_ = true;
  for (const auto& domain : domains_)
    for (BridgePins* const bridge : domain->bridges_) bridge->made_progress();
  stay_awake();
}

void Block::eval(std::uint64_t time) {
  abi_.eval(instance_, time);
  time_ = time;
}

void Block::take_message(void* block, cardvp_rtl_severity severity, const char* text) {
  const Logger& log = static_cast<Block*>(block)->log_;
  if (severity == CARDVP_RTL_ERROR)
    log.warning("block says", {{"text", text}});
  else
    log.info("block says", {{"text", text}});
}

std::string Block::error() const {
  if (running_) return {};
  return abi_.state(instance_) == CARDVP_RTL_FINISHED ? "$finish" : abi_.error(instance_);
}

void Block::timed_out(BridgePins& bridge) {
  log_.warning("no answer from the block",
               {{"bridge", bridge.name()}, {"transaction", bridge.pending()}, {"cycles", config_.time_out_cycles}});
  time_outs_.add();
  bridge.time_out();
  bridge.end_work();
}

void Block::fail_all() {
  for (const auto& domain : domains_)
    for (BridgePins* const bridge : domain->bridges_) {
      if (!bridge->working()) continue;
      log_.warning("the block has stopped",
                   {{"bridge", bridge->name()}, {"transaction", bridge->pending()}, {"reason", error()}});
      bridge->time_out();
      bridge->end_work();
    }
}

bool Block::start_waves(const std::filesystem::path& file) { return waves_.start(file); }

void Block::stop_waves() {
  if (run_late()) arm();
  waves_.stop();
}

bool Block::run_late() {
  const Domain& first = *domains_.front();
  const std::uint64_t end = first.cycles_ + std::min(waves_.missing(first.cycles_), kLateCycles);
  if (end == first.cycles_ || !started_ || clocking_) return false;
  clocking_ = true;
  run([&] { return first.cycles_ < end; });
  clocking_ = false;
  return true;
}

void Block::mark_waves() { waves_.mark(domains_.front()->cycles_, next_edge()); }

bool Block::write_coverage(const std::filesystem::path& file) {
  return abi_.coverage_write && abi_.coverage_write(instance_, file.c_str()) != 0;
}

}  // namespace cardvp::rtl
