#include "runtime.h"

static u64* const root = (u64*)TABLES;
static u64 next = TABLES;

u64* new_table(void) {
  u64* const table = (u64*)next;
  next += 0x1000;
  for (unsigned i = 0; i < 512; ++i) table[i] = 0;
  return table;
}

u64* entry_of(u64 address, unsigned level) {
  u64* table = root;
  for (unsigned at = 0;; ++at) {
    u64* const entry = &table[address >> (39 - 9 * at) & 511];
    if (at == level) return entry;
    if ((*entry & (VALID | TABLE)) != (VALID | TABLE)) *entry = (u64)new_table() | TABLE | VALID;
    table = (u64*)(*entry & 0xfffffffff000);
  }
}

void forget_translations(void) { asm volatile("dsb sy\ntlbi vmalle1\ndsb sy\nisb" ::: "memory"); }

void set_entry(u64 address, unsigned level, u64 descriptor) {
  *entry_of(address, level) = descriptor;
  forget_translations();
}

void set_page(u64 address, u64 descriptor) { set_entry(address, 3, descriptor); }

u64 default_tcr(void) {
  enum { kCached = 0x3500, kIps40 = 2 };
  return 16 | kCached | (16ull | kCached) << 16 | 2ull << 30 | (u64)kIps40 << 32;
}

static void enable(void) {
  WRITE(mair_el1, 0x0444ff00);
  WRITE(tcr_el1, default_tcr());
  WRITE(ttbr0_el1, (u64)root);
  WRITE(ttbr1_el1, (u64)root);
  forget_translations();
  WRITE(sctlr_el1, READ(sctlr_el1) | 0x1005);
}

void turn_on_mmu(void) {
  next = TABLES;
  new_table();
  *entry_of(0, 1) = VALID | ACCESSED | ATTRIBUTES(DEVICE) | PXN | UXN;
  for (u64 block = 0x40000000; block < 0x44000000; block += 0x200000) *entry_of(block, 2) = block | MEMORY | UXN;
  *entry_of(CODE_BLOCK, 2) = CODE_BLOCK | MEMORY | UXN | READ_ONLY;
  *entry_of(CASES, 2) = CASES | MEMORY | USER | READ_ONLY;
  *entry_of(USER_DATA, 2) = USER_DATA | MEMORY | USER;
  enable();
}

void share_mmu(void) { enable(); }

void turn_off_mmu(void) {
  WRITE(sctlr_el1, READ(sctlr_el1) & ~0x1005ull);
  forget_translations();
}
