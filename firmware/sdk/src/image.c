#include "image.h"

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

static int zeros(const uint8_t* bytes, unsigned count) {
  unsigned i = 0;
  while (i < count && bytes[i] == 0) i++;
  return i == count;
}

/* Of P-384 (SEC 2, 2.5.1). */
static const uint8_t order[IMAGE_KEY_BYTES / 2] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73};

/* 0 < number < order, as ECDSA wants r and s (FIPS 186-4, 6.4). */
static int in_range(const uint8_t* number) {
  unsigned i = 0;
  while (i < sizeof order && number[i] == order[i]) i++;
  return i < sizeof order && number[i] < order[i] && !zeros(number, sizeof order);
}

static enum image_fault check_place(const struct image_header* header, const struct image_limits* limits) {
  if (header->kind == IMAGE_HOST_BOOT) { /* where it goes is the host's affair */
    if (header->load_address != 0) return IMAGE_BAD_LOAD_ADDRESS;
    return header->entry != 0 ? IMAGE_BAD_ENTRY : IMAGE_GOOD;
  }
  if (header->load_address % 8) return IMAGE_BAD_LOAD_ADDRESS;
  unsigned target = 0;
  while (target < limits->target_count && !inside(&limits->targets[target], header->load_address, header->body_size))
    target++;
  if (target == limits->target_count) return IMAGE_BAD_LOAD_ADDRESS;
  if (header->entry % 4 || header->entry < header->load_address ||
      header->entry - header->load_address >= header->body_size)
    return IMAGE_BAD_ENTRY;
  return IMAGE_GOOD;
}

static enum image_fault check_signature(const struct image_header* header, const struct image_limits* limits) {
  switch (header->signature_type) {
    case IMAGE_UNSIGNED:
      if (header->signature_size != 0 || !zeros(header->public_key, IMAGE_KEY_BYTES) ||
          !zeros(header->signature, IMAGE_KEY_BYTES))
        return IMAGE_BAD_SIGNATURE_TYPE;
      return limits->unsigned_allowed ? IMAGE_GOOD : IMAGE_NOT_SIGNED;
    case IMAGE_ECDSA_P384:
      if (header->signature_size != IMAGE_KEY_BYTES) return IMAGE_BAD_SIGNATURE_TYPE;
      return in_range(header->signature) && in_range(header->signature + sizeof order) ? IMAGE_GOOD
                                                                                       : IMAGE_BAD_SIGNATURE_RANGE;
    default: return IMAGE_BAD_SIGNATURE_TYPE;
  }
}

enum image_fault image_check_header(const struct image_header* header, const struct image_limits* limits) {
  if (limits->space < sizeof *header) return IMAGE_TRUNCATED;
  if (header->magic != IMAGE_MAGIC) return IMAGE_BAD_MAGIC;
  if (header->format != IMAGE_FORMAT || header->size != sizeof *header || header->reserved != 0)
    return IMAGE_BAD_FORMAT;
  if (header->kind != (uint32_t)limits->kind) return IMAGE_BAD_KIND;
  if (!printable(header->name, sizeof header->name)) return IMAGE_BAD_NAME;
  if (header->body_size == 0 || header->body_size > limits->space - sizeof *header) return IMAGE_TRUNCATED;
  enum image_fault fault = check_place(header, limits);
  if (fault != IMAGE_GOOD) return fault;
  if (header->security_version < limits->security_version) return IMAGE_OLD_SECURITY_VERSION;
  return check_signature(header, limits);
}

const char* image_fault_text(enum image_fault fault) {
  switch (fault) {
    case IMAGE_GOOD: return "good";
    case IMAGE_BAD_MAGIC: return "no image: the magic number is wrong";
    case IMAGE_BAD_FORMAT: return "the header has an unknown format";
    case IMAGE_BAD_KIND: return "an image of another kind";
    case IMAGE_BAD_NAME: return "the name is empty or not printable";
    case IMAGE_TRUNCATED: return "truncated: header and body do not fit, or there is no body";
    case IMAGE_BAD_LOAD_ADDRESS: return "the body does not fit the memory at its load address";
    case IMAGE_BAD_ENTRY: return "the entry is not in the body";
    case IMAGE_OLD_SECURITY_VERSION: return "the security version is too low";
    case IMAGE_NOT_SIGNED: return "not signed";
    case IMAGE_BAD_SIGNATURE_TYPE: return "the signature's type or size is unknown";
    case IMAGE_BAD_SIGNATURE_RANGE: return "the signature has a number out of the curve's range";
    case IMAGE_WRONG_KEY: return "signed by another key than the root key";
    case IMAGE_BAD_SIGNATURE: return "the signature is wrong";
    case IMAGE_BAD_BODY_DIGEST: return "the body is damaged: its digest is not the header's";
    case IMAGE_ENGINE_FAILED: return "the security engine failed";
  }
  return "unknown";
}
