/* The VPC side of the firmware: what becomes of the packets that the data path does not know (models/nic/messages.h,
 * MAILBOX_CHANNEL_VPC), what the card answers itself (ARP, ND, DHCP, echoes to a router's address), and the keys of
 * what goes between cards. The control plane says what is where (platform/control_messages.h).
 *
 * The data path asks once for each flow. An answer is right until something changes that it may have come from: a
 * rule, a route, a peer, an address, an interface. Then the flow cache gets a new generation, and asks again.
 *
 * Logic only: everything is reached through struct network_port. All memory is struct network, which stays where it is
 * when other firmware takes over (live.h); it has no pointers but the port's.
 */
#ifndef CARDVP_FIRMWARE_NETWORK_H
#define CARDVP_FIRMWARE_NETWORK_H

#include "messages.h"
#include "models/security/descriptor.h"

#ifdef __cplusplus
extern "C" {
#endif

union control_message;

enum {
  NETWORK_FUNCTIONS = 256,
  NETWORK_MOST_INTERFACES = 64, /* attached, or known by what the control plane said of them */
  NETWORK_MOST_ADDRESSES = 16,  /* of an interface */
  NETWORK_MOST_RULES = 64,      /* of an interface */
  NETWORK_MOST_PEERS = 256,
  NETWORK_MOST_ROUTES = 1024,
  NETWORK_CONNECTIONS = 4096
};

/* Key slots: those behind the volumes' (control.h), which are one per function. */
enum {
  NETWORK_MASTER_SLOT = (int)SECURITY_FIRST_FREE_SLOT + (int)NETWORK_FUNCTIONS, /* and the one behind it, in turn */
  NETWORK_PEER_SLOTS = NETWORK_MASTER_SLOT + 2,                                 /* NETWORK_SLOTS_A_PEER of each peer */
  NETWORK_SENDING_KEYS = 2,                                                     /* in turn */
  NETWORK_RECEIVING_KEYS = 4, /* of three epochs, and a provisional one */
  NETWORK_SLOTS_A_PEER = NETWORK_SENDING_KEYS + NETWORK_RECEIVING_KEYS
};

enum { NETWORK_FRAME_BYTES = VPC_SLOT_BYTES }; /* most of a frame that the card makes */

struct network_port {
  void* context;
  int (*interface_exists)(void* context, unsigned function); /* there is hardware */

  /* Registers of the data path. Page 0: vpc.def; page n + 1: vpc_interface.def of function n. */
  uint64_t (*read_register)(void* context, unsigned page, uint32_t offset, unsigned bits);
  void (*write_register)(void* context, unsigned page, uint32_t offset, unsigned bits, uint64_t value);
  uint64_t (*time_us)(void* context);

  const uint8_t* slots; /* VPC_SLOTS of VPC_SLOT_BYTES, in card memory, where the data path puts packets */
  uint64_t slots_address;
  uint8_t* frame; /* NETWORK_FRAME_BYTES in card memory, to make frames in */
  void (*verdict)(void* context, const struct vpc_message_verdict* verdict);
  void (*inject)(void* context, unsigned function, uint32_t bytes); /* `frame`, to the interface's host */

  /* Key slots of the card's own. `derive`: HKDF-SHA-384, 32 bytes for AES-GCM; fails if `to` has a key. */
  enum security_status (*key_unwrap)(void* context, unsigned slot, const uint8_t* wrapped);
  enum security_status (*key_derive)(void* context, unsigned from, unsigned to, const uint8_t* info, uint32_t bytes);
  void (*key_destroy)(void* context, unsigned slot);
};

/* An address in the messages' 16 bytes: the first eight in `high`, big-endian. */
struct network_ip {
  uint64_t high, low;
};

struct network_prefix { /* of one family: an IPv4 address is in no prefix of IPv6 */
  struct network_ip address;
  uint32_t length; /* of 128 bits */
};

struct network_address {
  struct network_prefix subnet; /* its address is the subnet's */
  struct network_ip address, router, dns;
};

struct network_rule {
  struct network_prefix peer;
  uint16_t first_port, last_port;
  uint8_t used, ingress, protocol, reserved;
};

struct network_interface {
  uint16_t function;
  uint8_t attached, forwards, bridged;
  uint8_t mac[6];
  uint8_t egress_rules; /* how many there are; none: everything may go out */
  uint16_t mtu;
  uint32_t vni;
  uint32_t address_count;
  struct network_address addresses[NETWORK_MOST_ADDRESSES];
  struct network_rule rules[NETWORK_MOST_RULES];
};

struct network_route {
  struct network_prefix to;
  uint32_t vni;
  uint16_t target; /* CONTROL_ROUTE_... */
  uint16_t index;  /* the peer's, or a function number */
  uint8_t mac[6];
};

struct network_sa {
  uint32_t epoch;
  uint8_t installed;
  uint8_t provisional; /* not used yet, and named by a packet that anybody may have sent */
};

struct network_peer {
  uint16_t node; /* 0: there is none */
  uint16_t flags;
  uint8_t mac[6];
  uint8_t address[16];
  uint8_t keyed;        /* it has associations */
  uint8_t failed;       /* the newest derivation of a key for it; said once */
  uint8_t sending_slot; /* below NETWORK_SENDING_KEYS */
  uint32_t sending_epoch;
  uint32_t receiving_epoch; /* the newest that it has used */
  struct network_sa receiving[NETWORK_RECEIVING_KEYS];
};

/* Two addresses and what a flow has above them. */
struct network_flow {
  struct network_ip source, destination;
  uint16_t source_port, destination_port;
  uint8_t protocol;
};

/* A connection that a rule has allowed, by its first packet: its answers pass although no rule of theirs allows it, in
 * a later generation of the flow cache too. */
struct network_connection {
  struct network_flow flow;
  uint64_t time_us;   /* when the firmware saw it last */
  uint16_t function;  /* whose connection */
  uint16_t icmp_type; /* of the first packet */
  uint8_t used, ingress;
};

struct network {
  const struct network_port* port;
  uint16_t node; /* 0: no underlay yet */
  uint8_t mac[6];
  uint8_t address[16];

  uint8_t judged; /* a verdict for a flow was given in this generation of the flow cache */
  uint8_t has_master;
  uint8_t master; /* in NETWORK_MASTER_SLOT + this */
  uint32_t rekey_packets;
  uint64_t next_epoch; /* that a new peer starts with: later than all that were used */

  uint32_t interface_count;
  uint32_t route_count;
  uint8_t interface_of[NETWORK_FUNCTIONS]; /* by function: index + 1; 0: none */
  struct network_interface interfaces[NETWORK_MOST_INTERFACES];
  struct network_peer peers[NETWORK_MOST_PEERS];
  struct network_route routes[NETWORK_MOST_ROUTES]; /* by VPC, then the longest prefixes first */
  struct network_connection connections[NETWORK_CONNECTIONS];
};

/* Forgets everything. The registers are taken to be as after card reset. */
void network_init(struct network* network, const struct network_port* port);

/* What the control plane asks for: CONTROL_UNDERLAY to CONTROL_ROUTE, and CONTROL_ADDRESS to CONTROL_ALLOWANCES. Gives
 * the result's status. */
uint32_t network_control(struct network* network, const union control_message* message);

/* An interface comes and goes: its packets pass from now on, or no longer. */
void network_attach(struct network* network, unsigned function, const struct control_attach_interface* attach);
void network_detach(struct network* network, unsigned function);

/* Messages of the data path. */
void network_packet(struct network* network, const struct vpc_message_packet* packet);
void network_association(struct network* network, const struct vpc_message_sa* message);

/* Whether what another firmware left can be: false if it is damaged. */
int network_resume(struct network* network, const struct network_port* port);

/* On the card (network_card.c). What happens before the first control message about the network costs nothing, and a
 * card with less than CARD_NETWORK_END of DRAM has no network: CONTROL_NO_HARDWARE. */
uint32_t network_request(const union control_message* message);
void network_interface_attached(unsigned function, const struct control_attach_interface* attach);
void network_interface_detached(unsigned function);
/* Handles the oldest message of the VPC channel; there must be one. */
void network_handle_message(void);
/* A live update: interfaces that are attached stay so. */
struct live_state;
void network_save(struct live_state* state);
int network_restore(const struct live_state* state); /* false: the state cannot be */

#ifdef __cplusplus
}
#endif

#endif
