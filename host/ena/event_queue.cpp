#include "host/ena/event_queue.h"

#include <algorithm>

namespace cardvp::host::ena {

void EventQueue::open() {
  std::ranges::fill(ring_.bytes(), std::byte{0});
  head_ = 0;
  registers_.write_address(reg::kAenqBase, ring_.address());
  registers_.write(reg::kAenqCaps, sizeof(Event) << 16 | kDepth);
}

}  // namespace cardvp::host::ena
