// Where and how a core begins to execute.
#pragma once

#include <array>
#include <cstdint>

namespace cardvp::arm {

// How a core comes out of reset. From EL3 everything is the software's; entered at EL1 or EL2, as a boot loader would
// leave it, the levels above do not exist and the model answers PSCI calls.
struct Entry {
  std::uint64_t address = 0;
  unsigned level = 3;                        // 1, 2 or 3
  std::array<std::uint64_t, 4> arguments{};  // x0 to x3
};

enum class PsciConduit : std::uint8_t { kNone, kHvc, kSmc };
// HVC where there is no EL2 of the software's own, SMC where there is, none below an EL3.
constexpr PsciConduit psci_conduit(unsigned entry_level) {
  return entry_level == 1 ? PsciConduit::kHvc : entry_level == 2 ? PsciConduit::kSmc : PsciConduit::kNone;
}

}  // namespace cardvp::arm
