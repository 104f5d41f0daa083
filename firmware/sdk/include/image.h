/* The image: what stands at the start of a slot of the flash, what the host's boot flash holds, what a firmware update
 * brings, and what cardvp-image writes. C and C++.
 *
 *   offset 0            struct image_header
 *   offset header.size  the body: body_size bytes; of firmware it is copied to load_address and entered at `entry`
 * (EL1, x0 = struct boot_handoff, handoff.h)
 *
 * All integers little-endian; digests, points and signatures as bytes, big-endian numbers. The signature is ECDSA P-384
 * over the SHA-384 of the header's bytes before `signature`; the body is covered by body_digest. A card in production
 * takes signed images only, whose key is the fuses'. In the development state an unsigned image is taken too: signature
 * type, size, key and signature all 0.
 */
#ifndef CARDVP_FIRMWARE_IMAGE_H
#define CARDVP_FIRMWARE_IMAGE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { IMAGE_MAGIC = 0x57465643 /* "CVFW" */, IMAGE_FORMAT = 2, IMAGE_DIGEST_BYTES = 48, IMAGE_KEY_BYTES = 96 };

enum image_kind { IMAGE_FIRMWARE = 1, IMAGE_HOST_BOOT = 2 };

enum image_signature { IMAGE_UNSIGNED = 0, IMAGE_ECDSA_P384 = 1 };

struct image_header {
  uint32_t magic;                          /* IMAGE_MAGIC */
  uint16_t format;                         /* IMAGE_FORMAT */
  uint16_t size;                           /* of this header, bytes */
  uint32_t kind;                           /* enum image_kind */
  uint32_t version;                        /* major in 31:24, minor in 23:16, patch in 15:0 */
  uint32_t security_version;               /* must be at least the fuses' */
  uint32_t body_size;                      /* bytes */
  uint64_t load_address;                   /* a multiple of 8; of a host boot image 0 */
  uint64_t entry;                          /* a multiple of 4 inside the body; of a host boot image 0 */
  char name[20];                           /* padded with zeros; printable ASCII */
  uint32_t reserved;                       /* 0 */
  uint8_t body_digest[IMAGE_DIGEST_BYTES]; /* SHA-384 */
  uint32_t signature_type;                 /* enum image_signature */
  uint32_t signature_size;                 /* bytes of `signature` in use: 96, or 0 */
  uint8_t public_key[IMAGE_KEY_BYTES];     /* the root key's X and Y; its SHA-384 is in the fuses */
  uint8_t signature[IMAGE_KEY_BYTES];      /* r and s */
};

/* How many of the header's bytes are signed. */
enum { IMAGE_SIGNED_BYTES = sizeof(struct image_header) - IMAGE_KEY_BYTES };

/* Where an image may come from and go to. */
struct image_range {
  uint64_t base;
  uint64_t size;
};

struct image_limits {
  enum image_kind kind;              /* what is expected */
  uint64_t space;                    /* bytes that there are, header included: the slot, the file */
  uint32_t security_version;         /* the lowest that may boot */
  int unsigned_allowed;              /* the development state */
  const struct image_range* targets; /* firmware's body must be inside one of these */
  unsigned target_count;
};

enum image_fault {
  IMAGE_GOOD = 0,
  IMAGE_BAD_MAGIC,
  IMAGE_BAD_FORMAT,       /* a format, header size or reserved field that this code does not know */
  IMAGE_BAD_KIND,         /* firmware where a host boot image belongs, or the other way round */
  IMAGE_BAD_NAME,         /* not printable */
  IMAGE_TRUNCATED,        /* header and body do not fit the space; an empty body too */
  IMAGE_BAD_LOAD_ADDRESS, /* unaligned, or the body is not inside memory it may use */
  IMAGE_BAD_ENTRY,        /* unaligned, or outside the body */
  IMAGE_OLD_SECURITY_VERSION,
  IMAGE_NOT_SIGNED,          /* but must be */
  IMAGE_BAD_SIGNATURE_TYPE,  /* an unknown algorithm or curve, or a size that is not its own */
  IMAGE_BAD_SIGNATURE_RANGE, /* r or s is 0, or not below the curve's order */
  /* Those below need digests and signatures computed: image_verify.h. */
  IMAGE_WRONG_KEY, /* the public key is not the one whose hash is in the fuses, or there is no hash in them */
  IMAGE_BAD_SIGNATURE,
  IMAGE_BAD_BODY_DIGEST,
  IMAGE_ENGINE_FAILED /* the security engine gave an error that is none of these */
};

/* The first fault that can be seen without cryptography. Reads no more than the header. */
enum image_fault image_check_header(const struct image_header* header, const struct image_limits* limits);

/* For people: "the signature is wrong". */
const char* image_fault_text(enum image_fault fault);

#ifdef __cplusplus
}
static_assert(sizeof(struct image_header) == 312, "the format has no padding");
#else
_Static_assert(sizeof(struct image_header) == 312, "the format has no padding");
#endif

#endif
