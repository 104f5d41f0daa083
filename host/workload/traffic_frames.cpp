#include "host/workload/traffic_frames.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "host/workload/random.h"

namespace cardvp::host {

using sc_core::sc_time;

namespace {

constexpr std::size_t kIp = net::kEthernetBytes;
constexpr std::uint64_t kStampMask = (1ull << 48) - 1;  // ps

std::size_t ip_bytes(bool ipv6) { return ipv6 ? net::kIpv6Bytes : net::kIpv4Bytes; }
std::size_t l4_bytes(std::uint8_t protocol) { return protocol == net::kProtocolTcp ? net::kTcpBytes : net::kUdpBytes; }

void store48(std::byte* at, std::uint64_t value) {
  net::store16(at, static_cast<std::uint16_t>(value >> 32));
  net::store32(at + 2, static_cast<std::uint32_t>(value));
}
std::uint64_t load48(const std::byte* at) { return std::uint64_t{net::load16(at)} << 32 | net::load32(at + 2); }

}  // namespace

TrafficContent::TrafficContent(std::uint64_t seed) : pattern_(kPeriod + kMostBytes) {
  Random random(seed);
  for (std::size_t n = 0; n < pattern_.size(); ++n)
    pattern_[n] = n < kPeriod ? static_cast<std::byte>(random.next() >> 56) : pattern_[n - kPeriod];
}

std::string TrafficFrames::refuse(const TrafficConfig& config, bool ipv6, std::size_t most) {
  const std::size_t headers = kIp + ip_bytes(ipv6) + l4_bytes(config.protocol);
  if (config.protocol != net::kProtocolUdp && config.protocol != net::kProtocolTcp)
    return fmt::format("protocol {} is neither UDP (17) nor TCP (6)", config.protocol);
  if (config.segment > 0 && config.protocol != net::kProtocolTcp) return "only TCP is cut into segments";
  if (config.segment > 0 && config.type == TrafficConfig::Type::kRequests) return "requests are not cut into segments";
  if (config.sizes.empty()) return "there are no sizes";
  for (const unsigned size : config.sizes) {
    if (config.segment > 0 && (size == 0 || size > ena::kMostFrame - headers))
      return fmt::format("{} bytes at once; 1 to {} can be", size, ena::kMostFrame - headers);
    if (config.segment == 0 && size > most) return fmt::format("frames of {} bytes; the MTU allows {}", size, most);
  }
  if (config.segment > 0 && headers + config.segment > most)
    return fmt::format("segments of {} bytes are beyond the MTU", config.segment);
  return {};
}

TrafficFrames::TrafficFrames(const TrafficConfig& config, const TrafficContent& content, const End& from, const End& to,
                             bool response)
    : config_(config),
      content_(content),
      from_(from),
      to_(to),
      response_(response),
      ipv6_(!from.ip.is_v4()),
      l4_(kIp + ip_bytes(ipv6_)),
      headers_(l4_ + l4_bytes(config.protocol)),
      payload_before_{0},
      pieces_before_{0} {
  for (const unsigned size : config.sizes) {
    // Of a frame; smaller ones are filled up to what headers and stamp need.
    const unsigned payload =
        stream() ? size : static_cast<unsigned>(std::max<std::size_t>(size, headers_ + kStampBytes) - headers_);
    payloads_.push_back(payload);
    pieces_.push_back(stream() ? (payload + config.segment - 1) / config.segment : 1);
    payload_before_.push_back(payload_before_.back() + payload);
    pieces_before_.push_back(pieces_before_.back() + pieces_.back());
  }
  fix_headers();
  for (unsigned flow = 0; flow < config.flows; ++flow) {
    const net::FrameSpec spec = spec_of(flow);
    for (const unsigned payload : payloads_) {
      std::vector<std::byte> frame(headers_ + payload);
      net::write_headers(spec, frame, net::L4Sum::kPseudo);
      frame.resize(headers_ + (stream() ? 0 : kStampBytes));
      frame.shrink_to_fit();
      prepared_.push_back(std::move(frame));
    }
  }
}

// All but what may change on the way, or is the device's: MACs, TTL or hop limit, checksums; where the device cuts,
// lengths and identification. The sequence number is checked by itself.
void TrafficFrames::fix_headers() {
  const auto fix = [this](std::size_t from, std::size_t to) { fixed_.push_back({from, to}); };
  const std::size_t length = ipv6_ ? kIp + 4 : kIp + 2;
  fix(net::kEthernetBytes - 2, length);
  if (!stream()) fix(length, kIp + 6);
  if (ipv6_) {
    fix(kIp + 6, kIp + 7);
    fix(kIp + 8, l4_);
  } else {
    fix(kIp + 6, kIp + 8);
    fix(kIp + 9, kIp + 10);
    fix(kIp + 12, l4_);
  }
  if (config_.protocol == net::kProtocolTcp) {
    fix(l4_, l4_ + 4);
    fix(l4_ + 8, l4_ + 16);
  } else {
    fix(l4_, l4_ + 6);
  }
}

net::FrameSpec TrafficFrames::spec_of(unsigned flow) const {
  net::FrameSpec spec;
  spec.destination = to_.mac;
  spec.source = from_.mac;
  spec.source_ip = from_.ip;
  spec.destination_ip = to_.ip;
  spec.protocol = config_.protocol;
  spec.source_port = static_cast<std::uint16_t>(kFirstSourcePort + flow);
  spec.destination_port = config_.port;
  if (response_) std::swap(spec.source_port, spec.destination_port);
  return spec;
}

// Of a packet's first byte in the flow's stream of payloads.
std::uint64_t TrafficFrames::position_of(std::uint64_t number) const {
  return number / kinds() * payload_before_.back() + payload_before_[number % kinds()];
}

ena::TxPacket TrafficFrames::make(unsigned flow, std::uint64_t number, sc_time time) {
  std::vector<std::byte>& headers = headers_of(flow, number);
  const unsigned payload = payloads_[number % kinds()];
  if (config_.protocol == net::kProtocolTcp)
    net::store32(&headers[l4_ + 4], static_cast<std::uint32_t>(position_of(number)));
  if (stream()) {
    const bool cut = payload > config_.segment;
    return {.frame = headers,
            .tail = content_.stream(flow, position_of(number), payload),
            .checksum = true,
            .mss = cut ? config_.segment : 0};
  }
  net::store32(&headers[headers_], static_cast<std::uint32_t>(number));
  store48(&headers[headers_ + 4], time.value() & kStampMask);
  return {.frame = headers,
          .tail = content_.packet(flow, static_cast<std::uint32_t>(number), payload - kStampBytes),
          .checksum = true,
          .mss = 0};
}

std::optional<unsigned> TrafficFrames::flow_of(std::span<const std::byte> frame) const {
  const std::vector<std::byte>& model = prepared_.front();
  if (frame.size() < headers_) return std::nullopt;
  const auto same = [&](std::size_t from, std::size_t bytes) {
    return std::memcmp(&frame[from], &model[from], bytes) == 0;
  };
  // EtherType, version and IPv4 header length; protocol; addresses.
  const bool ours = ipv6_ ? same(12, 3) && same(kIp + 6, 1) && same(kIp + 8, 32)
                          : same(12, 3) && same(kIp + 9, 1) && same(kIp + 12, 8);
  const std::size_t fixed = response_ ? l4_ : l4_ + 2;
  if (!ours || !same(fixed, 2)) return std::nullopt;
  const unsigned port = net::load16(&frame[response_ ? l4_ + 2 : l4_]);
  if (port < kFirstSourcePort || port - kFirstSourcePort >= config_.flows) return std::nullopt;
  return port - kFirstSourcePort;
}

// `expected`: about the number of the next packet, for numbers of which only the lower bits are sent.
std::optional<TrafficFrames::Arrival> TrafficFrames::identify(std::span<const std::byte> frame,
                                                              std::uint64_t expected) const {
  if (stream()) return identify_piece(frame, expected);
  if (frame.size() < headers_ + kStampBytes) return std::nullopt;
  const auto distance = static_cast<std::int32_t>(net::load32(&frame[headers_]) - static_cast<std::uint32_t>(expected));
  const std::int64_t number = static_cast<std::int64_t>(expected) + distance;
  if (number < 0) return std::nullopt;
  return Arrival{static_cast<std::uint64_t>(number), static_cast<std::uint64_t>(number),
                 sc_time::from_value(load48(&frame[headers_ + 4]))};
}

// By its TCP sequence number: the send that it was cut from, and which piece of it. `expected` counts pieces.
std::optional<TrafficFrames::Arrival> TrafficFrames::identify_piece(std::span<const std::byte> frame,
                                                                    std::uint64_t expected) const {
  const std::uint64_t turn = expected / pieces_before_.back() * payload_before_.back();
  const auto distance = static_cast<std::int32_t>(net::load32(&frame[l4_ + 4]) - static_cast<std::uint32_t>(turn));
  const std::int64_t position = static_cast<std::int64_t>(turn) + distance;
  if (position < 0) return std::nullopt;
  const std::uint64_t turns = static_cast<std::uint64_t>(position) / payload_before_.back();
  const std::uint64_t within = static_cast<std::uint64_t>(position) % payload_before_.back();
  std::size_t kind = 0;
  while (payload_before_[kind + 1] <= within) ++kind;
  const std::uint64_t offset = within - payload_before_[kind];
  if (offset % config_.segment != 0) return std::nullopt;
  return Arrival{turns * pieces_before_.back() + pieces_before_[kind] + offset / config_.segment,
                 turns * kinds() + kind, sc_core::SC_ZERO_TIME};
}

// Payload bytes that the packet is to have.
std::size_t TrafficFrames::piece_bytes(const Arrival& arrival) const {
  const unsigned payload = payloads_[arrival.number % kinds()];
  if (!stream()) return payload;
  const std::uint64_t first =
      arrival.number / kinds() * pieces_before_.back() + pieces_before_[arrival.number % kinds()];
  return std::min<std::size_t>(config_.segment, payload - (arrival.piece - first) * config_.segment);
}

std::string TrafficFrames::compare(unsigned flow, const Arrival& arrival, std::span<const std::byte> frame) const {
  const auto differs = [&](std::size_t at) {
    return fmt::format("flow {} packet {}: byte {} differs", flow, arrival.piece, at);
  };
  const std::size_t payload = piece_bytes(arrival);
  const std::size_t padded = std::max<std::size_t>(headers_ + payload, 60);  // short ones may have been filled up
  if (frame.size() < headers_ + payload || frame.size() > padded)
    return fmt::format("flow {} packet {}: {} bytes instead of {}", flow, arrival.piece, frame.size(),
                       headers_ + payload);
  const std::vector<std::byte>& model = headers_of(flow, arrival.number);
  for (const Range& range : fixed_) {
    if (std::memcmp(&frame[range.from], &model[range.from], range.to - range.from) == 0) continue;
    std::size_t at = range.from;
    while (frame[at] == model[at]) ++at;
    return differs(at);
  }
  std::size_t at = headers_;
  std::span<const std::byte> content;
  if (stream()) {
    const std::uint64_t first =
        arrival.number / kinds() * pieces_before_.back() + pieces_before_[arrival.number % kinds()];
    content = content_.stream(flow, position_of(arrival.number) + (arrival.piece - first) * config_.segment, payload);
  } else {
    if (config_.protocol == net::kProtocolTcp &&
        net::load32(&frame[l4_ + 4]) != static_cast<std::uint32_t>(position_of(arrival.number)))
      return differs(l4_ + 4);
    at += kStampBytes;
    content = content_.packet(flow, static_cast<std::uint32_t>(arrival.number), payload - kStampBytes);
  }
  if (std::memcmp(&frame[at], content.data(), content.size()) == 0) return {};
  const auto [there, expected] = std::ranges::mismatch(frame.subspan(at, content.size()), content);
  return differs(static_cast<std::size_t>(there - frame.begin()));
}

}  // namespace cardvp::host
