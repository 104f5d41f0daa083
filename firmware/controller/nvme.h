/* The admin side of one NVMe controller (NVMe 1.4), in firmware: everything that its host asks through the admin queue,
 * and the events of its registers. The I/O queues are the engine's.
 *
 * This code touches no hardware: it reaches the engine through struct nvme_port, so that it can be tested on any
 * machine.
 */
#ifndef CARDVP_FIRMWARE_NVME_H
#define CARDVP_FIRMWARE_NVME_H

#include "models/security/descriptor.h"
#include "update.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  NVME_PAGE_BYTES = 4096,
  NVME_SQ_ENTRY_LOG2 = 6, /* bytes of queue entries: CC, and Identify SQES and CQES */
  NVME_CQ_ENTRY_LOG2 = 4,
  NVME_DATA_PAGES = 16,      /* answers whose data the engine may still have to read */
  NVME_ASYNC_EVENTS = 4,     /* requests held at a time: AERL + 1 */
  NVME_ABORTS = 4,           /* ACL + 1; the firmware ends each before it looks at the next */
  NVME_MAX_VECTORS = 2048,   /* of MSI-X */
  NVME_WARNING_KELVIN = 343, /* Identify WCTEMP and CCTEMP */
  NVME_CRITICAL_KELVIN = 353
};

/* The way to one function's engine. */
struct nvme_port {
  void* context;
  /* A register of nvme_control.def; `bits` is its width. */
  uint64_t (*read)(void* context, uint32_t offset, unsigned bits);
  void (*write)(void* context, uint32_t offset, unsigned bits, uint64_t value);
  /* Sends NVME_MESSAGE_COMPLETE. */
  void (*complete)(void* context, const struct nvme_message_complete* message);
  /* How many messages the engine has sent until now, those included that still wait. */
  uint32_t (*sent)(void* context);
  uint64_t (*now_us)(void* context);
};

/* What the controllers of a card share. */
struct nvme_card {
  struct update* update;
  const struct event_log* log;
  void* context;
  /* The security engine's quote over a nonce of SECURITY_NONCE_BYTES. */
  enum security_status (*quote)(void* context, const uint8_t* nonce, struct security_quote* quote);
};

#define NVME_PORT_READ(port, reg) (port)->read((port)->context, reg, reg##_BITS)
#define NVME_PORT_WRITE(port, reg, value) (port)->write((port)->context, reg, reg##_BITS, value)

/* Which volume this is; text padded with spaces. */
struct nvme_identity {
  uint16_t pci_vendor;
  uint16_t controller_id;
  char serial[20];
  char model[40];
  char device_name[32];
  char firmware[8]; /* its revision */
};

struct nvme_feature_values { /* of Set Features dword 11 */
  uint32_t arbitration, power, error_recovery, write_cache, coalescing, atomicity, async_events;
  uint16_t over_kelvin, under_kelvin;
};

struct nvme_held_event_request {
  uint32_t tag;
  uint16_t cid;
};

struct nvme_controller {
  const struct nvme_port* port;
  const struct nvme_card* card;
  struct nvme_identity identity;
  uint16_t function;
  uint16_t max_queues; /* I/O queue pairs that the engine has */
  uint16_t vectors;
  uint8_t transfer_limit; /* MDTS: a command moves up to 2^n pages of 4 KiB */
  /* From here on everything goes back to its initial value when the host disables the controller. */
  int ready;
  uint32_t first_message; /* admin commands sent before this one (counted as port->sent does) are from before a reset */
  int queues_created;     /* an I/O queue was */
  uint16_t submission_queues, completion_queues; /* how many the host may create: Number of Queues */
  struct nvme_feature_values features;
  uint8_t not_coalesced[NVME_MAX_VECTORS / 8]; /* Interrupt Vector Configuration, a bit per vector */
  struct nvme_held_event_request requests[NVME_ASYNC_EVENTS];
  unsigned request_count;
  unsigned pending_errors; /* a bit per NVME_EVENT_BAD_... that is to be reported */
  int errors_masked;       /* one was: no more until the host reads the error log */
};

enum nvme_change {
  NVME_UNCHANGED,
  NVME_ENABLED,
  NVME_REFUSED, /* the host enabled it with settings that it does not have: fatal status */
  NVME_DISABLED,
  NVME_SHUT_DOWN
};

/* Of a function that the host cannot reach yet; events that the engine noted before are forgotten. */
void nvme_init(struct nvme_controller* controller, const struct nvme_port* port, const struct nvme_card* card,
               unsigned function, const struct nvme_identity* identity);

/* Handles NVME_MESSAGE_EVENT; gives the last thing that happened, for the log. */
enum nvme_change nvme_events(struct nvme_controller* controller);

/* Handles NVME_MESSAGE_ADMIN. `number`: which of the engine's messages this is, counted as port->sent does; the first
 * is 0. Completes it, unless it is an Asynchronous Event Request, which is held, or one of firmware update, which the
 * update completes. */
void nvme_admin(struct nvme_controller* controller, const struct nvme_message_admin* message, uint32_t number);

/* -- Between the files of this code. -- */

struct nvme_command { /* of an admin command, Figure 104 */
  uint8_t opcode;
  uint16_t cid;
  uint32_t nsid;
  uint64_t prp1;
  uint32_t dw10, dw11, dw12, dw13, dw14, dw15;
  uint32_t tag; /* the engine's */
};

struct nvme_answer {
  uint16_t status; /* NVME_LATER: the command is completed elsewhere */
  uint32_t dw0;
  const void* data;
  uint32_t data_size;
};

typedef struct nvme_answer nvme_handler(struct nvme_controller* controller, const struct nvme_command* command);
nvme_handler nvme_identify, nvme_get_log_page, nvme_set_features, nvme_get_features, nvme_create_sq, nvme_create_cq,
    nvme_delete_sq, nvme_delete_cq, nvme_firmware_download, nvme_firmware_commit, nvme_get_quote, nvme_get_event_log;

static inline struct nvme_answer nvme_status(uint16_t status) {
  struct nvme_answer answer = {status, 0, 0, 0};
  return answer;
}

/* Cleared, and good for the next NVME_DATA_PAGES - 1 commands too. */
uint8_t* nvme_data_page(void);

void nvme_read_limits(struct nvme_controller* controller);
void nvme_reset_features(struct nvme_controller* controller);
/* Reports what is pending, if the host asked for events. */
void nvme_report_events(struct nvme_controller* controller);
/* The opcodes in the commands-supported log. */
int nvme_admin_supported(unsigned opcode);

#ifdef __cplusplus
}
#endif

#endif
