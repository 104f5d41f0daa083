// What a received frame is, as its completion tells the host.
#pragma once

#include <cstdint>
#include <span>

#include "models/net/parse.h"

namespace cardvp::nic::ena {

// RxStatus bits of a frame, parsed with its IPv4 checksum if `checks`. Where the L4 checksum is there but was not
// verified, no L4 protocol is named: some drivers take a named one for verified.
std::uint32_t rx_status(std::span<const std::byte> frame, const net::Parsed& parsed, bool checks);

// The MTU counts what is behind the Ethernet header and the VLAN tags.
bool exceeds_mtu(std::span<const std::byte> frame, const net::Parsed& parsed, std::uint64_t mtu);

}  // namespace cardvp::nic::ena
