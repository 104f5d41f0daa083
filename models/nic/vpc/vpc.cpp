#include "models/nic/vpc/vpc.h"

#include <fmt/format.h>

#include <cassert>

#include "models/base/hierarchy.h"
#include "models/net/headers.h"
#include "models/nic/registers.h"

namespace cardvp::nic {

using sc_core::sc_time;

namespace {

net::MacAddress mac_of(const std::uint8_t (&bytes)[6]) {
  net::MacAddress mac;
  std::copy(std::begin(bytes), std::end(bytes), mac.bytes.begin());
  return mac;
}

FlowAction action_of(const UnknownFlow& flow, const vpc_message_verdict& verdict) {
  FlowAction action;
  action.action = static_cast<vpc_action>(verdict.action);
  action.reason = reason_of(verdict.reason);
  action.rewrite_mac = verdict.flags & VPC_REWRITE_MAC;
  action.mac = mac_of(verdict.mac);
  action.peer = verdict.peer;
  action.function = verdict.action == VPC_DROP ? verdict.owner : verdict.header.function;
  action.vni = verdict.vni;
  const bool back_out = flow.direction == VPC_INGRESS && verdict.action == VPC_TO_PEER;
  if (verdict.action > VPC_CONSUMED || back_out) {
    action.action = VPC_DROP;
    action.reason = Drop::kBadVerdict;
    action.function = verdict.owner;
  }
  return action;
}

// The way back of what `action` lets through.
Flow reverse_of(const UnknownFlow& flow, const FlowAction& action, const vpc_message_verdict& verdict) {
  Flow reverse;
  reverse.key = flow.key.reversed();
  reverse.action.rewrite_mac = action.rewrite_mac;
  reverse.action.mac = mac_of(verdict.reverse_mac);
  if (flow.direction == VPC_INGRESS) {
    reverse.scope = FlowScope::egress(action.function);
    reverse.action.action = VPC_TO_PEER;
    reverse.action.peer = verdict.reverse_peer;
    reverse.action.vni = verdict.reverse_vni;
    return reverse;
  }
  reverse.scope = action.action == VPC_TO_PEER ? FlowScope::ingress(action.peer, verdict.reverse_vni)
                                               : FlowScope::egress(action.function);
  reverse.action.action = VPC_TO_INTERFACE;
  reverse.action.function = verdict.reverse_function;
  return reverse;
}

std::uint8_t tcp_flags(std::span<const std::byte> frame, const net::Parsed& parsed) {
  return parsed.tcp() ? std::to_integer<std::uint8_t>(frame[parsed.l4 + 13u]) : std::uint8_t{0};
}

}  // namespace

Vpc::Vpc(sc_core::sc_module_name name, Sim& sim, const VpcConfig& config, memory::Mailbox::Channel& channel,
         security::TransitCipher* cipher, wire::FramePool& frames)
    : BusTarget(name, sim),
      config_(config),
      frames_(frames),
      registers_(vpc_regs::kBank),
      absent_(interface_regs::kBank),
      firmware_(channel),
      channel_(channel),
      drops_(sim.stats, this->name()),
      peers_(config.peers),
      transit_(cipher, firmware_, config.peers),
      tunnel_(sim, this->name(), peers_, transit_, drops_, frames),
      flows_(config.flow_entries),
      slow_path_(sim, this->name(), firmware_, card_memory_, *this),
      wire_packets_(counter("wire_packets_in", "packets")),
      wire_bytes_(counter("wire_bytes_in", "bytes")),
      hits_(counter("flow_hits", "packets")),
      misses_(counter("flow_misses", "packets")),
      installed_(counter("flows_installed", "flows")),
      not_cached_(counter("flows_not_cached", "flows")),
      consumed_(counter("consumed", "packets")),
      injected_(counter("injected", "packets")),
      bad_messages_(counter("bad_messages", "messages")) {
  const InHierarchy scope(*this);
  transport_ =
      std::make_unique<Transport>("transport", sim, config.transport, tunnel_, static_cast<TransportUpper&>(*this));
  channel_.on_message([this](const memory::Message& message) { on_message(message); });
  hang_hooks();
}

Vpc::~Vpc() { channel_.on_message(nullptr); }

void Vpc::connect_uplink(wire::Port& port) {
  tunnel_.connect(port);
  port.connect(*this);
}

void Vpc::connect(std::uint16_t function, HostSide& host) {
  assert(function < interfaces_.size() && !interfaces_[function]);
  interfaces_[function] = std::make_unique<Interface>(sim(), fmt::format("{}.fn{}", name(), function), function, host,
                                                      static_cast<InterfaceClient&>(*this));
  connected_.push_back(interfaces_[function].get());
}

void Vpc::device_reset(std::uint16_t function) {
  if (Interface* const which = interface(function)) which->device_reset();
}

void Vpc::reset() {
  slow_path_.drop_if([](const UnknownFlow&) { return true; }, Drop::kReset);
  for (Interface* const each : connected_) each->reset();
  flows_.clear();
  while (!arriving_.empty()) arriving_.pop();
  transport_arrival_.cancel();
  transport_->reset();
  transit_.reset();
  peers_.reset();
  registers_.reset();
  apply_registers();
}

// What is known of a packet's flow. `cacheable`: as far as it is not the packet itself that stands against it.
const FlowAction* Vpc::look_up(UnknownFlow& flow, std::span<const std::byte> frame, const net::Parsed& parsed,
                               bool cacheable) {
  flow.ether_type = parsed.ether_type;
  if (net::destination_mac(frame).is_multicast()) flow.flags |= VPC_PACKET_BROADCAST;
  if (!parsed.ip()) return nullptr;
  flow.flags |= VPC_PACKET_IP;
  if (parsed.fragment) flow.flags |= VPC_PACKET_FRAGMENT;
  flow.key = net::flow_key(frame, parsed);
  flow.cacheable = cacheable && !parsed.fragment && parsed.vlan_tags == 0;
  if (!flow.cacheable) return nullptr;
  flow.hash = FlowCache::hash(flow.scope, flow.key);
  const FlowAction* const known = flows_.find(flow.scope, flow.key, flow.hash, tcp_flags(frame, parsed), now());
  (known ? hits_ : misses_).add();
  return known;
}

SlowPathClient::Decision Vpc::decide(const UnknownFlow& flow, const vpc_message_verdict& verdict) {
  Decision decision{action_of(flow, verdict), false};
  FlowAction& action = decision.action;
  const bool wanted = verdict.flags & VPC_INSTALL && flow.cacheable && action.action != VPC_CONSUMED &&
                      action.reason != Drop::kBadVerdict;
  if (!wanted || verdict.generation != generation()) return decision;
  decision.for_flow = true;
  const Interface* const owner = interface(verdict.owner);
  if (owner && action.action != VPC_DROP && owner->most_connections() != 0 &&
      flows_.connections(owner->function, now()) >= owner->most_connections()) {
    action.action = VPC_DROP;
    action.reason = reason_of(VPC_REASON_CONNECTIONS);
    action.function = owner->function;
    return decision;
  }
  (install(flow, action, verdict) ? installed_ : not_cached_).add();
  return decision;
}

bool Vpc::install(const UnknownFlow& flow, const FlowAction& action, const vpc_message_verdict& verdict) {
  const Flow made{flow.scope, flow.key, action};
  const bool both = verdict.flags & VPC_INSTALL_REVERSE && action.action != VPC_DROP;
  const Flow reverse = both ? reverse_of(flow, action, verdict) : Flow{};
  return flows_.insert(made, both ? &reverse : nullptr, verdict.owner, now());
}

void Vpc::apply(const UnknownFlow& flow, const FlowAction& action, wire::FramePtr frame, sc_time at) {
  if (action.action == VPC_CONSUMED) return consumed_.add();
  if (flow.direction == VPC_INGRESS) return arrive(action, std::move(frame), at);
  forward(*interface(flow.function), {std::move(frame), action, flow.hash, at});
}

void Vpc::drop(const UnknownFlow& flow, Drop reason) {
  if (Interface* const from = interface(flow.function))
    from->drop(reason);
  else
    drops_.count(reason);
}

}  // namespace cardvp::nic
