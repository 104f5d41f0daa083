/* What the boot ROM tells the firmware that it enters (x0), and how the firmware calls the ROM. C and C++.
 *
 * The flash has two slots for firmware and a boot record. The ROM tries the slot that the record names, then the other;
 * what it booted, and why not the first, is in the handoff, with the log of what was measured.
 */
#ifndef CARDVP_FIRMWARE_HANDOFF_H
#define CARDVP_FIRMWARE_HANDOFF_H

#include "image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Layout of the flash, as offsets. */
enum {
  FLASH_SLOT_BYTES = 0x01000000,
  FLASH_SLOTS = 2, /* slot 0 (A) at 0, slot 1 (B) behind it */
  FLASH_BOOT_RECORD = 0x02000000,
  FLASH_BOOT_RECORD_BYTES = 0x00040000 /* one sector */
};

/* The boot record is a list of these, from the start of its sector to the first that is erased; the last good one says
 * which slot is tried first. None: slot 0. */
enum { BOOT_RECORD_MAGIC = 0x4b4f4f42 /* "BOOK" */ };
struct boot_record {
  uint32_t magic;
  uint32_t sequence; /* from 1, one more each time */
  uint32_t slot;
  uint32_t check; /* ~(magic ^ sequence ^ slot) */
};

/* What the measurement registers hold. */
enum {
  MEASURED_ROM = 0,      /* the fuses that rule the boot: SHA-384 of struct boot_fuses */
  MEASURED_FIRMWARE = 1, /* each firmware image that was entered: SHA-384 of its header, whose digest covers the body */
  MEASURED_HOST = 2      /* the host's boot image: likewise */
};

/* As they are measured. */
struct boot_fuses {
  uint32_t life_cycle; /* 0 development, 1 production, 2 returned */
  uint32_t security_version;
  uint8_t root_key_hash[IMAGE_DIGEST_BYTES];
};

/* The event log: an entry for each extension of a measurement register, in order. */
enum { EVENT_LOG_ENTRIES = 32, EVENT_LOG_MAGIC = 0x474f4c45 /* "ELOG" */ };
struct event {
  uint32_t measurement; /* register */
  uint32_t version;     /* of an image; 0 otherwise */
  uint8_t digest[IMAGE_DIGEST_BYTES];
  char what[24]; /* "fuses", "firmware NAME", padded with zeros */
};
struct event_log {
  uint32_t magic;
  uint32_t count;
  uint32_t lost; /* extensions that found the log full */
  uint32_t reserved;
  struct event events[EVENT_LOG_ENTRIES];
};

enum { BOOT_HANDOFF_MAGIC = 0x464f4448 /* "HDOF" */, BOOT_HANDOFF_VERSION = 1 };
struct boot_handoff {
  uint32_t magic;
  uint32_t version;
  uint32_t slot;    /* that was booted */
  uint32_t refused; /* enum image_fault of the slot that was tried before; IMAGE_GOOD: none was */
  uint64_t live;    /* of ROM_CALL_ACTIVATE: its `live`; 0 after a reset */
  uint64_t reserved;
  struct image_header image; /* of what was booted */
  struct event_log log;      /* the firmware adds to it */
};

/* Calls of the ROM by SMC #0: x0 is the call, x1 to x3 its arguments, x0 the answer.
 *
 * ROM_CALL_ACTIVATE(slot, live): verifies the image in a slot, and, if it is good, measures it, copies it over the
 * caller and enters it: does not return. `live`: an address in DRAM, for the new firmware. Otherwise the answer is the
 * enum image_fault, and nothing has changed. An unknown call: ROM_CALL_UNKNOWN. No such slot, or a `live` that is
 * neither 0 nor an aligned address in DRAM outside of the new firmware: ROM_CALL_BAD_ARGUMENT. Other registers are
 * kept. */
enum { ROM_CALL_ACTIVATE = 0x43560001, ROM_CALL_UNKNOWN = 0xffff, ROM_CALL_BAD_ARGUMENT = 0xfffe };

#ifdef __cplusplus
}
static_assert(sizeof(struct boot_fuses) == 56 && sizeof(struct event) == 80 && sizeof(struct boot_handoff) == 2920,
              "the format has no padding");
#else
_Static_assert(sizeof(struct event) == 80 && sizeof(struct boot_handoff) == 2920, "the format has no padding");
#endif

#endif
