// Frames made from scratch: by traffic workloads, by the card for its own packets, by tests.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/net/address.h"
#include "models/net/headers.h"

namespace cardvp::net {

struct FrameSpec {
  MacAddress destination, source;
  std::uint16_t vlan = 0;                // tag control information; 0: untagged
  IpAddress source_ip, destination_ip;   // of one family
  std::uint8_t protocol = kProtocolUdp;  // kProtocolTcp, or another: then the payload follows the IP header at once
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t ttl = 64;
  std::uint16_t identification = 0;                 // IPv4; DF is set
  std::uint32_t sequence = 0, acknowledgement = 0;  // TCP
  std::uint8_t tcp_flags = 0x10;                    // ACK
};

// Bytes of the headers that build() writes in front of the payload.
std::size_t header_bytes(const FrameSpec& spec);
// The whole frame, without FCS, not padded, all checksums right.
std::vector<std::byte> build(const FrameSpec& spec, std::span<const std::byte> payload);
// Headers into `frame`, whose payload is there already behind header_bytes(spec), with or without the L4 checksum (a
// field of the folded pseudo-header sum without, as a host leaves it to its NIC).
enum class L4Sum : std::uint8_t { kFull, kPseudo };
void write_headers(const FrameSpec& spec, std::span<std::byte> frame, L4Sum l4 = L4Sum::kFull);

}  // namespace cardvp::net
