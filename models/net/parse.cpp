#include "models/net/parse.h"

#include <algorithm>

#include "models/net/checksum.h"

namespace cardvp::net {

namespace {

constexpr unsigned kMostExtensions = 8;
constexpr std::size_t kMostIp = 65535;  // bytes of a packet, put together from its fragments
constexpr std::size_t kIcmpBytes = 8;
constexpr std::size_t kExtensionBytes = 8;  // the shortest

// IPv6 extension headers (RFC 8200, 4; IANA).
enum Extension : std::uint8_t {
  kHopByHop = 0,
  kRouting = 43,
  kFragment = 44,
  kAuthentication = 51,
  kDestinationOptions = 60,
  kMobility = 135,
  kHostIdentity = 139,
  kShim6 = 140,
};

bool is_extension(std::uint8_t header) {
  switch (header) {
    case kHopByHop:
    case kRouting:
    case kFragment:
    case kAuthentication:
    case kDestinationOptions:
    case kMobility:
    case kHostIdentity:
    case kShim6: return true;
    default: return false;
  }
}

std::uint8_t load8(const std::byte* at) { return std::to_integer<std::uint8_t>(*at); }

bool is_mapped(const std::byte* address) {  // RFC 4291, 2.5.5.2
  return load64(address) == 0 && load32(address + 8) == 0xffff;
}

class Walk {
 public:
  explicit Walk(std::span<const std::byte> frame)
      : data_(frame.data()), size_(std::min<std::size_t>(frame.size(), UINT16_MAX)) {}

  Parsed run(Checks checks) {
    out_.fault = ethernet();
    if (out_.fault != Fault::kNone) return out_;
    if (out_.ether_type == kEtherIpv4)
      out_.fault = ipv4(checks);
    else if (out_.ether_type == kEtherIpv6)
      out_.fault = ipv6();
    return out_;
  }

 private:
  static std::uint16_t narrow(std::size_t offset) { return static_cast<std::uint16_t>(offset); }  // size_ fits

  Fault ethernet() {
    std::size_t at = kEthernetBytes;
    out_.end = narrow(size_);
    if (size_ < at) return Fault::kShortEthernet;
    out_.ether_type = load16(data_ + at - 2);
    while (out_.vlan_tags < 2 && (out_.ether_type == kEtherVlan || out_.ether_type == kEtherServiceVlan)) {
      at += kVlanBytes;
      if (size_ < at) return Fault::kShortEthernet;
      out_.ether_type = load16(data_ + at - 2);
      ++out_.vlan_tags;
    }
    out_.l3 = out_.payload = narrow(at);
    return Fault::kNone;
  }

  Fault ipv4(Checks checks) {
    const std::byte* const ip = data_ + out_.l3;
    const std::size_t room = size_ - out_.l3;
    if (room < kIpv4Bytes) return Fault::kShortIp;
    if (load8(ip) >> 4 != 4) return Fault::kBadIpVersion;
    out_.ipv4 = true;
    out_.protocol = load8(ip + 9);
    const std::size_t header = (load8(ip) & 0xfu) * 4;
    const std::size_t total = load16(ip + 2);
    if (header < kIpv4Bytes) return Fault::kBadIpLength;
    if (room < header) return Fault::kShortIp;
    if (total < header || total > room) return Fault::kBadIpLength;
    out_.payload = narrow(out_.l3 + header);
    out_.end = narrow(out_.l3 + total);
    if (checks == Checks::kIpChecksum && checksum({ip, header}) != 0) return Fault::kBadIpChecksum;
    const unsigned flags_offset = load16(ip + 6);
    if (const Fault fault = fragment((flags_offset & 0x1fff) * 8, flags_offset & 0x2000); fault != Fault::kNone)
      return fault;
    return l4();
  }

  Fault ipv6() {
    const std::byte* const ip = data_ + out_.l3;
    const std::size_t room = size_ - out_.l3;
    if (room < kIpv6Bytes) return Fault::kShortIp;
    if (load8(ip) >> 4 != 6) return Fault::kBadIpVersion;
    out_.ipv6 = true;
    out_.protocol = load8(ip + 6);
    const std::size_t total = kIpv6Bytes + load16(ip + 4);
    if (total > room) return Fault::kBadIpLength;
    out_.payload = narrow(out_.l3 + kIpv6Bytes);
    out_.end = narrow(out_.l3 + total);
    if (is_mapped(ip + 8) || is_mapped(ip + 24)) return Fault::kBadAddress;
    if (const Fault fault = extensions(); fault != Fault::kNone) return fault;
    return l4();
  }

  // Up to what is no extension header, or is not there because it went with the first fragment.
  Fault extensions() {
    for (unsigned count = 0; is_extension(out_.protocol) && !out_.later_fragment; ++count) {
      const Fault broken = out_.fragment ? Fault::kBadFragment : Fault::kBadExtensions;
      const std::uint8_t kind = out_.protocol;
      const std::byte* const header = data_ + out_.payload;
      const std::size_t room = out_.end - out_.payload;
      if (count == kMostExtensions || room < kExtensionBytes) return broken;
      if (kind == kHopByHop && count != 0) return Fault::kBadExtensions;
      const std::size_t length = extension_bytes(kind, load8(header + 1));
      if (room < length) return broken;
      out_.extensions = true;
      out_.protocol = load8(header);
      out_.payload = narrow(out_.payload + length);
      if (kind != kFragment) continue;
      if (out_.fragment) return Fault::kBadFragment;
      const unsigned offset_flags = load16(header + 2);
      if (const Fault fault = fragment(offset_flags & 0xfff8, offset_flags & 1); fault != Fault::kNone) return fault;
      out_.fragment = true;  // also one that is the whole (RFC 6946)
    }
    return Fault::kNone;
  }

  static std::size_t extension_bytes(std::uint8_t kind, std::size_t length_field) {
    if (kind == kFragment) return 8;
    if (kind == kAuthentication) return std::max((length_field + 2) * 4, kExtensionBytes);  // RFC 4302, 2.2
    return (length_field + 1) * 8;
  }

  // `offset`: of what is at `payload`, in bytes.
  Fault fragment(std::size_t offset, bool more) {
    if (offset == 0 && !more) return Fault::kNone;
    out_.fragment = true;
    out_.later_fragment = offset != 0;
    const std::size_t bytes = out_.end - out_.payload;
    const std::size_t in_front = out_.ipv4 ? out_.payload - out_.l3 : out_.payload - out_.l3 - kIpv6Bytes - 8;
    if (more && bytes % 8 != 0) return Fault::kBadFragment;  // RFC 791, 3.2; RFC 8200, 4.5
    if (in_front + offset + bytes > kMostIp) return Fault::kBadFragment;
    // The flags of a TCP header lie in its bytes 8 to 15, of which a first fragment of 8 would leave the check to
    // others.
    if (offset == 8 && out_.protocol == kProtocolTcp) return Fault::kBadFragment;
    return Fault::kNone;
  }

  Fault l4() {
    if (out_.later_fragment || (out_.ipv6 && out_.protocol == kProtocolNone)) return Fault::kNone;
    const std::size_t room = out_.end - out_.payload;
    const std::size_t least = least_l4();
    if (room < least) return out_.fragment ? Fault::kBadFragment : Fault::kShortL4;
    const std::byte* const header = data_ + out_.payload;
    std::size_t length = least;
    if (out_.protocol == kProtocolTcp) {
      length = (load8(header + 12) >> 4) * 4u;
      if (length < kTcpBytes) return Fault::kBadL4Length;
      if (length > room) return out_.fragment ? Fault::kBadFragment : Fault::kBadL4Length;
    } else if (out_.protocol == kProtocolUdp) {
      const std::size_t datagram = load16(header + 4);
      if (datagram < kUdpBytes || (datagram > room && !out_.fragment)) return Fault::kBadL4Length;
    }
    out_.l4 = out_.payload;
    out_.payload = narrow(out_.payload + length);
    return Fault::kNone;
  }

  std::size_t least_l4() const {
    switch (out_.protocol) {
      case kProtocolTcp: return kTcpBytes;
      case kProtocolUdp: return kUdpBytes;
      case kProtocolIcmp: return out_.ipv4 ? kIcmpBytes : 0;
      case kProtocolIcmpv6: return out_.ipv6 ? kIcmpBytes : 0;
      default: return 0;
    }
  }

  const std::byte* data_;
  std::size_t size_;
  Parsed out_;
};

// ICMP: its echoes belong together, request and reply.
void icmp_ports(const std::byte* header, bool ipv6, FlowKey& key) {
  const std::uint8_t type = load8(header);
  const bool echo = ipv6 ? type == 128 || type == 129 : type == 8 || type == 0;
  key.source_port = echo ? load16(header + 4) : type;
  key.destination_port = echo ? key.source_port : std::uint16_t{0};
}

}  // namespace

const char* name_of(Fault fault) {
  switch (fault) {
    case Fault::kNone: return "none";
    case Fault::kShortEthernet: return "short_ethernet";
    case Fault::kShortIp: return "short_ip";
    case Fault::kBadIpVersion: return "bad_ip_version";
    case Fault::kBadIpLength: return "bad_ip_length";
    case Fault::kBadIpChecksum: return "bad_ip_checksum";
    case Fault::kShortL4: return "short_l4";
    case Fault::kBadL4Length: return "bad_l4_length";
    case Fault::kBadExtensions: return "bad_extensions";
    case Fault::kBadFragment: return "bad_fragment";
    case Fault::kBadAddress: return "bad_address";
  }
  return "unknown";
}

Parsed parse(std::span<const std::byte> frame, Checks checks) { return Walk(frame).run(checks); }

FlowKey flow_key(std::span<const std::byte> frame, const Parsed& parsed) {
  const auto* const ip = reinterpret_cast<const std::uint8_t*>(frame.data() + parsed.l3);
  FlowKey key;
  key.source = parsed.ipv4 ? IpAddress::v4(ip + 12) : IpAddress::v6(ip + 8);
  key.destination = parsed.ipv4 ? IpAddress::v4(ip + 16) : IpAddress::v6(ip + 24);
  key.protocol = parsed.protocol;
  if (parsed.fragment || parsed.l4 == 0) return key;
  const std::byte* const l4 = frame.data() + parsed.l4;
  if (parsed.protocol == kProtocolTcp || parsed.protocol == kProtocolUdp) {
    key.source_port = load16(l4);
    key.destination_port = load16(l4 + 2);
  } else if (parsed.protocol == (parsed.ipv4 ? kProtocolIcmp : kProtocolIcmpv6)) {
    icmp_ports(l4, parsed.ipv6, key);
  }
  return key;
}

std::uint64_t hash_of(const FlowKey& key) {
  const auto* const source = reinterpret_cast<const std::byte*>(key.source.bytes.data());
  const auto* const destination = reinterpret_cast<const std::byte*>(key.destination.bytes.data());
  std::uint64_t hash = std::uint64_t{key.source_port} << 32 | std::uint64_t{key.destination_port} << 16 | key.protocol;
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  };
  mix(load64(source));
  mix(load64(source + 8));
  mix(load64(destination));
  mix(load64(destination + 8));
  mix(0);
  return hash;
}

}  // namespace cardvp::net
