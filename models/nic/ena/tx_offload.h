// What a function does to packets on their way out: checksums, segmentation (TSO). Functions over bytes, without state
// of the device; nothing that a host says about its packet is believed before it fits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "models/nic/ena/spec.h"
#include "models/nic/packet_math.h"
#include "models/wire/frame.h"

namespace cardvp::nic::ena {

// A packet's bytes: what was pushed into an LLQ entry, then what was read from buffers.
struct TxBytes {
  std::span<const std::byte> header;
  std::span<const std::byte> body;

  std::size_t size() const { return header.size() + body.size(); }
  void copy(std::size_t from, std::size_t bytes, std::byte* to) const;
};

// Fills in the checksums that `offloads` asks for. False if the packet is none that they fit.
bool finish_checksums(std::span<std::byte> packet, TxOffloads offloads, const TxMeta& meta, TimedMath& math);

// Cuts a TCP packet into segments of MSS bytes of payload: lengths, identification + 1, sequence numbers, both
// checksums; FIN and PSH only in the last, CWR only in the first (RFC 3168, 6.1.2).
class Segmenter {
 public:
  // std::nullopt if the meta descriptor and the packet's own headers do not agree, or a segment fits no frame. `bytes`
  // stay where they are while segments are made.
  static std::optional<Segmenter> make(const TxBytes& bytes, const TxMeta& meta);

  bool done() const { return done_; }
  // Appends the next segment to an empty frame.
  void next(wire::Frame& frame, TimedMath& math);

 private:
  static constexpr std::size_t kMostHeaders = 255 + 255 + 63 * 4;  // what a meta descriptor can say

  Segmenter(const TxBytes& bytes, const TxMeta& meta);
  bool plausible() const;
  void finish_headers(std::byte* frame, std::size_t payload, bool last, TimedMath& math) const;

  TxBytes bytes_;
  std::size_t l3_, l4_, headers_;  // offsets of the headers, and where they end
  std::size_t mss_;
  std::size_t offset_ = 0;  // of the next segment in the payload
  std::uint16_t segment_ = 0;
  bool done_ = false;
  std::array<std::byte, kMostHeaders> template_;
};

}  // namespace cardvp::nic::ena
