// What a received frame is, as its completion tells the host.
#pragma once

#include <cstdint>
#include <span>

#include "models/net/parse.h"
#include "models/nic/packet_math.h"

namespace cardvp::nic::ena {

// `checks`: whether checksums are verified. One that the hardware fails to verify counts as if they were not.

// Finds kBadIpChecksum too, if `checks`.
net::Parsed parse(std::span<const std::byte> frame, bool checks, TimedMath& math);

// RxStatus bits of a frame, parsed by parse(). Where the L4 checksum is there but was not verified, no L4 protocol is
// named: some drivers take a named one for verified.
std::uint32_t rx_status(std::span<const std::byte> frame, const net::Parsed& parsed, bool checks, TimedMath& math);

// The MTU counts what is behind the Ethernet header and the VLAN tags.
bool exceeds_mtu(std::span<const std::byte> frame, const net::Parsed& parsed, std::uint64_t mtu);

}  // namespace cardvp::nic::ena
