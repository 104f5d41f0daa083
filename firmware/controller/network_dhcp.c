/* DHCP (RFC 2131, RFC 2132): each interface has a server of its own, which gives it its first IPv4 address. The server
 * is the subnet's router, or its first address if there is none. Relayed requests are ignored: between a host and its
 * interface there is nobody. */
#include "network_internal.h"

enum { SERVER_PORT = 67, CLIENT_PORT = 68, LEASE_S = 3600 };
enum { REQUEST_OP = 1, REPLY_OP = 2 };
/* Where fields stand, and how long the fixed part is, with the cookie that options begin with. */
enum { OP = 0, HARDWARE = 1, HARDWARE_BYTES = 2, XID = 4, FLAGS = 10, CIADDR = 12, YIADDR = 16, GIADDR = 24 };
enum { CHADDR = 28, SNAME = 44, FILE_NAME = 108, COOKIE = 236, FIXED_BYTES = 240 };
enum { LEAST_REPLY_BYTES = 300 }; /* BOOTP's (RFC 1542, 2.1): some clients take no less */
#define COOKIE_VALUE 0x63825363u
#define BROADCAST 0xffffffffu

enum { DISCOVER = 1, OFFER = 2, REQUEST = 3, ACK = 5, NAK = 6, INFORM = 8 }; /* the others are not answered */

enum {
  OPTION_PAD = 0,
  OPTION_MASK = 1,
  OPTION_ROUTER = 3,
  OPTION_DNS = 6,
  OPTION_MTU = 26,
  OPTION_REQUESTED = 50,
  OPTION_LEASE = 51,
  OPTION_OVERLOAD = 52,
  OPTION_TYPE = 53,
  OPTION_SERVER = 54,
  OPTION_RENEWAL = 58,
  OPTION_REBINDING = 59,
  OPTION_CLIENT = 61,
  OPTION_END = 255
};

struct request {
  const uint8_t* fixed;
  unsigned type;              /* 0: none */
  uint32_t requested, server; /* 0: the option is not there */
  const uint8_t* client;      /* identifier, with its length in front; null: none */
  unsigned overload;          /* bit 0: `file` has options, bit 1: `sname` has */
};

/* An option of the wrong length is as good as none. */
static void take_option(struct request* request, unsigned code, const uint8_t* length_and_value) {
  unsigned length = length_and_value[0];
  const uint8_t* value = length_and_value + 1;
  switch (code) {
    case OPTION_REQUESTED:
      if (length == 4) request->requested = get32be(value);
      break;
    case OPTION_SERVER:
      if (length == 4) request->server = get32be(value);
      break;
    case OPTION_TYPE:
      if (length == 1) request->type = value[0];
      break;
    case OPTION_OVERLOAD:
      if (length == 1) request->overload = value[0];
      break;
    case OPTION_CLIENT:
      if (length >= 2) request->client = length_and_value;
      break;
  }
}

static void take_options(struct request* request, const uint8_t* options, uint32_t bytes) {
  uint32_t at = 0;
  while (at < bytes && options[at] != OPTION_END) {
    if (options[at] == OPTION_PAD) {
      at++;
      continue;
    }
    if (bytes - at < 2 || bytes - at - 2 < options[at + 1]) return;
    take_option(request, options[at], options + at + 1);
    at += 2u + options[at + 1];
  }
}

/* False: no request that a client makes. */
static int parse(struct request* request, const uint8_t* message, uint32_t bytes, const uint8_t* mac) {
  memset(request, 0, sizeof *request);
  if (bytes < FIXED_BYTES || message[OP] != REQUEST_OP || message[HARDWARE] != 1 ||
      message[HARDWARE_BYTES] != MAC_BYTES || get32be(message + COOKIE) != COOKIE_VALUE ||
      get32be(message + GIADDR) != 0 || memcmp(message + CHADDR, mac, MAC_BYTES) != 0)
    return 0;
  request->fixed = message;
  take_options(request, message + FIXED_BYTES, bytes - FIXED_BYTES);
  unsigned overload = request->overload; /* RFC 2131, 4.1: `file` first */
  if (overload & 1) take_options(request, message + FILE_NAME, COOKIE - FILE_NAME);
  if (overload & 2) take_options(request, message + SNAME, FILE_NAME - SNAME);
  return 1;
}

static const struct network_address* lease_of(const struct network_interface* interface) {
  for (uint32_t i = 0; i < interface->address_count; i++)
    if (network_is_v4(interface->addresses[i].address)) return &interface->addresses[i];
  return 0;
}

static uint32_t server_of(const struct network_address* lease) {
  if (!network_none(lease->router)) return (uint32_t)lease->router.low;
  uint32_t first = (uint32_t)lease->subnet.address.low + 1;
  return first == (uint32_t)lease->address.low ? first + 1 : first;
}

/* What a request is answered with; 0: nothing. RFC 2131, 4.3.2: a client that has chosen among offers names the server;
 * one that remembers an address asks for it; one that renews its lease has it already. */
static unsigned answer_to(const struct request* request, const struct network_address* lease) {
  uint32_t mine = (uint32_t)lease->address.low, has = get32be(request->fixed + CIADDR);
  switch (request->type) {
    case DISCOVER: return OFFER;
    case INFORM: return has == mine ? ACK : 0;
    case REQUEST: break;
    default: return 0;
  }
  if (request->server != 0 && request->server != server_of(lease)) return 0;
  uint32_t wanted = request->requested ? request->requested : has;
  if (wanted == 0) return 0;
  return wanted == mine ? ACK : NAK;
}

static uint8_t* put_option32(uint8_t* to, unsigned code, uint32_t value) {
  to[0] = (uint8_t)code;
  to[1] = 4;
  put32be(to + 2, value);
  return to + 6;
}

static uint8_t* put_parameters(uint8_t* to, const struct network_interface* interface,
                               const struct network_address* lease) {
  to = put_option32(to, OPTION_MASK, (uint32_t)network_mask(lease->subnet.length).low);
  if (!network_none(lease->router)) to = put_option32(to, OPTION_ROUTER, (uint32_t)lease->router.low);
  if (!network_none(lease->dns)) to = put_option32(to, OPTION_DNS, (uint32_t)lease->dns.low);
  to[0] = OPTION_MTU;
  to[1] = 2;
  put16be(to + 2, interface->mtu);
  return to + 4;
}

/* RFC 2131, 4.3.1, tables 3; at most 548 bytes, which every client takes. */
static uint32_t put_reply(uint8_t* reply, const struct request* request, unsigned type,
                          const struct network_interface* interface, const struct network_address* lease) {
  memset(reply, 0, FIXED_BYTES);
  memcpy(reply, request->fixed, HARDWARE_BYTES + 1);
  reply[OP] = REPLY_OP;
  memcpy(reply + XID, request->fixed + XID, 4);
  memcpy(reply + FLAGS, request->fixed + FLAGS, 2);
  memcpy(reply + CHADDR, request->fixed + CHADDR, SNAME - CHADDR);
  if (type == ACK) memcpy(reply + CIADDR, request->fixed + CIADDR, 4);
  if (type != NAK && request->type != INFORM) put32be(reply + YIADDR, (uint32_t)lease->address.low);
  put32be(reply + COOKIE, COOKIE_VALUE);
  uint8_t* option = reply + FIXED_BYTES;
  option[0] = OPTION_TYPE;
  option[1] = 1;
  option[2] = (uint8_t)type;
  option = put_option32(option + 3, OPTION_SERVER, server_of(lease));
  if (type != NAK && request->type != INFORM) {
    option = put_option32(option, OPTION_LEASE, LEASE_S);
    option = put_option32(option, OPTION_RENEWAL, LEASE_S / 2);
    option = put_option32(option, OPTION_REBINDING, LEASE_S / 8 * 7);
  }
  if (type != NAK) option = put_parameters(option, interface, lease);
  if (request->client) { /* RFC 6842 */
    *option++ = OPTION_CLIENT;
    memcpy(option, request->client, 1u + request->client[0]);
    option += 1 + request->client[0];
  }
  *option++ = OPTION_END;
  while (option - reply < LEAST_REPLY_BYTES) *option++ = OPTION_PAD;
  return (uint32_t)(option - reply);
}

/* RFC 2131, 4.1: to the address that the client has; to all if it has none and cannot take packets yet, or is to hear
 * that it has none; else to the one that it gets. */
static uint32_t destination_of(const struct request* request, unsigned type, const struct network_address* lease) {
  uint32_t has = get32be(request->fixed + CIADDR);
  if (type == NAK) return BROADCAST;
  if (has != 0) return has;
  return request->fixed[FLAGS] & 0x80 ? BROADCAST : (uint32_t)lease->address.low;
}

static void answer(struct network* network, const struct network_interface* from, const struct request* request,
                   unsigned type, const struct network_address* lease) {
  static const uint8_t everybody[MAC_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  uint8_t* frame = network->port->frame;
  uint8_t *ip = frame + ETHERNET_BYTES, *udp = ip + IPV4_BYTES;
  uint32_t bytes = UDP_BYTES + put_reply(udp + UDP_BYTES, request, type, from, lease);
  uint32_t destination = destination_of(request, type, lease);
  const struct network_ip server = {0, UINT64_C(0xffff) << 32 | server_of(lease)};
  network_put_ethernet(frame, destination == BROADCAST ? everybody : from->mac,
                       network_mac_for(network, from->vni, server), ETHER_IPV4);
  network_put_ipv4(ip, server_of(lease), destination, PROTOCOL_UDP, bytes);
  put16be(udp, SERVER_PORT);
  put16be(udp + 2, CLIENT_PORT);
  put16be(udp + 4, bytes);
  put16be(udp + 6, 0);
  uint16_t sum = network_sum_v4(ip, PROTOCOL_UDP, udp, bytes);
  put16be(udp + 6, sum ? sum : 0xffff); /* RFC 768: 0 is for no checksum */
  network_inject(network, from, ETHERNET_BYTES + IPV4_BYTES + bytes);
}

int network_dhcp(struct network* network, const struct network_interface* from, const struct network_view* view) {
  const struct network_flow* flow = &view->flow;
  if (flow->protocol != PROTOCOL_UDP || flow->source_port != CLIENT_PORT || flow->destination_port != SERVER_PORT ||
      view->fragment || view->l4 == 0 || !network_is_v4(flow->source))
    return NETWORK_PASSES;
  const struct network_address* lease = lease_of(from);
  uint32_t to = (uint32_t)flow->destination.low, source = (uint32_t)flow->source.low;
  if (to != BROADCAST && (!lease || to != server_of(lease))) return NETWORK_PASSES;
  if (source != 0 && !network_has_address(from, flow->source)) return VPC_REASON_SPOOFED_IP;
  if (!lease || view->end - view->l4 < UDP_BYTES) return VPC_REASON_NONE;
  const uint8_t* udp = view->frame + view->l4;
  uint32_t room = view->end - view->l4, said = get16be(udp + 4);
  if (said < UDP_BYTES || said > room) return VPC_REASON_NONE;
  struct request request;
  if (!parse(&request, udp + UDP_BYTES, said - UDP_BYTES, from->mac)) return VPC_REASON_NONE;
  unsigned type = answer_to(&request, lease);
  if (type != 0) answer(network, from, &request, type, lease);
  return VPC_REASON_NONE;
}
