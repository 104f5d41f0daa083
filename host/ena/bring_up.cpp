// Driver: the way of a device to traffic, in the order of docs/nic.md, "What a driver does".
#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "host/ena/driver.h"

namespace cardvp::host::ena {

using sc_core::SC_MS;
using sc_core::sc_time;

Task<Error> Driver::restart(ResetReason reason) {
  Transition transition(state_, State::kStarting, State::kLost);
  halt();
  removals_ = root_.removals(function_->number());
  Error error;
  try {
    error = co_await bring_up(reason);
  } catch (const std::runtime_error& exhausted) {  // host memory, interrupts
    error = failure(exhausted.what());
  }
  if (!error && (!root_.link_up() || root_.removals(function_->number()) != removals_))
    error = failure("the function went away");
  if (error) {
    halt();
    co_return error;
  }
  transition.settle(State::kRunning);
  go();
  log_.info("device ready", {{"function", function_->name()},
                             {"mac", info_.mac.text()},
                             {"queues", info_.queues},
                             {"llq", info_.llq},
                             {"mtu", config_.mtu}});
  co_return Error{};
}

// Why the function is none of this driver's; empty if it is.
std::string Driver::unusable() const {
  const PciFunction& function = *function_;
  if (function.vendor != kVendor || std::ranges::find(kDevices, function.device) == kDevices.end())
    return fmt::format("not an ENA function, it is {:04x}:{:04x}", function.vendor, function.device);
  if (function.bars[0].size <= reg::kResponse + 4u) return "BAR 0 is missing or too small";
  if (!function.msix || function.msix->vectors < 2) return "MSI-X with two vectors or more is needed";
  return {};
}

Task<Error> Driver::bring_up(ResetReason reason) {
  if (const std::string why = unusable(); !why.empty()) co_return failure(why);
  registers_.open(*function_);
  if (Error error = co_await reset_device(reason)) co_return error;
  const DeviceInfo before = info_;
  info_ = {};
  info_.readless = registers_.readless();
  pairs_.clear();
  created_.clear();
  co_await function_->enable_msix(false);
  if (reason != ResetReason::kNormal) {
    // The device has heard why; now it starts as it does for a driver that has just come.
    registers_.close();
    registers_.open(*function_);
    if (Error error = co_await reset_device(ResetReason::kNormal)) co_return error;
  }
  if (Error error = co_await check_versions()) co_return error;
  if (Error error = co_await set_up()) {
    // The cause is what counts; that the device may not answer now either is no news.
    const Error ignored = co_await reset_device(ResetReason::kInitError);
    co_return error;
  }
  if (before.queues > 0 && before.mac != info_.mac)
    co_return failure(fmt::format("the MAC address has changed from {} to {}", before.mac.text(), info_.mac.text()));
  co_return Error{};
}

Task<Error> Driver::reset_device(ResetReason reason) {
  auto status = co_await registers_.read(reg::kDeviceStatus);
  if (!status) co_return failure("the device does not answer");
  const auto caps = co_await registers_.read(reg::kCaps);
  if (!caps || caps_reset_timeout(*caps) == 0)
    co_return failure(fmt::format("no time for resets is given, CAPS = {:#x}", caps.value_or(~0u)));
  const sc_time timeout(100.0 * caps_reset_timeout(*caps), SC_MS);
  if (*status & kStatusResetting) {
    // Somebody began a reset and did not end it.
    registers_.write(reg::kDeviceControl, 0);
    if (Error error = co_await wait_reset(false, timeout)) co_return error;
    status = co_await registers_.read(reg::kDeviceStatus);
  }
  if (!status || !(*status & kStatusReady))
    co_return failure(fmt::format("the device is not ready, DEV_STS = {:#x}", status.value_or(~0u)));

  auto number = static_cast<std::uint32_t>(reason);
  const bool extended = info_.capabilities & kExtendedReasons;
  if (number > 0xf && !extended) number = static_cast<std::uint32_t>(ResetReason::kGeneric);
  registers_.write(reg::kDeviceControl, kControlReset | (number & 0xf) << 28 | (number >> 4) << 24);
  registers_.announce();
  if (Error error = co_await wait_reset(true, timeout)) co_return error;
  registers_.write(reg::kDeviceControl, 0);
  co_return co_await wait_reset(false, timeout);
}

Task<Error> Driver::wait_reset(bool in_progress, sc_time timeout) {
  const sc_time kFirstPause(100, sc_core::SC_US);
  const sc_time kLongestPause(5, SC_MS);
  const sc_time deadline = now() + timeout;
  for (sc_time pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    const auto status = co_await registers_.read(reg::kDeviceStatus);
    if (!status) co_return failure("reset: the device does not answer");
    if (static_cast<bool>(*status & kStatusResetting) == in_progress) co_return Error{};
    if (now() >= deadline)
      co_return failure(fmt::format("reset: it did not {} within {}, DEV_STS = {:#x}", in_progress ? "begin" : "end",
                                    timeout.to_string(), *status));
    co_await scheduler().delay(pause);
  }
}

Task<Error> Driver::check_versions() {
  const auto version = co_await registers_.read(reg::kVersion);
  const auto controller = co_await registers_.read(reg::kControllerVersion);
  const auto caps = co_await registers_.read(reg::kCaps);
  const auto status = co_await registers_.read(reg::kDeviceStatus);
  if (!version || !controller || !caps || !status) co_return failure("the device does not answer");
  info_.version = *version;
  info_.controller_version = *controller;
  if ((*controller & kControllerVersionMask) == 0)
    co_return failure(fmt::format("the controller is older than 0.0.1, CTRL_VERSION = {:#x}", *controller));
  const unsigned width = caps_dma_width(*caps);
  if (width < 32 || width > 48) co_return failure(fmt::format("DMA addresses of {} bits", width));
  if (memory().at(1ull << width, 1))
    co_return failure(fmt::format("host memory is beyond the device's DMA addresses of {} bits", width));
  if (!(*status & kStatusReady)) co_return failure(fmt::format("the device is not ready, DEV_STS = {:#x}", *status));
  caps_ = *caps;
  co_return Error{};
}

// From a device that has been reset to its queues.
Task<Error> Driver::set_up() {
  const unsigned admin_timeout = caps_admin_timeout(caps_);
  timeouts_ = {.keep_alive = config_.keep_alive_timeout,
               .completion = config_.completion_timeout,
               .transmit = config_.transmit_timeout,
               .admin = admin_timeout > 0 ? sc_time(100.0 * admin_timeout, SC_MS) : config_.admin_timeout,
               .missing_completions = config_.missing_completions};
  admin_.open(timeouts_.admin);
  events_.open();
  registers_.write(reg::kInterruptMask, 1);
  if (Error error = co_await negotiate()) co_return error;
  if (Error error = co_await listen()) co_return error;
  if (Error error = co_await probe_rss()) co_return error;
  if (Error error = co_await create_queues()) co_return error;
  if (Error error = co_await write_rss()) co_return error;
  if (offered(kFeatureMtu)) {
    const FeatureData mtu{config_.mtu};
    const AdminResponse done = co_await admin_.set(kFeatureMtu, mtu);
    if (!done.answered) co_return refused("SET MTU", done);
    if (!done.ok()) log_.warning("the device refused the MTU", {{"mtu", config_.mtu}, {"status", done.status}});
  }
  co_return Error{};
}

// The management interrupt: from now on admin commands are not polled for.
Task<Error> Driver::listen() {
  function_->set_vector(0, management_);
  co_await function_->enable_msix(true);
  admin_.listen();
  registers_.write(reg::kInterruptMask, 0);
  events_.enable();
  co_return Error{};
}

// Traffic may begin.
void Driver::go() {
  for (auto& pair : pairs_) pair->start();
  room_.notify();
  last_keep_alive_ = now();
  handle_later_.call_soon();
  health_.call_at(now() + health_period());
}

// Nothing more is done with the device, and nobody waits for it.
void Driver::halt() {
  health_.cancel();
  handle_later_.cancel();
  admin_.close();
  for (auto& pair : pairs_) pair->stop();
  set_carrier(false);
  room_.notify();
}

}  // namespace cardvp::host::ena
