// A core that stands still, for what looks at it through a DebugPort.
#pragma once

#include <cstring>
#include <map>

#include "models/arm/debug.h"

namespace cardvp::arm {

struct FakeCore final : DebugPort {
  unsigned number() const override { return core_number; }
  bool powered() const override { return true; }
  bool sleeping() const override { return false; }
  bool admits_debugger() override { return false; }
  RegisterFile& registers() override { return file; }
  std::uint64_t pstate() const override { return state; }
  void set_pstate(std::uint64_t value) override { state = value; }
  std::uint64_t read_system(Sys id) override { return system[id]; }
  bool write_system(Sys, std::uint64_t) override { return false; }
  bool read_memory(std::uint64_t address, std::span<std::byte> to) override {
    for (std::byte& byte : to) {
      const auto found = words.find(address & ~std::uint64_t{3});
      if (found == words.end()) return false;
      byte = static_cast<std::byte>(found->second >> (address++ & 3) * 8);
    }
    return true;
  }
  bool write_memory(std::uint64_t, std::span<const std::byte>) override { return false; }
  void set_breakpoints(std::vector<std::uint64_t>) override {}
  void set_watchpoints(std::vector<Watchpoint>) override {}
  void step() override {}

  void put(std::uint64_t address, std::uint64_t value) {
    words[address] = static_cast<std::uint32_t>(value);
    words[address + 4] = static_cast<std::uint32_t>(value >> 32);
  }
  // A frame record (AAPCS64, 6.4.6).
  void put_frame(std::uint64_t address, std::uint64_t next, std::uint64_t return_address) {
    put(address, next);
    put(address + 8, return_address);
  }

  unsigned core_number = 0;
  RegisterFile file;
  std::uint64_t state = 0x5;  // EL1h
  std::map<Sys, std::uint64_t> system;
  std::map<std::uint64_t, std::uint32_t> words;
};

}  // namespace cardvp::arm
