/* Firmware update (NVMe 1.4, 5.11, 5.12, 8.1): one for the card, whichever function asks.
 *
 * Download brings a package into the staging area, a piece of host memory at a time. Commit verifies it there; only
 * then is the slot that does not run erased and programmed, from its end to its start, so that what is cut short has no
 * header; it is verified once more where it is, and the boot record is changed last. All of this happens in slices, one
 * for each call of update_step(), so that other commands do not wait.
 *
 * One function at a time owns the staging area: from its first Download until its Commit has succeeded, its package has
 * turned out bad, it is reset, or, after a Commit with a wrong slot, somebody begins anew.
 *
 * Action 3 (activate at once): the boot record is changed by the new firmware, when it has taken over (update_resume);
 * should it die before, a reset of the card brings the old one back. Actions 1 and 2 (at the next reset): the record
 * says so at once; the new firmware comes with the next reset of the controller that asked, or of the card.
 * An image of another major version cannot take over from this one: it is recorded, and waits for a reset of the card.
 *
 * Logic only: flash, host memory and the ROM are reached through struct update_port.
 */
#ifndef CARDVP_FIRMWARE_UPDATE_H
#define CARDVP_FIRMWARE_UPDATE_H

#include "boot_record.h"
#include "messages.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  UPDATE_MOST_BYTES = sizeof(struct image_header) + (1 << 20), /* of a package */
  UPDATE_CHUNK_BYTES = 4096,                                   /* programmed in one slice */
  UPDATE_FETCHES = NVME_ADMIN_LIMIT,
  UPDATE_NO_FUNCTION = 0xffff,
  UPDATE_NO_SLOT = FLASH_SLOTS
};

/* A Firmware Commit command that is being served. */
struct update_request {
  uint32_t tag;
  uint16_t function;
  uint8_t waits; /* for its completion; otherwise nobody asked */
  uint8_t action;
  uint32_t slot; /* from 0 */
};

struct update_port {
  void* context;
  const uint8_t* staging;            /* UPDATE_MOST_BYTES, at a multiple of 8; 0: there is no memory, and no update */
  const struct boot_record* records; /* in the flash */
  /* Asks for the data of a Download command; update_fetched() says when it is at `offset` of the staging area. */
  void (*fetch)(void* context, unsigned function, uint32_t tag, uint32_t offset, uint32_t size);
  /* Ends a command. */
  void (*complete)(void* context, unsigned function, uint32_t tag, uint16_t status);
  /* The flash, by offset (flash.h). */
  void (*read)(void* context, uint64_t offset, void* to, uint32_t size);
  int (*erase)(void* context, uint64_t offset, uint64_t size);
  int (*program)(void* context, uint64_t offset, const void* from, uint64_t size);
  /* image_verify() of firmware; its body is in the staging area, or in a slot of the flash. `space` includes the
   * header. */
  enum image_fault (*verify_staged)(void* context, const struct image_header* header, uint32_t space);
  enum image_fault (*verify_slot)(void* context, const struct image_header* header, unsigned slot);
  /* Nothing is under way that the new firmware could not know of, Downloads aside. */
  int (*quiet)(void* context);
  /* Hands over to the firmware in a slot, which goes on with this Commit. Returns only if it was refused. */
  enum image_fault (*activate)(void* context, unsigned slot, const struct update_request* commit);
};

enum update_state {
  UPDATE_IDLE,
  UPDATE_CHECK_PACKAGE,
  UPDATE_CHECK_SLOT, /* a Commit of what is in the slot already */
  UPDATE_ERASE,
  UPDATE_PROGRAM,
  UPDATE_CHECK_PROGRAMMED,
  UPDATE_RECORD,
  UPDATE_ACTIVATE,
  UPDATE_CONFIRM /* in the firmware that was activated */
};

struct update_fetch {
  uint32_t tag;
  uint32_t offset, size; /* bytes */
};

struct update {
  const struct update_port* port;
  uint32_t version; /* of the firmware that runs, as in its image */
  unsigned active;  /* its slot */

  /* The staging area. */
  uint16_t owner;  /* function */
  int closed;      /* a Commit has been answered: the next Download begins anew */
  uint32_t end;    /* bytes from the start to the end of the last piece */
  uint32_t bytes;  /* that have come */
  uint32_t marked; /* dwords from the start to the last bit that was set in `present` */
  unsigned fetch_count;
  struct update_fetch fetches[UPDATE_FETCHES];
  uint32_t present[UPDATE_MOST_BYTES / 4 / 32 + 1]; /* a bit per dword that has come, or is being fetched */

  enum update_state step;
  struct update_request commit;
  int uses_package;
  uint32_t size;     /* bytes of header and body that go to the slot */
  uint32_t position; /* bytes of them that are erased; that are still to be programmed */

  unsigned pending;          /* slot that is to run after a reset; UPDATE_NO_SLOT: none */
  uint16_t pending_function; /* whose reset it waits for; UPDATE_NO_FUNCTION: that of the card */
  int due;                   /* it has come */
};

/* The status of a command that is answered later, through port->complete. */
enum { NVME_LATER = 0xffff };

void update_init(struct update* update, const struct update_port* port, uint32_t version, unsigned active);

/* Commands. `first` and `dwords` as in the Download command: offset and number of dwords; `slot` and `action` as in
 * Commit: FS and CA. The answer is a status. */
uint16_t update_download(struct update* update, unsigned function, uint32_t tag, uint32_t first, uint64_t dwords);
uint16_t update_commit(struct update* update, unsigned function, uint32_t tag, unsigned action, unsigned slot);

/* NVME_MESSAGE_FETCHED. */
void update_fetched(struct update* update, unsigned function, uint32_t tag, uint16_t status);

/* One slice of work; false: there is no more for now. */
int update_step(struct update* update);

/* The host has reset the controller of a function; the function has been detached. */
void update_function_reset(struct update* update, unsigned function);
void update_function_gone(struct update* update, unsigned function);

/* In the firmware that a Commit has activated: goes on with it. */
void update_resume(struct update* update, const struct update_request* commit);

/* Firmware Slot Information (5.14.1.3), of 512 bytes that are 0. */
void update_slot_log(const struct update* update, uint8_t* page);

/* A version as Identify's FR has it: "1.2.3", padded with spaces; what does not fit is cut off. */
void firmware_revision(uint32_t version, char text[8]);

#ifdef __cplusplus
}
#endif

#endif
