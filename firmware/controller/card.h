/* The firmware's parts on the card: what main.c hands messages to, and what connects the logic to the hardware. */
#ifndef CARDVP_FIRMWARE_CARD_H
#define CARDVP_FIRMWARE_CARD_H

#include "control.h"
#include "live.h"

enum { WATCHDOG_US = 1000000 }; /* how long a piece of work may take */

/* How the firmware uses DRAM, from MAP_DRAM on. */
enum {
  CARD_LIVE_STATE = 0,     /* struct live_state */
  CARD_STAGING = 0x100000, /* UPDATE_MOST_BYTES */
  CARD_DRAM_BYTES = 0x300000,
  /* With a network (network_card.c): */
  CARD_NETWORK = CARD_DRAM_BYTES, /* struct network */
  CARD_NETWORK_SLOTS = 0x3d0000,  /* packets for the firmware */
  CARD_NETWORK_FRAME = 0x3f0000,  /* and from it */
  CARD_NETWORK_END = 0x400000
};

/* Whether there is memory: a card may have less DRAM than the map has room for. */
int card_memory_at(uint64_t address);
/* What the ROM handed over; one that has no handoff of this version (`x0` is none) gives an empty one. (card.c) */
struct boot_handoff* card_handoff(uint64_t x0);
/* Resets the card, by the watchdog. */
_Noreturn void card_reset(void);

/* Shared by all controllers (card.c). */
extern struct nvme_card card_services;
extern struct update card_update;

/* Volumes by PCIe function (volumes.c). */
int volume_attached(unsigned function);
enum volume_result volume_attach(unsigned function, const struct nvme_identity* identity, uint32_t cipher);
void volume_detach(unsigned function);
void volume_complete(unsigned function, uint32_t tag, uint16_t status);
void volume_fetch(unsigned function, uint32_t tag, uint64_t address, uint32_t size);
/* Handles the oldest message of the NVMe channel; there must be one. */
void volumes_handle_message(void);
void volumes_save(struct live_state* state);
int volumes_restore(const struct live_state* state, uint32_t version); /* false: the state cannot be */

/* Interfaces by PCIe function (interfaces.c). */
int interface_attached(unsigned function);
enum interface_result interface_attach(const struct control_attach_interface* request);
void interface_detach(unsigned function);
void interface_link(unsigned function, int up);
/* Handles the oldest message of the NIC channel; there must be one. */
void interfaces_handle_message(void);
/* No engine is about to write to this firmware's memory. */
int interfaces_quiet(void);
void interfaces_save(struct live_state* state);
int interfaces_restore(const struct live_state* state); /* false: the state cannot be */

/* Handles the oldest message of the control channel; there must be one (control_messages.c). */
void control_init(struct boot_handoff* handoff);
void control_handle_message(void);
void control_save(struct live_state* state);
void control_restore(const struct live_state* state);

/* Enables the link, and says when it is up (link.c). */
void link_start(void);
void link_save(struct live_state* state);
void link_restore(const struct live_state* state);

/* Firmware update on the card (card_update.c). Takes over from the firmware before, if there is its state. */
void card_update_init(const struct boot_handoff* handoff);
void card_take_over(const struct boot_handoff* handoff);

/* The security engine's tamper interrupt (card.c). */
void tamper_enable(void);
void tamper_handle(void);

#endif
