// A TX submission queue, in host memory or in the function's own (LLQ, BAR 2): fetches descriptors, reads the packets,
// hands them to the data path, completes them. Everything is done in batches of what is there; nothing waits for more.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "models/base/sync.h"
#include "models/base/task.h"
#include "models/nic/ena/completion_queue.h"
#include "models/nic/ena/packet_unit.h"
#include "models/nic/ena/tx_offload.h"
#include "models/nic/ena/tx_packet.h"

namespace cardvp::nic::ena {

class TxQueue {
 public:
  struct Shape {
    std::uint64_t base = 0;          // host address of entry 0, in host memory
    const std::byte* llq = nullptr;  // entry 0 of an LLQ, which then is where the ring is
    std::uint32_t entries = 0;       // a power of two
    std::uint32_t entry_bytes = kDescriptor;
    std::uint32_t before_header = 2;  // LLQ: descriptors of a packet's first entry
    bool multiple = true;             // LLQ: descriptors fill further entries; else one each
    bool caches_meta = true;
  };
  TxQueue(PacketUnit& unit, unsigned index, const Shape& shape, CompletionQueue& completions);
  ~TxQueue();

  // The doorbell: a tail that runs freely. False, without effect, if it announces more than the ring holds.
  bool announce(std::uint16_t tail);
  std::uint16_t tail() const { return tail_; }
  const CompletionQueue& completions() const { return completions_; }

 private:
  static constexpr std::uint32_t kBatch = 64;                         // entries fetched at a time
  static constexpr std::uint32_t kStaging = kMostPacket + 32 * 1024;  // bytes of packets read at a time

  Task<> run();
  void take_fetched(std::uint32_t entries);
  void take_llq_entry();
  std::size_t staged_from(std::size_t first, std::size_t most) const;
  std::span<const DmaSegment> segments_of(std::size_t first, std::size_t end) const;
  bool prepare(TxPacket& packet, std::uint32_t staged);
  wire::FramePtr next_frame(const TxPacket& packet, TimedMath& math);
  void complete(const TxPacket& packet);

  PacketUnit& unit_;
  const unsigned index_;
  const Shape shape_;
  CompletionQueue& completions_;
  PacketUnit::QueueCounters counters_;
  std::uint16_t head_ = 0;  // both run freely
  std::uint16_t tail_ = 0;
  PacketAssembler assembler_;
  TxBatch batch_;
  std::array<TxDescriptor, kBatch> fetched_;
  std::unique_ptr<std::byte[]> staging_;  // of the packets that were read together, their bodies one behind another
  TxBytes bytes_;                         // of the packet that is being sent,
  std::optional<Segmenter> segmenter_;    // in segments
  bool sent_ = false;
  Trigger work_;
  TaskScope tasks_;  // last: destroyed before what its tasks use
};

}  // namespace cardvp::nic::ena
