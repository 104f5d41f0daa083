// What the tests of units that calculate for packets have in common.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rtl/units/packet_math_unit.h"

namespace cardvp::rtl::test {

using Bytes = std::vector<std::uint8_t>;

inline UnitConfig unit_config(const char* plugin, Use use, bool stop = false) {
  UnitConfig config;
  config.use = use;
  config.plugin = Plugin::load(plugin);
  config.block.time_out_cycles = 1000;
  config.checkers = true;
  config.stop_at_difference = stop;
  return config;
}

inline const sc_core::sc_time kCycle(2, sc_core::SC_NS);  // of the blocks' clocks

template <class Unit>
struct UnitTest : testing::Test {
  UnitTest() {
    sim.log.set_sink([this](const LogRecord& record) { log.push_back(Log::format(record)); });
  }
  Unit& make(const char* plugin, Use use, bool stop = false) {
    unit = std::make_unique<Unit>("unit", sim, unit_config(plugin, use, stop));
    return *unit;
  }
  std::uint64_t counted(const std::string& what) { return sim.stats.counter("unit." + what, "").value(); }
  Bytes any(std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
  }
  std::size_t logged(const std::string& text) const {
    std::size_t lines = 0;
    for (const std::string& line : log) lines += line.find(text) != std::string::npos;
    return lines;
  }

  Sim sim;
  std::vector<std::string> log;
  std::unique_ptr<Unit> unit;
  std::mt19937 random{1};
};

}  // namespace cardvp::rtl::test
