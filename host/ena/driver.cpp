#include "host/ena/driver.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace cardvp::host::ena {

using sc_core::sc_time;

Driver::Driver(sc_core::sc_module_name name, Sim& sim, RootComplex& root, const DriverConfig& config)
    : Model(name, sim),
      root_(root),
      config_(config),
      counters_{.tx_packets = counter("tx_packets", "packets"),
                .tx_bytes = counter("tx_bytes", "bytes"),
                .rx_packets = counter("rx_packets", "packets"),
                .rx_bytes = counter("rx_bytes", "bytes"),
                .interrupts = counter("interrupts", "interrupts"),
                .bad_completions = counter("bad_completions", "completions")},
      resets_(counter("resets", "resets")),
      keep_alive_count_(counter("keep_alives", "events")),
      registers_(sim.scheduler, root.memory()),
      admin_(sim.scheduler, root.memory(), registers_),
      events_(root.memory(), registers_),
      host_info_(root.memory(), kPageSize),
      room_(sim.scheduler),
      carrier_changed_(sim.scheduler),
      handle_later_(sim.scheduler, *this),
      health_(sim.scheduler, *this),
      tasks_(sim.scheduler) {
  management_ = root_.allocate_interrupt([this] { on_management_interrupt(); });
  admin_.on_failure([this](const std::string& why) { fail(ResetReason::kAdmin, "admin queue: " + why); });
  tasks_.spawn(watch_link());
  tasks_.spawn(watch_presence());
}

Driver::~Driver() { root_.free_interrupt(management_); }

Task<Error> Driver::start(PciFunction function) {
  if (state_ != State::kStopped && state_ != State::kLost) co_return failure("start: the driver is in use already");
  function_ = function;
  info_ = {};
  co_return co_await restart(ResetReason::kNormal);
}

Task<Error> Driver::reset(unsigned reason) {
  if (state_ != State::kRunning && state_ != State::kLost) co_return failure("reset: the driver is not running");
  if (reason > 0xff) co_return failure(fmt::format("reset: there is no reason {}", reason));
  resets_.add();
  last_reset_reason_ = fmt::format("asked for, reason {}", reason);
  co_return co_await restart(static_cast<ResetReason>(reason));
}

Task<Error> Driver::stop() {
  if (state_ != State::kRunning) co_return failure("stop: the driver is not running");
  Transition transition(state_, State::kStopping, State::kLost);
  health_.cancel();
  for (auto& pair : pairs_) pair->stop();
  set_carrier(false);
  room_.notify();
  if (!co_await destroy_all()) co_return failure("stop: the device did not destroy its queues");
  if (Error error = co_await reset_device(ResetReason::kShutdown)) co_return error;
  admin_.close();
  pairs_.clear();
  co_await function_->enable_msix(false);
  registers_.close();
  transition.settle(State::kStopped);
  co_return Error{};
}

bool Driver::fits(unsigned queue, const TxPacket& packet) const {
  return running() && queue < pairs_.size() && pairs_[queue]->tx().fits(packet);
}

bool Driver::try_transmit(unsigned queue, const TxPacket& packet) {
  return fits(queue, packet) && pairs_[queue]->put(packet) == TxRing::Put::kDone;
}

Task<bool> Driver::transmit(unsigned queue, TxPacket packet) {
  while (fits(queue, packet)) {
    const TxRing::Put put = pairs_[queue]->put(packet);
    if (put != TxRing::Put::kNoRoom) co_return put == TxRing::Put::kDone;
    co_await room_;
  }
  co_return false;
}

Task<> Driver::drain() {
  const auto drained = [](const auto& pair) { return pair->drained(); };
  while (running() && !std::ranges::all_of(pairs_, drained)) co_await room_;
}

void Driver::remove_sink(PacketSink& sink) { std::erase(sinks_, &sink); }

void Driver::received(unsigned queue, const RxPacket& packet) {
  for (PacketSink* const sink : sinks_)
    if (sink->receive(queue, packet)) return;
  if (receiver_) receiver_(queue, packet);
}

Statistics Driver::statistics() const {
  return {.tx_packets = counters_.tx_packets.value(),
          .tx_bytes = counters_.tx_bytes.value(),
          .rx_packets = counters_.rx_packets.value(),
          .rx_bytes = counters_.rx_bytes.value(),
          .tx_drops = tx_drops_,
          .rx_drops = rx_drops_,
          .rx_overruns = rx_overruns_,
          .interrupts = counters_.interrupts.value(),
          .resets = resets_.value(),
          .keep_alives = keep_alive_count_.value(),
          .bad_completions = counters_.bad_completions.value()};
}

Task<> Driver::notify_at(Trigger& trigger, sc_time time) {
  co_await scheduler().until(time);
  trigger.notify();
}

Task<bool> Driver::wait_carrier(sc_time timeout) {
  const sc_time deadline = now() + std::min(timeout, sc_core::sc_max_time() - now());
  TaskScope timer(scheduler());
  if (!carrier_) timer.spawn(notify_at(carrier_changed_, deadline));
  while (!carrier_ && now() < deadline) co_await carrier_changed_;
  co_return carrier_;
}

Error Driver::failure(const std::string& what) const {
  return {fmt::format("{}: {} (function {}, at {:.3f} ms)", name(), what, function_ ? function_->name() : "none",
                      now().to_seconds() * 1e3)};
}

Error Driver::refused(const std::string& what, const AdminResponse& response) const {
  return failure(what + ": " + response.text());
}

}  // namespace cardvp::host::ena
