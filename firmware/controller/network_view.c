/* Headers of a packet in its slot. The data path has looked at them before; here every length is checked again, for
 * what stands in memory is what the host or the wire sent. */
#include "network_internal.h"

static int view_ipv4(struct network_view* view) {
  const uint8_t* header = view->frame + view->l3;
  uint32_t room = view->size - view->l3;
  if (room < IPV4_BYTES || header[0] >> 4 != 4) return 0;
  uint32_t header_bytes = (header[0] & 15u) * 4, total = get16be(header + 2);
  if (header_bytes < IPV4_BYTES || header_bytes > room || total < header_bytes) return 0;
  view->ttl = header[8];
  view->end = view->l3 + (total < room ? total : room);
  if ((get16be(header + 6) & 0x1fff) == 0) view->l4 = view->l3 + header_bytes;
  return 1;
}

/* Extension headers (RFC 8200, 4) up to the upper layer; what has more than eight has none. */
static uint32_t skip_extensions(const struct network_view* view, uint32_t at, unsigned next) {
  for (unsigned i = 0; i < 8; i++) {
    if (next != PROTOCOL_HOP_BY_HOP && next != PROTOCOL_ROUTING && next != PROTOCOL_FRAGMENT &&
        next != PROTOCOL_DESTINATION)
      return next == view->flow.protocol ? at : 0;
    if (at + 8 > view->end) return 0;
    const uint8_t* extension = view->frame + at;
    if (next == PROTOCOL_FRAGMENT && get16be(extension + 2) >> 3 != 0) return 0;
    at += next == PROTOCOL_FRAGMENT ? 8 : (extension[1] + 1u) * 8;
    next = extension[0];
  }
  return 0;
}

static int view_ipv6(struct network_view* view) {
  const uint8_t* header = view->frame + view->l3;
  uint32_t room = view->size - view->l3;
  if (room < IPV6_BYTES || header[0] >> 4 != 6) return 0;
  uint32_t total = IPV6_BYTES + (uint32_t)get16be(header + 4);
  view->ttl = header[7];
  view->end = view->l3 + (total < room ? total : room);
  view->l4 = skip_extensions(view, view->l3 + IPV6_BYTES, header[6]);
  return 1;
}

/* An IPv6 packet with an IPv4-mapped address (RFC 4291, 2.5.5.2) is nothing that goes over a wire, and would pass for
 * an IPv4 one. */
static int right_family(const struct network_view* view, int v4) {
  return network_is_v4(view->flow.source) == v4 && network_is_v4(view->flow.destination) == v4;
}

int network_view(struct network_view* view, const struct vpc_message_packet* message, const uint8_t* frame) {
  memset(view, 0, sizeof *view);
  view->message = message;
  view->flow = (struct network_flow){network_ip(message->source), network_ip(message->destination),
                                     message->source_port, message->destination_port, message->protocol};
  view->frame = frame;
  view->size = message->bytes < VPC_SLOT_BYTES ? message->bytes : VPC_SLOT_BYTES;
  view->fragment = (message->flags & VPC_PACKET_FRAGMENT) != 0;
  view->icmp_type = NETWORK_NO_TYPE;
  view->l3 = ETHERNET_BYTES;
  for (unsigned tags = 0; tags < 2 && view->l3 + VLAN_TAG_BYTES <= view->size; tags++) {
    uint16_t type = get16be(frame + view->l3 - 2);
    if (type != ETHER_VLAN && type != ETHER_VLAN_SERVICE) break;
    view->l3 += VLAN_TAG_BYTES;
  }
  if (view->l3 > view->size || get16be(frame + view->l3 - 2) != message->ether_type) return 0;
  if (message->ether_type == ETHER_ARP) return 1;
  if ((message->flags & VPC_PACKET_IP) == 0) return 0;
  int v4 = message->ether_type == ETHER_IPV4;
  if (!v4 && message->ether_type != ETHER_IPV6) return 0;
  if (!right_family(view, v4) || !(v4 ? view_ipv4(view) : view_ipv6(view))) return 0;
  if (view->flow.protocol == (v4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6) && !view->fragment && view->l4 != 0 &&
      view->l4 < view->end)
    view->icmp_type = frame[view->l4];
  return 1;
}
