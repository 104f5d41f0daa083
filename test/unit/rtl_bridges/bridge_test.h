// A block with its protocol checkers on, and what tests of bridges ask of it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "rtl/bridges/checkers.h"
#include "rtl/bridges/transaction.h"
#include "test/unit/rtl_bridges/traffic.h"

namespace cardvp::rtl::test {

inline sc_core::sc_time ns(double value) { return {value, sc_core::SC_NS}; }

class BridgeTest : public testing::Test {
 protected:
  BridgeTest() {
    sim.log.set_sink([this](const LogRecord& record) { log.push_back(Log::format(record)); });
  }

  Block& make(const char* plugin, BlockConfig config = {}) {
    block = std::make_unique<Block>("block", sim, Plugin::load(plugin), std::move(config));
    return *block;
  }
  void check() {
    checkers = std::make_unique<Checkers>(sim, *block);
    checkers->on_violation([this](const Violation& violation) {
      violations.push_back(fmt::format("{} {} {}", violation.rule, violation.signal, violation.detail));
    });
  }
  // Of the rules that were broken, which begin with `rule`.
  std::size_t broken(const std::string& rule) const {
    std::size_t count = 0;
    for (const std::string& violation : violations) count += violation.starts_with(rule);
    return count;
  }
  const InterfaceDescription& interface(const char* name) const {
    const InterfaceDescription* const found = block->description().interface(name);
    if (!found) throw std::invalid_argument(name);
    return *found;
  }
  void set(const char* port, std::uint64_t value) { block->pin(port).set(value); }
  std::uint64_t get(const char* port) const { return block->pin(port).get(); }
  std::uint64_t counted(const std::string& what) const {
    const auto found = sim.stats.counters().find("block." + what);
    return found == sim.stats.counters().end() ? 0 : found->second.value->value();
  }
  bool logged(const std::string& text) const {
    for (const std::string& line : log)
      if (line.find(text) != std::string::npos) return true;
    return false;
  }
  // One access, awaited by a task.
  Task<> access(TargetBridge& bridge, bool write, std::uint64_t address, std::span<std::uint8_t> data,
                Response& response, BurstShape shape = {}) {
    if (write)
      response = co_await bridge.write(address, data, shape);
    else
      response = co_await bridge.read(address, data, shape);
  }
  Response run(TargetBridge& bridge, bool write, std::uint64_t address, std::span<std::uint8_t> data,
               BurstShape shape = {}) {
    Response response = Response::kBusy;
    tasks.spawn(access(bridge, write, address, data, response, shape));
    sc_core::sc_start(sc_core::sc_time(10, sc_core::SC_MS));
    return response;
  }

  Sim sim;
  std::vector<std::string> log, violations;
  std::unique_ptr<Block> block;
  std::unique_ptr<Checkers> checkers;
  TaskScope tasks{sim.scheduler};
};

}  // namespace cardvp::rtl::test
