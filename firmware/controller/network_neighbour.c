/* IPv6 neighbour discovery (RFC 4861): as with ARP, the card answers for every other address of an interface's subnets,
 * and for its own link-local one. It is the router of an interface that has a router's address: it says which prefixes
 * are on the link, and that no address is made out of them (no autonomous flag; RFC 4862, 5.5.3): what an interface may
 * send from is the control plane's to say. What a host advertises means nothing here. */
#include "network_internal.h"

/* The router advertises when asked, never by itself: so its lifetime is the longest there is (RFC 8319, 4). */
enum { NEIGHBOUR_HOPS = 255, ROUTER_HOPS = 64, ROUTER_LIFETIME_S = 0xffff };
enum {
  SOLICITATION_BYTES = 24,
  ADVERTISEMENT_BYTES = 32,
  ROUTER_SOLICITATION_BYTES = 8,
  ROUTER_ADVERTISEMENT_BYTES = 16
};
enum { OPTION_SOURCE_MAC = 1, OPTION_TARGET_MAC = 2, OPTION_PREFIX = 3, OPTION_MTU = 5 };
enum { MAC_OPTION_BYTES = 8, MTU_OPTION_BYTES = 8, PREFIX_OPTION_BYTES = 32 };
enum { FLAG_ROUTER = 0x80, FLAG_SOLICITED = 0x40, FLAG_OVERRIDE = 0x20, FLAG_ON_LINK = 0x80 };
/* RFC 4861, 6.2.1: 30 and 7 days. */
enum { VALID_LIFETIME_S = 2592000, PREFERRED_LIFETIME_S = 604800 };

static const struct network_ip all_nodes = {UINT64_C(0xff02) << 48, 1};
static const uint8_t all_nodes_mac[MAC_BYTES] = {0x33, 0x33, 0, 0, 0, 1}; /* RFC 2464, 7 */

/* The router's: an interface identifier out of its MAC address (RFC 4291, appendix A). */
static struct network_ip router_link_local(void) {
  const uint8_t* mac = network_router_mac;
  const uint8_t id[8] = {mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};
  return (struct network_ip){UINT64_C(0xfe80) << 48, get64be(id)};
}

/* RFC 4861, 6.1.1 and 7.1.1. */
static int valid(const struct network_view* view, uint32_t bytes) {
  const uint8_t* message = view->frame + view->l4;
  uint32_t size = view->end - view->l4;
  if (view->ttl != NEIGHBOUR_HOPS || view->message->bytes > VPC_SLOT_BYTES || size < bytes || message[1] != 0) return 0;
  uint32_t at = bytes;
  for (; at < size; at += message[at + 1] * 8u) /* options */
    if (size - at < 8 || message[at + 1] == 0) return 0;
  return at == size && network_sum_v6(view->frame + view->l3, PROTOCOL_ICMPV6, message, size) == 0;
}

static int may_solicit_from(const struct network_interface* from, struct network_ip source) {
  return network_none(source) || from->forwards || network_has_address(from, source) ||
         (network_is_link_local(source) && !network_is_v4(source) && !network_same(source, router_link_local()));
}

/* The ICMPv6 message of an answer to whoever asked; to all nodes if the asker has no address yet. */
static uint8_t* begin(uint8_t* frame, const struct network_interface* from, const struct network_view* view,
                      const uint8_t* mac, struct network_ip source, uint32_t bytes) {
  int nameless = network_none(view->flow.source);
  uint8_t* to = network_put_ethernet(frame, nameless ? all_nodes_mac : from->mac, mac, ETHER_IPV6);
  to = network_put_ipv6(to, source, nameless ? all_nodes : view->flow.source, PROTOCOL_ICMPV6, NEIGHBOUR_HOPS, bytes);
  memset(to, 0, bytes);
  return to;
}

static void end(struct network* network, const struct network_interface* from, uint8_t* message, uint32_t bytes) {
  put16be(message + 2, network_sum_v6(message - IPV6_BYTES, PROTOCOL_ICMPV6, message, bytes));
  network_inject(network, from, ETHERNET_BYTES + IPV6_BYTES + bytes);
}

static void put_mac_option(uint8_t* to, unsigned type, const uint8_t* mac) {
  to[0] = (uint8_t)type;
  to[1] = MAC_OPTION_BYTES / 8;
  memcpy(to + 2, mac, MAC_BYTES);
}

static void solicited(struct network* network, const struct network_interface* from, const struct network_view* view) {
  if (!valid(view, SOLICITATION_BYTES)) return;
  const struct network_ip target = network_ip(view->frame + view->l4 + 8);
  int own = network_same(target, router_link_local());
  if (!own && !network_answers_for(from, target)) return;
  int router = own || network_has_router(from, target);
  const uint8_t* mac = network_mac_for(network, from->vni, target);
  uint8_t* message = begin(network->port->frame, from, view, mac, target, ADVERTISEMENT_BYTES);
  message[0] = ICMPV6_NEIGHBOUR_ADVERTISEMENT;
  message[4] =
      (uint8_t)((router ? FLAG_ROUTER : 0) | (network_none(view->flow.source) ? 0 : FLAG_SOLICITED) | FLAG_OVERRIDE);
  network_ip_bytes(target, message + 8);
  put_mac_option(message + SOLICITATION_BYTES, OPTION_TARGET_MAC, mac);
  end(network, from, message, ADVERTISEMENT_BYTES);
}

static uint8_t* put_prefix_option(uint8_t* to, const struct network_prefix* subnet) {
  to[0] = OPTION_PREFIX;
  to[1] = PREFIX_OPTION_BYTES / 8;
  to[2] = (uint8_t)subnet->length;
  to[3] = FLAG_ON_LINK;
  put32be(to + 4, VALID_LIFETIME_S);
  put32be(to + 8, PREFERRED_LIFETIME_S);
  network_ip_bytes(subnet->address, to + 16);
  return to + PREFIX_OPTION_BYTES;
}

static int is_v6_subnet(const struct network_address* address) { return !network_is_v4(address->address); }

static void router_solicited(struct network* network, const struct network_interface* from,
                             const struct network_view* view) {
  if (!valid(view, ROUTER_SOLICITATION_BYTES)) return;
  unsigned prefixes = 0, routers = 0;
  for (uint32_t i = 0; i < from->address_count; i++) {
    prefixes += is_v6_subnet(&from->addresses[i]);
    routers += is_v6_subnet(&from->addresses[i]) && !network_none(from->addresses[i].router);
  }
  if (routers == 0) return;
  uint32_t bytes = ROUTER_ADVERTISEMENT_BYTES + MAC_OPTION_BYTES + MTU_OPTION_BYTES + prefixes * PREFIX_OPTION_BYTES;
  uint8_t* message = begin(network->port->frame, from, view, network_router_mac, router_link_local(), bytes);
  message[0] = ICMPV6_ROUTER_ADVERTISEMENT;
  message[4] = ROUTER_HOPS;
  put16be(message + 6, ROUTER_LIFETIME_S);
  uint8_t* option = message + ROUTER_ADVERTISEMENT_BYTES;
  put_mac_option(option, OPTION_SOURCE_MAC, network_router_mac);
  option += MAC_OPTION_BYTES;
  option[0] = OPTION_MTU;
  option[1] = MTU_OPTION_BYTES / 8;
  put32be(option + 4, from->mtu);
  option += MTU_OPTION_BYTES;
  for (uint32_t i = 0; i < from->address_count; i++)
    if (is_v6_subnet(&from->addresses[i])) option = put_prefix_option(option, &from->addresses[i].subnet);
  end(network, from, message, bytes);
}

int network_neighbour(struct network* network, const struct network_interface* from, const struct network_view* view) {
  if (!may_solicit_from(from, view->flow.source)) return VPC_REASON_SPOOFED_IP;
  switch (view->icmp_type) {
    case ICMPV6_ROUTER_SOLICITATION: router_solicited(network, from, view); break;
    case ICMPV6_NEIGHBOUR_SOLICITATION: solicited(network, from, view); break;
    case ICMPV6_ROUTER_ADVERTISEMENT:
    case ICMPV6_REDIRECT: return VPC_REASON_SPOOFED_IP; /* hosts are no routers */
  }
  return VPC_REASON_NONE;
}
