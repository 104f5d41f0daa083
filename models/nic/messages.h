/* Messages between the NIC engine and the firmware: MAILBOX_CHANNEL_NIC, about ENA functions, and MAILBOX_CHANNEL_VPC,
 * about packets. C and C++. All integers little-endian unless said otherwise; every message fits the mailbox's 128
 * bytes.
 *
 * MAILBOX_CHANNEL_NIC, engine to firmware:
 *   NIC_MESSAGE_EVENT     the function's EVENTS register went from 0 to something (nic_control.def); no body
 *   NIC_MESSAGE_ADMIN     an admin command: struct nic_message_admin
 *   NIC_MESSAGE_FETCHED   the answer to FETCH: struct nic_message_fetched
 * Firmware to engine:
 *   NIC_MESSAGE_COMPLETE  ends an admin command: struct nic_message_complete
 *   NIC_MESSAGE_FETCH     wants a command's control buffer, or other host memory: struct nic_message_fetch; one at a
 *                         time for each command, which must still be with the firmware; ignored otherwise
 *   NIC_MESSAGE_AENQ      posts an asynchronous event: struct nic_message_aenq
 * At most NIC_ADMIN_LIMIT admin commands of a function are with the firmware at a time, and at most one event message.
 *
 * MAILBOX_CHANNEL_VPC, engine to firmware:
 *   VPC_MESSAGE_PACKET    a packet that the flow cache does not know: struct vpc_message_packet
 *   VPC_MESSAGE_SA        a security association wants something: struct vpc_message_sa
 *   VPC_MESSAGE_PEER_DOWN a peer did not acknowledge anything for so long that its transport gave up: header.tag is the
 *                         peer's number
 * Firmware to engine:
 *   VPC_MESSAGE_VERDICT   what becomes of a packet, and of its flow: struct vpc_message_verdict
 *   VPC_MESSAGE_INJECT    a frame of the firmware's own to an interface's host: struct vpc_message_inject
 */
#ifndef CARDVP_NIC_MESSAGES_H
#define CARDVP_NIC_MESSAGES_H

#include <stdint.h>

enum {
  NIC_MESSAGE_EVENT = 1,
  NIC_MESSAGE_ADMIN = 2,
  NIC_MESSAGE_COMPLETE = 3,
  NIC_MESSAGE_FETCH = 4,
  NIC_MESSAGE_FETCHED = 5,
  NIC_MESSAGE_AENQ = 6
};
enum { NIC_ADMIN_LIMIT = 64 };
enum { NIC_MOST_TRANSFER = 65536 }; /* bytes of a FETCH, or of COMPLETE's data */

struct nic_message_header {
  uint16_t type;
  uint16_t function; /* PCIe function number */
  uint32_t tag;      /* of an admin command, or a packet: the engine's own, to be repeated. One from before a reset of
                        the function is ignored */
};

struct nic_message_admin {
  struct nic_message_header header;
  uint32_t command[16]; /* the submission entry; what is behind the fields of its opcode may be anything */
};

struct nic_message_complete {
  struct nic_message_header header;
  uint32_t response[16]; /* the completion entry; command id and phase are the engine's to fill in */
  uint64_t data_address; /* card bus address of data for the host; read by the engine before the next message */
  uint64_t host_address; /* where it goes, before the completion is posted */
  uint32_t data_size;    /* bytes; 0: none */
  uint32_t reserved;
};

struct nic_message_fetch {
  struct nic_message_header header;
  uint64_t host_address;
  uint64_t address; /* card bus address that the data goes to */
  uint32_t size;    /* bytes */
  uint32_t reserved;
};

enum { NIC_FETCH_OK = 0, NIC_FETCH_BAD_SIZE = 1, NIC_FETCH_HOST_ERROR = 2, NIC_FETCH_CARD_ERROR = 3 };

struct nic_message_fetched {
  struct nic_message_header
      header;      /* function and tag of the command; none comes if a reset or COMPLETE has ended it */
  uint32_t status; /* NIC_FETCH_... */
};

struct nic_message_aenq {           /* dropped and counted without credit of the host: AENQ.CREDIT says how many fit */
  struct nic_message_header header; /* tag: 0 */
  uint16_t group;
  uint16_t syndrome;
  uint32_t payload[12]; /* from byte 16 of the entry on */
};

enum {
  VPC_MESSAGE_PACKET = 1,
  VPC_MESSAGE_VERDICT = 2,
  VPC_MESSAGE_INJECT = 3,
  VPC_MESSAGE_SA = 4,
  VPC_MESSAGE_PEER_DOWN = 5
};

enum { VPC_EGRESS = 0, VPC_INGRESS = 1 }; /* directions, as the host behind the interface sees them */

enum {
  VPC_PACKET_IP = 1 << 0,       /* the five-tuple is filled in */
  VPC_PACKET_FRAGMENT = 1 << 1, /* of IP */
  VPC_PACKET_BROADCAST = 1 << 2 /* to a multicast or broadcast MAC address */
};

struct vpc_message_packet {
  struct nic_message_header header; /* function: the interface; VPC_INGRESS: VPC_NO_FUNCTION */
  uint8_t direction;
  uint8_t flags;
  uint16_t slot; /* the frame, or its first VPC_SLOT_BYTES, stands in slot n of SLOT_BASE (vpc.def) until the verdict */
  uint16_t bytes;      /* of the frame */
  uint16_t ether_type; /* behind VLAN tags */
  uint32_t vni;        /* VPC_INGRESS: of the outer header */
  uint16_t peer;       /* VPC_INGRESS: the peer that sent it; VPC_NO_PEER: a card that is none */
  uint8_t protocol;
  uint8_t reserved;
  uint8_t source[16]; /* IPv4-mapped for IPv4; network order */
  uint8_t destination[16];
  uint16_t source_port; /* ICMP: the echo's identifier as both, or the type as source port; 0: none */
  uint16_t destination_port;
  uint8_t destination_mac[6];
  uint8_t source_mac[6];
  uint32_t generation; /* of the flow cache when the packet came */
};

enum { VPC_NO_FUNCTION = 0xffff, VPC_NO_PEER = 0xffff };
enum { VPC_SLOTS = 64, VPC_SLOT_BYTES = 2048 };

enum vpc_action {
  VPC_DROP = 0,
  VPC_TO_PEER = 1,      /* out: to another card */
  VPC_TO_INTERFACE = 2, /* to the host behind an interface of this card, `function` */
  VPC_CONSUMED = 3      /* the firmware has dealt with it (and answered by INJECT): no drop */
};

/* Why a packet is dropped: counted under these names by function, "drops.NAME". */
enum vpc_reason {
  VPC_REASON_NONE = 0,
  VPC_REASON_SPOOFED_MAC = 1,
  VPC_REASON_SPOOFED_IP = 2,
  VPC_REASON_NO_ROUTE = 3,
  VPC_REASON_RULES = 4,          /* no rule of the interface's allows it */
  VPC_REASON_NOT_IP = 5,         /* an EtherType that the VPC does not carry */
  VPC_REASON_UNKNOWN_TARGET = 6, /* no interface of that VPC has the address */
  VPC_REASON_NO_INTERFACE = 7,   /* the interface is not attached, or was detached meanwhile */
  VPC_REASON_CONNECTIONS = 8,    /* the interface's connection allowance */
  VPC_REASON_TTL = 9,
  VPC_REASONS = 10
};

enum {
  VPC_INSTALL = 1 << 0,         /* the verdict is for the flow: install it */
  VPC_INSTALL_REVERSE = 1 << 1, /* and the flow the other way, by reverse_* */
  VPC_REWRITE_MAC = 1 << 2      /* write `mac` over the frame's destination address */
};

struct vpc_message_verdict {
  struct nic_message_header header; /* tag of the packet; function: VPC_TO_INTERFACE's interface */
  uint8_t action;
  uint8_t reason; /* of VPC_DROP */
  uint16_t flags;
  uint32_t generation; /* as in the packet: a verdict of an older generation than the cache's is used once, and not
                          installed */
  uint32_t vni;        /* VPC_TO_PEER: of the outer header; VPC_TO_INTERFACE: of the flow's key, if it is ingress */
  uint16_t peer;       /* VPC_TO_PEER */
  uint16_t owner; /* the interface whose connection this is: counts and allowances; its detachment drops the flow. Of
                     a packet that is dropped on its way in: at which interface that is counted, or VPC_NO_FUNCTION */
  uint8_t mac[6];
  uint16_t reverse_function; /* the reverse flow's action is TO_INTERFACE to this (reverse of an egress flow), or
                                TO_PEER (reverse of an ingress flow) */
  uint16_t reverse_peer;
  uint8_t reverse_mac[6]; /* with VPC_REWRITE_MAC */
  uint32_t reverse_vni;
};

struct vpc_message_inject {
  struct nic_message_header header; /* function: the interface */
  uint64_t address;                 /* card bus address; read before the next message */
  uint32_t size;                    /* bytes of a frame, 14 to VPC_SLOT_BYTES */
  uint32_t reserved;
};

enum vpc_sa_event {
  VPC_SA_FIRST_USE = 1, /* a receiving association has opened its first packet: the sender has gone over to it */
  VPC_SA_EXHAUSTED = 2, /* a sending association has passed its threshold of packets */
  VPC_SA_UNKNOWN = 3    /* a packet came from `peer` with an SPI that is not stored; not authenticated: anybody may have
                           sent it. At most one message of this kind a peer is with the firmware, and one in 1 ms */
};

struct vpc_message_sa {
  struct nic_message_header header; /* tag: the SA's SPI */
  uint16_t event;
  uint16_t peer;
};

#ifdef __cplusplus
static_assert(sizeof(struct nic_message_complete) == 96 && sizeof(struct nic_message_aenq) == 60, "no padding");
static_assert(sizeof(struct vpc_message_packet) == 76 && sizeof(struct vpc_message_verdict) == 44, "no padding");
#endif

#endif
