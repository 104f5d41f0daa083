// The interpreter, on memory of its own.
#pragma once

#include <cstdint>
#include <memory>

#include "models/arm/instruction_engine.h"
#include "test/differential/machine.h"

namespace cardvp::arm::differential {

class Ours final : private EngineCallbacks, private InstructionObserver {
 public:
  Ours();

  void load(const Sequence& sequence);
  Outcome run(const State& from);
  // Instructions of the last run, those of it that had their effect; the first `kLimit` at most.
  std::uint64_t executed() const { return executed_; }
  // How often each word of the sequence was executed by the last run.
  std::span<const std::uint32_t> counts() const { return counts_; }
  Memory& memory() { return memory_; }

 private:
  bool translate(const MemoryAccess& access, Translation& result) override;
  bool read_bus(const MemoryAccess& access, std::uint64_t physical, void* to) override;
  bool write_bus(const MemoryAccess& access, std::uint64_t physical, const void* from) override;
  bool read_system(std::uint32_t word, std::uint64_t& value) override;
  Next write_system(std::uint32_t word, std::uint64_t value) override;
  Next hint(std::uint32_t, Hint) override { return Next::kFollowing; }
  void trap(Trap trap, std::uint32_t word) override;
  void exception_return(std::uint32_t word) override;

  bool observes(std::uint64_t page) override { return page - Memory::kCode < Memory::kCodeSize; }
  bool before_instruction() override;

  void end(Stop stop, std::uint64_t address = 0);

  Memory memory_;
  std::unique_ptr<InstructionEngine> engine_;
  bool observed_ = false;
  std::uint64_t code_begin_ = 0;
  std::uint64_t executed_ = 0;
  std::vector<std::uint32_t> counts_;
  Stop stop_ = Stop::kLimit;
  std::uint64_t stop_address_ = 0;
};

}  // namespace cardvp::arm::differential
