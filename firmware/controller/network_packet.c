/* Verdicts: where a packet goes, and its flow.
 *
 * Out of an interface: what it says of its origin must be true; what is for the card itself ends here; the interface's
 * rules must allow it; then the place that is known most exactly gets it: an interface of the same VPC on this card
 * that has the address, or the route with the longest prefix. A route of full length goes ahead of an interface.
 * Into an interface: of the VPC that the outer header says, the one with the address, or one that forwards: it has the
 * frame's MAC address, or a route leads there.
 *
 * The VPC is a router that nobody sees: it counts no hops (a packet whose hops are used up goes no further), and it
 * writes the receiving interface's MAC address over whatever the sender took for the destination's.
 * A verdict is for its flow and for the flow's answers. Fragments are judged one by one. */
#include "network_internal.h"

static struct vpc_message_verdict drop(enum vpc_reason reason) {
  return (struct vpc_message_verdict){.action = VPC_DROP, .reason = (uint8_t)reason, .owner = VPC_NO_FUNCTION};
}

static uint16_t lasting(const struct network_view* view, unsigned flags) {
  return (uint16_t)(view->fragment ? flags & VPC_REWRITE_MAC : flags);
}

/* Neighbour discovery is between neighbours alone (RFC 4861: hop limit 255), and each interface has but the card. */
static int is_discovery(const struct network_view* view) {
  return view->flow.protocol == PROTOCOL_ICMPV6 && view->icmp_type >= ICMPV6_ROUTER_SOLICITATION &&
         view->icmp_type <= ICMPV6_REDIRECT;
}

static int is_nobody(const struct network_interface* interface, struct network_ip ip) {
  for (uint32_t i = 0; i < interface->address_count; i++) {
    const struct network_prefix* subnet = &interface->addresses[i].subnet;
    if (network_contains(subnet, ip) && network_is_nobody(subnet, ip)) return 1;
  }
  return 0;
}

static int may_send_from(const struct network_interface* from, struct network_ip ip) {
  return network_is_unicast(ip) && (from->forwards || network_has_address(from, ip));
}

/* The route for a packet, if any. Link-local destinations are reached by routes of their own only (RFC 3927, 7). */
static const struct network_route* route_for(const struct network* network, uint32_t vni, struct network_ip ip) {
  const struct network_route* route = network_route(network, vni, ip);
  if (route && network_is_link_local(ip) && !network_is_link_local(route->to.address)) return 0;
  return route;
}

/* The interface that a route leads to, if it may have what is for `address`. */
static struct network_interface* interface_at(struct network* network, const struct network_route* route, uint32_t vni,
                                              struct network_ip address) {
  struct network_interface* to = network_attached(network, route->index);
  if (!to || to->vni != vni) return 0;
  return to->forwards || to == network_local(network, vni, address) ? to : 0;
}

/* From one interface of the card to another: past the rules of both. */
static struct vpc_message_verdict to_neighbour(struct network* network, const struct network_interface* from,
                                               const struct network_interface* to, const struct network_view* view) {
  if (to == from) return drop(VPC_REASON_NO_ROUTE);
  if (!network_allows(network, to, 1, view)) return drop(VPC_REASON_RULES);
  struct vpc_message_verdict verdict = {
      .header.function = to->function,
      .action = VPC_TO_INTERFACE,
      .flags = lasting(view, VPC_INSTALL | VPC_INSTALL_REVERSE | VPC_REWRITE_MAC),
      .vni = from->vni,
      .owner = from->function,
      .reverse_function = from->function,
      .reverse_peer = VPC_NO_PEER,
      .reverse_vni = from->vni,
  };
  memcpy(verdict.mac, to->mac, MAC_BYTES);
  memcpy(verdict.reverse_mac, from->mac, MAC_BYTES);
  return verdict;
}

/* A frame keeps its destination address unless the route has one; the other card does not look at it. */
static struct vpc_message_verdict to_peer(const struct network* network, const struct network_interface* from,
                                          const struct network_route* route, const struct network_view* view) {
  if (route->index >= NETWORK_MOST_PEERS || network->peers[route->index].node == 0) return drop(VPC_REASON_NO_ROUTE);
  struct vpc_message_verdict verdict = {
      .header.function = from->function,
      .action = VPC_TO_PEER,
      .flags = lasting(view, VPC_INSTALL | VPC_INSTALL_REVERSE | VPC_REWRITE_MAC),
      .vni = from->vni,
      .peer = route->index,
      .owner = from->function,
      .reverse_function = from->function,
      .reverse_peer = route->index,
      .reverse_vni = from->vni,
  };
  memcpy(verdict.mac, network_mac_value(route->mac) ? route->mac : view->message->destination_mac, MAC_BYTES);
  memcpy(verdict.reverse_mac, from->mac, MAC_BYTES);
  return verdict;
}

static struct vpc_message_verdict forward(struct network* network, const struct network_interface* from,
                                          const struct network_view* view) {
  struct network_ip to = view->flow.destination;
  const struct network_route* route = route_for(network, from->vni, to);
  struct network_interface* local = network_local(network, from->vni, to);
  if (local && !(route && route->to.length == 128)) return to_neighbour(network, from, local, view);
  if (!route) return drop(VPC_REASON_NO_ROUTE);
  switch (route->target) {
    case CONTROL_ROUTE_PEER: return to_peer(network, from, route, view);
    case CONTROL_ROUTE_INTERFACE:
      local = interface_at(network, route, from->vni, to);
      return local ? to_neighbour(network, from, local, view) : drop(VPC_REASON_UNKNOWN_TARGET);
    default: return drop(VPC_REASON_NO_ROUTE);
  }
}

/* What needs no address of the sender's: NETWORK_PASSES, or how it ends. Tagged frames get no such answers. */
static int serve(struct network* network, const struct network_interface* from, const struct network_view* view) {
  int tagged = view->l3 != ETHERNET_BYTES;
  if (view->message->ether_type == ETHER_ARP) return tagged ? VPC_REASON_NOT_IP : network_arp(network, from, view);
  if (is_discovery(view)) return tagged ? VPC_REASON_NO_ROUTE : network_neighbour(network, from, view);
  return tagged ? NETWORK_PASSES : network_dhcp(network, from, view);
}

static struct vpc_message_verdict served_as(int result) {
  if (result != VPC_REASON_NONE) return drop((enum vpc_reason)result);
  return (struct vpc_message_verdict){.action = VPC_CONSUMED};
}

static struct vpc_message_verdict egress(struct network* network, const struct network_view* view, int whole) {
  const struct vpc_message_packet* packet = view->message;
  const struct network_interface* from = network_attached(network, packet->header.function);
  if (!from) return drop(VPC_REASON_NO_INTERFACE);
  if (memcmp(packet->source_mac, from->mac, MAC_BYTES) != 0) return drop(VPC_REASON_SPOOFED_MAC);
  if (!whole) return drop(VPC_REASON_NOT_IP);
  int served = serve(network, from, view);
  if (served != NETWORK_PASSES) return served_as(served);
  struct network_ip to = view->flow.destination;
  if (!may_send_from(from, view->flow.source)) return drop(VPC_REASON_SPOOFED_IP);
  if ((packet->flags & VPC_PACKET_BROADCAST) || !network_is_unicast(to) || is_nobody(from, to))
    return drop(VPC_REASON_NO_ROUTE);
  if (network_has_router(from, to)) return served_as(network_echo(network, from, view));
  if (view->ttl == 0) return drop(VPC_REASON_TTL);
  if (!network_allows(network, from, 0, view)) return drop(VPC_REASON_RULES);
  return forward(network, from, view);
}

static struct network_interface* target_of(struct network* network, const struct network_view* view) {
  uint32_t vni = view->message->vni;
  struct network_interface* to = network_local(network, vni, view->flow.destination);
  if (to) return to;
  to = network_by_mac(network, vni, view->message->destination_mac);
  if (to && to->forwards) return to;
  const struct network_route* route = route_for(network, vni, view->flow.destination);
  return route && route->target == CONTROL_ROUTE_INTERFACE ? interface_at(network, route, vni, view->flow.destination)
                                                           : 0;
}

/* Answers go where packets to the sender would; without a route there they are judged on their own. */
static struct vpc_message_verdict deliver(struct network* network, const struct network_interface* to,
                                          const struct network_view* view) {
  const struct network_route* back = route_for(network, to->vni, view->flow.source);
  int answered = back && back->target == CONTROL_ROUTE_PEER && back->index < NETWORK_MOST_PEERS &&
                 network->peers[back->index].node != 0;
  struct vpc_message_verdict verdict = {
      .header.function = to->function,
      .action = VPC_TO_INTERFACE,
      .flags = lasting(view, VPC_INSTALL | VPC_REWRITE_MAC | (answered ? VPC_INSTALL_REVERSE : 0)),
      .vni = to->vni,
      .peer = VPC_NO_PEER,
      .owner = to->function,
      .reverse_function = to->function,
      .reverse_peer = answered ? back->index : VPC_NO_PEER,
      .reverse_vni = to->vni,
  };
  memcpy(verdict.mac, to->mac, MAC_BYTES);
  memcpy(verdict.reverse_mac, answered && network_mac_value(back->mac) ? back->mac : view->message->source_mac,
         MAC_BYTES);
  return verdict;
}

static struct vpc_message_verdict ingress(struct network* network, const struct network_view* view, int whole) {
  const struct vpc_message_packet* packet = view->message;
  if (packet->peer >= NETWORK_MOST_PEERS || network->peers[packet->peer].node == 0) return drop(VPC_REASON_NO_ROUTE);
  if (!whole || packet->ether_type == ETHER_ARP) return drop(VPC_REASON_NOT_IP);
  if ((packet->flags & VPC_PACKET_BROADCAST) || !network_is_unicast(view->flow.destination) || is_discovery(view))
    return drop(VPC_REASON_NO_ROUTE);
  /* What an interface of this card sends does not come from the wire. */
  if (!network_is_unicast(view->flow.source) || network_local(network, packet->vni, view->flow.source))
    return drop(VPC_REASON_SPOOFED_IP);
  if (view->ttl == 0) return drop(VPC_REASON_TTL);
  const struct network_interface* to = target_of(network, view);
  if (!to) return drop(VPC_REASON_UNKNOWN_TARGET);
  if (!network_allows(network, to, 1, view)) {
    struct vpc_message_verdict refused = drop(VPC_REASON_RULES);
    refused.owner = to->function; /* whose counter it is */
    return refused;
  }
  return deliver(network, to, view);
}

void network_packet(struct network* network, const struct vpc_message_packet* packet) {
  struct network_view view;
  int whole = packet->slot < VPC_SLOTS &&
              network_view(&view, packet, network->port->slots + (uint32_t)packet->slot * VPC_SLOT_BYTES);
  struct vpc_message_verdict verdict = drop(VPC_REASON_NOT_IP);
  if (packet->slot < VPC_SLOTS) {
    switch (packet->direction) {
      case VPC_EGRESS: verdict = egress(network, &view, whole); break;
      case VPC_INGRESS: verdict = ingress(network, &view, whole); break;
    }
  }
  if (verdict.flags & VPC_INSTALL) network->judged = 1;
  verdict.header.type = VPC_MESSAGE_VERDICT;
  verdict.header.tag = packet->header.tag;
  verdict.generation = packet->generation;
  network->port->verdict(network->port->context, &verdict);
}
