/* Work for the security engine (security.def), as it stands in card memory. C and C++.
 *
 * All integers little-endian unless said otherwise; keys, digests, points and signatures are strings of bytes in the
 * order of their standards (big-endian numbers). Addresses are the card bus's. Fields that an operation does not name
 * are ignored; `reserved` must be 0. Data of one descriptor is at most SECURITY_MOST_BYTES.
 *
 * Key slots are named by number. A slot holds a key of 1 to 255 bytes, its purposes and its owner; the key's bytes
 * leave it never, or wrapped by another key if it is for export.
 *
 * Descriptors of one ring take effect one after another, in order, each when it ends; results are not there before.
 * After tampering what uses or makes a key ends with SECURITY_TAMPERED; the rest goes on.
 */
#ifndef CARDVP_SECURITY_DESCRIPTOR_H
#define CARDVP_SECURITY_DESCRIPTOR_H

#include <stdint.h>

enum { SECURITY_MOST_BYTES = 1 << 24, SECURITY_DIGEST_BYTES = 48, SECURITY_MEASUREMENTS = 8 };

enum security_operation {
  /* AES-XTS (IEEE 1619). source to destination, which may be the same place; destination_size at least source_size.
   * unit_size 512 or 4096: source is so many whole data units, `tweak` is the first one's number, 128 bits with the
   * first byte lowest, and grows by 1 a unit. unit_size 0: one data unit of source_size, at least 16 bytes. Key: 64
   * bytes (AES-256), or 32 (AES-128). SECURITY_FOR_XTS. */
  SECURITY_XTS_ENCRYPT = 1,
  SECURITY_XTS_DECRYPT = 2,
  /* AES-GCM (SP 800-38D). first: additional data; second: IV, 1 to 128 bytes; the tag of tag_size bytes (4, 8, 12 to
   * 16) is at `tag`. Opening writes plaintext only if the tag is right. Key: 16, 24 or 32 bytes. SECURITY_FOR_GCM. */
  SECURITY_GCM_SEAL = 3,
  SECURITY_GCM_OPEN = 4,
  /* Digest of source to destination, which has room for it. algorithm: enum security_hash. */
  SECURITY_HASH = 5,
  /* HMAC (RFC 2104) of source; the first destination_size bytes of it, at most the digest's, to destination. algorithm:
   * enum security_hash. Key: any size. SECURITY_FOR_HMAC. */
  SECURITY_HMAC = 6,
  /* HKDF (RFC 5869) of a slot's key; algorithm: enum security_hash; first: salt; second: info. destination_size bytes,
   * to result_slot with purpose and owner: SECURITY_FOR_DERIVE. With SECURITY_TO_MEMORY up to 255 digests' bytes to
   * destination: SECURITY_FOR_DERIVE_PUBLIC. */
  SECURITY_HKDF = 7,
  /* ECDSA (FIPS 186). algorithm: enum security_curve; source: the digest, 1 to 64 bytes; first: public key, X and Y;
   * second: signature, r and s. */
  SECURITY_ECDSA_VERIFY = 8,
  /* ECDH (SP 800-56A, 5.7.1.2): key_slot's private key, of P-256 or P-384 by its size, with the public key `first`; the
   * shared secret, X, to result_slot with purpose and owner. SECURITY_FOR_ECDH. */
  SECURITY_ECDH = 9,
  /* The public key, X and Y, of a private one to destination. SECURITY_FOR_ECDH or SECURITY_FOR_QUOTE. */
  SECURITY_EC_PUBLIC = 10,
  /* AES key wrap (SP 800-38F, KW): the key of result_slot (SECURITY_FOR_EXPORT) to destination, 8 bytes longer; and
   * source, a wrapped key, into result_slot with purpose and owner. By key_slot, 16, 24 or 32 bytes: SECURITY_FOR_WRAP,
   * _UNWRAP. KW is for keys of 16, 24, ... 248 bytes. With SECURITY_PADDED it is KWP, for any size: 1 to 8 bytes more
   * are added to make it a multiple of 8, and 8. */
  SECURITY_WRAP = 11,
  SECURITY_UNWRAP = 12,
  /* A new key of destination_size bytes, 16 to 64, into result_slot, with purpose and owner. With algorithm not 0: a
   * private key of that curve; destination_size is its size then. */
  SECURITY_GENERATE = 13,
  /* destination_size random bytes to destination. */
  SECURITY_RANDOM = 14,
  /* Measurement register `algorithm` becomes SHA-384 of its bytes and those of source, a digest of 48 bytes. */
  SECURITY_EXTEND = 15,
  /* struct security_quote to destination. source: the nonce, SECURITY_NONCE_BYTES. Key: P-384. SECURITY_FOR_QUOTE. */
  SECURITY_QUOTE = 16
};

enum security_hash {
  SECURITY_SHA256 = 1,
  SECURITY_SHA384 = 2,
  SECURITY_SHA512 = 3,
  SECURITY_SHA224 = 4,
  SECURITY_SHA512_224 = 5,
  SECURITY_SHA512_256 = 6
};

enum security_curve { SECURITY_P256 = 1, SECURITY_P384 = 2 };

/* Purposes of a key: what does not stand here is refused. */
enum {
  SECURITY_FOR_XTS = 1 << 0,
  SECURITY_FOR_GCM = 1 << 1,
  SECURITY_FOR_HMAC = 1 << 2,
  SECURITY_FOR_DERIVE = 1 << 3,
  SECURITY_FOR_DERIVE_PUBLIC = 1 << 4,
  SECURITY_FOR_ECDH = 1 << 5,
  SECURITY_FOR_WRAP = 1 << 6,
  SECURITY_FOR_UNWRAP = 1 << 7,
  SECURITY_FOR_QUOTE = 1 << 8,
  SECURITY_FOR_EXPORT = 1 << 9,
  SECURITY_PURPOSES = (1 << 10) - 1 /* all of them */
};

enum { SECURITY_OWNER_CARD = 0xffff };

/* Slots that the hardware loads at card reset, out of the fuses' device secret (models/security/device_keys.h); they
 * cannot be loaded otherwise. The firmware's own begin at SECURITY_FIRST_FREE_SLOT. */
enum {
  SECURITY_SLOT_TRANSPORT = 0,   /* 32 bytes, UNWRAP: unwraps the keys that the control plane sends */
  SECURITY_SLOT_ATTESTATION = 1, /* P-384 private key, QUOTE */
  SECURITY_FIRST_FREE_SLOT = 16
};

enum { SECURITY_TO_MEMORY = 1 << 0, SECURITY_PADDED = 1 << 1 }; /* flags */

enum security_status {
  SECURITY_OK = 0,
  SECURITY_BUS_ERROR = 1,      /* an address leads nowhere */
  SECURITY_BAD_DESCRIPTOR = 2, /* no such operation, algorithm or size */
  SECURITY_BAD_SLOT = 3,       /* no such slot, or it holds no key, or the result's holds one already */
  SECURITY_NOT_PERMITTED = 4,  /* the key's purposes do not have this, or a slot of the hardware's */
  SECURITY_AUTH_FAILED = 5,    /* GCM: the tag is wrong; nothing was written */
  SECURITY_BAD_SIGNATURE = 6,
  SECURITY_BAD_KEY = 7, /* a key's size or value is of no use here: a point that is not on the curve, a wrapped key that
                           was not wrapped by this one, two equal halves for XTS */
  SECURITY_TAMPERED = 8,
  SECURITY_PENDING = 0xff /* what the firmware writes before; the engine never does */
};

struct security_descriptor {
  uint8_t operation;
  uint8_t algorithm;
  uint16_t flags;
  uint16_t key_slot;
  uint16_t result_slot;
  uint64_t source;
  uint64_t destination;
  uint32_t source_size;      /* bytes */
  uint32_t destination_size; /* bytes */
  uint64_t first;
  uint64_t second;
  uint32_t first_size;  /* bytes */
  uint32_t second_size; /* bytes */
  uint64_t tag;
  uint32_t tag_size;  /* bytes */
  uint32_t unit_size; /* bytes */
  uint8_t tweak[16];
  uint16_t purpose; /* of the key that goes to result_slot */
  uint16_t owner;
  uint32_t status;      /* written by the engine when the descriptor ends: enum security_status */
  uint32_t result_size; /* written with it: bytes at destination */
  uint8_t reserved[28];
};

enum { SECURITY_NONCE_BYTES = 32, SECURITY_QUOTE_MAGIC = 0x544f5551 /* "QUOT" */, SECURITY_QUOTE_VERSION = 1 };

/* What the card says of itself, signed by its attestation key: ECDSA P-384 over SHA-384 of everything before
 * `signature`. */
struct security_quote {
  uint32_t magic;
  uint32_t version;
  uint64_t card_id; /* of the fuses */
  uint32_t life_cycle;
  uint32_t security_version;
  uint8_t nonce[SECURITY_NONCE_BYTES];
  uint8_t measurements[SECURITY_MEASUREMENTS][SECURITY_DIGEST_BYTES];
  uint8_t public_key[96]; /* X and Y */
  uint8_t signature[96];  /* r and s */
};

#ifdef __cplusplus
static_assert(sizeof(struct security_descriptor) == 128, "the format has no padding");
static_assert(sizeof(struct security_quote) == 632, "the format has no padding");
#else
_Static_assert(sizeof(struct security_descriptor) == 128, "the format has no padding");
_Static_assert(sizeof(struct security_quote) == 632, "the format has no padding");
#endif

#endif
