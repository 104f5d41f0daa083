#include "image_verify.h"

#include "fuses.h"
#include "mem.h"
#include "security.h"

static enum image_fault check_root_key(const struct image_header* header, const struct boot_fuses* fuses) {
  if (!fuses_have_root_key(fuses)) /* nobody to vouch for the key: enough for a card that takes unsigned images too */
    return fuses->life_cycle == LIFE_CYCLE_DEVELOPMENT ? IMAGE_GOOD : IMAGE_WRONG_KEY;
  uint8_t digest[IMAGE_DIGEST_BYTES];
  if (security_hash(SECURITY_SHA384, header->public_key, sizeof header->public_key, digest) != SECURITY_OK)
    return IMAGE_ENGINE_FAILED;
  return memcmp(digest, fuses->root_key_hash, sizeof digest) == 0 ? IMAGE_GOOD : IMAGE_WRONG_KEY;
}

static enum image_fault check_signature(const struct image_header* header) {
  uint8_t digest[IMAGE_DIGEST_BYTES];
  if (security_hash(SECURITY_SHA384, header, IMAGE_SIGNED_BYTES, digest) != SECURITY_OK) return IMAGE_ENGINE_FAILED;
  switch (security_verify(digest, header->public_key, header->signature)) {
    case SECURITY_OK: return IMAGE_GOOD;
    case SECURITY_BAD_SIGNATURE: return IMAGE_BAD_SIGNATURE;
    case SECURITY_BAD_KEY: return IMAGE_WRONG_KEY; /* no point of the curve */
    default: return IMAGE_ENGINE_FAILED;
  }
}

enum image_fault image_check_body(const struct image_header* header, const void* body) {
  uint8_t digest[IMAGE_DIGEST_BYTES];
  if (security_hash(SECURITY_SHA384, body, header->body_size, digest) != SECURITY_OK) return IMAGE_ENGINE_FAILED;
  return memcmp(digest, header->body_digest, sizeof digest) == 0 ? IMAGE_GOOD : IMAGE_BAD_BODY_DIGEST;
}

enum image_fault image_verify(const struct image_header* header, const void* body, const struct image_limits* limits) {
  struct boot_fuses fuses;
  fuses_read(&fuses);
  struct image_limits with_fuses = *limits;
  with_fuses.security_version = fuses.security_version;
  with_fuses.unsigned_allowed = fuses.life_cycle == LIFE_CYCLE_DEVELOPMENT;
  enum image_fault fault = image_check_header(header, &with_fuses);
  if (fault == IMAGE_GOOD && header->signature_type != IMAGE_UNSIGNED) {
    fault = check_root_key(header, &fuses);
    if (fault == IMAGE_GOOD) fault = check_signature(header);
  }
  return fault == IMAGE_GOOD ? image_check_body(header, body) : fault;
}

enum image_fault measure(unsigned measurement, const void* data, uint32_t size, const char* what, uint32_t version,
                         struct event_log* log) {
  uint8_t digest[IMAGE_DIGEST_BYTES];
  if (security_hash(SECURITY_SHA384, data, size, digest) != SECURITY_OK ||
      security_extend(measurement, digest) != SECURITY_OK)
    return IMAGE_ENGINE_FAILED;
  if (log->count >= EVENT_LOG_ENTRIES) {
    log->lost++;
    return IMAGE_GOOD;
  }
  struct event* event = &log->events[log->count++];
  memset(event, 0, sizeof *event);
  event->measurement = measurement;
  event->version = version;
  memcpy(event->digest, digest, sizeof digest);
  for (unsigned i = 0; i < sizeof event->what && what[i]; i++) event->what[i] = what[i];
  return IMAGE_GOOD;
}

enum image_fault image_measure(const struct image_header* header, unsigned measurement, struct event_log* log) {
  static const char kinds[2][10] = {"firmware ", "host "};
  char what[sizeof kinds[0] + sizeof header->name] = {0};
  const char* kind = kinds[header->kind == IMAGE_HOST_BOOT];
  memcpy(what, kind, strlen(kind));
  memcpy(what + strlen(kind), header->name, sizeof header->name);
  return measure(measurement, header, sizeof *header, what, header->version, log);
}
