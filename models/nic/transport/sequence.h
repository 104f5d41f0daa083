// Sequence numbers that wrap, rings of what is known of a range of them, and lists of some of these.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace cardvp::nic::transport {

// Serial number arithmetic (RFC 1982): right while both are within 2^31 of each other.
inline bool before(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }

// Slots of consecutive sequence numbers. Who uses it says how many it wants to reach; memory is taken as that grows,
// and kept.
template <class Slot>
class SequenceRing {
 public:
  Slot& operator[](std::uint32_t sequence) { return slots_[sequence & (slots_.size() - 1)]; }
  const Slot& operator[](std::uint32_t sequence) const { return slots_[sequence & (slots_.size() - 1)]; }

  // From now on `count` numbers from `first` on have slots of their own; those that had one keep it.
  void reach(std::uint32_t first, std::size_t count) {
    if (count <= slots_.size()) return;
    std::vector<Slot> larger(std::bit_ceil(count));
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const std::uint32_t sequence = first + static_cast<std::uint32_t>(i);
      larger[sequence & (larger.size() - 1)] = std::move((*this)[sequence]);
    }
    slots_ = std::move(larger);
  }

 private:
  static constexpr std::size_t kFirstSlots = 64;
  std::vector<Slot> slots_ = std::vector<Slot>(kFirstSlots);
};

// A list of slots of a ring, linked by their members `prev` and `next`. A slot is in one list at most.
class SequenceList {
 public:
  bool empty() const { return size_ == 0; }
  std::uint32_t front() const { return first_; }

  template <class Slot>
  void append(SequenceRing<Slot>& ring, std::uint32_t sequence) {
    ring[sequence].prev = last_;
    (size_++ == 0 ? first_ : ring[last_].next) = sequence;
    last_ = sequence;
  }
  template <class Slot>
  void remove(SequenceRing<Slot>& ring, std::uint32_t sequence) {
    const Slot& slot = ring[sequence];
    const bool is_last = sequence == last_;
    (sequence == first_ ? first_ : ring[slot.prev].next) = slot.next;
    (is_last ? last_ : ring[slot.next].prev) = slot.prev;
    --size_;
  }

 private:
  std::uint32_t first_ = 0, last_ = 0;
  std::size_t size_ = 0;
};

}  // namespace cardvp::nic::transport
