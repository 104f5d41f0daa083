// A core as debuggers see it, without anything behind it: records what is done to it.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "models/arm/debug.h"

namespace cardvp::arm::gdb {

class FakeCore final : public DebugPort {
 public:
  static constexpr std::uint64_t kMemory = 0x40000000;

  explicit FakeCore(unsigned number) : number_(number) {}

  unsigned number() const override { return number_; }
  bool powered() const override { return is_powered; }
  bool sleeping() const override { return is_sleeping; }
  bool admits_debugger() override { return ++asked, !is_locked; }
  RegisterFile& registers() override { return file; }
  std::uint64_t pstate() const override { return state; }
  void set_pstate(std::uint64_t value) override { state = value; }
  std::uint64_t read_system(Sys id) override { return system[id]; }
  bool write_system(Sys id, std::uint64_t value) override {
    if (SystemRegisters::info(id).write_el == SystemRegisters::kNever) return false;
    system[id] = value;
    return true;
  }
  bool read_memory(std::uint64_t address, std::span<std::byte> to) override {
    if (!inside(address, to.size())) return false;
    std::memcpy(to.data(), &memory[address - kMemory], to.size());
    return true;
  }
  bool write_memory(std::uint64_t address, std::span<const std::byte> from) override {
    if (!inside(address, from.size())) return false;
    std::memcpy(&memory[address - kMemory], from.data(), from.size());
    return true;
  }
  void set_breakpoints(std::vector<std::uint64_t> addresses) override { breakpoints = std::move(addresses); }
  void set_watchpoints(std::vector<Watchpoint> list) override { watchpoints = std::move(list); }
  void step() override { ++steps; }

  bool is_powered = true;
  bool is_sleeping = false;
  bool is_locked = false;
  unsigned asked = 0;  // for admission
  RegisterFile file;
  std::uint64_t state = 0x3c5;  // EL1h, D, A, I, F
  std::map<Sys, std::uint64_t> system;
  std::array<std::uint8_t, 256> memory{};
  std::vector<std::uint64_t> breakpoints;
  std::vector<Watchpoint> watchpoints;
  unsigned steps = 0;

 private:
  bool inside(std::uint64_t address, std::size_t size) const {
    return address >= kMemory && size <= memory.size() && address - kMemory <= memory.size() - size;
  }

  unsigned number_;
};

}  // namespace cardvp::arm::gdb
