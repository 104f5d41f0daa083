#include "platform/network_requests.h"

#include <algorithm>
#include <cstring>

namespace cardvp::platform {
namespace {

template <class T>
memory::Message message_of(const T& content) {
  static_assert(sizeof(T) <= sizeof(memory::Message::words));
  memory::Message message;
  std::memcpy(message.words.data(), &content, sizeof content);
  return message;
}

void copy(const net::MacAddress& mac, std::uint8_t (&to)[6]) { std::copy(mac.bytes.begin(), mac.bytes.end(), to); }
void copy(const net::IpAddress& address, std::uint8_t (&to)[16]) {
  std::copy(address.bytes.begin(), address.bytes.end(), to);
}

memory::Message underlay_request(const NetworkConfig& network) {
  control_underlay underlay{};
  underlay.header.type = CONTROL_UNDERLAY;
  underlay.node = network.node;
  copy(network.mac, underlay.mac);
  copy(network.address, underlay.address);
  return message_of(underlay);
}

memory::Message transit_key_request(const NetworkConfig& network, std::uint32_t epoch) {
  control_transit_key key{};
  key.header.type = CONTROL_TRANSIT_KEY;
  key.epoch = epoch;
  key.rekey_packets = network.rekey_packets;
  std::copy_n(network.transit_key.begin(),
              std::min<std::size_t>(network.transit_key.size(), CONTROL_WRAPPED_TRANSIT_BYTES), key.wrapped);
  return message_of(key);
}

memory::Message peer_request(const PeerConfig& peer, std::uint16_t number) {
  control_peer request{};
  request.header.type = CONTROL_PEER;
  request.peer = number;
  if (peer.encrypt) request.flags |= CONTROL_PEER_ENCRYPT;
  if (peer.multipath) request.flags |= CONTROL_PEER_MULTIPATH;
  request.node = peer.node;
  copy(peer.mac, request.mac);
  copy(peer.address, request.address);
  return message_of(request);
}

memory::Message route_request(const RouteConfig& route, std::uint16_t first_function) {
  control_route request{};
  request.header.type = CONTROL_ROUTE;
  request.vni = route.vni;
  request.prefix_length = static_cast<std::uint8_t>(route.to.mapped_length());
  copy(route.to.address, request.prefix);
  switch (route.target) {
    case RouteConfig::Target::kPeer:
      request.target = CONTROL_ROUTE_PEER;
      request.peer = static_cast<std::uint16_t>(route.index);
      break;
    case RouteConfig::Target::kInterface:
      request.target = CONTROL_ROUTE_INTERFACE;
      request.interface = static_cast<std::uint16_t>(first_function + route.index);
      break;
    case RouteConfig::Target::kDrop: request.target = CONTROL_ROUTE_DROP; break;
  }
  if (route.mac) copy(*route.mac, request.mac);
  return message_of(request);
}

memory::Message address_request(const InterfaceAddress& address, std::uint16_t function) {
  control_address request{};
  request.header = {CONTROL_ADDRESS, function, 0};
  request.prefix_length =
      static_cast<std::uint8_t>(net::Prefix{address.address, address.prefix_length}.mapped_length());
  copy(address.address, request.address);
  if (address.router) copy(*address.router, request.router);
  if (address.dns) copy(*address.dns, request.dns);
  return message_of(request);
}

}  // namespace

memory::Message attach_interface_request(const InterfaceConfig& interface, std::uint32_t speed_mbit,
                                         std::uint16_t function) {
  control_attach_interface attach{};
  attach.header = {CONTROL_ATTACH_INTERFACE, function, 0};
  if (interface.bridged) attach.flags |= CONTROL_INTERFACE_BRIDGED;
  if (interface.forwards) attach.flags |= CONTROL_INTERFACE_FORWARDS;
  if (interface.physical) attach.flags |= CONTROL_INTERFACE_VIRTUAL;
  attach.vni = interface.vni;
  copy(interface.mac, attach.mac);
  attach.mtu = interface.mtu;
  attach.speed_mbit = speed_mbit;
  attach.keep_alive_ms = interface.keep_alive_ms;
  attach.hints = interface.patient_hints ? 1 : 0;
  return message_of(attach);
}

memory::Message rule_request(const RuleConfig& rule, std::uint16_t number, std::uint16_t function) {
  control_rule request{};
  request.header = {CONTROL_RULE, function, 0};
  request.number = number;
  request.ingress = rule.ingress ? 1 : 0;
  request.protocol = rule.protocol;
  request.prefix_length = static_cast<std::uint8_t>(rule.peer.mapped_length());
  request.first_port = rule.first_port;
  request.last_port = rule.last_port;
  copy(rule.peer.address, request.prefix);
  return message_of(request);
}

memory::Message remove_rule_request(std::uint16_t number, std::uint16_t function) {
  control_rule request{};
  request.header = {CONTROL_RULE, function, 0};
  request.number = number;
  request.remove = 1;
  return message_of(request);
}

memory::Message allowances_request(const Allowances& allowances, std::uint16_t function) {
  control_allowances request{};
  request.header = {CONTROL_ALLOWANCES, function, 0};
  request.bandwidth_in = allowances.bandwidth_in;
  request.bandwidth_out = allowances.bandwidth_out;
  request.packet_rate = allowances.packet_rate;
  request.connections = allowances.connections;
  request.slow_rate = allowances.slow_rate;
  request.burst_us = allowances.burst_us;
  return message_of(request);
}

memory::Message link_request(bool up, std::uint16_t function) {
  control_link request{};
  request.header = {CONTROL_LINK, function, 0};
  request.up = up ? 1 : 0;
  return message_of(request);
}

std::vector<memory::Message> network_requests(const NetworkConfig& network, std::uint16_t first_function,
                                              std::uint32_t epoch) {
  std::vector<memory::Message> all;
  if (network.interfaces.empty()) return all;
  all.push_back(underlay_request(network));
  if (!network.transit_key.empty()) all.push_back(transit_key_request(network, epoch));
  for (std::size_t i = 0; i < network.peers.size(); ++i)
    all.push_back(peer_request(network.peers[i], static_cast<std::uint16_t>(i)));
  for (const RouteConfig& route : network.routes) all.push_back(route_request(route, first_function));
  std::uint16_t function = first_function;
  for (const InterfaceConfig& interface : network.interfaces) {
    for (const InterfaceAddress& address : interface.addresses) all.push_back(address_request(address, function));
    for (std::size_t i = 0; i < interface.rules.size(); ++i)
      all.push_back(rule_request(interface.rules[i], static_cast<std::uint16_t>(i), function));
    all.push_back(allowances_request(interface.allowances, function));
    if (interface.attached) all.push_back(attach_interface_request(interface, network.speed_mbit, function));
    ++function;
  }
  return all;
}

}  // namespace cardvp::platform
