// Why a frame goes no further than the wire.
#pragma once

#include <cstdint>

namespace cardvp::wire {

enum class Drop : std::uint8_t {
  kNone,
  kLinkDown,   // the port it came from or was to leave by
  kShort,      // no Ethernet header
  kBadSource,  // a group address
  kFiltered,   // for where it came from
  kLost,       // by a path's probability
  kPathDown,
  kPathFull,   // a path's bandwidth
  kQueueFull,  // of an output
};
inline constexpr unsigned kDrops = 9;
const char* name_of(Drop drop);  // "queue_full": as counters name it

}  // namespace cardvp::wire
