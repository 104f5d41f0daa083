#include "slot.h"

#include "boot_record.h"
#include "console.h"
#include "fuses.h"
#include "image_verify.h"
#include "map.h"
#include "mem.h"
#include "security.h"

extern char __ram_start[]; /* the ROM's own part of the SRAM is from here to its end */

static const uint8_t* slot_start(unsigned slot) {
  return (const uint8_t*)(uintptr_t)(MAP_FLASH + (uint64_t)slot * FLASH_SLOT_BYTES);
}

static int erased(const void* bytes, size_t count) {
  const uint8_t* byte = bytes;
  while (count && *byte == 0xff) byte++, count--;
  return count == 0;
}

unsigned slot_preferred(void) {
  return boot_record_read((const struct boot_record*)(uintptr_t)(MAP_FLASH + FLASH_BOOT_RECORD)).slot;
}

static const char* life_cycle_name(uint32_t state) {
  switch (state) {
    case LIFE_CYCLE_DEVELOPMENT: return "development";
    case LIFE_CYCLE_PRODUCTION: return "production";
    case LIFE_CYCLE_RETURNED: return "returned";
    default: return "unknown";
  }
}

static void refuse(unsigned slot, enum image_fault fault, const struct image_header* header,
                   const struct boot_fuses* fuses) {
  print("ROM: slot %c refused: ", slot_name(slot));
  if (erased(header, sizeof *header)) {
    print("empty\n");
    return;
  }
  print("%s", image_fault_text(fault));
  switch (fault) {
    case IMAGE_BAD_MAGIC: print(" (0x%08x)", header->magic); break;
    case IMAGE_BAD_FORMAT:
      print(" (%u, of %u bytes, reserved 0x%x)", header->format, header->size, header->reserved);
      break;
    case IMAGE_BAD_KIND: print(" (%u)", header->kind); break;
    case IMAGE_TRUNCATED: print(" (body of %u bytes, slot of %u)", header->body_size, FLASH_SLOT_BYTES); break;
    case IMAGE_BAD_LOAD_ADDRESS: print(" (%u bytes at 0x%lx)", header->body_size, header->load_address); break;
    case IMAGE_BAD_ENTRY: print(" (0x%lx)", header->entry); break;
    case IMAGE_OLD_SECURITY_VERSION:
      print(" (%u, the fuses have %u)", header->security_version, fuses->security_version);
      break;
    case IMAGE_NOT_SIGNED: print(" (life-cycle state: %s)", life_cycle_name(fuses->life_cycle)); break;
    case IMAGE_BAD_SIGNATURE_TYPE: print(" (%u, of %u bytes)", header->signature_type, header->signature_size); break;
    case IMAGE_WRONG_KEY:
      if (!fuses_have_root_key(fuses)) print(" (no root key is fused)");
      break;
    default: break;
  }
  print("\n");
}

/* The card may have less DRAM than the map has room for. The engine answers a bus error with a status, where the core
 * would be aborted. */
static int memory_at(uint64_t address) {
  uint8_t digest[32];
  return security_hash(SECURITY_SHA256, (const void*)(uintptr_t)address, 1, digest) != SECURITY_BUS_ERROR;
}

enum image_fault slot_verify(unsigned slot, struct image_header* header) {
  memcpy(header, slot_start(slot), sizeof *header);
  const struct image_range targets[] = {{MAP_SRAM, (uint64_t)__ram_start - MAP_SRAM}, {MAP_DRAM, MAP_DRAM_SIZE}};
  const struct image_limits limits = {
      .kind = IMAGE_FIRMWARE,
      .space = FLASH_SLOT_BYTES,
      .targets = targets,
      .target_count = sizeof targets / sizeof targets[0],
  };
  struct boot_fuses fuses;
  fuses_read(&fuses);
  enum image_fault fault = image_verify(header, slot_start(slot) + sizeof *header, &limits);
  if (fault == IMAGE_GOOD && !memory_at(header->load_address + header->body_size - 1)) fault = IMAGE_BAD_LOAD_ADDRESS;
  if (fault != IMAGE_GOOD)
    refuse(slot, fault, header, &fuses);
  else if (header->signature_type == IMAGE_UNSIGNED)
    print("ROM: slot %c is not signed: taken, as the card is in the development state\n", slot_name(slot));
  else if (!fuses_have_root_key(&fuses))
    print(
        "ROM: slot %c is signed by an unknown key: taken, as no root key is fused and the card is in the development "
        "state\n",
        slot_name(slot));
  return fault;
}

enum image_fault slot_load(unsigned slot, const struct image_header* header) {
  void* body = (void*)(uintptr_t)header->load_address;
  memcpy(body, slot_start(slot) + sizeof *header, header->body_size);
  enum image_fault fault = image_check_body(header, body);
  if (fault != IMAGE_GOOD)
    print("ROM: slot %c refused: what is in memory is not what was verified: %s\n", slot_name(slot),
          image_fault_text(fault));
  return fault;
}
