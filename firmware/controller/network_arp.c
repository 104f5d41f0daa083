/* ARP (RFC 826): the card answers for every other address of an interface's subnets, so that whatever the host sends
 * there comes to the card. */
#include "network_internal.h"

enum { ARP_BYTES = 28, ARP_REQUEST = 1, ARP_REPLY = 2 };
/* Where fields stand in a packet of Ethernet and IPv4. */
enum {
  HARDWARE = 0,
  PROTOCOL = 2,
  LENGTHS = 4,
  OPERATION = 6,
  SENDER_MAC = 8,
  SENDER = 14,
  TARGET_MAC = 18,
  TARGET = 24
};

static struct network_ip ip_of(const uint8_t* bytes) {
  return (struct network_ip){0, UINT64_C(0xffff) << 32 | get32be(bytes)};
}

int network_arp(struct network* network, const struct network_interface* from, const struct network_view* view) {
  const uint8_t* arp = view->frame + view->l3;
  if (view->size - view->l3 < ARP_BYTES || get16be(arp + HARDWARE) != 1 || get16be(arp + PROTOCOL) != ETHER_IPV4 ||
      get16be(arp + LENGTHS) != (MAC_BYTES << 8 | 4))
    return VPC_REASON_NOT_IP;
  if (memcmp(arp + SENDER_MAC, from->mac, MAC_BYTES) != 0) return VPC_REASON_SPOOFED_MAC;
  const struct network_ip sender = ip_of(arp + SENDER), target = ip_of(arp + TARGET);
  int probe = get32be(arp + SENDER) == 0;
  if (!probe && !from->forwards && !network_has_address(from, sender)) return VPC_REASON_SPOOFED_IP;
  /* No answer to replies and announcements. */
  if (get16be(arp + OPERATION) != ARP_REQUEST || network_same(sender, target) || !network_answers_for(from, target))
    return VPC_REASON_NONE;

  const uint8_t* mac = network_mac_for(network, from->vni, target);
  uint8_t* frame = network->port->frame;
  uint8_t* reply = network_put_ethernet(frame, from->mac, mac, ETHER_ARP);
  memcpy(reply, arp, OPERATION);
  put16be(reply + OPERATION, ARP_REPLY);
  memcpy(reply + SENDER_MAC, mac, MAC_BYTES);
  memcpy(reply + SENDER, arp + TARGET, 4);
  memcpy(reply + TARGET_MAC, arp + SENDER_MAC, MAC_BYTES);
  memcpy(reply + TARGET, arp + SENDER, 4);
  network_inject(network, from, ETHERNET_BYTES + ARP_BYTES);
  return VPC_REASON_NONE;
}
