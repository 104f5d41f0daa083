// Packets on their way in.
#include <algorithm>

#include "models/net/headers.h"
#include "models/nic/vpc/vpc.h"

namespace cardvp::nic {

using sc_core::sc_time;

void Vpc::receive(wire::FramePtr frame, sc_time at) {
  wire_packets_.add();
  wire_bytes_.add(frame->size());
  energy_.add_picojoules(config_.picojoules_per_packet);
  if (!enabled()) return drops_.count(Drop::kVpcOff);
  if (frame->size() < net::kEthernetBytes) return drops_.count(outer_fault(net::Fault::kShortEthernet));
  const net::MacAddress& own = tunnel_.endpoint().mac;
  if (!own.is_zero() && net::destination_mac(frame->bytes()) == own)
    receive_tunnelled(std::move(frame), at);
  else
    receive_bridged(std::move(frame), at + config_.lookup);
}

void Vpc::receive_tunnelled(wire::FramePtr frame, sc_time at) {
  const Tunnel::Unwrapped packet = tunnel_.unwrap(*frame, at + config_.lookup);
  if (packet.drop) return drops_.count(*packet.drop);
  if (packet.transport.empty()) return deliver(packet.peer, packet.vni, std::move(frame), packet.ready);
  // The option is in the frame's buffer, in front of what is the inner frame now.
  TransportPacket arriving{.at = at,
                           .ready = packet.ready,
                           .peer = packet.peer,
                           .replayed = packet.replayed,
                           .vni = packet.vni,
                           .option_bytes = packet.transport.size(),
                           .option = {},
                           .inner = nullptr};
  std::copy(packet.transport.begin(), packet.transport.end(), arriving.option.begin());
  if (frame->size() != 0) arriving.inner = std::move(frame);
  arriving_.push(std::move(arriving));
  if (!transport_arrival_.pending()) transport_arrival_.call_at(arriving_.front().at);
}

void Vpc::transport_received() {
  while (!arriving_.empty() && arriving_.front().at <= now()) {
    TransportPacket packet = arriving_.pop();
    transport_->receive(packet.peer, packet.vni, std::span(packet.option).first(packet.option_bytes),
                        std::move(packet.inner), packet.replayed, packet.ready);
  }
  if (!arriving_.empty() && !transport_arrival_.pending()) transport_arrival_.call_at(arriving_.front().at);
}

void Vpc::deliver(std::uint16_t peer, std::uint32_t vni, wire::FramePtr inner, sc_time ready) {
  const std::span<const std::byte> bytes = inner->bytes();
  const net::Parsed parsed = net::parse(bytes);
  if (parsed.fault != net::Fault::kNone) return drops_.count(inner_fault(parsed.fault));
  UnknownFlow flow;
  flow.scope = FlowScope::ingress(peer, vni);
  flow.direction = VPC_INGRESS;
  flow.peer = peer;
  flow.vni = vni;
  if (const FlowAction* const known = look_up(flow, bytes, parsed, true)) {
    const FlowAction action = *known;
    return arrive(action, std::move(inner), ready);
  }
  if (const auto dropped = slow_path_.submit(flow, std::move(inner), ready, generation())) drops_.count(*dropped);
}

void Vpc::arrive(const FlowAction& action, wire::FramePtr frame, sc_time ready) {
  if (!enabled()) return drops_.count(Drop::kVpcOff);
  Interface* const to = interface(action.function);
  if (action.action == VPC_DROP) return to ? to->drop(action.reason) : drops_.count(action.reason);
  if (!to || to->mode() != InterfaceMode::kVpc) return drops_.count(reason_of(VPC_REASON_NO_INTERFACE));
  if (action.rewrite_mac) net::store_mac(frame->data(), action.mac);
  to->deliver(std::move(frame), ready);
}

void Vpc::receive_bridged(wire::FramePtr frame, sc_time ready) {
  if (!deliver_bridged(nullptr, *frame, ready)) drops_.count(Drop::kNotOurs);
}

bool Vpc::deliver_bridged(const Interface* except, const wire::Frame& frame, sc_time ready) {
  const net::MacAddress to = net::destination_mac(frame.bytes());
  bool delivered = false;
  for (Interface* const each : connected_) {
    if (each == except || each->mode() != InterfaceMode::kBridged) continue;
    if (!to.is_multicast() && each->mac() != to) continue;
    each->deliver(frames_.make(frame.bytes()), ready);
    delivered = true;
  }
  return delivered;
}

void Vpc::peer_down(std::uint16_t peer) { firmware_.send(nic_message_header{VPC_MESSAGE_PEER_DOWN, 0, peer}); }

}  // namespace cardvp::nic
