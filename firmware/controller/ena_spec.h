/* Numbers of the ENA interface: the sections are those of docs/nic.md. */
#ifndef CARDVP_FIRMWARE_ENA_SPEC_H
#define CARDVP_FIRMWARE_ENA_SPEC_H

/* Admin commands. */
enum {
  ENA_CREATE_SQ = 1,
  ENA_DESTROY_SQ = 2,
  ENA_CREATE_CQ = 3,
  ENA_DESTROY_CQ = 4,
  ENA_GET_FEATURE = 8,
  ENA_SET_FEATURE = 9,
  ENA_GET_STATS = 11
};

enum {
  ENA_SUCCESS = 0,
  ENA_NO_RESOURCES = 1,
  ENA_UNSUPPORTED = 3, /* opcode, feature, or a version of it: the driver does without */
  ENA_ILLEGAL_PARAMETER = 5,
  ENA_UNKNOWN_ERROR = 6,
  ENA_BUSY = 7
};

enum {
  ENA_FEATURE_ATTRIBUTES = 1,
  ENA_FEATURE_QUEUES_LEGACY = 2,
  ENA_FEATURE_HINTS = 3,
  ENA_FEATURE_LLQ = 4,
  ENA_FEATURE_QUEUES = 7,
  ENA_FEATURE_RSS_FUNCTION = 10,
  ENA_FEATURE_OFFLOADS = 11,
  ENA_FEATURE_RSS_TABLE = 12,
  ENA_FEATURE_MTU = 14,
  ENA_FEATURE_RSS_INPUT = 18,
  ENA_FEATURE_MODERATION = 20,
  ENA_FEATURE_AENQ = 26,
  ENA_FEATURE_LINK = 27,
  ENA_FEATURE_HOST = 28
};

enum { /* capabilities of the attributes */
       ENA_CAPABILITY_ENI_STATS = 1 << 0,
       ENA_CAPABILITY_CUSTOMER_METRICS = 1 << 2,
       ENA_CAPABILITY_RESET_REASONS = 1 << 3
};

enum { ENA_STATS_BASIC = 0, ENA_STATS_EXTENDED = 1, ENA_STATS_ENI = 2, ENA_STATS_SRD = 3, ENA_STATS_CUSTOMER = 4 };

/* Groups of asynchronous events. */
enum { ENA_GROUP_LINK = 0, ENA_GROUP_NOTIFICATION = 3, ENA_GROUP_KEEP_ALIVE = 4 };
enum { ENA_NOTIFICATION_HINTS = 2 }; /* syndrome */

enum { ENA_DIRECTION_TX = 1, ENA_DIRECTION_RX = 2 };
enum { ENA_PLACEMENT_HOST = 1, ENA_PLACEMENT_DEVICE = 3 };

enum { /* stateless offloads, by direction */
       ENA_TX_IPV4_CHECKSUM = 1 << 0,
       ENA_TX_L4_IPV4_SEEDED = 1 << 1,
       ENA_TX_L4_IPV6_SEEDED = 1 << 3,
       ENA_TX_TSO_IPV4 = 1 << 5,
       ENA_TX_TSO_IPV6 = 1 << 6,
       ENA_TX_TSO_ECN = 1 << 7,
       ENA_RX_IPV4_CHECKSUM = 1 << 0,
       ENA_RX_L4_IPV4 = 1 << 1,
       ENA_RX_L4_IPV6 = 1 << 2,
       ENA_RX_HASH = 1 << 3
};

enum { ENA_HASH_TOEPLITZ = 1 << 1, ENA_HASH_CRC32 = 1 << 2 };

#endif
