/* Firmware update on the card: flash, host memory and ROM behind the logic's port (update.h), and the live update: the
 * state that one firmware leaves in DRAM for the next (live.h). */
#include <stddef.h>

#include "card.h"
#include "console.h"
#include "flash.h"
#include "image_verify.h"
#include "io.h"
#include "map.h"
#include "mem.h"
#include "network.h"
#include "security.h"
#include "timer.h"
#include "watchdog.h"

enum { HAND_OVER_US = 50000 };

static uint32_t version;
static uint64_t rom_memory; /* where the ROM's part of the SRAM begins */

static struct live_state* live_state(void) { return (struct live_state*)(MAP_DRAM + CARD_LIVE_STATE); }

_Static_assert(sizeof(struct live_state) <= CARD_STAGING - CARD_LIVE_STATE, "live state and staging area are apart");
_Static_assert(UPDATE_MOST_BYTES <= CARD_DRAM_BYTES - CARD_STAGING, "the staging area is within the firmware's DRAM");

static void fetch(void* context, unsigned function, uint32_t tag, uint32_t offset, uint32_t size) {
  (void)context;
  volume_fetch(function, tag, MAP_DRAM + CARD_STAGING + offset, size);
}

static void complete(void* context, unsigned function, uint32_t tag, uint16_t status) {
  (void)context;
  volume_complete(function, tag, status);
}

static void read_flash(void* context, uint64_t offset, void* to, uint32_t size) {
  (void)context;
  memcpy(to, (const void*)(MAP_FLASH + offset), size);
}

static int erase(void* context, uint64_t offset, uint64_t size) {
  (void)context;
  return flash_erase(offset, size);
}

static int program(void* context, uint64_t offset, const void* from, uint64_t size) {
  (void)context;
  return flash_program(offset, from, size);
}

/* Where firmware may be that takes over: the SRAM up to the ROM's own part, which the handoff begins; this firmware's
 * state is in DRAM. */
static enum image_fault verify(const struct image_header* header, uint64_t at, uint64_t space) {
  const struct image_range sram = {MAP_SRAM, rom_memory - MAP_SRAM};
  const struct image_limits limits = {.kind = IMAGE_FIRMWARE, .space = space, .targets = &sram, .target_count = 1};
  return image_verify(header, (const void*)(at + sizeof *header), &limits);
}

static enum image_fault verify_staged(void* context, const struct image_header* header, uint32_t space) {
  (void)context;
  return verify(header, MAP_DRAM + CARD_STAGING, space);
}

static enum image_fault verify_slot(void* context, const struct image_header* header, unsigned slot) {
  (void)context;
  return verify(header, MAP_FLASH + (uint64_t)slot * FLASH_SLOT_BYTES, FLASH_SLOT_BYTES);
}

static uint64_t rom_call(uint64_t call, uint64_t first, uint64_t second) {
  register uint64_t x0 __asm__("x0") = call;
  register uint64_t x1 __asm__("x1") = first;
  register uint64_t x2 __asm__("x2") = second;
  register uint64_t x3 __asm__("x3") = 0;
  /* What a function may change, the ROM may. */
  __asm__ volatile("dsb sy\n\tsmc #0"
                   : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                   :
                   : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18",
                     "memory", "cc");
  return x0;
}

static int quiet(void* context) {
  (void)context;
  return interfaces_quiet();
}

static enum image_fault activate(void* context, unsigned slot, const struct update_request* commit) {
  (void)context;
  struct live_state* state = live_state();
  memset(state, 0, offsetof(struct live_state, volumes));
  state->from = version;
  state->stopped_us = now_us();
  state->commit = *commit;
  volumes_save(state);
  interfaces_save(state);
  control_save(state);
  link_save(state);
  network_save(state);
  live_seal(state);
  print_log("update: handing over to slot %c", slot + 'A');
  watchdog_stop();
  watchdog_start(HAND_OVER_US); /* firmware that does not come up must not keep the host waiting for long */
  uint64_t answer = rom_call(ROM_CALL_ACTIVATE, slot, (uint64_t)state);
  watchdog_stop();
  watchdog_start(WATCHDOG_US);
  return answer > IMAGE_GOOD && answer <= IMAGE_ENGINE_FAILED ? (enum image_fault)answer : IMAGE_ENGINE_FAILED;
}

void card_update_init(const struct boot_handoff* handoff) {
  static struct update_port port;
  port = (struct update_port){
      .staging = (const uint8_t*)(MAP_DRAM + CARD_STAGING),
      .records = (const struct boot_record*)(MAP_FLASH + FLASH_BOOT_RECORD),
      .fetch = fetch,
      .complete = complete,
      .read = read_flash,
      .erase = erase,
      .program = program,
      .verify_staged = verify_staged,
      .verify_slot = verify_slot,
      .quiet = quiet,
      .activate = activate,
  };
  if (!card_memory_at(MAP_DRAM + CARD_DRAM_BYTES - 1)) {
    print_log("update: not possible: it needs %u KiB of DRAM", CARD_DRAM_BYTES / 1024);
    port.staging = 0;
  }
  version = handoff->image.version;
  rom_memory = handoff->magic == BOOT_HANDOFF_MAGIC ? (uint64_t)handoff : MAP_SRAM;
  update_init(&card_update, &port, version, handoff->slot);
}

void card_take_over(const struct boot_handoff* handoff) {
  if (!handoff->live) return;
  const struct live_state* state = live_state();
  enum live_fault fault = handoff->live == (uint64_t)state ? live_check(state) : LIVE_BAD_FORMAT;
  if (fault == LIVE_GOOD && (!volumes_restore(state, version) || !interfaces_restore(state) || !network_restore(state)))
    fault = LIVE_DAMAGED;
  if (fault != LIVE_GOOD) {
    print_log("live update: the state is %s: reset", fault == LIVE_DAMAGED ? "damaged" : "of another format");
    card_reset();
  }
  control_restore(state);
  link_restore(state);
  update_resume(&card_update, &state->commit);
  print_log("live update from %u.%u.%u to %u.%u.%u, admin stall %lu us", state->from >> 24, state->from >> 16 & 0xff,
            state->from & 0xffff, version >> 24, version >> 16 & 0xff, version & 0xffff, now_us() - state->stopped_us);
}
