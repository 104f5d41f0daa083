/* The flash, by its CFI commands (two chips side by side, 32 bits wide). Offsets from the start of the flash. */
#ifndef CARDVP_FIRMWARE_FLASH_H
#define CARDVP_FIRMWARE_FLASH_H

#include <stdint.h>

enum { FLASH_SECTOR_BYTES = 0x40000 };

/* Erases the sectors that hold the range; programs a range that is erased. To program, `offset` and `size` are
 * multiples of 4, and `from` is not in the flash, which cannot be read in the meantime. 0: done; otherwise the range is
 * not inside the flash, or a chip reported an error. Both leave the flash readable. */
int flash_erase(uint64_t offset, uint64_t size);
int flash_program(uint64_t offset, const void* from, uint64_t size);

#endif
