/* What a firmware leaves in DRAM for the one that takes over from it while the host goes on (a live update). The other
 * half of the state needs no saving: queues, registers and messages are in the engine and in the mailbox, keys and
 * measurements in the security engine, which all run on.
 *
 * Firmware of the same major version has the same format, LIVE_FORMAT. One that finds a state that it does not know, or
 * a damaged one, resets the card.
 */
#ifndef CARDVP_FIRMWARE_LIVE_H
#define CARDVP_FIRMWARE_LIVE_H

#include "ena.h"
#include "nvme.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { LIVE_MAGIC = 0x4556494c /* "LIVE" */, LIVE_FORMAT = 2, LIVE_MOST_VOLUMES = 256, LIVE_MOST_INTERFACES = 64 };

struct live_volume {
  struct nvme_identity identity; /* its firmware revision is the old firmware's */
  uint16_t function;
  uint32_t number; /* in the log: nvme0, nvme1, ... */
  uint32_t first_message;
  uint32_t pending_errors;
  uint8_t ready, queues_created, errors_masked, request_count;
  uint16_t submission_queues, completion_queues;
  struct nvme_feature_values features;
  struct nvme_held_event_request requests[NVME_ASYNC_EVENTS];
  uint8_t not_coalesced[NVME_MAX_VECTORS / 8];
};

struct live_interface {
  struct ena_identity identity;
  uint16_t function;
  uint8_t link_up;
  uint8_t reserved;
  uint32_t number; /* in the log: ena0, ena1, ... */
  struct ena_state state;
};

struct live_state {
  uint32_t magic;
  uint32_t format;
  uint32_t size;       /* bytes of it that are used */
  uint32_t from;       /* version of the firmware that wrote it */
  uint64_t check;      /* over everything behind it */
  uint64_t stopped_us; /* when the old firmware took its last message */
  uint64_t link_started_us;
  struct update_request commit;
  uint32_t messages_taken; /* of the NVMe channel */
  uint32_t volumes_numbered;
  uint32_t volume_count;
  uint32_t nic_messages_taken;
  uint32_t interfaces_numbered;
  uint32_t interface_count;
  uint32_t network_bytes; /* of struct network, which is where the new firmware has it too; 0: there is none */
  uint8_t host_started;
  uint8_t link_trains;
  uint8_t reserved[2];
  struct live_volume volumes[LIVE_MOST_VOLUMES];          /* volume_count of them */
  struct live_interface interfaces[LIVE_MOST_INTERFACES]; /* interface_count of them */
};

enum live_fault { LIVE_GOOD, LIVE_BAD_FORMAT, LIVE_DAMAGED };

/* When everything else is there: magic, format, size and check. */
void live_seal(struct live_state* state);
enum live_fault live_check(const struct live_state* state);

void live_save_volume(struct live_volume* to, const struct nvme_controller* from, unsigned number);

/* The controller goes on where it was; nothing is written to the engine. False: these are no values that it can have.
 */
int live_restore_volume(struct nvme_controller* to, const struct nvme_port* port, const struct nvme_card* card,
                        const struct live_volume* from, const char revision[8]);

/* Likewise; no control buffer may be on its way. */
void live_save_interface(struct live_interface* to, const struct ena_device* from, unsigned number);
int live_restore_interface(struct ena_device* to, const struct ena_port* port, const struct live_interface* from);

#ifdef __cplusplus
}
#endif

#endif
