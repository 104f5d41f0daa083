#include "fuses.h"

#include "io.h"
#include "map.h"
#include "mem.h"

void fuses_read(struct boot_fuses* fuses) {
  fuses->life_cycle = (uint32_t)FIELD_READ(MAP_FUSES, FUSES_LIFE_CYCLE, STATE);
  fuses->security_version = (uint32_t)REG_READ(MAP_FUSES, FUSES_SECURITY_VERSION);
  for (unsigned i = 0; i < IMAGE_DIGEST_BYTES / 4; i++)
    put32(&fuses->root_key_hash[4 * i], io_read32(MAP_FUSES + FUSES_ROOT_KEY_HASH + i * FUSES_ROOT_KEY_HASH_STRIDE));
}
