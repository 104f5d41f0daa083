// A completion queue in host memory: a ring of 8-, 16- or 32-byte entries. The host returns no credit; that its SQ is
// no longer than the ring is what keeps entries from being overwritten unseen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "models/base/stats.h"
#include "models/nic/ena/interrupt_vector.h"

namespace cardvp::nic::ena {

class CompletionQueue {
 public:
  struct Shape {
    std::uint64_t base = 0;     // host address of entry 0
    std::uint32_t entries = 0;  // a power of two
    std::uint32_t entry_bytes = 8;
  };
  // `vector`: null without interrupts. `lost` counts entries that could not be sent, as Bus Master Enable was off.
  CompletionQueue(DmaPort& port, const Shape& shape, InterruptVector* vector, Counter& lost);
  ~CompletionQueue();

  const Shape& shape() const { return shape_; }

  // Whether it can serve a further SQ: its entries are of that direction, they are enough.
  bool is_of(Direction direction) const;
  bool has_room(std::uint32_t sq_entries) const { return attached_ + sq_entries <= shape_.entries; }
  void attach(Direction direction, std::uint32_t sq_entries);
  void detach(std::uint32_t sq_entries);
  bool in_use() const { return attached_ != 0; }

  // Fills the next entry with the first bytes of `entry` (the phase tag is added here). Entries that stand together are
  // sent together: flush() sends what is left, and interrupts.
  void add(std::span<const std::byte> entry);
  void flush();

 private:
  void send();

  DmaPort& port_;
  Shape shape_;
  InterruptVector* vector_;
  Counter& lost_;
  std::optional<Direction> direction_;
  std::uint32_t attached_ = 0;  // entries of SQs
  std::uint32_t tail_ = 0;      // runs freely
  std::uint32_t first_ = 0;     // of the entries in batch_
  std::size_t filled_ = 0;      // bytes of batch_
  bool sent_ = false;           // something the host has not been told of
  std::array<std::byte, DmaPort::kMaxPost> batch_;
};

}  // namespace cardvp::nic::ena
