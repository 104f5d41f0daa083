/* Verifying an image with the security engine: the ROM's way with firmware, and the firmware's with updates and with
 * the host's boot image. */
#ifndef CARDVP_FIRMWARE_IMAGE_VERIFY_H
#define CARDVP_FIRMWARE_IMAGE_VERIFY_H

#include "handoff.h"

/* Header checks, root key against the fuses, signature, and the digest of the body at `body` (card memory or flash).
 * The fuses say what is allowed: `limits` needs kind, space and targets only. */
enum image_fault image_verify(const struct image_header* header, const void* body, const struct image_limits* limits);

/* Extends `measurement` by the SHA-384 of the header, and adds an event to the log. */
enum image_fault image_measure(const struct image_header* header, unsigned measurement, struct event_log* log);

#endif
