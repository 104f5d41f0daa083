#include "models/arm/watchdog.h"

namespace cardvp::arm {
namespace watchdog {
#define CARDVP_REGISTERS "models/arm/watchdog.def"
#include "models/base/declare_registers.h"

constexpr std::uint32_t kFeedKey = 0x600dd06e;
}  // namespace watchdog

Watchdog::Watchdog(sc_core::sc_module_name name, Sim& sim)
    : RegisterTarget(name, sim, watchdog::kBank), expiry_(sim.scheduler, *this), resets_(counter("resets", "resets")) {
  registers_.on_write(watchdog::CONTROL, [this](const RegisterWrite& write) {
    const bool enabled = watchdog::CONTROL_ENABLE.of(write.value);
    if (enabled == watchdog::CONTROL_ENABLE.of(write.old)) return;
    enabled ? start_period() : stop();
  });
  registers_.on_write(watchdog::FEED, [this](const RegisterWrite& write) {
    if (watchdog::FEED_KEY.of(write.written) != watchdog::kFeedKey) return;
    registers_.set(watchdog::STATUS_EXPIRED, 0);
    interrupt.set(false);
    if (registers_.get(watchdog::CONTROL_ENABLE)) start_period();
  });
}

void Watchdog::reset() {
  stop();
  const std::uint64_t caused_reset = registers_.get(watchdog::STATUS_CAUSED_RESET);
  registers_.reset();
  registers_.set(watchdog::STATUS_CAUSED_RESET, caused_reset);
  interrupt.set(false);
}

bool Watchdog::expired() const { return registers_.get(watchdog::STATUS_EXPIRED); }

bool Watchdog::access(const BusAccess& access) {
  const auto passed = [this] { return running_ && deadline_ <= access_time(); };
  if (passed() && !expired()) first_expiry();
  if (passed() && access.write) return true;
  return RegisterTarget::access(access);
}

void Watchdog::start_period() {
  period_ = sc_core::sc_time(static_cast<double>(registers_.get(watchdog::PERIOD_MICROSECONDS)), sc_core::SC_US);
  if (period_ == sc_core::SC_ZERO_TIME) return stop();
  running_ = true;
  deadline_ = access_time() + period_;
  arm();
}

void Watchdog::stop() {
  running_ = false;
  expiry_.cancel();
}

void Watchdog::arm() {
  if (expiry_.pending() && armed_for_ <= deadline_) return;
  expiry_.call_at(deadline_);
  armed_for_ = deadline_;
}

void Watchdog::first_expiry() {
  log_.warning("expired");
  registers_.set(watchdog::STATUS_EXPIRED, 1);
  deadline_ += period_;
  arm();
  interrupt.set(true);
}

void Watchdog::expire() {
  if (now() < deadline_) return arm();
  if (!expired()) return first_expiry();
  running_ = false;
  registers_.set(watchdog::STATUS_CAUSED_RESET, 1);
  resets_.add();
  if (handler_) handler_();
}

}  // namespace cardvp::arm
