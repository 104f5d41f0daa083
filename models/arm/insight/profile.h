// Where the cores spend simulated time: stacks of functions with their microseconds, in the "folded" form that flame
// graph tools read, one stack a line, outermost function first:
//
//   controller;main;handle_messages;print 42
//
// The first element is the program (its ELF file's name) of the innermost function, or for code that no file names the
// exception level; such code is shown by its 4 KiB page. With several cores "core 0" and so on go ahead of it.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <unordered_map>

#include "models/arm/debug.h"
#include "models/arm/insight/backtrace.h"
#include "models/arm/insight/symbols.h"

namespace cardvp::arm {

class Profile final : public Sampler {
 public:
  // The period of the samples (Core::attach).
  Profile(const Symbols& symbols, std::uint64_t period_us, bool several_cores);

  void sample(DebugPort& core) override;
  // Sorted by stack.
  void write(std::ostream& out) const;

 private:
  // What guests make up may be without end.
  static constexpr std::size_t kMostStacks = 100'000;

  std::string stack(DebugPort& core);
  void append(std::string& text, std::uint64_t address) const;

  const Symbols& symbols_;
  Unwinder unwinder_;
  std::uint64_t period_us_;
  bool several_cores_;
  std::unordered_map<std::string, std::uint64_t> samples_;
};

}  // namespace cardvp::arm
