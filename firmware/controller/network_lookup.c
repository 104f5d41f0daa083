/* Addresses, and what is where. */
#include "network_internal.h"

/* Locally administered. Whatever the card answers for and is no interface of its own has this address; the card that
 * delivers the packet writes the interface's own over it. */
const uint8_t network_router_mac[MAC_BYTES] = {0x02, 0x00, 0x5e, 0x00, 0x00, 0x01};

struct network_ip network_ip(const uint8_t* bytes) {
  return (struct network_ip){get64be(bytes), get64be(bytes + 8)};
}

void network_ip_bytes(struct network_ip ip, uint8_t* bytes) {
  put64be(bytes, ip.high);
  put64be(bytes + 8, ip.low);
}

int network_is_multicast(struct network_ip ip) {
  if (!network_is_v4(ip)) return ip.high >> 56 == 0xff;
  uint32_t v4 = (uint32_t)ip.low;
  return v4 >> 28 == 0xe || v4 == 0xffffffff;
}

int network_is_unicast(struct network_ip ip) {
  if (network_is_multicast(ip)) return 0;
  if (!network_is_v4(ip)) return ip.high != 0 || ip.low > 1; /* :: and ::1 */
  uint32_t first = (uint32_t)ip.low >> 24;
  return first != 0 && first != 127;
}

int network_is_link_local(struct network_ip ip) {
  return network_is_v4(ip) ? (uint32_t)ip.low >> 16 == 0xa9fe : ip.high >> 54 == 0xfe80 >> 6;
}

struct network_ip network_mask(unsigned length) {
  struct network_ip mask = {0, 0};
  if (length > 0) mask.high = length >= 64 ? UINT64_MAX : UINT64_MAX << (64 - length);
  if (length > 64) mask.low = UINT64_MAX << (128 - length);
  return mask;
}

int network_contains(const struct network_prefix* prefix, struct network_ip ip) {
  const struct network_ip mask = network_mask(prefix->length);
  return ((ip.high ^ prefix->address.high) & mask.high) == 0 && ((ip.low ^ prefix->address.low) & mask.low) == 0 &&
         (prefix->length >= NETWORK_V4_LENGTH || !network_is_v4(ip));
}

int network_prefix_set(struct network_prefix* prefix, const uint8_t* address, unsigned length) {
  prefix->address = network_ip(address);
  prefix->length = length;
  if (length > 128) return 0;
  const struct network_ip mask = network_mask(length);
  if ((prefix->address.high & ~mask.high) | (prefix->address.low & ~mask.low)) return 0;
  return length >= NETWORK_V4_LENGTH || !network_is_v4(prefix->address);
}

int network_is_nobody(const struct network_prefix* subnet, struct network_ip ip) {
  if (subnet->length >= 127) return 0; /* RFC 3021, RFC 6164: both addresses are hosts' */
  if (network_same(ip, subnet->address)) return 1;
  return network_is_v4(ip) && (uint32_t)(ip.low | network_mask(subnet->length).low) == 0xffffffff;
}

struct network_interface* network_interface(struct network* network, unsigned function) {
  if (function >= NETWORK_FUNCTIONS || network->interface_of[function] == 0) return 0;
  return &network->interfaces[network->interface_of[function] - 1];
}

struct network_interface* network_attached(struct network* network, unsigned function) {
  struct network_interface* interface = network_interface(network, function);
  return interface && interface->attached && !interface->bridged ? interface : 0;
}

int network_has_address(const struct network_interface* interface, struct network_ip ip) {
  for (uint32_t i = 0; i < interface->address_count; i++)
    if (network_same(interface->addresses[i].address, ip)) return 1;
  return 0;
}

int network_has_router(const struct network_interface* interface, struct network_ip ip) {
  for (uint32_t i = 0; i < interface->address_count; i++)
    if (network_same(interface->addresses[i].router, ip)) return 1;
  return 0;
}

static int in_vpc(const struct network_interface* interface, uint32_t vni) {
  return interface->attached && !interface->bridged && interface->vni == vni;
}

struct network_interface* network_local(struct network* network, uint32_t vni, struct network_ip ip) {
  for (uint32_t i = 0; i < network->interface_count; i++) {
    struct network_interface* interface = &network->interfaces[i];
    if (in_vpc(interface, vni) && network_has_address(interface, ip)) return interface;
  }
  return 0;
}

struct network_interface* network_by_mac(struct network* network, uint32_t vni, const uint8_t* mac) {
  for (uint32_t i = 0; i < network->interface_count; i++) {
    struct network_interface* interface = &network->interfaces[i];
    if (in_vpc(interface, vni) && memcmp(interface->mac, mac, MAC_BYTES) == 0) return interface;
  }
  return 0;
}

/* Routes are sorted by VPC, and the longest prefixes of one come first. */
const struct network_route* network_route(const struct network* network, uint32_t vni, struct network_ip ip) {
  uint32_t first = 0, behind = network->route_count;
  while (first < behind) {
    uint32_t middle = first + (behind - first) / 2;
    if (network->routes[middle].vni < vni)
      first = middle + 1;
    else
      behind = middle;
  }
  for (uint32_t i = first; i < network->route_count && network->routes[i].vni == vni; i++)
    if (network_contains(&network->routes[i].to, ip)) return &network->routes[i];
  return 0;
}

const uint8_t* network_mac_for(struct network* network, uint32_t vni, struct network_ip ip) {
  const struct network_interface* interface = network_local(network, vni, ip);
  return interface ? interface->mac : network_router_mac;
}

int network_answers_for(const struct network_interface* interface, struct network_ip ip) {
  if (network_has_address(interface, ip)) return 0;
  if (network_has_router(interface, ip)) return 1;
  for (uint32_t i = 0; i < interface->address_count; i++) {
    const struct network_prefix* subnet = &interface->addresses[i].subnet;
    if (network_contains(subnet, ip) && !network_is_nobody(subnet, ip)) return 1;
  }
  return 0;
}
