#include "image.h"

#include <stddef.h>

#include "crc32.h"

static int printable(const char* name, unsigned size) {
  unsigned i = 0;
  while (i < size && name[i] >= ' ' && name[i] <= '~') i++;
  if (i == 0) return 0;
  while (i < size && name[i] == 0) i++;
  return i == size;
}

static int inside(const struct image_range* range, uint64_t base, uint64_t size) {
  return base >= range->base && size <= range->size && base - range->base <= range->size - size;
}

enum image_fault image_check_header(const struct image_header* header, const struct image_limits* limits) {
  if (limits->flash_size < sizeof *header) return IMAGE_TRUNCATED;
  if (header->magic != IMAGE_MAGIC) return IMAGE_BAD_MAGIC;
  if (header->header_crc != crc32_ieee(0, header, offsetof(struct image_header, header_crc)))
    return IMAGE_BAD_HEADER_CRC;
  if (header->format != IMAGE_FORMAT || header->size != sizeof *header) return IMAGE_BAD_FORMAT;
  if (!printable(header->name, sizeof header->name)) return IMAGE_BAD_NAME;
  if (header->body_size > limits->flash_size - sizeof *header) return IMAGE_TRUNCATED;
  if (header->load_address % 8 || header->body_size == 0) return IMAGE_BAD_LOAD_ADDRESS;
  unsigned target = 0;
  while (target < limits->target_count && !inside(&limits->targets[target], header->load_address, header->body_size))
    target++;
  if (target == limits->target_count) return IMAGE_BAD_LOAD_ADDRESS;
  if (header->entry % 4 || header->entry < header->load_address ||
      header->entry - header->load_address >= header->body_size)
    return IMAGE_BAD_ENTRY;
  if (header->security_version < limits->security_version) return IMAGE_OLD_SECURITY_VERSION;
  return IMAGE_GOOD;
}

enum image_fault image_check_body(const struct image_header* header, const void* body) {
  return crc32_ieee(0, body, header->body_size) == header->body_crc ? IMAGE_GOOD : IMAGE_BAD_BODY_CRC;
}
