/* What every part of the firmware needs of the card. */
#include "card.h"

#include "console.h"
#include "cpu.h"
#include "io.h"
#include "map.h"
#include "mem.h"
#include "security.h"
#include "watchdog.h"

static enum security_status quote(void* context, const uint8_t* nonce, struct security_quote* to) {
  (void)context;
  enum security_status status = security_quote(SECURITY_SLOT_ATTESTATION, nonce, to);
  if (status != SECURITY_OK) print_log("attestation: no quote: security engine status %u", status);
  return status;
}

struct nvme_card card_services = {.update = &card_update, .quote = quote};
struct update card_update;

static int in_memory(uint64_t address, uint64_t size) {
  return address % 8 == 0 && ((address >= MAP_SRAM && address - MAP_SRAM <= MAP_SRAM_SIZE - size) ||
                              (address >= MAP_DRAM && address - MAP_DRAM <= MAP_DRAM_SIZE - size));
}

struct boot_handoff* card_handoff(uint64_t x0) {
  static struct boot_handoff none; /* version 0.0.0, in slot A, an empty log */
  struct boot_handoff* handoff = (struct boot_handoff*)x0;
  if (in_memory(x0, sizeof *handoff) && handoff->magic == BOOT_HANDOFF_MAGIC &&
      handoff->version == BOOT_HANDOFF_VERSION && handoff->slot < FLASH_SLOTS)
    card_services.log = &handoff->log;
  else
    handoff = &none;
  if (handoff == &none) {
    none.log.magic = EVENT_LOG_MAGIC;
    card_services.log = &none.log;
    print_log("the ROM handed nothing over: revision and slot are not known");
  }
  return handoff;
}

/* The security engine answers a bus error with a status, where the core would be aborted. */
int card_memory_at(uint64_t address) {
  uint8_t digest[32];
  return security_hash(SECURITY_SHA256, (const void*)address, 1, digest) == SECURITY_OK;
}

_Noreturn void card_reset(void) {
  irq_mask();
  watchdog_start(1);
  for (;;) wait_for_interrupt();
}

void tamper_enable(void) {
  REG_WRITE(MAP_SECURITY, SECURITY_INTERRUPT_ENABLE, FIELD_IN(SECURITY_INTERRUPT_STATUS_TAMPER, 1));
}

void tamper_handle(void) {
  uint64_t status = REG_READ(MAP_SECURITY, SECURITY_INTERRUPT_STATUS);
  REG_WRITE(MAP_SECURITY, SECURITY_INTERRUPT_STATUS, FIELD_IN(SECURITY_INTERRUPT_STATUS_TAMPER, 1));
  if (FIELD_OF(SECURITY_INTERRUPT_STATUS_TAMPER, status))
    print_log("security: TAMPER: all keys are gone; encrypted volumes fail until the card is reset");
}
