#include "models/nic/ena/rx_checks.h"

#include "models/net/checksum.h"
#include "models/nic/ena/spec.h"

namespace cardvp::nic::ena {

net::Parsed parse(std::span<const std::byte> frame, bool checks, TimedMath& math) {
  net::Parsed parsed = net::parse(frame);
  const bool has_header = parsed.ipv4 && parsed.payload != parsed.l3;
  if (!checks || !has_header) return parsed;
  const Answer sum = math.sum(net::ipv4_header(frame, parsed));
  if (sum.valid && net::fold(sum.value) != 0xffff) parsed.fault = net::Fault::kBadIpChecksum;
  return parsed;
}

std::uint32_t rx_status(std::span<const std::byte> frame, const net::Parsed& parsed, bool checks, TimedMath& math) {
  std::uint32_t status = std::uint32_t{parsed.vlan_tags} << kRxVlanShift;
  if (!parsed.ip()) return status;
  status |= parsed.ipv4 ? kRxL3Ipv4 : kRxL3Ipv6;
  if (parsed.fault == net::Fault::kBadIpChecksum) return status | kRxL3Bad;
  if (parsed.fragment) return status | kRxFragment;
  if (parsed.fault != net::Fault::kNone || !(parsed.tcp() || parsed.udp())) return status;
  const std::uint32_t protocol = parsed.tcp() ? kRxL4Tcp : kRxL4Udp;
  if (!checks) return status;
  bool valid = true;
  const auto sum = [&](std::span<const std::byte> data, std::uint32_t start) {
    const Answer answer = math.sum(data, start);
    valid = answer.valid;
    return answer.value;
  };
  const net::L4Check check = net::check_l4(frame, parsed, sum);
  if (!valid) return status;
  switch (check) {
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
