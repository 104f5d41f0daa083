// What a card knows of the network: its interfaces with their addresses and rules, the other cards, the routes. Its
// control plane sends all this to the firmware (control_messages.h). Numbers of things are resolved here: a scenario
// names them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/net/address.h"

namespace cardvp::platform {

// As the firmware has them.
inline constexpr std::size_t kMostRules = 64;  // of an interface
inline constexpr std::size_t kMostPeers = 256, kMostRoutes = 1024;

struct RuleConfig {  // allows what it describes
  bool ingress = true;
  std::uint8_t protocol = 0;  // 0: any
  std::uint16_t first_port = 0, last_port = 65535;
  net::Prefix peer;  // of the other end
};

struct InterfaceAddress {
  net::IpAddress address;
  unsigned prefix_length = 24;           // of the subnet, as its family counts
  std::optional<net::IpAddress> router;  // the card answers for it
  std::optional<net::IpAddress> dns;
};

struct Allowances {                                   // 0: no limit
  std::uint64_t bandwidth_in = 0, bandwidth_out = 0;  // bytes per second
  std::uint32_t packet_rate = 0;                      // packets per second
  std::uint32_t connections = 0;
  std::uint32_t slow_rate = 1024;  // packets per second: link-local services and fragments
  std::uint32_t burst_us = 1000;
};

struct InterfaceConfig {
  std::string name;
  bool attached = true;  // from the start; otherwise when the control plane says so
  bool bridged = false;  // no VPC
  std::uint32_t vni = 0;
  net::MacAddress mac;
  std::vector<InterfaceAddress> addresses;
  bool forwards = false;  // sends from and gets packets for addresses that are not its own
  std::uint16_t mtu = 9216;
  std::vector<RuleConfig> rules;  // of its security groups, at most kMostRules
  Allowances allowances;
  std::uint32_t keep_alive_ms = 1000;  // 0: none
  bool patient_hints = false;
  std::optional<std::size_t> physical;  // a virtual function of this interface, the last physical one before it
};

struct PeerConfig {
  std::string name;
  std::uint16_t node = 0;
  net::MacAddress mac;
  net::IpAddress address;
  bool encrypt = false;
  bool multipath = false;
};

struct RouteConfig {
  enum class Target : std::uint8_t { kPeer, kInterface, kDrop };
  std::uint32_t vni = 0;
  net::Prefix to;
  Target target = Target::kPeer;
  std::size_t index = 0;               // of the peer, or of the interface, on this card
  std::optional<net::MacAddress> mac;  // written over the frame's destination
};

struct NetworkConfig {
  std::uint16_t node = 1;
  net::MacAddress mac;  // of the card, on the wire
  net::IpAddress address;
  std::uint32_t speed_mbit = 100'000;       // of the wire, as the links of interfaces have it
  std::vector<InterfaceConfig> interfaces;  // at most 64; the first one's PCIe function is behind the last volume's
  std::vector<PeerConfig> peers;            // at most kMostPeers
  std::vector<RouteConfig> routes;          // at most kMostRoutes
  std::uint32_t first_epoch = 1;            // of the keys between cards
  std::vector<std::uint8_t> transit_key;    // wrapped: CONTROL_WRAPPED_TRANSIT_BYTES; empty: no peer is encrypted
  std::uint32_t rekey_packets = 0;
};

}  // namespace cardvp::platform
