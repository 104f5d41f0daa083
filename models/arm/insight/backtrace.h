// The functions that a core is in, innermost first, by the chain of frame records that x29 begins (AAPCS64, 6.4.6):
// for code that is compiled with -fno-omit-frame-pointer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/arm/debug.h"
#include "models/arm/insight/symbols.h"

namespace cardvp::arm {

class Unwinder {
 public:
  static constexpr std::size_t kDeepest = 64;

  explicit Unwinder(const Symbols& symbols) : symbols_(symbols) {}

  // The program counter, then the calls that led there (not the return addresses: the instructions ahead of them).
  // Guests may have anything in x29 and on their stacks: the walk ends with the first record that cannot be one.
  std::vector<std::uint64_t> unwind(DebugPort& core);

 private:
  bool has_frame(DebugPort& core, std::uint64_t pc);
  std::uint64_t frame_setup(DebugPort& core, std::uint64_t function, std::uint64_t end);

  const Symbols& symbols_;
  // By the function's start: where x29 has been set. Code that is overwritten keeps what was found first.
  std::map<std::uint64_t, std::uint64_t> setups_;
};

// "#0  0x000000000b100010 main+0x10 (controller)" and so on.
std::vector<std::string> backtrace(DebugPort& core, const Symbols& symbols);

}  // namespace cardvp::arm
