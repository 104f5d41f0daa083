/* The boot ROM: checks the image in the flash, copies it to memory and enters it. If there is nothing to run it says
 * why on the UART and stops; the host's link stays down. */
#include "console.h"
#include "cpu.h"
#include "exception.h"
#include "image.h"
#include "io.h"
#include "map.h"
#include "mem.h"
#include "watchdog.h"

extern char __ram_start[]; /* the ROM's own variables and stack are from here to the end of the SRAM */

const char program_name[] = "ROM";

uint64_t rom_main(void);

static _Noreturn void refuse(enum image_fault fault, const struct image_header* header,
                             const struct image_limits* limits) {
  print("ROM: no firmware: ");
  switch (fault) {
    case IMAGE_BAD_MAGIC:
      print("bad magic 0x%08x at flash offset 0x0%s\n", header->magic,
            header->magic == 0 || header->magic == ~0u ? ": the flash is empty" : "");
      break;
    case IMAGE_BAD_HEADER_CRC: print("header CRC is not 0x%08x\n", header->header_crc); break;
    case IMAGE_BAD_FORMAT: print("unknown header format %u of %u bytes\n", header->format, header->size); break;
    case IMAGE_BAD_NAME: print("bad name\n"); break;
    case IMAGE_TRUNCATED:
      print("body of %u bytes is longer than the flash, 0x%lx bytes\n", header->body_size, limits->flash_size);
      break;
    case IMAGE_BAD_LOAD_ADDRESS:
      print("cannot load %u bytes at 0x%lx\n", header->body_size, header->load_address);
      break;
    case IMAGE_BAD_ENTRY: print("entry 0x%lx is outside of the image\n", header->entry); break;
    case IMAGE_OLD_SECURITY_VERSION:
      print("security version %u is below %u, the fuses'\n", header->security_version, limits->security_version);
      break;
    case IMAGE_BAD_BODY_CRC: print("truncated or damaged: body CRC is not 0x%08x\n", header->body_crc); break;
    case IMAGE_GOOD: break;
  }
  print("ROM: halted\n");
  halt();
}

uint64_t rom_main(void) {
  console_init();
  print("cardvp ROM, card %016lx\n", REG_READ(MAP_FUSES, FUSES_CARD_ID));
  if (watchdog_caused_reset()) print("ROM: reset by the watchdog\n");

  /* Header and body are checked where they are used: in memory, not in the flash. */
  struct image_header header;
  memcpy(&header, (const void*)MAP_FLASH, sizeof header);
  const uint8_t* flash_body = (const uint8_t*)MAP_FLASH + sizeof header;
  const struct image_range targets[] = {{MAP_SRAM, (uint64_t)__ram_start - MAP_SRAM}, {MAP_DRAM, MAP_DRAM_SIZE}};
  const struct image_limits limits = {
      .flash_size = MAP_FLASH_SIZE,
      .security_version = (uint32_t)REG_READ(MAP_FUSES, FUSES_SECURITY_VERSION),
      .targets = targets,
      .target_count = sizeof targets / sizeof targets[0],
  };

  enum image_fault fault = image_check_header(&header, &limits);
  if (fault != IMAGE_GOOD) refuse(fault, &header, &limits);
  void* body = (void*)header.load_address;
  memcpy(body, flash_body, header.body_size);
  fault = image_check_body(&header, body);
  if (fault != IMAGE_GOOD) refuse(fault, &header, &limits);
  print("ROM: %.20s %u.%u.%u, %u bytes, to 0x%lx\n", header.name, header.version >> 24, header.version >> 16 & 0xff,
        header.version & 0xffff, header.body_size, header.entry);
  return header.entry;
}
