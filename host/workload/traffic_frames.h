// The frames of a traffic workload, one direction of it: headers prepared once for each flow and size, content from the
// seed and the packet's number, so that to send is to patch a few bytes and to check is to compare memory.
//
// A packet's payload begins with a stamp: its number in its flow (32 bits) and the time at which it was sent (48 bits
// of ps, network order). Packets that the device cuts have no stamp: their TCP sequence number is their place in a
// stream of bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/ena/packet.h"
#include "host/workload/traffic.h"
#include "models/net/build.h"

namespace cardvp::host {

class TrafficContent {
 public:
  explicit TrafficContent(std::uint64_t seed);
  // The content of a packet behind its stamp; of a stream from `position` on. At most kMostBytes.
  std::span<const std::byte> packet(unsigned flow, std::uint32_t number, std::size_t bytes) const {
    return at(flow * std::uint64_t{kFlowStep} + number * std::uint64_t{kNumberStep}, bytes);
  }
  std::span<const std::byte> stream(unsigned flow, std::uint64_t position, std::size_t bytes) const {
    return at(flow * std::uint64_t{kFlowStep} + position, bytes);
  }

 private:
  static constexpr std::size_t kPeriod = 4093;  // prime: what is misplaced by a power of two differs
  static constexpr std::size_t kMostBytes = 65536;
  static constexpr unsigned kFlowStep = 1009, kNumberStep = 7;
  std::span<const std::byte> at(std::uint64_t start, std::size_t bytes) const {
    return std::span(pattern_).subspan(start % kPeriod, bytes);
  }
  std::vector<std::byte> pattern_;
};

class TrafficFrames {
 public:
  static constexpr std::size_t kStampBytes = 10;
  static constexpr std::uint16_t kFirstSourcePort = 10000;  // of flow 0

  // One end's addresses on the link.
  struct End {
    net::MacAddress mac;
    net::IpAddress ip;
  };
  // `response`: ports the other way round, and content of its own.
  TrafficFrames(const TrafficConfig& config, const TrafficContent& content, const End& from, const End& to,
                bool response);

  // Why the configuration cannot be; empty if it can. `most`: bytes of a frame.
  static std::string refuse(const TrafficConfig& config, bool ipv6, std::size_t most);

  std::size_t kinds() const { return payloads_.size(); }
  // Packet `number` of a flow, for the driver: valid until the next call.
  ena::TxPacket make(unsigned flow, std::uint64_t number, sc_core::sc_time time);
  // Packets that arrive for what make() gave: more than one if the device cuts it.
  unsigned pieces_of(std::uint64_t number) const { return pieces_[number % kinds()]; }
  std::size_t bytes_of(std::uint64_t number) const { return headers_ + payloads_[number % kinds()]; }

  // A frame that is of this direction: its flow, whatever else is wrong with it. Else std::nullopt.
  std::optional<unsigned> flow_of(std::span<const std::byte> frame) const;
  struct Arrival {
    std::uint64_t piece = 0;   // its number among the flow's packets as they arrive
    std::uint64_t number = 0;  // of make()
    sc_core::sc_time sent;     // by the stamp; of streams: zero
  };
  // What the frame says it is. std::nullopt: it cannot be any.
  std::optional<Arrival> identify(std::span<const std::byte> frame, std::uint64_t expected) const;
  // What differs from what was sent; empty: nothing.
  std::string compare(unsigned flow, const Arrival& arrival, std::span<const std::byte> frame) const;

 private:
  struct Range {
    std::size_t from, to;
  };
  std::vector<std::byte>& headers_of(unsigned flow, std::uint64_t number) {
    return prepared_[flow * kinds() + number % kinds()];
  }
  const std::vector<std::byte>& headers_of(unsigned flow, std::uint64_t number) const {
    return prepared_[flow * kinds() + number % kinds()];
  }
  void fix_headers();
  net::FrameSpec spec_of(unsigned flow) const;
  std::uint64_t position_of(std::uint64_t number) const;
  bool stream() const { return config_.segment > 0; }
  std::optional<Arrival> identify_piece(std::span<const std::byte> frame, std::uint64_t expected) const;
  std::size_t piece_bytes(const Arrival& arrival) const;

  const TrafficConfig& config_;
  const TrafficContent& content_;
  End from_, to_;
  bool response_;
  bool ipv6_;
  std::size_t l4_;                  // offset in the frame
  std::size_t headers_;             // bytes
  std::vector<unsigned> payloads_;  // bytes, of the sizes in turn
  std::vector<unsigned> pieces_;
  std::vector<std::uint64_t> payload_before_, pieces_before_;  // in one turn; the last is that of a whole turn
  std::vector<Range> fixed_;                                   // bytes of the headers that arrive as they were sent
  std::vector<std::vector<std::byte>> prepared_;               // headers and stamp, by flow and size
};

}  // namespace cardvp::host
