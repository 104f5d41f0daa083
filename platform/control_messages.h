/* Messages between the control plane and the firmware (mailbox channel MAILBOX_CHANNEL_CONTROL). C and C++.
 *
 * Control plane to firmware: CONTROL_ATTACH_VOLUME for each volume, then CONTROL_START: bring the link up.
 * Firmware to control plane: one CONTROL_RESULT for each.
 * All integers little-endian; every message fits the mailbox's 128 bytes.
 */
#ifndef CARDVP_CONTROL_MESSAGES_H
#define CARDVP_CONTROL_MESSAGES_H

#include <stdint.h>

enum { CONTROL_ATTACH_VOLUME = 1, CONTROL_START = 2, CONTROL_RESULT = 3 };

enum { CONTROL_VOLUME_NETWORK = 0, CONTROL_VOLUME_LOCAL = 1 }; /* kinds: they differ in their PCI identity */

enum { CONTROL_OK = 0, CONTROL_NO_HARDWARE = 1, CONTROL_ALREADY_ATTACHED = 2, CONTROL_UNKNOWN = 3 };

struct control_header {
  uint16_t type;
  uint16_t function; /* PCIe function number; 0 where it means nothing */
  uint32_t tag;      /* the sender's own; a result repeats it */
};

struct control_attach_volume {
  struct control_header header;
  uint32_t kind;
  char serial[20];      /* space padded, as in Identify Controller */
  char model[40];       /* space padded */
  char device_name[32]; /* space padded: Identify Controller byte 3072 */
};

struct control_result {
  struct control_header header; /* of the request: function and tag */
  uint32_t request;             /* its type */
  uint32_t status;
};

#endif
