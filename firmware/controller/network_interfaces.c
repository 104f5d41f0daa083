/* What the control plane says of one interface. It may be said before the interface is attached, and outlives it. */
#include "console.h"
#include "network_internal.h"

enum { MODE_OFF = 0, MODE_VPC = 1, MODE_BRIDGED = 2 };

/* The function's entry; null: there is no room for one more. */
static struct network_interface* entry_of(struct network* network, unsigned function) {
  struct network_interface* interface = network_interface(network, function);
  if (interface || network->interface_count == NETWORK_MOST_INTERFACES) return interface;
  interface = &network->interfaces[network->interface_count++];
  memset(interface, 0, sizeof *interface);
  interface->function = (uint16_t)function;
  network->interface_of[function] = (uint8_t)network->interface_count;
  return interface;
}

static uint32_t find(struct network* network, unsigned function, struct network_interface** interface) {
  if (function >= NETWORK_FUNCTIONS || !network->port->interface_exists(network->port->context, function))
    return CONTROL_NO_HARDWARE;
  *interface = entry_of(network, function);
  return *interface ? CONTROL_OK : CONTROL_NO_ROOM;
}

void network_attach(struct network* network, unsigned function, const struct control_attach_interface* attach) {
  struct network_interface* interface = function < NETWORK_FUNCTIONS ? entry_of(network, function) : 0;
  if (!interface) {
    print_log("network: no room for function %u", function);
    return;
  }
  interface->attached = 1;
  interface->bridged = (attach->flags & CONTROL_INTERFACE_BRIDGED) != 0;
  interface->forwards = (attach->flags & CONTROL_INTERFACE_FORWARDS) != 0;
  interface->vni = attach->vni;
  interface->mtu = attach->mtu;
  memcpy(interface->mac, attach->mac, MAC_BYTES);
  VPC_IF_WRITE(network, function, VNI, attach->vni);
  VPC_IF_WRITE(network, function, MAC, network_mac_value(attach->mac));
  VPC_IF_WRITE(network, function, MODE, interface->bridged ? MODE_BRIDGED : MODE_VPC);
  network_changed(network);
}

void network_detach(struct network* network, unsigned function) {
  struct network_interface* interface = network_interface(network, function);
  if (!interface || !interface->attached) return;
  interface->attached = 0;
  VPC_IF_WRITE(network, function, MODE, MODE_OFF);
  network_forget_connections(network, function);
  network_changed(network);
}

/* Of the interface's family, and somebody's; or zeros: none. */
static int is_optional_host(struct network_ip ip, struct network_ip interface) {
  return network_none(ip) || (network_is_unicast(ip) && network_is_v4(ip) == network_is_v4(interface));
}

static int set_address(struct network_address* address, const struct control_address* request) {
  address->address = network_ip(request->address);
  address->router = network_ip(request->router);
  address->dns = network_ip(request->dns);
  unsigned length = request->prefix_length;
  if (length > 128 || (network_is_v4(address->address) && length < NETWORK_V4_LENGTH)) return 0;
  const struct network_ip mask = network_mask(length);
  address->subnet.address = (struct network_ip){address->address.high & mask.high, address->address.low & mask.low};
  address->subnet.length = length;
  return network_is_unicast(address->address) && is_optional_host(address->router, address->address) &&
         is_optional_host(address->dns, address->address) && !network_same(address->router, address->address);
}

uint32_t network_control_address(struct network* network, const struct control_address* request) {
  struct network_interface* interface;
  uint32_t status = find(network, request->header.function, &interface);
  if (status != CONTROL_OK) return status;
  const struct network_ip ip = network_ip(request->address);
  uint32_t at = 0;
  while (at < interface->address_count && !network_same(interface->addresses[at].address, ip)) at++;
  struct network_address* place = &interface->addresses[at];
  if (request->remove) {
    if (at == interface->address_count) return CONTROL_UNKNOWN;
    memmove(place, place + 1, (--interface->address_count - at) * sizeof *place);
  } else {
    struct network_address address;
    if (!set_address(&address, request)) return CONTROL_BAD_VALUE;
    if (at == NETWORK_MOST_ADDRESSES) return CONTROL_NO_ROOM;
    *place = address;
    if (at == interface->address_count) interface->address_count++;
  }
  network_changed(network);
  return CONTROL_OK;
}

uint32_t network_control_rule(struct network* network, const struct control_rule* request) {
  struct network_interface* interface;
  uint32_t status = find(network, request->header.function, &interface);
  if (status != CONTROL_OK) return status;
  if (request->number >= NETWORK_MOST_RULES) return CONTROL_BAD_VALUE;
  struct network_rule* place = &interface->rules[request->number];
  struct network_rule rule = {.first_port = request->first_port,
                              .last_port = request->last_port,
                              .used = !request->remove,
                              .ingress = request->ingress != 0,
                              .protocol = request->protocol};
  if (request->remove) {
    if (!place->used) return CONTROL_UNKNOWN;
  } else if (!network_prefix_set(&rule.peer, request->prefix, request->prefix_length) ||
             request->first_port > request->last_port) {
    return CONTROL_BAD_VALUE;
  }
  interface->egress_rules =
      (uint8_t)(interface->egress_rules - (place->used && !place->ingress) + (rule.used && !rule.ingress));
  *place = rule;
  network_changed(network);
  return CONTROL_OK;
}

uint32_t network_control_allowances(struct network* network, const struct control_allowances* request) {
  struct network_interface* interface;
  uint32_t status = find(network, request->header.function, &interface);
  if (status != CONTROL_OK) return status;
  unsigned function = interface->function;
  VPC_IF_WRITE(network, function, BANDWIDTH_IN, request->bandwidth_in);
  VPC_IF_WRITE(network, function, BANDWIDTH_OUT, request->bandwidth_out);
  VPC_IF_WRITE(network, function, PACKET_RATE, request->packet_rate);
  VPC_IF_WRITE(network, function, CONNECTIONS, request->connections);
  VPC_IF_WRITE(network, function, SLOW_RATE, request->slow_rate);
  VPC_IF_WRITE(network, function, BURST, request->burst_us);
  return CONTROL_OK;
}
