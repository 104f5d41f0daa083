// TX packets: descriptors are put together to packets, over the ends of batches and doorbells.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "models/base/dma.h"
#include "models/nic/ena/packet_unit.h"
#include "models/nic/ena/spec.h"

namespace cardvp::nic::ena {

// Most bytes of a packet: 64 KiB of IP behind Ethernet and VLAN tags, and what is pushed into an LLQ entry.
inline constexpr std::uint32_t kMostPacket = 65536 + 512;

struct TxPacket {
  std::uint16_t request = 0;
  std::uint16_t head = 0;  // the ring's, behind the packet
  bool has_data = false;   // a data descriptor, which is what names the request
  std::optional<Drop> fault;
  TxOffloads offloads;
  TxMeta meta;
  std::uint32_t first_segment = 0;  // in TxBatch::segments
  std::uint32_t segments = 0;
  std::uint32_t first_header = 0;  // in TxBatch::headers
  std::uint32_t header_bytes = 0;
  std::uint32_t body_bytes = 0;  // of the segments

  std::uint32_t bytes() const { return header_bytes + body_bytes; }
};

// Whole packets, in order.
struct TxBatch {
  std::vector<TxPacket> packets;
  std::vector<DmaSegment> segments;
  std::vector<std::byte> headers;

  void clear() {
    packets.clear();
    segments.clear();
    headers.clear();
  }
};

class PacketAssembler {
 public:
  // `caches_meta`: meta descriptors are kept for the packets that come without; else each offload needs its own.
  explicit PacketAssembler(bool caches_meta) : caches_meta_(caches_meta) {}

  // Of an LLQ: the header that a packet which begins now may have pushed. In host memory there is none.
  void set_header_area(std::span<const std::byte> area) { header_area_ = area; }

  // Takes one descriptor; `head` is the ring's behind it. True if it ended a packet, which is in `batch` then. A packet
  // that another one interrupts is ended, malformed.
  bool add(const TxDescriptor& descriptor, std::uint16_t head, TxBatch& batch);
  // Ends, as malformed, the packet that has begun.
  void interrupt(std::uint16_t head, TxBatch& batch);
  bool open() const { return open_; }

 private:
  void begin();
  void add_meta(const TxDescriptor& descriptor);
  void add_data(const TxDescriptor& descriptor);
  void push_header(std::uint32_t bytes);
  void end(std::uint16_t head, TxBatch& batch);
  void fail() {
    if (!packet_.fault) packet_.fault = Drop::kTxMalformed;
  }

  bool caches_meta_;
  bool open_ = false;
  std::uint32_t descriptors_ = 0;  // of the packet, meta included
  TxPacket packet_;
  TxMeta cached_;
  std::span<const std::byte> header_area_;
  std::array<std::byte, 256> header_;
  std::array<DmaSegment, kMostDescriptors> segments_;
};

}  // namespace cardvp::nic::ena
