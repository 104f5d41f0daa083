// Packets on their way out.
#include <algorithm>

#include "models/net/headers.h"
#include "models/nic/vpc/vpc.h"

namespace cardvp::nic {

using sc_core::sc_time;
using Sent = DataPath::Sent;

Sent Vpc::transmit(std::uint16_t function, wire::FramePtr frame, sc_time ready) {
  Interface* const from = interface(function);
  if (!from) {
    drops_.count(reason_of(VPC_REASON_NO_INTERFACE));
    return {false, {}};
  }
  if (!enabled()) return refuse(*from, Drop::kVpcOff);
  if (from->mode() == InterfaceMode::kOff) return refuse(*from, Drop::kInterfaceOff);
  energy_.add_picojoules(config_.picojoules_per_packet);
  const sc_time at = std::max(ready, now()) + config_.lookup;
  if (from->mode() == InterfaceMode::kBridged) return transmit_bridged(*from, std::move(frame), at);

  const std::span<const std::byte> bytes = frame->bytes();
  const net::Parsed parsed = net::parse(bytes);
  if (parsed.fault != net::Fault::kNone) return refuse(*from, outer_fault(parsed.fault));
  UnknownFlow flow;
  flow.scope = FlowScope::egress(function);
  flow.function = function;
  // A verdict is for packets of the interface's own: others are the firmware's to judge, each.
  const bool own = from->mac().is_zero() || net::source_mac(bytes) == from->mac();
  if (const FlowAction* const known = look_up(flow, bytes, parsed, own)) {
    const FlowAction action = *known;
    return forward(*from, {std::move(frame), action, flow.hash, at});
  }
  return transmit_unknown(*from, flow, std::move(frame), at);
}

Sent Vpc::transmit_unknown(Interface& from, UnknownFlow& flow, wire::FramePtr frame, sc_time at) {
  const bool slow =
      flow.flags & VPC_PACKET_FRAGMENT || (flow.flags & VPC_PACKET_IP && flow.key.destination.is_link_local());
  if (slow && !from.admit_slow(at)) return {false, {}};
  const auto dropped = slow_path_.submit(flow, std::move(frame), at, generation());
  return dropped ? refuse(from, *dropped) : Sent{};
}

Sent Vpc::transmit_bridged(Interface& from, wire::FramePtr frame, sc_time at) {
  if (frame->size() < net::kEthernetBytes) return refuse(from, outer_fault(net::Fault::kShortEthernet));
  if (!from.mac().is_zero() && net::source_mac(frame->bytes()) != from.mac())
    return refuse(from, reason_of(VPC_REASON_SPOOFED_MAC));
  return forward(from, {std::move(frame), std::nullopt, 0, at});
}

Sent Vpc::refuse(Interface& from, Drop reason) {
  from.drop(reason);
  return {false, {}};
}

Sent Vpc::forward(Interface& from, Departure departure) {
  if (departure.action && departure.action->action == VPC_DROP) return refuse(from, departure.action->reason);
  const auto when = from.admit_out(departure.frame->size(), departure.at);
  if (!when) return {false, from.last_departure()};
  const bool waits = *when > departure.at || from.waits();  // nobody overtakes, however late its packet is ready
  departure.at = *when;
  if (!waits) return leave(from, std::move(departure));
  from.wait(std::move(departure));
  return {true, *when};
}

void Vpc::depart(Interface& from, Departure departure) { leave(from, std::move(departure)); }

Sent Vpc::leave(Interface& from, Departure departure) {
  if (!enabled()) return refuse(from, Drop::kVpcOff);
  if (!departure.action) return bridge(from, std::move(departure));
  if (departure.action->rewrite_mac) net::store_mac(departure.frame->data(), departure.action->mac);
  return departure.action->action == VPC_TO_PEER ? to_peer(from, std::move(departure))
                                                 : to_interface(from, std::move(departure));
}

Sent Vpc::to_peer(Interface& from, Departure departure) {
  const FlowAction& action = *departure.action;
  if (!tunnel_.connected()) return refuse(from, Drop::kNoUplink);
  const Peer& peer = peers_[action.peer];
  if (!peer.stored) return refuse(from, Drop::kNoPeer);
  const std::size_t bytes = departure.frame->size();
  if (peer.multipath) {
    from.count_out(bytes);
    return {true, transport_->transmit(action.peer, action.vni, static_cast<std::uint32_t>(departure.hash),
                                       std::move(departure.frame), departure.at)};
  }
  const auto port = static_cast<std::uint16_t>(geneve::kFirstPort + departure.hash % geneve::kPorts);
  const Tunnel::Sealed sealed =
      tunnel_.wrap(action.peer, {.source_port = port, .vni = action.vni, .transit = {}, .transport = {}},
                   *departure.frame, departure.at);
  if (sealed.drop) return refuse(from, *sealed.drop);
  from.count_out(bytes);
  return to_wire(std::move(departure.frame), sealed.ready);
}

Sent Vpc::to_wire(wire::FramePtr frame, sc_time at) {
  const sc_time left = tunnel_.send(std::move(frame), at);
  return {true, left > now() + kMostAhead ? left - kStillAhead : sc_core::SC_ZERO_TIME};
}

Sent Vpc::to_interface(Interface& from, Departure departure) {
  Interface* const to = interface(departure.action->function);
  if (!to || to->mode() != InterfaceMode::kVpc) return refuse(from, reason_of(VPC_REASON_NO_INTERFACE));
  from.count_out(departure.frame->size());
  to->deliver(std::move(departure.frame), departure.at);
  return {};
}

// Neighbours on the card are no further than those on the wire, which does not send a frame back.
Sent Vpc::bridge(Interface& from, Departure departure) {
  const std::size_t bytes = departure.frame->size();
  const bool here = deliver_bridged(&from, *departure.frame, departure.at);
  const bool there = tunnel_.connected() && !(here && !net::destination_mac(departure.frame->bytes()).is_multicast());
  if (!here && !there) return refuse(from, Drop::kNoUplink);
  from.count_out(bytes);
  return there ? to_wire(std::move(departure.frame), departure.at) : Sent{};
}

}  // namespace cardvp::nic
