// What protocol checkers have in common. A checker watches the pins of one interface beside a bridge, at each edge of
// its clock, and reports what either side does against the protocol: rule, signal (the block's port), time. It drives
// nothing and changes no outcome.
//
// Every message goes to the log as a warning, the first kMaxLogged of each rule, and is counted.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "rtl/bridges/interface_pins.h"

namespace cardvp::rtl {

struct Violation {
  std::string_view rule;
  std::string signal;
  std::string detail;
  sc_core::sc_time at;
};

class Checker : public BridgePins {
 public:
  static constexpr unsigned kMaxLogged = 10;

  std::uint64_t violations() const { return counter_.value(); }
  void on_violation(std::function<void(const Violation&)> sink) { sink_ = std::move(sink); }

  void drive() override {}
  void reset() override {}
  void time_out() override {}
  std::string pending() const override { return ""; }
  std::string name() const override { return pins_.description().name + ".checker"; }
  // The outputs of the block that may not rise by themselves.
  std::vector<std::string> wakes_on() const override { return wakes_; }

 protected:
  // `owner` names the log's source and the counter: the block.
  Checker(Sim& sim, const std::string& owner, InterfacePins pins);

  const InterfacePins& pins() const { return pins_; }
  void report(std::string_view rule, const std::string& signal, std::string detail = {});
  void wake_on(const std::string& signal);

 private:
  InterfacePins pins_;
  Logger log_;
  Counter& counter_;
  std::map<std::string_view, unsigned> logged_;
  std::function<void(const Violation&)> sink_;
  std::vector<std::string> wakes_;
};

// What AXI and AXI4-Stream ask of a channel (IHI 0022, A3.1.2 and A3.2.1; IHI 0051, 2.2):
//   VALID_AFTER_RESET    VALID is high in the first cycle after reset
//   VALID_STABLE         VALID was taken back before READY
//   PAYLOAD_STABLE       a signal changed while it waited for READY
//   VALID_COMBINATIONAL  VALID went away within a cycle, as inputs of the block changed (AXI, A3.1.1)
class ChannelRules {
 public:
  using Report = std::function<void(std::string_view rule, const std::string& signal, std::string detail)>;
  // `payload` are signals; those that the interface does not have are left out.
  ChannelRules(const InterfacePins& pins, const std::string& channel, const std::vector<std::string>& payload);

  explicit operator bool() const { return static_cast<bool>(valid_); }
  bool transfer() const { return valid_.high() && (!ready_ || ready_.high()); }
  // Behind the clock's edge, before inputs change: for a VALID that is the block's.
  void before_inputs() { was_high_ = valid_.high(); }
  void sample(const Report& report);
  void reset() {
    waiting_ = false;
    was_high_ = false;
    fresh_ = true;
  }

 private:
  struct Held {
    std::string signal;
    Pin pin;
    std::array<std::uint8_t, kMaxDataBytes> value{};
  };

  std::string valid_name_;
  Pin valid_, ready_;
  std::vector<Held> payload_;
  bool waiting_ = false;  // valid was high, ready low
  bool was_high_ = false;
  bool fresh_ = true;  // out of reset
};

}  // namespace cardvp::rtl
