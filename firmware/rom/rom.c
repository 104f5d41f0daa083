/* The boot ROM: checks the image in the flash, copies it to memory and enters it. If there is nothing to run it says
 * why on the UART and stops; the host's link stays down. */
#include "console.h"
#include "cpu.h"
#include "exception.h"
#include "handoff.h"
#include "io.h"
#include "map.h"
#include "mem.h"
#include "watchdog.h"

extern char __ram_start[]; /* the ROM's own variables and stack are from here to the end of the SRAM */

const char program_name[] = "ROM";

/* At the start of the ROM's part of the SRAM. start.S hands its address over. */
__attribute__((section(".handoff"))) struct boot_handoff handoff;

uint64_t rom_main(void);
uint64_t rom_call(void);

uint64_t rom_main(void) {
  console_init();
  print("cardvp ROM, card %016lx\n", REG_READ(MAP_FUSES, FUSES_CARD_ID));
  if (watchdog_caused_reset()) print("ROM: reset by the watchdog\n");

  struct image_header header;
  memcpy(&header, (const void*)MAP_FLASH, sizeof header);
  const uint8_t* flash_body = (const uint8_t*)MAP_FLASH + sizeof header;
  const struct image_range targets[] = {{MAP_SRAM, (uint64_t)__ram_start - MAP_SRAM}, {MAP_DRAM, MAP_DRAM_SIZE}};
  const struct image_limits limits = {
      .kind = IMAGE_FIRMWARE,
      .space = FLASH_SLOT_BYTES,
      .security_version = (uint32_t)REG_READ(MAP_FUSES, FUSES_SECURITY_VERSION),
      .unsigned_allowed = 1,
      .targets = targets,
      .target_count = sizeof targets / sizeof targets[0],
  };

  enum image_fault fault = image_check_header(&header, &limits);
  if (fault != IMAGE_GOOD) {
    print("ROM: no firmware: %s\nROM: halted\n", image_fault_text(fault));
    halt();
  }
  memcpy((void*)header.load_address, flash_body, header.body_size);
  print("ROM: %.20s %u.%u.%u, %u bytes, to 0x%lx\n", header.name, header.version >> 24, header.version >> 16 & 0xff,
        header.version & 0xffff, header.body_size, header.entry);
  handoff.magic = BOOT_HANDOFF_MAGIC;
  handoff.version = BOOT_HANDOFF_VERSION;
  handoff.log.magic = EVENT_LOG_MAGIC;
  handoff.image = header;
  return header.entry;
}

uint64_t rom_call(void) { return ROM_CALL_UNKNOWN; }
