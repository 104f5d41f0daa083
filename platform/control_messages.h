/* Messages between the control plane and the firmware (mailbox channel MAILBOX_CHANNEL_CONTROL). C and C++.
 *
 * The control plane asks, the firmware answers each request with one CONTROL_RESULT that repeats its tag, in any order.
 * The firmware never begins: a result that nobody asked for, or another message, is denied at the gateway, and an
 * alarm.
 *
 * At each reset of the card: CONTROL_VOLUME_KEY and CONTROL_ATTACH_VOLUME for each volume that is there from the start,
 * then CONTROL_START: verify the host's boot image, let the host out of reset, bring the link up. Later, in any order:
 * keys, attachments, detachments.
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
  CONTROL_PING = 7           /* a header alone; the result's `value` is the firmware's version, as in its image */
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
  CONTROL_BAD_KEY = 5,           /* not wrapped for this card; a volume that has a key is to be attached without it */
  CONTROL_NO_KEY = 6,            /* an encrypted volume without a key; a key that is not there */
  CONTROL_HOST_IMAGE_REFUSED = 7 /* the host stays in reset, the link down; `value` is the enum image_fault */
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

struct control_result {
  struct control_header header; /* of the request: function and tag */
  uint32_t request;             /* its type */
  uint32_t status;
  uint32_t value;
};

#endif
