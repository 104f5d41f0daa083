/* The security engine (models/security/security.def, descriptor.h): one operation at a time, waited for. */
#ifndef CARDVP_FIRMWARE_SECURITY_H
#define CARDVP_FIRMWARE_SECURITY_H

#include "models/security/descriptor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Runs a descriptor; its status and result_size are filled in. For what the functions below do not say. */
enum security_status security_run(struct security_descriptor* descriptor);

enum security_status security_hash(enum security_hash algorithm, const void* data, uint32_t size, uint8_t* digest);

/* P-384; digest of 48 bytes, public key and signature of 96. */
enum security_status security_verify(const uint8_t* digest, const uint8_t* public_key, const uint8_t* signature);

/* Extends a measurement register by a digest of 48 bytes. */
enum security_status security_extend(unsigned measurement, const uint8_t* digest);

enum security_status security_unwrap(unsigned by_slot, const void* wrapped, uint32_t size, unsigned to_slot,
                                     unsigned purpose, unsigned owner);
enum security_status security_generate(unsigned to_slot, uint32_t size, unsigned purpose, unsigned owner);
enum security_status security_quote(unsigned key_slot, const uint8_t* nonce, struct security_quote* quote);

int security_slot_valid(unsigned slot);
void security_destroy(unsigned slot);
void security_destroy_owner(unsigned owner);

#ifdef __cplusplus
}
#endif

#endif
