#include "models/arm/interpreter/decode_cache.h"

#include <algorithm>

namespace cardvp::arm::interpreter {

void DecodeCache::invalidate(std::uint64_t physical, std::uint64_t bytes) {
  if (bytes == 0) return;
  const std::uint64_t last = physical + (bytes - 1);
  if ((last >> kPageBits) - (physical >> kPageBits) > pages_.size()) return invalidate_all();
  for (std::uint64_t at = physical;; at = (at | (kPageSize - 1)) + 1) {
    const std::uint64_t end = std::min(last, at | (kPageSize - 1));
    if (CodePage* const page = find(at)) {
      const std::size_t first = (at & (kPageSize - 1)) / 4;
      page->drop(first, (end & (kPageSize - 1)) / 4 - first + 1);
    }
    if (end == last) return;
  }
}

void DecodeCache::invalidate_all() {
  for (auto& [number, page] : pages_) page->drop(0, CodePage::kInstructions);
}

}  // namespace cardvp::arm::interpreter
