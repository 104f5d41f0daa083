#include "models/nic/ena/rss.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "models/nic/registers.h"

namespace cardvp::nic::ena {

namespace control = control_regs;

namespace {

enum Function : std::uint8_t { kNone, kToeplitz, kCrc32c };
enum Fields : std::uint8_t {
  kL2Destination = 1,
  kL2Source = 2,
  kL3Destination = 4,
  kL3Source = 8,
  kL4Destination = 16,
  kL4Source = 32
};
// Rows of RSS_FIELDS.
enum Kind : std::uint8_t {
  kTcp4,
  kUdp4,
  kTcp6,
  kUdp6,
  kIpv4,
  kIpv6,
  kIpv4Fragment,
  kNotIp,
  kTcp6Extended,
  kIpv6Extended
};

constexpr unsigned kMostLog2 = 7;

Kind kind_of(const net::Parsed& parsed) {
  if (!parsed.ip() || parsed.fault != net::Fault::kNone) return kNotIp;
  if (parsed.ipv4) {
    if (parsed.fragment) return kIpv4Fragment;
    return parsed.tcp() ? kTcp4 : parsed.udp() ? kUdp4 : kIpv4;
  }
  if (parsed.extensions) return parsed.tcp() && !parsed.fragment ? kTcp6Extended : kIpv6Extended;
  return parsed.tcp() ? kTcp6 : parsed.udp() ? kUdp6 : kIpv6;
}

// What is hashed: at most two IPv6 addresses and two ports.
struct Input {
  std::array<std::uint8_t, 36> bytes;
  std::size_t size = 0;

  void add(std::span<const std::byte> frame, std::size_t at, std::size_t count) {
    std::memcpy(&bytes[size], &frame[at], count);
    size += count;
  }
};

Input input_of(std::span<const std::byte> frame, const net::Parsed& parsed, Kind kind, std::uint64_t fields) {
  Input input;
  if (kind == kNotIp) {
    if (frame.size() < net::kEthernetBytes) return input;
    if (fields & kL2Source) input.add(frame, 6, 6);
    if (fields & kL2Destination) input.add(frame, 0, 6);
    return input;
  }
  const std::size_t address = parsed.ipv4 ? 4 : 16;
  const std::size_t source = parsed.l3 + (parsed.ipv4 ? 12u : 8u);
  if (fields & kL3Source) input.add(frame, source, address);
  if (fields & kL3Destination) input.add(frame, source + address, address);
  if (parsed.fragment || !(parsed.tcp() || parsed.udp())) return input;
  if (fields & kL4Source) input.add(frame, parsed.l4, 2);
  if (fields & kL4Destination) input.add(frame, parsed.l4 + 2u, 2);
  return input;
}

}  // namespace

ToeplitzMath::Key& Rss::key() {
  if (!key_) {
    std::array<std::uint8_t, net::kToeplitzKeyBytes> key;
    for (std::size_t i = 0; i < key.size(); ++i)
      key[i] =
          static_cast<std::uint8_t>(control_.get(control::RSS_KEY, static_cast<std::uint32_t>(i / 4)) >> i % 4 * 8);
    if (control_.get(control::RSS_REVERSE_KEY)) std::reverse(key.begin(), key.end());
    key_ = toeplitz_.make_key(key);
  }
  return *key_;
}

std::uint32_t Rss::hash(std::span<const std::byte> frame, const net::Parsed& parsed, TimedMath& math) {
  const std::uint64_t function = control_.get(control::RSS_FUNCTION);
  if (function == kNone) return 0;
  const Kind kind = kind_of(parsed);
  const Input input = input_of(frame, parsed, kind, control_.get(control::RSS_FIELDS, kind));
  const std::span bytes(input.bytes.data(), input.size);
  const Answer hash = function == kToeplitz ? math.hash(key(), bytes) : math.crc32c(bytes);
  return hash.valid ? hash.value ^ static_cast<std::uint32_t>(control_.get(control::RSS_INITIAL)) : 0;
}

std::uint16_t Rss::queue_of(std::uint32_t hash) const {
  const auto log2 = std::min(static_cast<unsigned>(control_.get(control::RSS_TABLE_LOG2)), kMostLog2);
  return static_cast<std::uint16_t>(control_.get(control::RSS_TABLE, hash & ((1u << log2) - 1)));
}

}  // namespace cardvp::nic::ena
