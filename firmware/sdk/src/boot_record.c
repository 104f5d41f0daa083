#include "boot_record.h"

static uint32_t check(const struct boot_record* record) { return ~(record->magic ^ record->sequence ^ record->slot); }

struct boot_record boot_record_make(uint32_t sequence, uint32_t slot) {
  struct boot_record record = {BOOT_RECORD_MAGIC, sequence, slot, 0};
  record.check = check(&record);
  return record;
}

static int erased(const struct boot_record* record) {
  return (record->magic & record->sequence & record->slot & record->check) == ~0u;
}

/* An entry whose programming was cut short is neither good nor erased: it is passed over, and its place is lost. */
static int good(const struct boot_record* record) {
  return record->magic == BOOT_RECORD_MAGIC && record->slot < FLASH_SLOTS && record->check == check(record);
}

struct boot_record_state boot_record_read(const struct boot_record* records) {
  struct boot_record_state state = {0, 0, 0};
  for (; state.next < BOOT_RECORDS && !erased(&records[state.next]); state.next++) {
    if (!good(&records[state.next])) continue;
    state.sequence = records[state.next].sequence;
    state.slot = records[state.next].slot;
  }
  return state;
}
