#include "models/arm/core.h"

#include "models/arm/processor.h"

namespace cardvp::arm {

using sc_core::sc_time;

struct Core::Parts {
  Parts(Core& core, const Logger& log)
      : bus(core.bus),
        timer(core.scheduler(), core.config_.timer_hz,
              {&core.physical_timer, &core.virtual_timer, &core.secure_timer, &core.hypervisor_timer}),
        processor({core.config_.reset_address, core.config_.frequency_hz, core.config_.timer_hz, core.config_.quantum},
                  bus, timer, log) {}

  BusPort bus;
  GenericTimer timer;
  Processor processor;
};

Core::Core(sc_core::sc_module_name name, Sim& sim, const CoreConfig& config)
    : Model(name, sim),
      config_(config),
      instructions_(counter("instructions", "instructions")),
      parts_(std::make_unique<Parts>(*this, log_)) {
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

void Core::reset() {
  scope_.cancel();
  parts_->processor.abandon();  // it may be its own access that resets it
  scope_.spawn(execute());
}

Task<> Core::execute() {
  Processor& processor = parts_->processor;
  processor.reset();
  for (;;) {
    const std::uint64_t before = processor.instructions();
    const sc_time elapsed = processor.run(now());
    const std::uint64_t executed = processor.instructions() - before;
    instructions_.add(executed);
    energy_.add_picojoules(static_cast<double>(executed) * config_.picojoules_per_instruction);
    co_await scheduler().delay(elapsed);
    while (processor.waiting()) co_await wake_;
  }
}

void Core::forget_memory(sc_dt::uint64, sc_dt::uint64) {
  parts_->bus.forget();
  parts_->processor.memory_changed();
}

std::uint64_t Core::instructions() const { return parts_->processor.instructions(); }
std::string Core::stuck() const { return parts_->processor.stuck(); }
std::string Core::describe() const { return parts_->processor.describe(); }

}  // namespace cardvp::arm
