/* The fuses that rule what may boot. */
#ifndef CARDVP_FIRMWARE_FUSES_H
#define CARDVP_FIRMWARE_FUSES_H

#include "handoff.h"

#ifdef __cplusplus
extern "C" {
#endif

/* FUSES_LIFE_CYCLE.STATE. Whatever is none of these is treated as production. */
enum { LIFE_CYCLE_DEVELOPMENT = 0, LIFE_CYCLE_PRODUCTION = 1, LIFE_CYCLE_RETURNED = 2 };

void fuses_read(struct boot_fuses* fuses);

/* Without a root key hash, all zeros, there is no key that is trusted. */
static inline int fuses_have_root_key(const struct boot_fuses* fuses) {
  unsigned any = 0;
  for (unsigned i = 0; i < sizeof fuses->root_key_hash; i++) any |= fuses->root_key_hash[i];
  return any != 0;
}

#ifdef __cplusplus
}
#endif

#endif
