#include "models/arm/core.h"

#include "models/arm/processor.h"

namespace cardvp::arm {

using sc_core::sc_time;

struct Core::Parts {
  Parts(Core& core, const CoreSeat& seat, const Logger& log)
      : bus(core.bus, seat.number),
        timer(core.scheduler(), core.config_.timer_hz,
              {&core.physical_timer, &core.virtual_timer, &core.secure_timer, &core.hypervisor_timer}),
        processor({core.config_.frequency_hz, core.config_.timer_hz, core.config_.quantum, core.config_.entry.level,
                   seat.number, seat.alone},
                  bus, timer, seat.peers, log) {}

  BusPort bus;
  GenericTimer timer;
  Processor processor;
};

Core::Core(sc_core::sc_module_name name, Sim& sim, const CoreConfig& config, const CoreSeat& seat)
    : Model(name, sim),
      config_(config),
      instructions_(counter("instructions", "instructions")),
      parts_(std::make_unique<Parts>(*this, seat, log_)) {
  energy_.set_static_power(config.static_watts);
  bus.register_invalidate_direct_mem_ptr(this, &Core::forget_memory);
}

Core::~Core() = default;

void Core::set_irq(bool level) {
  parts_->processor.set_irq(level);
  if (level) wake_.notify();
}

void Core::set_fiq(bool level) {
  parts_->processor.set_fiq(level);
  if (level) wake_.notify();
}

void Core::start(const Entry& entry, sc_time delay) {
  scope_.cancel();
  parts_->processor.abandon();  // it may be its own access that resets it
  started_ = true;
  scope_.spawn(execute(entry, delay));
}

void Core::stop() {
  started_ = false;
  parts_->processor.power_off();
}

void Core::stand_by() { parts_->processor.stand_by(); }

bool Core::powered() const { return started_; }

void Core::send_event() {
  parts_->processor.set_event();
  wake_.notify();
}

Task<> Core::execute(Entry entry, sc_time delay) {
  co_await scheduler().delay(delay);
  Processor& processor = parts_->processor;
  processor.reset(entry);
  for (;;) {
    const std::uint64_t before = processor.instructions();
    const sc_time elapsed = processor.run(now());
    const std::uint64_t executed = processor.instructions() - before;
    instructions_.add(executed);
    energy_.add_picojoules(static_cast<double>(executed) * config_.picojoules_per_instruction);
    co_await scheduler().delay(elapsed);
    if (const sc_time event = processor.next_stream_event(); event != sc_core::sc_max_time())
      event_stream_.call_at(std::max(event, now()));
    while (processor.waiting()) co_await wake_;
    event_stream_.cancel();
  }
}

void Core::forget_memory(sc_dt::uint64, sc_dt::uint64) {
  parts_->bus.forget();
  parts_->processor.memory_changed();
}

void Core::flush_translations() { parts_->processor.flush_translations(); }
void Core::flush_page(std::uint64_t address) { parts_->processor.flush_page(address); }
void Core::code_modified(std::uint64_t physical, std::uint64_t bytes) {
  parts_->processor.code_modified(physical, bytes);
}
void Core::all_code_modified() { parts_->processor.all_code_modified(); }

DebugPort& Core::debug_port() { return parts_->processor; }
void Core::attach(Debugger* debugger) { parts_->processor.attach(debugger); }
void Core::lock_debug(std::function<void()> on_attempt) { parts_->processor.lock_debug(std::move(on_attempt)); }
void Core::attach(Tracer* tracer) { parts_->processor.attach(tracer); }
void Core::attach(Sampler* sampler, sc_time period) { parts_->processor.attach(sampler, period); }

std::uint64_t Core::instructions() const { return parts_->processor.instructions(); }
std::string Core::stuck() const { return parts_->processor.stuck(); }
std::string Core::describe() const { return parts_->processor.describe(); }

}  // namespace cardvp::arm
