#include "security.h"

#include "cpu.h"
#include "io.h"
#include "map.h"

static uint64_t address_of(const void* memory) { return (uint64_t)(uintptr_t)memory; }

static int busy(void) { return (int)FIELD_READ(MAP_SECURITY, SECURITY_EXECUTE_STATUS, BUSY); }

enum security_status security_run(struct security_descriptor* descriptor) {
  while (busy()) { /* with a descriptor that somebody did not wait for */
  }
  descriptor->status = SECURITY_PENDING;
  descriptor->result_size = 0;
  memory_barrier(); /* the engine reads the descriptor, and what it points to, from memory */
  REG_WRITE(MAP_SECURITY, SECURITY_EXECUTE, address_of(descriptor));
  while (busy()) {
  }
  memory_barrier();
  FIELD_WRITE(MAP_SECURITY, SECURITY_INTERRUPT_STATUS, EXECUTE, 1);
  /* The register knows it even if the descriptor was out of the engine's reach. */
  descriptor->status = (uint32_t)FIELD_READ(MAP_SECURITY, SECURITY_EXECUTE_STATUS, CODE);
  return (enum security_status)descriptor->status;
}

static uint32_t digest_bytes(enum security_hash algorithm) {
  switch (algorithm) {
    case SECURITY_SHA224:
    case SECURITY_SHA512_224: return 28;
    case SECURITY_SHA256:
    case SECURITY_SHA512_256: return 32;
    case SECURITY_SHA384: return 48;
    case SECURITY_SHA512: return 64;
  }
  return 0;
}

enum security_status security_hash(enum security_hash algorithm, const void* data, uint32_t size, uint8_t* digest) {
  struct security_descriptor descriptor = {
      .operation = SECURITY_HASH,
      .algorithm = (uint8_t)algorithm,
      .source = address_of(data),
      .source_size = size,
      .destination = address_of(digest),
      .destination_size = digest_bytes(algorithm),
  };
  return security_run(&descriptor);
}

enum security_status security_verify(const uint8_t* digest, const uint8_t* public_key, const uint8_t* signature) {
  struct security_descriptor descriptor = {
      .operation = SECURITY_ECDSA_VERIFY,
      .algorithm = SECURITY_P384,
      .source = address_of(digest),
      .source_size = SECURITY_DIGEST_BYTES,
      .first = address_of(public_key),
      .first_size = 96,
      .second = address_of(signature),
      .second_size = 96,
  };
  return security_run(&descriptor);
}

enum security_status security_extend(unsigned measurement, const uint8_t* digest) {
  struct security_descriptor descriptor = {
      .operation = SECURITY_EXTEND,
      .algorithm = (uint8_t)measurement,
      .source = address_of(digest),
      .source_size = SECURITY_DIGEST_BYTES,
  };
  return security_run(&descriptor);
}

enum security_status security_unwrap(unsigned by_slot, const void* wrapped, uint32_t size, unsigned to_slot,
                                     unsigned purpose, unsigned owner) {
  struct security_descriptor descriptor = {
      .operation = SECURITY_UNWRAP,
      .key_slot = (uint16_t)by_slot,
      .source = address_of(wrapped),
      .source_size = size,
      .result_slot = (uint16_t)to_slot,
      .purpose = (uint16_t)purpose,
      .owner = (uint16_t)owner,
  };
  return security_run(&descriptor);
}

enum security_status security_generate(unsigned to_slot, uint32_t size, unsigned purpose, unsigned owner) {
  struct security_descriptor descriptor = {
      .operation = SECURITY_GENERATE,
      .destination_size = size,
      .result_slot = (uint16_t)to_slot,
      .purpose = (uint16_t)purpose,
      .owner = (uint16_t)owner,
  };
  return security_run(&descriptor);
}

enum security_status security_quote(unsigned key_slot, const uint8_t* nonce, struct security_quote* quote) {
  struct security_descriptor descriptor = {
      .operation = SECURITY_QUOTE,
      .key_slot = (uint16_t)key_slot,
      .source = address_of(nonce),
      .source_size = SECURITY_NONCE_BYTES,
      .destination = address_of(quote),
      .destination_size = sizeof *quote,
  };
  return security_run(&descriptor);
}

int security_slot_valid(unsigned slot) {
  FIELD_WRITE(MAP_SECURITY, SECURITY_SLOT_SELECT, SLOT, slot);
  return (int)FIELD_READ(MAP_SECURITY, SECURITY_SLOT_STATUS, VALID);
}

void security_destroy(unsigned slot) { FIELD_WRITE(MAP_SECURITY, SECURITY_SLOT_DESTROY, SLOT, slot); }

void security_destroy_owner(unsigned owner) { FIELD_WRITE(MAP_SECURITY, SECURITY_OWNER_DESTROY, OWNER, owner); }
