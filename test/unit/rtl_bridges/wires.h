// A checker on pins that the test moves itself, cycle by cycle.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rtl/bridges/checker.h"

namespace cardvp::rtl::test {

// Pins without a block.
class Wires {
 public:
  void add(const std::string& signal, unsigned width) {
    pins_.emplace(signal, Pin(storage_.emplace_back().data(), width));
    description_.signals[signal] = signal;
  }
  InterfacePins bind(InterfaceKind kind, InterfaceRole role) {
    description_.name = "wires";
    description_.kind = kind;
    description_.role = role;
    return {description_, pins_};
  }
  void set(const std::string& signal, std::uint64_t value) { pins_.at(signal).set(value); }

 private:
  std::deque<std::array<std::uint64_t, 2>> storage_;
  std::map<std::string, Pin> pins_;
  InterfaceDescription description_;
};

using Values = std::map<std::string, std::uint64_t>;

class CheckerTest : public testing::Test {
 protected:
  CheckerTest() {
    sim.log.set_sink([this](const LogRecord& record) { log.push_back(Log::format(record)); });
  }
  void watch(std::unique_ptr<Checker> made) {
    checker = std::move(made);
    checker->on_violation([this](const Violation& violation) {
      broken.push_back(fmt::format("{} {}", violation.rule, violation.signal));
    });
  }
  // A cycle with these pins changed; what they were at the clock's edge before is as `early` says.
  void cycle(const Values& values = {}, const Values& early = {}) {
    for (const auto& [signal, value] : early) wires.set(signal, value);
    checker->drive();
    for (const auto& [signal, value] : values) wires.set(signal, value);
    checker->sample();
  }

  Sim sim;
  std::vector<std::string> log, broken;
  Wires wires;
  std::unique_ptr<Checker> checker;
};

}  // namespace cardvp::rtl::test
