// The MSI-X table and pending bit array of one function (PCIe 4.0, 6.1.4 and 7.7.2).
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "models/pcie/config_space.h"

namespace cardvp::pcie {

class Msix {
 public:
  explicit Msix(const FunctionConfig& config);

  // Every vector masked, nothing pending.
  void reset();

  unsigned vectors() const { return static_cast<unsigned>(table_.size()); }

  // A BAR access that touches the table or the pending bits is this class's.
  bool claims(unsigned bar, std::uint64_t offset, std::uint64_t size) const {
    return bar == bar_ && (table_at_.touches(offset, size) || pending_at_.touches(offset, size));
  }
  // 4 or 8 bytes, aligned, as the specification asks of software. Else: std::nullopt, a completer abort,
  std::optional<std::uint64_t> read(std::uint64_t offset, unsigned size) const;
  // and false, dropped. The pending bits are read-only: a write there is dropped, too.
  bool write(std::uint64_t offset, std::span<const std::byte> data);

  struct Message {
    std::uint64_t address;
    std::uint32_t data;
  };
  Message message(unsigned vector) const { return {table_[vector].address, table_[vector].data}; }
  bool masked(unsigned vector) const { return table_[vector].control & kVectorMask; }

  void set_pending(unsigned vector) { pending_[vector / 64] |= 1ull << vector % 64; }
  // Calls send(vector) for each vector that is pending and not masked, lowest first, and clears its pending bit.
  template <class Send>
  void release(Send send);

 private:
  static constexpr std::uint32_t kVectorMask = 1;
  struct Entry {
    std::uint64_t address = 0;
    std::uint32_t data = 0;
    std::uint32_t control = kVectorMask;

    std::uint32_t read(unsigned dword) const;
    void write(unsigned dword, std::uint32_t value);
  };
  static constexpr std::uint64_t kEntrySize = 16;

  struct Range {
    std::uint64_t offset, size;
    bool touches(std::uint64_t at, std::uint64_t bytes) const { return at < offset + size && offset < at + bytes; }
    bool holds(std::uint64_t at) const { return at >= offset && at - offset < size; }
  };

  std::uint32_t read_dword(std::uint64_t offset) const;

  unsigned bar_;
  Range table_at_;
  Range pending_at_;
  std::vector<Entry> table_;
  std::vector<std::uint64_t> pending_;
};

template <class Send>
void Msix::release(Send send) {
  for (unsigned word = 0; word < pending_.size(); ++word) {
    for (std::uint64_t left = pending_[word]; left; left &= left - 1) {
      const unsigned vector = word * 64 + static_cast<unsigned>(std::countr_zero(left));
      if (masked(vector)) continue;
      pending_[word] &= ~(1ull << vector % 64);
      send(vector);
    }
  }
}

}  // namespace cardvp::pcie
