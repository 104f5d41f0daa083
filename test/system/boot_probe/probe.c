/* A program in slot A that plays the controller firmware's part in the boot chain: prints what the ROM handed over,
 * calls the ROM with nonsense, puts itself into slot B by the flash driver, activates that, writes the boot record, and
 * resets the card. What it prints is judged by boot_chain_test.cpp. */
#include "boot_record.h"
#include "console.h"
#include "cpu.h"
#include "exception.h"
#include "flash.h"
#include "handoff.h"
#include "io.h"
#include "map.h"
#include "mem.h"
#include "security.h"
#include "watchdog.h"

enum { WINDOW_MS = 2, FALLBACK = 4 /* patch of the version: damages slot B and has it tried first */ };

const char program_name[] = "probe";
static const uint64_t live_address = 0x48000000;
static char sector[FLASH_SECTOR_BYTES]; /* in .bss: not in the image */

_Noreturn void main(struct boot_handoff* handoff);
uint64_t call_rom(uint64_t call, uint64_t a, uint64_t b); /* the answer; `kept` says the rest */
extern uint64_t registers_kept;

void irq_handler(uint64_t pc) { print("interrupt at 0x%lx\n", pc); }

static void print_bytes(const uint8_t* bytes, unsigned count) {
  for (unsigned i = 0; i < count; i++) print("%02x", bytes[i]);
  print("\n");
}

static void report(const struct boot_handoff* handoff) {
  print("handoff at 0x%lx: slot %u refused %u live 0x%lx\n", (uint64_t)(uintptr_t)handoff, handoff->slot,
        handoff->refused, handoff->live);
  print("header ");
  print_bytes((const uint8_t*)&handoff->image, sizeof handoff->image);
  for (unsigned i = 0; i < handoff->log.count; i++) {
    const struct event* event = &handoff->log.events[i];
    print("event %u %.24s ", event->measurement, event->what);
    print_bytes(event->digest, sizeof event->digest);
  }
  for (unsigned n = 0; n < 3; n++) {
    print("measurement %u ", n);
    uint32_t words[SECURITY_DIGEST_BYTES / 4];
    for (unsigned i = 0; i < SECURITY_DIGEST_BYTES / 4; i++)
      words[i] = io_read32(MAP_SECURITY + SECURITY_MEASUREMENT +
                           (n * (SECURITY_DIGEST_BYTES / 4) + i) * SECURITY_MEASUREMENT_STRIDE);
    print_bytes((const uint8_t*)words, sizeof words);
  }
}

static void call(const char* what, uint64_t number, uint64_t slot, uint64_t live) {
  uint64_t answer = call_rom(number, slot, live);
  print("call %s: 0x%lx, registers %s\n", what, answer, registers_kept ? "kept" : "lost");
}

static void bad_calls(void) {
  call("unknown", ROM_CALL_ACTIVATE + 1, 0, 0);
  call("slot 2", ROM_CALL_ACTIVATE, 2, 0);
  call("slot 1 << 32", ROM_CALL_ACTIVATE, UINT64_C(1) << 32, 0);
  call("live unaligned", ROM_CALL_ACTIVATE, 1, live_address + 4);
  call("live in SRAM", ROM_CALL_ACTIVATE, 1, MAP_SRAM);
  call("live behind DRAM", ROM_CALL_ACTIVATE, 1, MAP_DRAM + MAP_DRAM_SIZE);
  call("live below DRAM", ROM_CALL_ACTIVATE, 1, MAP_DRAM - 8);
  call("empty slot", ROM_CALL_ACTIVATE, 1, live_address);
}

static void check(const char* what, int good) { print("%s: %s\n", what, good ? "good" : "WRONG"); }

static int erased(uint64_t offset, uint64_t bytes) {
  const uint32_t* word = (const uint32_t*)(uintptr_t)(MAP_FLASH + offset);
  for (uint64_t i = 0; i < bytes / 4; i++)
    if (word[i] != ~0u) return 0;
  return 1;
}

static void try_flash(const struct image_header* header) {
  const uint64_t at = FLASH_BOOT_RECORD + FLASH_SECTOR_BYTES; /* behind what the ROM knows */
  for (unsigned i = 0; i < sizeof sector; i++) sector[i] = (char)(i * 7 + i / 256);
  check("program a sector", flash_program(at, sector, sizeof sector) == 0 &&
                                memcmp((const void*)(MAP_FLASH + at), sector, sizeof sector) == 0);
  check("bits go to 0 only",
        flash_program(at, "\xff\xff\xff\xff", 4) == 0 && memcmp((const void*)(MAP_FLASH + at), sector, 4) == 0);
  check("program across sectors", flash_program(at + FLASH_SECTOR_BYTES - 4, sector, 12) == 0 &&
                                      memcmp((const void*)(MAP_FLASH + at + FLASH_SECTOR_BYTES), sector + 4, 8) == 0);
  check("erase one", flash_erase(at + 8, 4) == 0 && erased(at, FLASH_SECTOR_BYTES) &&
                         !erased(at + FLASH_SECTOR_BYTES, 4) && erased(at - FLASH_SECTOR_BYTES, FLASH_SECTOR_BYTES));
  check("erase two", flash_program(at, sector, 4) == 0 && flash_erase(at + FLASH_SECTOR_BYTES - 4, 8) == 0 &&
                         erased(at, 2 * FLASH_SECTOR_BYTES));
  check("unaligned", flash_program(at + 2, sector, 4) != 0 && flash_program(at, sector, 6) != 0);
  check("outside", flash_program(MAP_FLASH_SIZE - 4, sector, 8) != 0 && flash_erase(MAP_FLASH_SIZE, 4) != 0 &&
                       flash_program(~UINT64_C(3), sector, 8) != 0 && flash_erase(4, ~UINT64_C(0)) != 0);
  const volatile uint64_t slot_a = MAP_FLASH; /* 0, of which the compiler thinks ill */
  check("slot A is as it was", memcmp((const void*)(uintptr_t)slot_a, header, sizeof *header) == 0);
}

/* Slot B gets this header and the body of slot A; `damage`: but for a bit at this offset. */
static void fill_slot_b(const struct image_header* header, uint64_t damage) {
  uint64_t size = (sizeof *header + header->body_size + 3) & ~UINT64_C(3);
  flash_erase(FLASH_SLOT_BYTES, size);
  for (uint64_t done = 0; done < size; done += sizeof sector) {
    uint64_t bytes = size - done < sizeof sector ? size - done : sizeof sector;
    memcpy(sector, (const void*)(uintptr_t)(MAP_FLASH + done), bytes);
    if (done == 0) memcpy(sector, header, sizeof *header);
    if (damage - done < bytes) sector[damage - done] ^= 0x10;
    flash_program(FLASH_SLOT_BYTES + done, sector, bytes);
  }
}

static void name_slot(uint32_t slot) {
  struct boot_record entries[4] = {
      boot_record_make(1, 0), boot_record_make(2, slot), boot_record_make(3, 0), {BOOT_RECORD_MAGIC, 4, 0, 0x5a5a5a5a}};
  entries[2].slot = FLASH_SLOTS; /* no such slot; the check is wrong too */
  flash_erase(FLASH_BOOT_RECORD, FLASH_BOOT_RECORD_BYTES);
  flash_program(FLASH_BOOT_RECORD, entries, sizeof entries);
}

static _Noreturn void reset_card(void) {
  watchdog_start(WINDOW_MS * 1000);
  halt();
}

_Noreturn void main(struct boot_handoff* handoff) {
  console_init();
  print("probe\n");
  report(handoff);
  if (handoff->live) {
    print("live 0x%x\n", *(const uint32_t*)(uintptr_t)handoff->live);
    name_slot(1);
    reset_card();
  }
  if (handoff->slot == 1) {
    print("probe: done\n");
    halt();
  }
  if ((handoff->image.version & 0xffff) == FALLBACK) {
    if (handoff->refused) {
      print("probe: done\n");
      halt();
    }
    fill_slot_b(&handoff->image, sizeof handoff->image);
    name_slot(1);
    reset_card();
  }
  bad_calls();
  try_flash(&handoff->image);
  struct image_header header = handoff->image;
  fill_slot_b(&header, sizeof header + header.body_size / 2);
  call("damaged slot", ROM_CALL_ACTIVATE, 1, live_address);
  if (header.signature_type == IMAGE_UNSIGNED) {
    header.load_address = header.entry = live_address;
    fill_slot_b(&header, ~UINT64_C(0));
    call("live in the new firmware", ROM_CALL_ACTIVATE, 1, live_address + header.body_size / 8 * 8);
    header = handoff->image;
  }
  report(handoff); /* nothing has changed */
  fill_slot_b(&header, ~UINT64_C(0));
  *(uint32_t*)(uintptr_t)live_address = 0x600d1f0;
  call("good slot", ROM_CALL_ACTIVATE, 1, live_address);
  print("probe: still here\n");
  halt();
}
