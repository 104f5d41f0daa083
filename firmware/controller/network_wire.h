/* Headers as they are on the wire: where fields stand, in bytes, and how numbers are read and written (big-endian, at
 * any alignment). */
#ifndef CARDVP_FIRMWARE_NETWORK_WIRE_H
#define CARDVP_FIRMWARE_NETWORK_WIRE_H

#include <stdint.h>

enum { MAC_BYTES = 6, ETHERNET_BYTES = 14, VLAN_TAG_BYTES = 4, IPV4_BYTES = 20, IPV6_BYTES = 40, UDP_BYTES = 8 };

enum {
  ETHER_IPV4 = 0x0800,
  ETHER_ARP = 0x0806,
  ETHER_VLAN = 0x8100,         /* IEEE 802.1Q: customer tag */
  ETHER_VLAN_SERVICE = 0x88a8, /* and service tag */
  ETHER_IPV6 = 0x86dd
};

enum {
  PROTOCOL_HOP_BY_HOP = 0,
  PROTOCOL_ICMP = 1,
  PROTOCOL_TCP = 6,
  PROTOCOL_UDP = 17,
  PROTOCOL_ROUTING = 43,
  PROTOCOL_FRAGMENT = 44,
  PROTOCOL_ICMPV6 = 58,
  PROTOCOL_DESTINATION = 60
};

/* ICMP (RFC 792) and ICMPv6 (RFC 4443, 4861). */
enum {
  ICMP_ECHO_REPLY = 0,
  ICMP_ECHO = 8,
  ICMPV6_ECHO = 128,
  ICMPV6_ECHO_REPLY = 129,
  ICMPV6_ROUTER_SOLICITATION = 133,
  ICMPV6_ROUTER_ADVERTISEMENT = 134,
  ICMPV6_NEIGHBOUR_SOLICITATION = 135,
  ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136,
  ICMPV6_REDIRECT = 137
};

static inline uint16_t get16be(const uint8_t* at) { return (uint16_t)(at[0] << 8 | at[1]); }
static inline uint32_t get32be(const uint8_t* at) { return (uint32_t)get16be(at) << 16 | get16be(at + 2); }
static inline uint64_t get64be(const uint8_t* at) { return (uint64_t)get32be(at) << 32 | get32be(at + 4); }

static inline void put16be(uint8_t* at, uint32_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}
static inline void put32be(uint8_t* at, uint32_t value) {
  put16be(at, value >> 16);
  put16be(at + 2, value);
}
static inline void put64be(uint8_t* at, uint64_t value) {
  put32be(at, (uint32_t)(value >> 32));
  put32be(at + 4, (uint32_t)value);
}

/* The Internet checksum (RFC 1071) of several pieces, each but the last of an even size: add them up, then finish. Of
 * data with its checksum in it the result is 0. */
static inline uint32_t checksum_add(uint32_t sum, const uint8_t* data, uint32_t bytes) {
  uint32_t i = 0;
  for (; i + 1 < bytes; i += 2) sum += get16be(data + i);
  if (i < bytes) sum += (uint32_t)data[i] << 8;
  return sum;
}
static inline uint16_t checksum_end(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

#endif
