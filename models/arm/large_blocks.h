// Which virtual addresses were translated by blocks larger than a page. The soft TLB holds pages; a TLBI for one
// address of a block must forget all of the block's (Arm ARM, D5.10.2), so whoever flushes by page asks here first.
#pragma once

#include <bitset>
#include <cstdint>

namespace cardvp::arm {

// May answer yes for others too, as a Bloom filter does.
class LargeBlocks {
 public:
  void add(std::uint64_t address, unsigned block_bits) {
    if (block_bits > kBits) {
      larger_ = true;
    } else {
      present_.set(slot(address));
    }
  }
  bool may_hold(std::uint64_t address) const { return larger_ || present_.test(slot(address)); }
  void clear() {
    present_.reset();
    larger_ = false;
  }

 private:
  static constexpr unsigned kBits = 21;  // 2 MiB, the blocks of level 2
  static constexpr std::size_t kSlots = 4096;
  static std::size_t slot(std::uint64_t address) { return address >> kBits & (kSlots - 1); }

  std::bitset<kSlots> present_;
  bool larger_ = false;  // a block of level 1
};

}  // namespace cardvp::arm
