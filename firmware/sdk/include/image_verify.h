/* Verifying an image with the security engine: the ROM's way with firmware, and the firmware's with updates and with
 * the host's boot image. */
#ifndef CARDVP_FIRMWARE_IMAGE_VERIFY_H
#define CARDVP_FIRMWARE_IMAGE_VERIFY_H

#include "handoff.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Header checks, root key against the fuses, signature, and the digest of the body at `body` (card memory or flash).
 * The fuses say what is allowed: `limits` needs kind, space and targets only. In production the root key must be the
 * fuses'. In the development state unsigned images are taken; signed ones must be by the fuses' key, or, where no root
 * key is fused, by the key in their header, whoever's it is. */
enum image_fault image_verify(const struct image_header* header, const void* body, const struct image_limits* limits);

/* The digest of the body alone: IMAGE_GOOD, IMAGE_BAD_BODY_DIGEST or IMAGE_ENGINE_FAILED. */
enum image_fault image_check_body(const struct image_header* header, const void* body);

/* Extends `measurement` by the SHA-384 of `data`, and adds an event to the log, or counts it as lost. */
enum image_fault measure(unsigned measurement, const void* data, uint32_t size, const char* what, uint32_t version,
                         struct event_log* log);

/* Of an image: the SHA-384 of its header; the event is "firmware NAME" or "host NAME", as much of it as fits. */
enum image_fault image_measure(const struct image_header* header, unsigned measurement, struct event_log* log);

#ifdef __cplusplus
}
#endif

#endif
