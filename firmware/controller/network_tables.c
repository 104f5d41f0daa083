/* What the control plane says of the network: the underlay, peers and routes. */
#include "console.h"
#include "control.h"
#include "network_internal.h"

enum { VNI_BITS = 24, PEER_STORE = 1, PEER_REMOVE = 2 };

void network_init(struct network* network, const struct network_port* port) {
  memset(network, 0, sizeof *network);
  network->port = port;
}

int network_resume(struct network* network, const struct network_port* port) {
  network->port = port;
  int good = network->interface_count <= NETWORK_MOST_INTERFACES && network->route_count <= NETWORK_MOST_ROUTES &&
             network->master < 2;
  for (unsigned i = 0; i < NETWORK_FUNCTIONS; i++) good &= network->interface_of[i] <= network->interface_count;
  for (unsigned i = 0; good && i < network->interface_count; i++)
    good &= network->interfaces[i].address_count <= NETWORK_MOST_ADDRESSES &&
            network->interfaces[i].function < NETWORK_FUNCTIONS;
  for (unsigned i = 0; i < NETWORK_MOST_PEERS; i++) good &= network->peers[i].sending_slot < NETWORK_SENDING_KEYS;
  return good;
}

void network_changed(struct network* network) {
  if (!network->judged) return;
  network->judged = 0;
  VPC_WRITE(network, FLOW_GENERATION, VPC_READ(network, FLOW_GENERATION) + 1);
}

static void write_address(struct network* network, uint32_t offset, uint32_t stride, const uint8_t* address) {
  for (unsigned word = 0; word < 4; word++) {
    const uint8_t* bytes = address + 4 * word;
    uint32_t value = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    network_write(network, 0, offset + word * stride, 32, value);
  }
}

static uint32_t underlay(struct network* network, const struct control_underlay* request) {
  if (request->node == 0 || request->node > 0xffff || !network_mac_usable(request->mac) ||
      !network_is_unicast(network_ip(request->address)))
    return CONTROL_BAD_VALUE;
  if (network->node != 0) { /* keys and associations are by these: they stay */
    int same = network->node == request->node && memcmp(network->mac, request->mac, MAC_BYTES) == 0 &&
               memcmp(network->address, request->address, sizeof network->address) == 0;
    return same ? CONTROL_OK : CONTROL_BAD_VALUE;
  }
  network->node = (uint16_t)request->node;
  memcpy(network->mac, request->mac, MAC_BYTES);
  memcpy(network->address, request->address, sizeof network->address);
  VPC_WRITE(network, UNDERLAY_MAC, network_mac_value(request->mac));
  write_address(network, VPC_UNDERLAY_ADDRESS, VPC_UNDERLAY_ADDRESS_STRIDE, request->address);
  VPC_WRITE(network, SLOT_BASE, network->port->slots_address);
  VPC_WRITE(network, CONTROL, FIELD_IN(VPC_CONTROL_ENABLE, 1));
  print_log("network: node %u", network->node);
  return CONTROL_OK;
}

/* No two peers have the same address or node: keys are by address, and a key with two senders' sequence numbers would
 * use an IV twice. */
static int is_unique(const struct network* network, const struct control_peer* request) {
  if (request->node == network->node || memcmp(request->address, network->address, sizeof request->address) == 0)
    return 0;
  for (unsigned i = 0; i < NETWORK_MOST_PEERS; i++) {
    const struct network_peer* peer = &network->peers[i];
    if (i == request->peer || peer->node == 0) continue;
    if (peer->node == request->node || memcmp(peer->address, request->address, sizeof peer->address) == 0) return 0;
  }
  return 1;
}

static void remove_peer(struct network* network, unsigned index) {
  network_unkey_peer(network, index);
  network->peers[index].node = 0;
  VPC_WRITE(network, PEER_COMMAND,
            FIELD_IN(VPC_PEER_COMMAND_INDEX, index) | FIELD_IN(VPC_PEER_COMMAND_OPERATION, PEER_REMOVE));
}

static int store_peer(struct network* network, unsigned index) {
  const struct network_peer* peer = &network->peers[index];
  VPC_WRITE(network, PEER_ADDRESS_MAC, network_mac_value(peer->mac));
  write_address(network, VPC_PEER_ADDRESS, VPC_PEER_ADDRESS_STRIDE, peer->address);
  VPC_WRITE(network, PEER_FLAGS,
            FIELD_IN(VPC_PEER_FLAGS_ENCRYPT, (peer->flags & CONTROL_PEER_ENCRYPT) != 0) |
                FIELD_IN(VPC_PEER_FLAGS_MULTIPATH, (peer->flags & CONTROL_PEER_MULTIPATH) != 0));
  VPC_WRITE(network, PEER_COMMAND,
            FIELD_IN(VPC_PEER_COMMAND_INDEX, index) | FIELD_IN(VPC_PEER_COMMAND_OPERATION, PEER_STORE));
  return FIELD_OF(VPC_RESULT_CODE, VPC_READ(network, RESULT)) == 0;
}

static uint32_t peer(struct network* network, const struct control_peer* request) {
  if (request->peer >= NETWORK_MOST_PEERS) return CONTROL_BAD_VALUE;
  struct network_peer* peer = &network->peers[request->peer];
  if (request->node == 0) {
    if (peer->node == 0) return CONTROL_UNKNOWN;
    remove_peer(network, request->peer);
    network_changed(network);
    return CONTROL_OK;
  }
  struct network_ip address = network_ip(request->address);
  if (network->node == 0 || request->node > 0xffff || !network_mac_usable(request->mac) ||
      !network_is_unicast(address) || network_is_v4(address) != network_is_v4(network_ip(network->address)) ||
      (request->flags & ~(CONTROL_PEER_ENCRYPT | CONTROL_PEER_MULTIPATH)) != 0 || !is_unique(network, request))
    return CONTROL_BAD_VALUE;
  if (peer->node != 0 &&
      (peer->node != request->node || memcmp(peer->address, request->address, sizeof peer->address) != 0))
    remove_peer(network, request->peer);
  peer->node = (uint16_t)request->node;
  peer->flags = request->flags;
  memcpy(peer->mac, request->mac, MAC_BYTES);
  memcpy(peer->address, request->address, sizeof peer->address);
  if (!store_peer(network, request->peer)) {
    remove_peer(network, request->peer);
    return CONTROL_NO_ROOM;
  }
  network_key_peer(network, request->peer);
  network_changed(network);
  return CONTROL_OK;
}

/* Where the route stands, or belongs. */
static uint32_t place_of(const struct network* network, const struct network_route* route, int* found) {
  uint32_t at = 0;
  *found = 0;
  for (; at < network->route_count; at++) {
    const struct network_route* other = &network->routes[at];
    if (other->vni < route->vni || (other->vni == route->vni && other->to.length > route->to.length)) continue;
    if (other->vni != route->vni || other->to.length != route->to.length) break;
    *found = network_same(other->to.address, route->to.address);
    if (*found) break;
  }
  return at;
}

static int route_is_possible(const struct control_route* request) {
  switch (request->target) {
    case CONTROL_ROUTE_REMOVE:
    case CONTROL_ROUTE_DROP: return 1;
    case CONTROL_ROUTE_PEER: return request->peer < NETWORK_MOST_PEERS;
    case CONTROL_ROUTE_INTERFACE: return request->interface < NETWORK_FUNCTIONS;
    default: return 0;
  }
}

static uint32_t route(struct network* network, const struct control_route* request) {
  struct network_route route = {
      .vni = request->vni,
      .target = request->target,
      .index = request->target == CONTROL_ROUTE_INTERFACE ? request->interface : request->peer,
  };
  memcpy(route.mac, request->mac, MAC_BYTES);
  if (request->vni >> VNI_BITS || !route_is_possible(request) || (request->mac[0] & 1) ||
      !network_prefix_set(&route.to, request->prefix, request->prefix_length))
    return CONTROL_BAD_VALUE;
  int found;
  uint32_t at = place_of(network, &route, &found);
  struct network_route* place = &network->routes[at];
  if (request->target == CONTROL_ROUTE_REMOVE) {
    if (!found) return CONTROL_UNKNOWN;
    memmove(place, place + 1, (--network->route_count - at) * sizeof *place);
  } else {
    if (!found) {
      if (network->route_count == NETWORK_MOST_ROUTES) return CONTROL_NO_ROOM;
      memmove(place + 1, place, (network->route_count++ - at) * sizeof *place);
    }
    *place = route;
  }
  network_changed(network);
  return CONTROL_OK;
}

uint32_t network_control(struct network* network, const union control_message* message) {
  switch (message->header.type) {
    case CONTROL_UNDERLAY: return underlay(network, &message->underlay);
    case CONTROL_TRANSIT_KEY: return network_transit_key(network, &message->transit_key);
    case CONTROL_REKEY: return network_rekey(network);
    case CONTROL_PEER: return peer(network, &message->peer);
    case CONTROL_ROUTE: return route(network, &message->route);
    case CONTROL_ADDRESS: return network_control_address(network, &message->address);
    case CONTROL_RULE: return network_control_rule(network, &message->rule);
    case CONTROL_ALLOWANCES: return network_control_allowances(network, &message->allowances);
    default: return CONTROL_UNKNOWN;
  }
}
