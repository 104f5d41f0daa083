// Driver: what the device says by itself, what it fails to say, and what follows.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "host/ena/driver.h"

namespace cardvp::host::ena {

using sc_core::sc_time;

void Driver::on_management_interrupt() {
  counters_.interrupts.add();
  if (!handle_later_.pending()) handle_later_.call_at(now() + config_.interrupt_latency);
}

void Driver::handle_management() {
  admin_.handle_interrupt();
  // Until the driver runs, events stay where they are.
  if (running()) events_.reap([this](const Event& event) { take_event(event); });
}

void Driver::take_event(const Event& event) {
  const auto wide = [&](unsigned dword) {
    return event.payload[dword] | std::uint64_t{event.payload[dword + 1]} << 32;
  };
  switch (event.group) {
    case kAenqLink: return set_carrier(event.payload[0] & 1);
    case kAenqNotification: {
      if (event.syndrome != kSyndromeHints) return;
      Hints hints;
      std::memcpy(&hints, event.payload.data(), sizeof hints);
      return take_hints(hints);
    }
    case kAenqKeepAlive:
      keep_alive_count_.add();
      last_keep_alive_ = now();
      rx_drops_ = wide(0);
      tx_drops_ = wide(2);
      rx_overruns_ = wide(4);
      return;
    case kAenqDeviceReset: return fail(ResetReason::kDeviceRequest, "the device asks for it");
    default: log_.warning("event", {{"group", event.group}, {"syndrome", event.syndrome}});
  }
}

void Driver::set_carrier(bool up) {
  if (carrier_ == up) return;
  carrier_ = up;
  log_.info(up ? "carrier" : "no carrier");
  carrier_changed_.notify();
}

// Often enough for the shortest of the limits, but not more than once a second.
sc_time Driver::health_period() const {
  sc_time shortest(1, sc_core::SC_SEC);
  for (const sc_time& limit : {timeouts_.keep_alive, timeouts_.completion, timeouts_.transmit})
    if (limit != sc_core::SC_ZERO_TIME) shortest = std::min(shortest, limit / 4);
  return shortest;
}

void Driver::watch_health() {
  if (keep_alives_ && timeouts_.keep_alive != sc_core::SC_ZERO_TIME && now() >= last_keep_alive_ + timeouts_.keep_alive)
    return fail(ResetReason::kKeepAlive, "no keep-alive");
  for (auto& pair : pairs_) {
    const auto reason = pair->check({.completion_timeout = timeouts_.completion,
                                     .missing_completions = timeouts_.missing_completions,
                                     .transmit_timeout = timeouts_.transmit});
    if (reason) return fault(pair->vector() - 1, *reason);
  }
  room_.notify();  // who waits for what is overdue by now
  health_.call_at(now() + health_period());
}

namespace {

const char* text_of(ResetReason reason) {
  switch (reason) {
    case ResetReason::kMissingCompletions: return "packets are not completed";
    case ResetReason::kBadRxId: return "a received packet in a buffer that the device has not";
    case ResetReason::kBadTxId: return "the completion of a packet that was not sent";
    case ResetReason::kTooManyBuffers: return "a received packet in too many buffers";
    case ResetReason::kTransmitWatchdog: return "a ring stays full";
    case ResetReason::kMissingInterrupt: return "completions without an interrupt";
    case ResetReason::kMalformedRx: return "a malformed RX completion";
    case ResetReason::kMalformedTx: return "a malformed TX completion";
    default: return "a fault";
  }
}

}  // namespace

void Driver::fault(unsigned queue, ResetReason reason) {
  fail(reason, fmt::format("queue {}: {}", queue, text_of(reason)));
}

void Driver::fail(ResetReason reason, const std::string& why) {
  if (!running()) return;
  resets_.add();
  last_reset_reason_ = fmt::format("{}, reason {}", why, static_cast<unsigned>(reason));
  log_.warning("the device misbehaves", {{"why", last_reset_reason_}});
  state_ = config_.recover ? State::kRecovering : State::kLost;
  halt();
  if (config_.recover) tasks_.spawn(recover(reason));
}

Task<> Driver::recover(ResetReason reason) {
  if (const Error error = co_await restart(reason)) log_.warning("recovery failed", {{"why", error.text}});
}

void Driver::lose(const std::string& why) {
  if (state_ == State::kStopped || state_ == State::kLost) return;
  log_.warning("device lost", {{"why", why}});
  state_ = State::kLost;
  halt();
}

Task<> Driver::watch_link() {
  for (;;) {
    co_await root_.link_event();
    if (!root_.link_up()) lose("the link went down");
  }
}

Task<> Driver::watch_presence() {
  for (;;) {
    co_await root_.presence_event();
    if (function_ && root_.removals(function_->number()) != removals_) lose("the function was removed");
  }
}

}  // namespace cardvp::host::ena
