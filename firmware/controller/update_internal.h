/* Between the files of the firmware update. */
#ifndef CARDVP_FIRMWARE_UPDATE_INTERNAL_H
#define CARDVP_FIRMWARE_UPDATE_INTERNAL_H

#include "update.h"

/* Nothing is staged any more, and nobody owns the staging area. */
void update_drop_package(struct update* update);

static inline uint64_t update_slot_offset(unsigned slot) { return (uint64_t)slot * FLASH_SLOT_BYTES; }

static inline unsigned update_major(uint32_t version) { return version >> 24; }

#endif
