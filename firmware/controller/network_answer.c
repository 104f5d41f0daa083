/* Frames that the card makes, and the answer to echoes. */
#include "network_internal.h"

enum { HOPS = 64 };

uint8_t* network_put_ethernet(uint8_t* to, const uint8_t* destination, const uint8_t* source, unsigned ether_type) {
  memcpy(to, destination, MAC_BYTES);
  memcpy(to + MAC_BYTES, source, MAC_BYTES);
  put16be(to + 2 * MAC_BYTES, ether_type);
  return to + ETHERNET_BYTES;
}

/* RFC 791; not to be fragmented, so no identification is needed (RFC 6864, 4.1). */
uint8_t* network_put_ipv4(uint8_t* to, uint32_t source, uint32_t destination, unsigned protocol, uint32_t bytes) {
  memset(to, 0, IPV4_BYTES);
  to[0] = 4 << 4 | IPV4_BYTES / 4;
  put16be(to + 2, IPV4_BYTES + bytes);
  put16be(to + 6, 1 << 14);
  to[8] = HOPS;
  to[9] = (uint8_t)protocol;
  put32be(to + 12, source);
  put32be(to + 16, destination);
  put16be(to + 10, checksum_end(checksum_add(0, to, IPV4_BYTES)));
  return to + IPV4_BYTES;
}

uint8_t* network_put_ipv6(uint8_t* to, struct network_ip source, struct network_ip destination, unsigned protocol,
                          unsigned hop_limit, uint32_t bytes) {
  put32be(to, 6u << 28);
  put16be(to + 4, bytes);
  to[6] = (uint8_t)protocol;
  to[7] = (uint8_t)hop_limit;
  network_ip_bytes(source, to + 8);
  network_ip_bytes(destination, to + 24);
  return to + IPV6_BYTES;
}

uint16_t network_sum_v6(const uint8_t* ipv6, unsigned protocol, const uint8_t* data, uint32_t bytes) {
  return checksum_end(checksum_add(checksum_add(protocol + bytes, ipv6 + 8, 32), data, bytes));
}

uint16_t network_sum_v4(const uint8_t* ipv4, unsigned protocol, const uint8_t* data, uint32_t bytes) {
  return checksum_end(checksum_add(checksum_add(protocol + bytes, ipv4 + 12, 8), data, bytes));
}

void network_inject(struct network* network, const struct network_interface* to, uint32_t bytes) {
  network->port->inject(network->port->context, to->function, bytes);
}

/* RFC 792, RFC 4443 4.2: identifier, sequence number and data come back. What is longer than a slot cannot be answered,
 * nor can fragments. IPv4's options are left out (RFC 1122, 3.2.2.6 is about routes that there are none of here). */
int network_echo(struct network* network, const struct network_interface* from, const struct network_view* view) {
  int v4 = network_is_v4(view->flow.destination);
  if (view->l3 != ETHERNET_BYTES || view->icmp_type != (v4 ? ICMP_ECHO : ICMPV6_ECHO) ||
      view->message->bytes > VPC_SLOT_BYTES)
    return VPC_REASON_NO_ROUTE;
  const uint8_t *packet = view->frame + view->l3, *echo = view->frame + view->l4;
  uint32_t bytes = view->end - view->l4;
  if (bytes < 8) return VPC_REASON_NO_ROUTE;
  uint16_t sum = v4 ? checksum_end(checksum_add(0, echo, bytes)) : network_sum_v6(packet, PROTOCOL_ICMPV6, echo, bytes);
  if (sum != 0) return VPC_REASON_NO_ROUTE;

  uint8_t* frame = network->port->frame;
  uint8_t* to = network_put_ethernet(frame, from->mac, view->message->destination_mac, view->message->ether_type);
  uint8_t* answer = v4 ? network_put_ipv4(to, (uint32_t)view->flow.destination.low, (uint32_t)view->flow.source.low,
                                          PROTOCOL_ICMP, bytes)
                       : network_put_ipv6(to, view->flow.destination, view->flow.source, PROTOCOL_ICMPV6, HOPS, bytes);
  memcpy(answer, echo, bytes);
  answer[0] = v4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY;
  put16be(answer + 2, 0);
  put16be(answer + 2,
          v4 ? checksum_end(checksum_add(0, answer, bytes)) : network_sum_v6(to, PROTOCOL_ICMPV6, answer, bytes));
  network_inject(network, from, (uint32_t)(answer - frame) + bytes);
  return VPC_REASON_NONE;
}
