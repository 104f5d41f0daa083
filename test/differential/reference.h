// Dynarmic, on memory of its own.
#pragma once

#include <dynarmic/interface/A64/a64.h>
#include <dynarmic/interface/exclusive_monitor.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "test/differential/machine.h"

namespace cardvp::arm::differential {

class Reference final : private Dynarmic::A64::UserCallbacks {
 public:
  Reference();

  void load(const Sequence& sequence);
  // After an abort, the state is of no use: Dynarmic goes on until the end of a block. Replay it with step().
  Outcome run(const State& from);
  // Executes `count` instructions one by one, or until one stops.
  Outcome step(const State& from, std::uint64_t count);
  bool wrote() const { return wrote_; }
  Memory& memory() { return memory_; }

 private:
  using Vector = Dynarmic::A64::Vector;

  std::optional<std::uint32_t> MemoryReadCode(std::uint64_t address) override;
  std::uint8_t MemoryRead8(std::uint64_t address) override { return read<std::uint8_t>(address); }
  std::uint16_t MemoryRead16(std::uint64_t address) override { return read<std::uint16_t>(address); }
  std::uint32_t MemoryRead32(std::uint64_t address) override { return read<std::uint32_t>(address); }
  std::uint64_t MemoryRead64(std::uint64_t address) override { return read<std::uint64_t>(address); }
  Vector MemoryRead128(std::uint64_t address) override { return read<Vector>(address); }
  void MemoryWrite8(std::uint64_t address, std::uint8_t value) override { write(address, value); }
  void MemoryWrite16(std::uint64_t address, std::uint16_t value) override { write(address, value); }
  void MemoryWrite32(std::uint64_t address, std::uint32_t value) override { write(address, value); }
  void MemoryWrite64(std::uint64_t address, std::uint64_t value) override { write(address, value); }
  void MemoryWrite128(std::uint64_t address, Vector value) override { write(address, value); }
  bool MemoryWriteExclusive8(std::uint64_t address, std::uint8_t value, std::uint8_t) override {
    return write(address, value);
  }
  bool MemoryWriteExclusive16(std::uint64_t address, std::uint16_t value, std::uint16_t) override {
    return write(address, value);
  }
  bool MemoryWriteExclusive32(std::uint64_t address, std::uint32_t value, std::uint32_t) override {
    return write(address, value);
  }
  bool MemoryWriteExclusive64(std::uint64_t address, std::uint64_t value, std::uint64_t) override {
    return write(address, value);
  }
  bool MemoryWriteExclusive128(std::uint64_t address, Vector value, Vector) override { return write(address, value); }
  void InterpreterFallback(std::uint64_t pc, std::size_t count) override;
  void CallSVC(std::uint32_t number) override;
  void ExceptionRaised(std::uint64_t pc, Dynarmic::A64::Exception exception) override;
  void AddTicks(std::uint64_t ticks) override { ticks_ -= ticks < ticks_ ? ticks : ticks_; }
  std::uint64_t GetTicksRemaining() override { return ticks_; }
  std::uint64_t GetCNTPCT() override { return 0; }

  template <typename T>
  T read(std::uint64_t address);
  template <typename T>
  bool write(std::uint64_t address, const T& value);
  void end(Stop stop, std::uint64_t address = 0, std::optional<std::uint64_t> pc = std::nullopt);
  void set(const State& state);
  Outcome get() const;

  Memory memory_;
  Dynarmic::ExclusiveMonitor monitor_{1};
  std::unique_ptr<Dynarmic::A64::Jit> jit_;
  std::uint64_t ticks_ = 0;
  bool wrote_ = false;
  Stop stop_ = Stop::kLimit;
  std::uint64_t stop_address_ = 0;
  std::optional<std::uint64_t> stop_pc_;
};

}  // namespace cardvp::arm::differential
