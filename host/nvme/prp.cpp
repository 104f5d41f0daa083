#include "host/nvme/prp.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace cardvp::host::nvme {

namespace {
constexpr std::uint64_t kEntries = kPageSize / sizeof(std::uint64_t);  // of one list page
}

std::uint64_t prp_list_pages(std::uint64_t bytes) {
  // At the worst alignment, the first page holds next to nothing; it is PRP1's, the others are in the list.
  const std::uint64_t entries = (bytes + kPageSize - 1) / kPageSize;
  // Every list page but the last gives one entry to the pointer.
  return entries <= kEntries ? 1 : 1 + (entries - kEntries + kEntries - 2) / (kEntries - 1);
}

void build_prps(Memory& memory, std::uint64_t list, std::uint64_t address, std::uint64_t bytes, Command& command) {
  command.prp1 = address;
  const std::uint64_t first = kPageSize - address % kPageSize;
  if (bytes <= first) {
    command.prp2 = 0;
    return;
  }
  std::uint64_t page = address + first;
  if (bytes - first <= kPageSize) {
    command.prp2 = page;
    return;
  }
  command.prp2 = list;
  std::uint64_t left = (bytes - first + kPageSize - 1) / kPageSize;
  while (left > 0) {
    auto* entry = reinterpret_cast<std::uint64_t*>(memory.at(list, kPageSize));
    assert(entry);
    const bool chained = left > kEntries;
    const std::uint64_t here = chained ? kEntries - 1 : left;
    for (std::uint64_t i = 0; i < here; ++i, page += kPageSize) *entry++ = page;
    list += kPageSize;
    if (chained) *entry = list;
    left -= here;
  }
}

}  // namespace cardvp::host::nvme
