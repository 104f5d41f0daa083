/* The flash's slots for firmware: 0 is A, 1 is B. */
#ifndef CARDVP_ROM_SLOT_H
#define CARDVP_ROM_SLOT_H

#include "handoff.h"

static inline char slot_name(unsigned slot) { return (char)('A' + slot); }

/* Which slot the boot record says is tried first. */
unsigned slot_preferred(void);

/* Reads the slot's header, once: the copy is what is checked and used. Verifies the image where it is, and that there
 * is memory where it is to go. Says on the UART why it is refused. */
enum image_fault slot_verify(unsigned slot, struct image_header* header);

/* Copies the body of a verified image to its load address, and checks the copy: what is checked is what runs. */
enum image_fault slot_load(unsigned slot, const struct image_header* header);

#endif
