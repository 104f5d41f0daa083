#include "models/pcie/msix.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace cardvp::pcie {
namespace {

bool is_legal(std::uint64_t offset, std::size_t size) { return (size == 4 || size == 8) && offset % size == 0; }

}  // namespace

Msix::Msix(const FunctionConfig& config)
    : bar_(config.msix_bar),
      table_at_{config.msix_table, config.msix_vectors * kEntrySize},
      pending_at_{config.msix_pending, (config.msix_vectors + 63) / 64 * 8},
      table_(config.msix_vectors),
      pending_((config.msix_vectors + 63) / 64) {
  [[maybe_unused]] const auto fits = [&](const FunctionConfig::Bar& bar) {
    return bar.index == bar_ && table_at_.offset + table_at_.size <= bar.size &&
           pending_at_.offset + pending_at_.size <= bar.size;
  };
  assert(std::any_of(config.bars.begin(), config.bars.end(), fits));
  assert(table_at_.offset % 8 == 0 && pending_at_.offset % 8 == 0);
  assert(!table_at_.touches(pending_at_.offset, pending_at_.size));
}

void Msix::reset() {
  std::fill(table_.begin(), table_.end(), Entry{});
  std::fill(pending_.begin(), pending_.end(), 0);
}

std::uint32_t Msix::Entry::read(unsigned dword) const {
  switch (dword) {
    case 0: return static_cast<std::uint32_t>(address);
    case 1: return static_cast<std::uint32_t>(address >> 32);
    case 2: return data;
    default: return control;
  }
}

void Msix::Entry::write(unsigned dword, std::uint32_t value) {
  switch (dword) {
    case 0: address = (address & ~0xffffffffull) | (value & ~3u); break;  // a message is one aligned dword
    case 1: address = (address & 0xffffffffull) | std::uint64_t{value} << 32; break;
    case 2: data = value; break;
    default: control = value & kVectorMask; break;
  }
}

std::uint32_t Msix::read_dword(std::uint64_t offset) const {
  if (table_at_.holds(offset)) {
    const std::uint64_t at = offset - table_at_.offset;
    return table_[at / kEntrySize].read(at % kEntrySize / 4);
  }
  if (pending_at_.holds(offset)) {
    const std::uint64_t at = offset - pending_at_.offset;
    return static_cast<std::uint32_t>(pending_[at / 8] >> at % 8 * 8);
  }
  return 0;
}

std::optional<std::uint64_t> Msix::read(std::uint64_t offset, unsigned size) const {
  if (!is_legal(offset, size)) return std::nullopt;
  const std::uint64_t low = read_dword(offset);
  return size == 4 ? low : low | std::uint64_t{read_dword(offset + 4)} << 32;
}

bool Msix::write(std::uint64_t offset, std::span<const std::byte> data) {
  if (!is_legal(offset, data.size()) || !table_at_.holds(offset)) return false;
  const std::uint64_t at = offset - table_at_.offset;
  for (unsigned i = 0; i < data.size(); i += 4) {
    std::uint32_t value;
    std::memcpy(&value, data.data() + i, sizeof value);
    table_[at / kEntrySize].write(at % kEntrySize / 4 + i / 4, value);
  }
  return true;
}

}  // namespace cardvp::pcie
