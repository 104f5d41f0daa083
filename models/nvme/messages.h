/* Messages between the NVMe engine and the firmware (mailbox channel MAILBOX_CHANNEL_NVME). C and C++.
 *
 * Engine to firmware:
 *   NVME_MESSAGE_EVENT   function's EVENTS register went from 0 to something (nvme_control.def); no body
 *   NVME_MESSAGE_ADMIN   an admin command: struct nvme_message_admin
 *   NVME_MESSAGE_FETCHED the answer to FETCH: struct nvme_message_fetched
 * Firmware to engine:
 *   NVME_MESSAGE_COMPLETE  ends an admin command: struct nvme_message_complete
 *   NVME_MESSAGE_FETCH     wants the data that an admin command brings: struct nvme_message_fetch; one at a time for
 *                          each command, which must still be with the firmware; ignored otherwise
 *
 * At most NVME_ADMIN_LIMIT admin commands of a function are with the firmware at a time, and at most one event message.
 * All integers little-endian; every message fits the mailbox's 128 bytes.
 */
#ifndef CARDVP_NVME_MESSAGES_H
#define CARDVP_NVME_MESSAGES_H

#include <stdint.h>

enum {
  NVME_MESSAGE_EVENT = 1,
  NVME_MESSAGE_ADMIN = 2,
  NVME_MESSAGE_COMPLETE = 3,
  NVME_MESSAGE_FETCH = 4,
  NVME_MESSAGE_FETCHED = 5
};
enum { NVME_ADMIN_LIMIT = 64 };

struct nvme_message_header {
  uint16_t type;
  uint16_t function; /* PCIe function number */
  uint32_t tag;      /* of an admin command: the engine's own, to be repeated in COMPLETE; a tag from before a reset of
                        the controller is ignored */
};

struct nvme_message_admin {
  struct nvme_message_header header;
  uint32_t command[16]; /* the submission queue entry, NVMe 1.4, 4.2 */
};

struct nvme_message_complete {
  struct nvme_message_header header;
  uint32_t dw0;    /* completion queue entry dword 0 */
  uint16_t status; /* bits 15:1 of the entry's status field: SC in 7:0, SCT in 10:8, M in 13, DNR in 14 */
  uint16_t reserved;
  uint64_t data_address; /* card bus address of data for the host; read by the engine before the next message */
  uint32_t data_size;    /* bytes to copy to the command's PRPs before the completion is posted; 0: none */
  uint32_t reserved2;
};

struct nvme_message_fetch {
  struct nvme_message_header header; /* function and tag of the command */
  uint64_t address;                  /* card bus address that the data goes to */
  uint32_t size;                     /* bytes, from the start of the command's PRPs; at most a transfer's */
  uint32_t reserved;
};

struct nvme_message_fetched {
  struct nvme_message_header
      header;      /* function and tag of the command; none comes if a reset or COMPLETE has ended it */
  uint16_t status; /* as in nvme_message_complete. 0: the data is there. Else it may be there in part: Internal Error
                      (a size of 0 or beyond a transfer's, an address that cannot be written), Invalid Field (SGLs), PRP
                      Offset Invalid, Data Transfer Error */
  uint16_t reserved;
};

#endif
