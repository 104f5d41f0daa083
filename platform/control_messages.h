/* Messages between the control plane and the firmware (mailbox channel MAILBOX_CHANNEL_CONTROL). C and C++.
 *
 * The control plane asks, the firmware answers each request with one CONTROL_RESULT that repeats its tag, in any order.
 * The firmware never begins: a result that nobody asked for, or another message, is denied at the gateway, and an
 * alarm.
 *
 * At each reset of the card: CONTROL_VOLUME_KEY and CONTROL_ATTACH_VOLUME for each volume that is there from the start;
 * if there is a network, CONTROL_UNDERLAY, CONTROL_TRANSIT_KEY, peers and routes, and for each interface its addresses,
 * rules and allowances, and CONTROL_ATTACH_INTERFACE if it is there from the start; then CONTROL_START: verify the
 * host's boot image, let the host out of reset, bring the link up. Later, in any order: keys, attachments, detachments,
 * changes of the network.
 * All integers little-endian; every message fits the mailbox's 128 bytes.
 */
#ifndef CARDVP_CONTROL_MESSAGES_H
#define CARDVP_CONTROL_MESSAGES_H

#include <stdint.h>

enum {
  CONTROL_ATTACH_VOLUME = 1,
  CONTROL_START = 2,
  CONTROL_RESULT = 3,
  CONTROL_VOLUME_KEY = 4,    /* the key of a volume that is not attached yet: struct control_volume_key */
  CONTROL_DETACH_VOLUME = 5, /* takes the function away from the host and destroys its keys: a header alone */
  CONTROL_DESTROY_KEY = 6,   /* destroys a volume's key and leaves it attached: a header alone */
  CONTROL_PING = 7,          /* a header alone; the result's `value` is the firmware's version, as in its image */
  /* The network (docs/nic.md). What is about an interface names its function, and may come before it is attached; it
   * stays when the interface is detached. */
  CONTROL_UNDERLAY = 8,          /* struct control_underlay: once after reset, before the others */
  CONTROL_TRANSIT_KEY = 9,       /* struct control_transit_key */
  CONTROL_REKEY = 10,            /* goes over to the next epoch of all peers' keys: a header alone */
  CONTROL_PEER = 11,             /* struct control_peer */
  CONTROL_ROUTE = 12,            /* struct control_route */
  CONTROL_ATTACH_INTERFACE = 13, /* struct control_attach_interface */
  CONTROL_DETACH_INTERFACE = 14, /* takes the function away from the host: a header alone */
  CONTROL_ADDRESS = 15,          /* struct control_address */
  CONTROL_RULE = 16,             /* struct control_rule */
  CONTROL_ALLOWANCES = 17,       /* struct control_allowances */
  CONTROL_LINK = 18              /* link of an interface, as its host sees it: `value` in struct control_link */
};

enum { CONTROL_VOLUME_NETWORK = 0, CONTROL_VOLUME_LOCAL = 1 }; /* kinds: they differ in their PCI identity */

enum { CONTROL_VOLUME_ENCRYPTED = 1 << 0 }; /* flags: attach only with a key */

enum { CONTROL_KEY_WRAPPED = 0, CONTROL_KEY_EPHEMERAL = 1 }; /* by the card's transport key; made by the card */

enum {
  CONTROL_OK = 0,
  CONTROL_NO_HARDWARE = 1,
  CONTROL_ALREADY_ATTACHED = 2,
  CONTROL_UNKNOWN = 3,
  CONTROL_NOT_ATTACHED = 4,
  CONTROL_BAD_KEY = 5,            /* not wrapped for this card; a volume that has a key is to be attached without it */
  CONTROL_NO_KEY = 6,             /* an encrypted volume without a key; a key that is not there */
  CONTROL_HOST_IMAGE_REFUSED = 7, /* the host stays in reset, the link down; `value` is the enum image_fault */
  CONTROL_NO_ROOM = 8,            /* of the network: the firmware's table is full */
  CONTROL_BAD_VALUE = 9           /* a number, address or prefix that cannot be */
};

struct control_header {
  uint16_t type;
  uint16_t function; /* PCIe function number; 0 where it means nothing */
  uint32_t tag;      /* the sender's own; a result repeats it */
};

struct control_attach_volume {
  struct control_header header;
  uint32_t kind;
  uint32_t flags;
  char serial[20];      /* space padded, as in Identify Controller */
  char model[40];       /* space padded */
  char device_name[32]; /* space padded: Identify Controller byte 3072 */
};

enum { CONTROL_WRAPPED_KEY_BYTES = 72 }; /* AES key wrap of an AES-256-XTS key of 64 bytes */

struct control_volume_key {
  struct control_header header;
  uint32_t kind;
  uint8_t wrapped[CONTROL_WRAPPED_KEY_BYTES]; /* nothing for an ephemeral key */
};

/* Addresses are 16 bytes in network order: IPv6, or IPv4-mapped; prefix lengths are of those 128 bits. A prefix has
 * nothing behind its length, and is of one family: ::/0 has no IPv4 address in it, ::ffff:0:0/96 has all of them. */

struct control_underlay {
  struct control_header header;
  uint32_t node; /* 1 to 65535: the card's number among those that talk with each other */
  uint8_t mac[6];
  uint8_t reserved[2];
  uint8_t address[16];
};

enum { CONTROL_WRAPPED_TRANSIT_BYTES = 40 }; /* AES key wrap of 32 bytes, SECURITY_FOR_DERIVE */

/* All keys between cards come from this one: the key of what `sender` sends to `receiver` in an epoch is HKDF-SHA-384,
 * salt "cardvp transit", info sender's address, receiver's address, epoch (big-endian); 32 bytes. Its SPI is the
 * sender's node * 65536 + the epoch's lower 16 bits; the salt of its IVs is the SPI in network order, as it stands in
 * packets. */
struct control_transit_key {
  struct control_header header;
  uint32_t epoch;         /* the first to be used; no epoch is used twice with one key */
  uint32_t rekey_packets; /* a sender goes over to the next epoch after so many packets to a peer; 0: when told to */
  uint8_t wrapped[CONTROL_WRAPPED_TRANSIT_BYTES];
};

enum { CONTROL_PEER_ENCRYPT = 1 << 0, CONTROL_PEER_MULTIPATH = 1 << 1 };

struct control_peer {
  struct control_header header;
  uint16_t peer; /* its number on this card, below 256 */
  uint16_t flags;
  uint32_t node; /* 0: removes the peer */
  uint8_t mac[6];
  uint8_t reserved[2];
  uint8_t address[16];
};

enum { CONTROL_ROUTE_REMOVE = 0, CONTROL_ROUTE_PEER = 1, CONTROL_ROUTE_INTERFACE = 2, CONTROL_ROUTE_DROP = 3 };

struct control_route { /* the longest prefix decides; the same VPC and prefix replaces */
  struct control_header header;
  uint32_t vni;
  uint8_t target;
  uint8_t prefix_length;
  uint16_t peer;      /* CONTROL_ROUTE_PEER */
  uint16_t interface; /* CONTROL_ROUTE_INTERFACE: a function of this card */
  uint8_t mac[6];     /* written over the destination's in frames that take this route; zeros: left as it is */
  uint8_t prefix[16];
};

enum {
  CONTROL_INTERFACE_BRIDGED = 1 << 0,  /* no VPC: frames go to and from the wire as they are */
  CONTROL_INTERFACE_FORWARDS = 1 << 1, /* may send from, and gets packets for, addresses that are not its own */
  CONTROL_INTERFACE_VIRTUAL = 1 << 2   /* an SR-IOV virtual function: there when its physical function enables it */
};

struct control_attach_interface {
  struct control_header header;
  uint32_t flags;
  uint32_t vni; /* 24 bits */
  uint8_t mac[6];
  uint16_t mtu;           /* the most that the host may set: 1500 to 9216 */
  uint32_t speed_mbit;    /* that the link says it has */
  uint32_t keep_alive_ms; /* between events; 0: none, and the driver has no watchdog */
  uint32_t hints;         /* bits 0: tell the host's driver to be patient (HW hints: no watchdog, long timeouts) */
};

struct control_address {
  struct control_header header;
  uint8_t remove;
  uint8_t prefix_length; /* of the subnet */
  uint16_t reserved;
  uint8_t address[16];
  uint8_t router[16]; /* zeros: none. The card answers for it (ARP, ND), and for its own DHCP server's address */
  uint8_t dns[16];    /* zeros: none */
};

struct control_rule { /* of a security group; what no rule allows is dropped, answers to what is allowed pass */
  struct control_header header;
  uint16_t number; /* of the rule in the interface's list, below 64; replaces */
  uint8_t remove;
  uint8_t ingress;
  uint8_t protocol; /* 0: any */
  uint8_t prefix_length;
  uint16_t first_port, last_port; /* destination; ICMP: type. 0 to 65535: any, fragments too */
  uint16_t reserved;
  uint8_t prefix[16]; /* of the other end */
};

struct control_allowances { /* as in vpc_interface.def; 0: no limit */
  struct control_header header;
  uint64_t bandwidth_in, bandwidth_out;
  uint32_t packet_rate, connections, slow_rate, burst_us;
};

struct control_link {
  struct control_header header;
  uint32_t up;
};

struct control_result {
  struct control_header header; /* of the request: function and tag */
  uint32_t request;             /* its type */
  uint32_t status;
  uint32_t value;
};

#endif
