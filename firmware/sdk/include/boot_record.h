/* The boot record of the flash (handoff.h): which slot it names, and the entry to add to change that. C and C++. */
#ifndef CARDVP_FIRMWARE_BOOT_RECORD_H
#define CARDVP_FIRMWARE_BOOT_RECORD_H

#include "handoff.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { BOOT_RECORDS = FLASH_BOOT_RECORD_BYTES / sizeof(struct boot_record) };

struct boot_record_state {
  uint32_t sequence; /* of the last good entry; 0: there is none */
  uint32_t slot;     /* that it names; 0 if there is none */
  unsigned next;     /* index of the first erased entry; BOOT_RECORDS: the sector is full */
};

/* `records`: the BOOT_RECORDS entries that the sector has room for. */
struct boot_record_state boot_record_read(const struct boot_record* records);

struct boot_record boot_record_make(uint32_t sequence, uint32_t slot);

#ifdef __cplusplus
}
#endif

#endif
