#include "rtl/bridges/checker.h"

#include <algorithm>

namespace cardvp::rtl {

Checker::Checker(Sim& sim, const std::string& owner, InterfacePins pins)
    : pins_(std::move(pins)),
      log_(sim.log, owner),
      counter_(sim.stats.counter(fmt::format("{}.{}.violations", owner, pins_.description().name), "violations")) {}

void Checker::report(std::string_view rule, const std::string& signal, std::string detail) {
  counter_.add();
  const Violation violation{rule, pins_.port(signal), std::move(detail),
                            domain() ? domain()->edge_time() : sc_core::sc_time_stamp()};
  if (sink_) sink_(violation);
  if (logged_[rule]++ >= kMaxLogged) return;
  log_.warning("protocol violated", {{"interface", pins_.description().name},
                                     {"rule", rule},
                                     {"signal", violation.signal},
                                     {"at", violation.at.to_string()},
                                     {"detail", violation.detail}});
}

void Checker::wake_on(const std::string& signal) {
  if (pins_[signal]) wakes_.push_back(pins_.port(signal));
}

ChannelRules::ChannelRules(const InterfacePins& pins, const std::string& channel,
                           const std::vector<std::string>& payload)
    : valid_name_(channel + "valid"), valid_(pins[valid_name_]), ready_(pins[channel + "ready"]) {
  for (const std::string& signal : payload)
    if (const Pin pin = pins[channel + signal]) payload_.push_back({channel + signal, pin, {}});
}

void ChannelRules::sample(const Report& report) {
  const bool valid = valid_.high();
  if (fresh_ && valid) report("VALID_AFTER_RESET", valid_name_, {});
  if (was_high_ && !valid)
    report("VALID_COMBINATIONAL", valid_name_, "went away within a cycle");
  else if (waiting_ && !valid)
    report("VALID_STABLE", valid_name_, "taken back before READY");
  std::array<std::uint8_t, kMaxDataBytes> now{};
  for (Held& held : payload_) {
    held.pin.get_bytes(now);
    if (waiting_ && valid && now != held.value) report("PAYLOAD_STABLE", held.signal, "changed before READY");
    held.value = now;
  }
  fresh_ = was_high_ = false;
  waiting_ = valid && !transfer();
}

}  // namespace cardvp::rtl
