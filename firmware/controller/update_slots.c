/* What the slots hold, for the host. */
#include "mem.h"
#include "update.h"
#include "update_internal.h"

static char* put_number(char* at, const char* end, unsigned value) {
  char digits[10];
  unsigned count = 0;
  do {
    digits[count++] = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  while (count && at < end) *at++ = digits[--count];
  return at;
}

void firmware_revision(uint32_t version, char text[8]) {
  const unsigned parts[] = {version >> 24, version >> 16 & 0xff, version & 0xffff};
  char *at = text, *const end = text + 8;
  memset(text, ' ', 8);
  for (unsigned i = 0; i < 3; i++) {
    if (i) *at++ = '.'; /* fits: the parts before have at most 3 digits */
    at = put_number(at, end, parts[i]);
  }
}

void update_slot_log(const struct update* update, uint8_t* page) {
  enum { REVISIONS = 8, REVISION_BYTES = 8 };
  page[0] = (uint8_t)(update->active + 1);
  if (update->pending != UPDATE_NO_SLOT) page[0] |= (uint8_t)((update->pending + 1) << 4);
  for (unsigned slot = 0; slot < FLASH_SLOTS; slot++) {
    struct image_header header;
    update->port->read(update->port->context, update_slot_offset(slot), &header, sizeof header);
    if (header.magic != IMAGE_MAGIC || header.format != IMAGE_FORMAT || header.kind != IMAGE_FIRMWARE) continue;
    firmware_revision(header.version, (char*)page + REVISIONS + slot * REVISION_BYTES);
  }
}
