#include "models/nvme/prp.h"

#include <algorithm>

namespace cardvp::nvme {
namespace {

constexpr std::uint32_t kEntrySize = sizeof(std::uint64_t);

// The first PRP may have an offset, of whole dwords.
bool valid_first(std::uint64_t prp1) { return prp1 % 4 == 0; }
bool page_aligned(std::uint64_t prp) { return prp % kPageSize == 0; }

}  // namespace

void Segments::add(std::uint64_t address, std::uint32_t size) {
  DmaSegment* const last = !more_.empty() ? &more_.back() : count_ != 0 ? &few_[count_ - 1u] : nullptr;
  // Address 0 does not follow the end of the address space.
  if (last && address != 0 && last->address + last->size == address) {
    last->size += size;
  } else if (!more_.empty()) {
    more_.push_back({address, size});
  } else if (count_ < few_.size()) {
    few_[count_++] = {address, size};
  } else {
    more_.reserve(16);
    more_.assign(few_.begin(), few_.end());
    more_.push_back({address, size});
  }
}

Status resolve_prps(std::uint64_t prp1, std::uint64_t prp2, std::uint32_t bytes, Segments& segments) {
  if (!valid_first(prp1)) return status::kPrpOffsetInvalid;
  const std::uint32_t first = std::min(bytes, kPageSize - static_cast<std::uint32_t>(prp1 % kPageSize));
  segments.add(prp1, first);
  if (first == bytes) return status::kSuccess;
  if (!page_aligned(prp2)) return status::kPrpOffsetInvalid;
  segments.add(prp2, bytes - first);
  return status::kSuccess;
}

Task<Status> resolve_prp_list(DmaPort& port, std::uint64_t prp1, std::uint64_t list, std::uint32_t bytes,
                              Segments& segments) {
  if (!valid_first(prp1) || list % kEntrySize != 0) co_return status::kPrpOffsetInvalid;
  const std::uint32_t first = kPageSize - static_cast<std::uint32_t>(prp1 % kPageSize);
  segments.add(prp1, first);
  bytes -= first;

  std::array<std::uint64_t, kPageSize / kEntrySize> entries;
  while (true) {
    const std::uint32_t needed = (bytes + kPageSize - 1) / kPageSize;
    const std::uint32_t to_page_end = (kPageSize - static_cast<std::uint32_t>(list % kPageSize)) / kEntrySize;
    const bool chained = needed > to_page_end;  // then the page's last entry points to the next list
    const std::uint32_t count = std::min(needed, to_page_end);
    if (co_await port.read({list, count * kEntrySize}, reinterpret_cast<std::byte*>(entries.data())) != DmaStatus::kOk)
      co_return status::kDataTransferError;
    // Only PRP1 and the pointer to the first list may have an offset. So each further list brings 511 pages, and no
    // chain is endless.
    for (std::uint32_t i = 0; i < count; ++i)
      if (!page_aligned(entries[i])) co_return status::kPrpOffsetInvalid;
    const std::uint32_t pages = chained ? count - 1 : count;
    for (std::uint32_t i = 0; i < pages; ++i) {
      const std::uint32_t size = std::min(bytes, kPageSize);
      segments.add(entries[i], size);
      bytes -= size;
    }
    if (!chained) co_return status::kSuccess;
    list = entries[count - 1];
  }
}

}  // namespace cardvp::nvme
