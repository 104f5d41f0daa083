#include "models/nic/vpc/drops.h"

namespace cardvp::nic {
namespace {

constexpr std::array kNames{
    "none",
    "spoofed_mac",
    "spoofed_ip",
    "no_route",
    "rules",
    "not_ip",
    "unknown_target",
    "no_interface",
    "connections",
    "ttl",
    "vpc_off",
    "interface_off",
    "reset",
    "no_uplink",
    "too_long",
    "no_slots",
    "slow_path_full",
    "no_verdict",
    "bad_verdict",
    "bandwidth_in",
    "bandwidth_out",
    "packet_rate",
    "slow_rate",
    "no_peer",
    "no_key",
    "cipher_busy",
    "not_ours",
    "outer_fragment",
    "not_geneve",
    "bad_udp_checksum",
    "geneve_short",
    "geneve_version",
    "geneve_oam",
    "geneve_options",
    "geneve_critical",
    "geneve_protocol",
    "not_sealed",
    "unknown_association",
    "wrong_association",
    "replayed",
    "forged",
    "not_multipath",
};
static_assert(kNames.size() == static_cast<std::size_t>(Drop::kOuterFault));

}  // namespace

std::string name_of(Drop reason) {
  const auto number = static_cast<std::size_t>(reason);
  if (number < kNames.size()) return kNames[number];
  const std::size_t fault = number - kNames.size();
  if (fault < net::kFaults) return net::name_of(static_cast<net::Fault>(fault));
  return std::string("inner_") + net::name_of(static_cast<net::Fault>(fault - net::kFaults));
}

bool is_drop(std::string_view name) {
  for (std::size_t number = 0; number < kDrops; ++number)
    if (name_of(static_cast<Drop>(number)) == name) return true;
  return false;
}

}  // namespace cardvp::nic
