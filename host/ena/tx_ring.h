// A transmit ring and its completion ring, with the buffers of what is in flight. Packets are copied into buffers of
// the ring's own, in host memory; in device memory (LLQ) a packet's start stands in the ring itself.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "host/ena/packet.h"
#include "host/ena/spec.h"
#include "host/memory.h"
#include "host/pci_function.h"

namespace cardvp::host::ena {

// How entries in device memory look; `entry` is 0 for rings in host memory.
struct LlqLayout {
  unsigned entry = 0;          // bytes
  unsigned header = 0;         // most bytes of a packet that an entry takes, behind
  unsigned before_header = 0;  // so many descriptors
  unsigned per_entry = 0;      // descriptors in further entries of a packet
  unsigned burst = 0;          // entries between doorbells; 0: no limit
  bool always_meta = false;    // the device keeps no meta data
};

struct TxRingConfig {
  unsigned entries = 0;
  LlqLayout llq{};
  std::size_t most_frame = 0;  // bytes, without segmentation
  unsigned descriptors = 0;    // of a packet, at most, meta included
  std::uint32_t offloads = 0;  // TxOffload
  bool check_reserved = false;
};

class TxRing {
 public:
  enum class Put : std::uint8_t { kDone, kNoRoom, kRefused };

  TxRing(const PciFunction& function, const TxRingConfig& config);

  std::uint64_t ring_address() const { return ring_ ? ring_.address() : 0; }
  std::uint64_t completion_address() const { return completions_.address(); }
  // Where the device wants them.
  void attach(std::uint32_t doorbell, std::uint32_t llq_ring);

  void set_most_frame(std::size_t bytes);

  bool fits(const TxPacket& packet) const;
  Put put(const TxPacket& packet, sc_core::sc_time now);
  // Tells the device of all entries up to `tail`.
  void ring_doorbell(std::uint16_t tail);
  std::uint16_t tail() const { return tail_; }
  std::uint16_t told() const { return told_; }

  struct Reaped {
    unsigned packets = 0;
    std::optional<ResetReason> fault{};
  };
  Reaped reap();
  bool completion_waits() const;

  unsigned outstanding() const { return outstanding_; }
  // Packets that were sent at `since` or before.
  unsigned overdue(sc_core::sc_time since) const;

 private:
  struct Request {
    sc_core::sc_time sent;
    std::uint16_t entries = 0;  // of the ring
    std::uint16_t large = 0;    // number of its large buffer, plus 1; 0: none
    bool taken = false;
  };
  struct Meta {
    unsigned mss = 0, l3_offset = 0, l3_length = 0, l4_words = 0;
    bool operator==(const Meta&) const = default;
  };
  // A packet's descriptors without phases: meta, then data.
  struct Chain {
    std::array<TxDescriptor, kMostDescriptors + 2> descriptors{};
    unsigned count = 0;
    unsigned header = 0;  // bytes that are pushed with them
  };

  void make_large_buffers();
  bool describe_offload(std::span<std::byte> frame, const TxPacket& packet, TxDescriptor& first, Meta& meta) const;
  void add_meta(Chain& chain, const Meta& meta, bool offload);
  void add_data(Chain& chain, TxDescriptor first, std::uint64_t address, std::size_t size, std::size_t headers) const;
  unsigned entries_of(const Chain& chain) const;
  void emit(const Chain& chain);
  void emit_device(const Chain& chain, const std::byte* header);
  void write_entry(const std::byte* entry);
  std::uint32_t phase() const { return tail_ / config_.entries & 1 ? 0 : kTxPhase; }

  static constexpr std::size_t kLargeBuffer = 64 * 1024;  // bytes: kMostFrame, rounded up
  static constexpr unsigned kLargeBuffers = 32;
  static constexpr std::size_t kPiece = 16 * 1024;  // bytes of one descriptor's buffer, unless there are too few

  const PciFunction& function_;
  TxRingConfig config_;
  Buffer ring_;
  Buffer completions_;
  Buffer buffers_;  // buffer_bytes_ for each request
  Buffer large_;
  std::size_t buffer_bytes_;
  std::size_t piece_;
  std::uint64_t doorbell_ = 0;
  std::uint64_t device_ring_ = 0;  // offset in BAR 2

  std::vector<Request> requests_;
  std::vector<std::uint16_t> free_;  // the last that was freed first: its buffer is likely in the cache
  std::vector<std::uint16_t> free_large_;
  std::optional<Meta> cached_;  // the device's
  unsigned used_ = 0;           // entries
  unsigned outstanding_ = 0;
  std::uint16_t tail_ = 0, told_ = 0, head_ = 0;  // free-running; head_: of completions
};

}  // namespace cardvp::host::ena
