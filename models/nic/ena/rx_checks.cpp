#include "models/nic/ena/rx_checks.h"

#include "models/net/checksum.h"
#include "models/nic/ena/spec.h"

namespace cardvp::nic::ena {

std::uint32_t rx_status(std::span<const std::byte> frame, const net::Parsed& parsed, bool checks) {
  std::uint32_t status = std::uint32_t{parsed.vlan_tags} << kRxVlanShift;
  if (!parsed.ip()) return status;
  status |= parsed.ipv4 ? kRxL3Ipv4 : kRxL3Ipv6;
  if (parsed.fault == net::Fault::kBadIpChecksum) return status | kRxL3Bad;
  if (parsed.fragment) return status | kRxFragment;
  if (parsed.fault != net::Fault::kNone || !(parsed.tcp() || parsed.udp())) return status;
  const std::uint32_t protocol = parsed.tcp() ? kRxL4Tcp : kRxL4Udp;
  if (!checks) return status;
  switch (net::check_l4(frame, parsed)) {
    case net::L4Check::kGood: return status | protocol | kRxL4Checked;
    case net::L4Check::kBad: return status | protocol | kRxL4Checked | kRxL4Bad;
    // UDP without a checksum; what has extension headers is not verified.
    case net::L4Check::kNone: return parsed.extensions ? status : status | protocol;
  }
  return status;
}

bool exceeds_mtu(std::span<const std::byte> frame, const net::Parsed& parsed, std::uint64_t mtu) {
  return frame.size() > net::kEthernetBytes + parsed.vlan_tags * net::kVlanBytes + mtu;
}

}  // namespace cardvp::nic::ena
