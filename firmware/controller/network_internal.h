/* What the parts of the network side (network.h) have of each other. */
#ifndef CARDVP_FIRMWARE_NETWORK_INTERNAL_H
#define CARDVP_FIRMWARE_NETWORK_INTERNAL_H

#include "mem.h"
#include "network.h"
#include "network_wire.h"
#include "regs.h"

/* A packet of the data path: its message, and its headers as they stand in the slot. */
struct network_view {
  const struct vpc_message_packet* message;
  struct network_flow flow;
  const uint8_t* frame;
  uint32_t size; /* bytes of it that are in the slot */
  uint32_t l3;   /* where what is behind Ethernet header and VLAN tags begins */
  uint32_t l4;   /* 0: nowhere, or not known */
  uint32_t end;  /* of the IP packet, as far as it is in the slot */
  uint8_t ttl;
  uint8_t fragment;
  uint16_t icmp_type; /* NETWORK_NO_TYPE: no ICMP, or a fragment */
};
enum { NETWORK_NO_TYPE = 0xffff };

/* 0: the message says what the frame is not: an EtherType that is not carried, or a header that is not whole. */
int network_view(struct network_view* view, const struct vpc_message_packet* message, const uint8_t* frame);

/* Addresses (network_lookup.c). */
enum { NETWORK_V4_LENGTH = 96 }; /* of the prefix that all IPv4 addresses have */
struct network_ip network_ip(const uint8_t* bytes);
void network_ip_bytes(struct network_ip ip, uint8_t* bytes);
static inline int network_same(struct network_ip a, struct network_ip b) { return a.high == b.high && a.low == b.low; }
static inline int network_none(struct network_ip ip) { return (ip.high | ip.low) == 0; }
static inline int network_is_v4(struct network_ip ip) { return ip.high == 0 && ip.low >> 32 == 0xffff; }
int network_is_multicast(struct network_ip ip); /* IPv4's 255.255.255.255 too */
int network_is_unicast(struct network_ip ip);   /* none of: multicast, unspecified, loopback, 0.0.0.0/8 */
int network_is_link_local(struct network_ip ip);
int network_contains(const struct network_prefix* prefix, struct network_ip ip);
/* False: too long, or bits behind the length, or of both families. */
int network_prefix_set(struct network_prefix* prefix, const uint8_t* address, unsigned length);
struct network_ip network_mask(unsigned length);
/* The network's own address, or IPv4's broadcast address: nobody's. */
int network_is_nobody(const struct network_prefix* subnet, struct network_ip ip);

/* What is where (network_lookup.c). Null: nothing. */
struct network_interface* network_interface(struct network* network, unsigned function);
struct network_interface* network_attached(struct network* network, unsigned function);
int network_has_address(const struct network_interface* interface, struct network_ip ip);
int network_has_router(const struct network_interface* interface, struct network_ip ip);
struct network_interface* network_local(struct network* network, uint32_t vni, struct network_ip ip);
struct network_interface* network_by_mac(struct network* network, uint32_t vni, const uint8_t* mac);
const struct network_route* network_route(const struct network* network, uint32_t vni, struct network_ip ip);
/* The address's owner as hosts see it: the interface of this card, or the VPC's router. */
const uint8_t* network_mac_for(struct network* network, uint32_t vni, struct network_ip ip);
/* Whether the card answers who asks for the address's MAC address: not for the interface's own, for which the host asks
 * to see whether it is free (RFC 5227, 2.1.1; RFC 4862, 5.4). */
int network_answers_for(const struct network_interface* interface, struct network_ip ip);
extern const uint8_t network_router_mac[MAC_BYTES];

/* Rules, and what they have allowed (network_rules.c). */
int network_allows(struct network* network, const struct network_interface* interface, int ingress,
                   const struct network_view* view);
void network_forget_connections(struct network* network, unsigned function);

/* What the card answers itself, to packets from an interface. NETWORK_PASSES: it is not for the card; otherwise the
 * packet ends here, and this is why it is dropped, or VPC_REASON_NONE. */
enum { NETWORK_PASSES = -1 };
int network_arp(struct network* network, const struct network_interface* from, const struct network_view* view);
int network_neighbour(struct network* network, const struct network_interface* from, const struct network_view* view);
int network_dhcp(struct network* network, const struct network_interface* from, const struct network_view* view);
/* To the address of a router of the interface's: an echo is answered, nothing else is for it. */
int network_echo(struct network* network, const struct network_interface* from, const struct network_view* view);

/* Parts of answers, in port->frame (network_answer.c). Each gives where the next header begins. */
uint8_t* network_put_ethernet(uint8_t* to, const uint8_t* destination, const uint8_t* source, unsigned ether_type);
uint8_t* network_put_ipv4(uint8_t* to, uint32_t source, uint32_t destination, unsigned protocol, uint32_t bytes);
uint8_t* network_put_ipv6(uint8_t* to, struct network_ip source, struct network_ip destination, unsigned protocol,
                          unsigned hop_limit, uint32_t bytes);
/* Over pseudo-header and data (RFC 8200, 8.1; RFC 768). */
uint16_t network_sum_v6(const uint8_t* ipv6, unsigned protocol, const uint8_t* data, uint32_t bytes);
uint16_t network_sum_v4(const uint8_t* ipv4, unsigned protocol, const uint8_t* data, uint32_t bytes);
void network_inject(struct network* network, const struct network_interface* to, uint32_t bytes);

/* Keys between cards (network_keys.c). */
uint32_t network_transit_key(struct network* network, const struct control_transit_key* request);
uint32_t network_rekey(struct network* network);
void network_key_peer(struct network* network, unsigned index);   /* as its flags say, if there is a master key */
void network_unkey_peer(struct network* network, unsigned index); /* takes associations and keys away */

/* Registers. */
static inline void network_write(struct network* network, unsigned page, uint32_t offset, unsigned bits,
                                 uint64_t value) {
  network->port->write_register(network->port->context, page, offset, bits, value);
}
static inline uint64_t network_read(struct network* network, unsigned page, uint32_t offset, unsigned bits) {
  return network->port->read_register(network->port->context, page, offset, bits);
}
#define VPC_WRITE(network, reg, value) network_write(network, 0, VPC_##reg, VPC_##reg##_BITS, value)
#define VPC_READ(network, reg) network_read(network, 0, VPC_##reg, VPC_##reg##_BITS)
#define VPC_IF_WRITE(network, function, reg, value) \
  network_write(network, (function) + 1u, VPC_IF_##reg, VPC_IF_##reg##_BITS, value)

static inline uint64_t network_mac_value(const uint8_t* mac) {
  uint64_t value = 0;
  for (unsigned i = 0; i < MAC_BYTES; i++) value |= (uint64_t)mac[i] << 8 * i;
  return value;
}
static inline int network_mac_usable(const uint8_t* mac) { return network_mac_value(mac) != 0 && (mac[0] & 1) == 0; }

/* Something that verdicts come from has changed: the flow cache asks again, if it has been told anything. */
void network_changed(struct network* network);

/* Requests about one interface (network_interfaces.c). */
uint32_t network_control_address(struct network* network, const struct control_address* request);
uint32_t network_control_rule(struct network* network, const struct control_rule* request);
uint32_t network_control_allowances(struct network* network, const struct control_allowances* request);

#endif
