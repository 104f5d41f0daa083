// One burst as AXI describes it: the address of each beat, and the byte lanes that the beat uses (IHI 0022, A3.4).
// Protocols without bursts have bursts of one beat as wide as the bus.
#pragma once

#include <cstdint>
#include <string_view>

#include "rtl/bridges/transaction.h"

namespace cardvp::rtl {

struct Lanes {
  unsigned first;  // 0: data bits 7:0
  unsigned count;
};

// Of a rule that a burst breaks: its name, and the channel's signal without the channel's prefix ("len").
struct BurstFault {
  std::string_view rule;
  std::string_view signal;
};

struct Burst {
  std::uint64_t address = 0;
  unsigned beats = 1;
  unsigned bytes = 1;  // per beat, a power of two
  BurstType type = BurstType::kIncr;
  std::uint32_t id = 0;

  std::uint64_t beat_address(unsigned beat) const;
  // On a data bus of `bus` bytes, which is not narrower than a beat.
  Lanes lanes(unsigned beat, unsigned bus) const;
  // The first rule that it breaks (A3.4.1); an empty one if AXI allows it.
  BurstFault fault(unsigned bus) const;
};

inline constexpr unsigned kBurstBoundary = 4096;  // which no burst crosses, A3.4.1
inline constexpr unsigned kMaxFixedBeats = 16;

}  // namespace cardvp::rtl
