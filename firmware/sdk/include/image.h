/* The firmware image: what stands at the start of the flash, and what cardvp-image writes. C and C++.
 *
 *   offset 0                struct image_header
 *   offset header.size      the body: header.body_size bytes, copied to load_address and entered at `entry` (EL1, x0 =
 * 0)
 *
 * All integers little-endian. A CRC finds damage, not malice.
 */
#ifndef CARDVP_FIRMWARE_IMAGE_H
#define CARDVP_FIRMWARE_IMAGE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { IMAGE_MAGIC = 0x57465643 /* "CVFW" */, IMAGE_FORMAT = 1 };

struct image_header {
  uint32_t magic;            /* IMAGE_MAGIC */
  uint16_t format;           /* IMAGE_FORMAT */
  uint16_t size;             /* of this header, bytes */
  uint32_t version;          /* major in 31:24, minor in 23:16, patch in 15:0 */
  uint32_t security_version; /* must be at least the fuses' */
  uint64_t load_address;     /* a multiple of 8 */
  uint64_t entry;            /* a multiple of 4 inside the body */
  uint32_t body_size;        /* bytes */
  uint32_t body_crc;         /* CRC-32 of the body */
  char name[20];             /* padded with zeros; printable ASCII */
  uint32_t header_crc;       /* CRC-32 of the bytes before this */
};

/* Where an image may come from and go to. */
struct image_range {
  uint64_t base;
  uint64_t size;
};

struct image_limits {
  uint64_t flash_size;               /* bytes that there are, header included */
  uint32_t security_version;         /* the lowest that may boot */
  const struct image_range* targets; /* the body must be inside one of these */
  unsigned target_count;
};

enum image_fault {
  IMAGE_GOOD = 0,
  IMAGE_BAD_MAGIC,
  IMAGE_BAD_HEADER_CRC,
  IMAGE_BAD_FORMAT,       /* a format or header size that this code does not know */
  IMAGE_BAD_NAME,         /* not printable */
  IMAGE_TRUNCATED,        /* header and body do not fit the flash */
  IMAGE_BAD_LOAD_ADDRESS, /* unaligned, or the body is not inside memory it may use; an empty body too */
  IMAGE_BAD_ENTRY,        /* unaligned, or outside the body */
  IMAGE_OLD_SECURITY_VERSION,
  IMAGE_BAD_BODY_CRC
};

/* The first fault of a header, body CRC aside. Reads no more than the header. */
enum image_fault image_check_header(const struct image_header* header, const struct image_limits* limits);

/* IMAGE_GOOD or IMAGE_BAD_BODY_CRC. The header must have passed. */
enum image_fault image_check_body(const struct image_header* header, const void* body);

#ifdef __cplusplus
}
static_assert(sizeof(struct image_header) == 64, "the format has no padding");
#else
_Static_assert(sizeof(struct image_header) == 64, "the format has no padding");
#endif

#endif
