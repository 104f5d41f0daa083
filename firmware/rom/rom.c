/* The boot ROM: verifies the firmware in a slot of the flash, measures it, copies it to memory and enters it. If there
 * is nothing to run it says why on the UART and stops; the host stays in reset and its link down.
 *
 * Its variables are in the top of the SRAM, which the firmware can write once it runs. So a call of the ROM trusts the
 * firmware that makes it; what was measured into the security engine before cannot be taken back by either. */
#include "console.h"
#include "cpu.h"
#include "exception.h"
#include "fuses.h"
#include "image_verify.h"
#include "io.h"
#include "map.h"
#include "mem.h"
#include "slot.h"
#include "watchdog.h"

const char program_name[] = "ROM";

/* At the start of the ROM's part of the SRAM. start.S hands its address over. */
__attribute__((section(".handoff"))) struct boot_handoff handoff;

uint64_t rom_main(void);
uint64_t rom_call(uint64_t call, uint64_t slot, uint64_t live);
_Noreturn void enter(uint64_t entry, const struct boot_handoff* argument);

static _Noreturn void stop(void) {
  print("ROM: halted\n");
  halt();
}

static void booted(unsigned slot, const struct image_header* header) {
  handoff.slot = slot;
  handoff.image = *header;
  print("ROM: %.20s %u.%u.%u, %u bytes, slot %c, to 0x%lx\n", header->name, header->version >> 24,
        header->version >> 16 & 0xff, header->version & 0xffff, header->body_size, slot_name(slot), header->entry);
}

static enum image_fault boot(unsigned slot) {
  struct image_header header;
  enum image_fault fault = slot_verify(slot, &header);
  if (fault == IMAGE_GOOD) fault = slot_load(slot, &header);
  if (fault != IMAGE_GOOD) return fault;
  fault = image_measure(&header, MEASURED_FIRMWARE, &handoff.log);
  if (fault == IMAGE_GOOD)
    booted(slot, &header);
  else
    print("ROM: slot %c refused: it cannot be measured\n", slot_name(slot));
  return fault;
}

uint64_t rom_main(void) {
  console_init();
  print("cardvp ROM, card %016lx\n", REG_READ(MAP_FUSES, FUSES_CARD_ID));
  if (watchdog_caused_reset()) print("ROM: reset by the watchdog\n");

  handoff.magic = BOOT_HANDOFF_MAGIC;
  handoff.version = BOOT_HANDOFF_VERSION;
  handoff.log.magic = EVENT_LOG_MAGIC;
  struct boot_fuses fuses;
  fuses_read(&fuses);
  if (measure(MEASURED_ROM, &fuses, sizeof fuses, "fuses", 0, &handoff.log) != IMAGE_GOOD) {
    print("ROM: the fuses cannot be measured: the security engine failed\n");
    stop();
  }

  unsigned slot = slot_preferred();
  handoff.refused = boot(slot);
  if (handoff.refused != IMAGE_GOOD) {
    slot = 1 - slot;
    print("ROM: falling back to slot %c\n", slot_name(slot));
    if (boot(slot) != IMAGE_GOOD) {
      print("ROM: no firmware\n");
      stop();
    }
  }
  return handoff.image.entry;
}

static int usable(uint64_t live) {
  return live == 0 || (live % 8 == 0 && live >= MAP_DRAM && live - MAP_DRAM < MAP_DRAM_SIZE);
}

/* Nothing of the caller's changes before all is known to be good. */
static uint64_t activate(unsigned slot, uint64_t live) {
  struct image_header header;
  enum image_fault fault = slot_verify(slot, &header);
  if (fault != IMAGE_GOOD) return fault;
  if (live - header.load_address < header.body_size) return ROM_CALL_BAD_ARGUMENT;
  fault = image_measure(&header, MEASURED_FIRMWARE, &handoff.log);
  if (fault != IMAGE_GOOD) return fault;
  if (slot_load(slot, &header) != IMAGE_GOOD) stop(); /* there is nothing left to go back to */
  booted(slot, &header);
  handoff.live = live;
  enter(header.entry, &handoff);
}

uint64_t rom_call(uint64_t call, uint64_t slot, uint64_t live) {
  if (call != ROM_CALL_ACTIVATE) return ROM_CALL_UNKNOWN;
  if (slot >= FLASH_SLOTS || !usable(live)) return ROM_CALL_BAD_ARGUMENT;
  return activate((unsigned)slot, live);
}
