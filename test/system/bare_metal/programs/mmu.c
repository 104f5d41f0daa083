// Stage 1 translation at EL1 and EL0: faults with their levels, permissions, ranges, AT and TLB maintenance.
#include "runtime.h"

#define VA 0x8000000000ull          // the first address of a level 0 entry of its own
#define HIGH 0xffff008000000000ull  // likewise in the upper half
#define DATA USER_DATA
#define USER_PAGE (PAGE_OF_MEMORY | USER)

static u64 load_code(void) { return CODE("ldr x1, [x0]"); }
static u64 store_code(void) { return CODE("str x1, [x0]"); }
static u64 branch_code(void) { return CODE("br x0"); }
// What AT finds; PAR_EL1.NS is unknown.
#define PAR_OF(operation, to) "at " operation ", x0\nisb\nmrs " to ", par_el1\nbic " to ", " to ", #0x200\n"
static u64 translate_code(void) {
  return CODE(PAR_OF("s1e1r", "x1") PAR_OF("s1e1w", "x2") PAR_OF("s1e0r", "x3") PAR_OF("s1e0w", "x4"));
}

static char name_buffer[80];
static const char* join(const char* a, const char* b) {
  unsigned at = 0;
  for (; *a; ++a) name_buffer[at++] = *a;
  for (; *b; ++b) name_buffer[at++] = *b;
  name_buffer[at] = 0;
  return name_buffer;
}

static void load(const char* name, u64 address) { SHOW(join(name, ", el1 load"), EL1, load_code(), 0, address); }

static void accesses(const char* name, u64 address) {
  load(name, address);
  SHOW(join(name, ", el1 store"), EL1, store_code(), 0, address);
  SHOW(join(name, ", el0 load"), EL0, load_code(), 0, address);
  SHOW(join(name, ", el0 store"), EL0, store_code(), 0, address);
}

static void fetches(const char* name, u64 address) {
  SHOW(join(name, ", el1 fetch"), EL1, branch_code(), 0, address);
  SHOW(join(name, ", el0 fetch"), EL0, branch_code(), 0, address);
}

static void translations(const char* name, u64 address) { SHOW(join(name, ", at"), EL1, translate_code(), 5, address); }

static void invalid_entries(void) {
  static const char* const kName[] = {"invalid level 0", "invalid level 1", "invalid level 2", "invalid level 3"};
  static const u64 kAddress[] = {VA * 3, VA, VA + 0x40000000, VA + 0x40200000};
  for (unsigned level = 0; level < 4; ++level) {
    set_entry(kAddress[level], level, 0);
    accesses(kName[level], kAddress[level] + 8);
    fetches(kName[level], kAddress[level] + 8);
    translations(kName[level], kAddress[level] + 8);
  }
  set_entry(VA * 3, 0, MEMORY | DATA);
  load("block at level 0", VA * 3);
  set_entry(VA + 0x40201000, 3, MEMORY | DATA);
  load("block at level 3", VA + 0x40201000);
  set_entry(VA + 0x40201000, 3, MEMORY | DATA | TABLE);
  load("page at level 3", VA + 0x40201000);
}

static void sizes(void) {
  store64(DATA + 0x100, 0x1122334455667788);
  set_entry(VA + 0x80000000, 1, MEMORY | 0x40000000);
  SHOW("block of 1 GiB", EL1, load_code(), 2, VA + 0x80000000 + (DATA & 0x3fffffff) + 0x100);
  translations("block of 1 GiB", VA + 0x80000000 + (DATA & 0x3fffffff) + 0x1234);
  set_entry(VA + 0xc0000000, 2, MEMORY | USER | DATA);
  SHOW("block of 2 MiB", EL0, load_code(), 2, VA + 0xc0000000 + 0x100);
  translations("block of 2 MiB", VA + 0xc0000000 + 0x1ff8);
  set_entry(VA + 0xc0200000, 2, MEMORY | USER | DATA | CONTIGUOUS);
  SHOW("contiguous 2 MiB", EL0, load_code(), 2, VA + 0xc0200000 + 0x100);
  set_entry(VA + 0xc0200000, 2, MEMORY | DATA | 0xf000 | USER);
  SHOW("reserved address bits of a block", EL0, load_code(), 0, VA + 0xc0200000 + 0x100 + 0x100000);
}

static void access_flag(void) {
  const u64 page = VA + 0x40300000;
  set_entry(VA + 0xc0400000, 2, (MEMORY & ~(u64)ACCESSED) | DATA);
  accesses("no access flag level 2", VA + 0xc0400010);
  set_entry(VA + 0x100000000, 1, (MEMORY & ~(u64)ACCESSED) | 0x40000000);
  load("no access flag level 1", VA + 0x100000000);
  set_page(page, (USER_PAGE & ~(u64)ACCESSED) | DATA);
  accesses("no access flag level 3", page);
  fetches("no access flag level 3", page);
  translations("no access flag level 3", page);
  set_page(page, (USER_PAGE & ~(u64)ACCESSED) | DATA | READ_ONLY);
  SHOW("access flag ahead of permission", EL0, store_code(), 0, page);
}

// A page of code that is nothing but the regular end.
static u64 code_page(void) {
  for (unsigned i = 0; i < 1024; ++i) store32(CODE_PAGE + 4 * i, 0xd4000001 | DONE << 5);
  asm volatile("dsb sy\nic iallu\ndsb sy\nisb");
  return CODE_PAGE;
}

static const char* permission_name(unsigned bits) {
  static char text[] = "ap? uxn? pxn?";
  text[2] = (char)('0' + (bits & 3));
  text[7] = (char)('0' + (bits >> 2 & 1));
  text[12] = (char)('0' + (bits >> 3 & 1));
  return text;
}

static void permissions(void) {
  const u64 page = VA + 0x40400000, code = code_page();
  for (unsigned bits = 0; bits < 16; ++bits) {
    const u64 flags = (u64)(bits & 3) << 6 | (bits & 4 ? UXN : 0) | (bits & 8 ? PXN : 0);
    set_page(page, PAGE_OF_MEMORY | code | flags);
    static char name[32];
    const char* from = permission_name(bits);
    for (unsigned i = 0; i < sizeof "ap? uxn? pxn?"; ++i) name[i] = from[i];
    if (bits < 4) {
      accesses(name, page + 0x800);
      translations(name, page);
    }
    code_page();
    fetches(name, page);
  }
  set_entry(VA + 0xc0600000, 2, MEMORY | CODE_PAGE | READ_ONLY);
  SHOW("read only block", EL1, store_code(), 0, VA + 0xc0600000);
  SHOW("read only block, user", EL0, load_code(), 0, VA + 0xc0600000);
  set_entry(VA + 0x140000000, 1, MEMORY | 0x40000000 | READ_ONLY);
  SHOW("read only gigabyte", EL1, store_code(), 0, VA + 0x140000000);
}

static void write_implies_no_execution(void) {
  const u64 page = VA + 0x40401000, code = code_page(), sctlr = READ(sctlr_el1);
  static const u64 kFlags[] = {0, USER, READ_ONLY, USER | READ_ONLY};
  static const char* const kName[] = {"wxn ap0", "wxn ap1", "wxn ap2", "wxn ap3"};
  WRITE(sctlr_el1, sctlr | 1 << 19);
  for (unsigned i = 0; i < 4; ++i) {
    set_page(page, PAGE_OF_MEMORY | code | kFlags[i]);
    fetches(kName[i], page);
  }
  WRITE(sctlr_el1, sctlr);
  forget_translations();
}

static void table_attributes(void) {
  const u64 base = VA + 0x180000000;
  static const u64 kTable[] = {PXN_TABLE, UXN_TABLE, NO_USER_TABLE, READ_ONLY_TABLE, READ_ONLY_TABLE | NO_USER_TABLE};
  static const char* const kName[] = {"pxn table", "uxn table", "no user table", "read only table", "ap table 3"};
  set_page(base, PAGE_OF_MEMORY | USER | code_page());
  set_page(base + 0x1000, PAGE_OF_MEMORY | USER | READ_ONLY | CODE_PAGE);
  for (unsigned level = 1; level < 3; ++level) {
    u64* const table = entry_of(base, level);
    const u64 plain = *table;
    for (unsigned i = 0; i < 5; ++i) {
      *table = plain | kTable[i];
      forget_translations();
      accesses(kName[i], base + 0x800);
      code_page();
      fetches(kName[i], base + 0x1000);
      translations(kName[i], base);
    }
    *table = plain;
  }
}

static void attributes(void) {
  const u64 base = VA + 0x1c0000000;
  for (unsigned index = 0; index < 4; ++index)
    set_page(base + 0x1000 * index, VALID | TABLE | ACCESSED | USER | INNER_SHAREABLE | ATTRIBUTES(index) | DATA);
  const u64 code = CODE(
      "at s1e1r, x0\nisb\nmrs x0, par_el1\nlsr x0, x0, #56\nat s1e1r, x1\nisb\nmrs x1, par_el1\n"
      "lsr x1, x1, #56\nat s1e1r, x2\nisb\nmrs x2, par_el1\nlsr x2, x2, #56\n"
      "at s1e1r, x3\nisb\nmrs x3, par_el1\nlsr x3, x3, #56");
  SHOW("attributes in par", EL1, code, 4, base, base + 0x1000, base + 0x2000, base + 0x3000);
}

static void address_sizes(void) {
  const u64 base = VA + 0x200000000;
  set_page(base, PAGE_OF_MEMORY | 1ull << 40 | DATA);
  load("page beyond 40 bits", base);
  set_entry(base + 0x200000, 2, MEMORY | 1ull << 44);
  load("block beyond 40 bits", base + 0x200000);
  set_entry(base + 0x40000000, 1, MEMORY | 1ull << 47);
  load("gigabyte beyond 40 bits", base + 0x40000000);
  set_entry(base + 0x400000, 2, VALID | TABLE | 1ull << 41);
  load("table at level 3 beyond 40 bits", base + 0x400000);
  set_entry(base + 0x80000000, 1, VALID | TABLE | 1ull << 42);
  load("table at level 2 beyond 40 bits", base + 0x80000000);
  set_entry(VA * 4, 0, VALID | TABLE | 1ull << 43);
  load("table at level 1 beyond 40 bits", VA * 4);
  translations("page beyond 40 bits", base);
  set_page(base + 0x1000, (PAGE_OF_MEMORY & ~(u64)ACCESSED) | 1ull << 40 | DATA);
  load("address size ahead of access flag", base + 0x1000);
  const u64 tcr = READ(tcr_el1);
  WRITE(tcr_el1, tcr & ~(7ull << 32));
  set_page(base + 0x2000, PAGE_OF_MEMORY | 1ull << 32);
  load("page beyond 32 bits", base + 0x2000);
  WRITE(tcr_el1, (tcr & ~(7ull << 32)) | 1ull << 32);
  set_page(base + 0x2000, PAGE_OF_MEMORY | 1ull << 36);
  load("page beyond 36 bits", base + 0x2000);
  WRITE(tcr_el1, tcr);
  WRITE(ttbr1_el1, 1ull << 41);
  forget_translations();
  load("table base beyond 40 bits", HIGH);
  WRITE(ttbr1_el1, TABLES);
  forget_translations();
}

static void walk_aborts(void) {
  const u64 base = VA + 0x300000000;
  set_entry(base, 1, VALID | TABLE | UNMAPPED);
  load("walk at level 2 aborts", base);
  set_entry(base + 0x40000000, 2, VALID | TABLE | UNMAPPED);
  load("walk at level 3 aborts", base + 0x40000000);
  SHOW("fetch walk aborts", EL0, branch_code(), 0, base + 0x40000000);
  set_entry(VA * 5, 0, VALID | TABLE | UNMAPPED);
  load("walk at level 1 aborts", VA * 5);
  WRITE(ttbr1_el1, UNMAPPED);
  forget_translations();
  load("walk at level 0 aborts", HIGH);
  WRITE(ttbr1_el1, TABLES);
  set_page(base + 0x80000000, PAGE_OF_MEMORY | UNMAPPED | USER);
  accesses("mapped to nowhere", base + 0x80000000);
}

static void ranges(void) {
  load("between the halves", 0x1000000000000);
  load("just below the upper half", 0xfffeffffffffffff & ~7ull);
  SHOW("fetch between the halves", EL0, branch_code(), 0, 0x1000000000000);
  const u64 tcr = READ(tcr_el1), page = HIGH + 0x40400000;
  set_page(VA + 0x40400000, USER_PAGE | DATA);
  SHOW("upper half", EL0, load_code(), 2, page + 0x100);
  WRITE(tcr_el1, tcr | 1 << 23);  // EPD1
  forget_translations();
  accesses("epd1", page);
  translations("epd1", page);
  // Smaller upper halves: the walk starts at a later level, and what is above the range faults at level 0.
  static const u8 kSizes[] = {24, 25, 26, 30, 33, 34, 35, 39};
  u64* const table = new_table();
  for (unsigned i = 0; i < 512; ++i) table[i] = 0;
  for (unsigned i = 0; i < sizeof kSizes; ++i) {
    const u64 size = kSizes[i];
    WRITE(tcr_el1, (tcr & ~(0x3full << 16)) | size << 16);
    const u64 lowest = ~0ull << (64 - size);
    const unsigned level = size <= 24 ? 0 : size <= 33 ? 1 : 2;
    if (level == 0) {
      WRITE(ttbr1_el1, TABLES);
    } else {
      WRITE(ttbr1_el1, (u64)table);
      table[0] = (level == 1 ? 0x40000000 : DATA) | MEMORY;
    }
    forget_translations();
    line("t1sz", size);
    load("within range", level ? lowest : lowest + USER_DATA);
    load("below range", lowest - 8);
    load("upper end of range", ~7ull);
  }
  WRITE(tcr_el1, tcr);
  WRITE(ttbr1_el1, TABLES);
  forget_translations();
}

static void tagged(void) {
  const u64 tcr = READ(tcr_el1), page = VA + 0x40400000;
  set_page(page, USER_PAGE | DATA);
  store64(DATA + 0x18, 0x1234);
  SHOW("tag without tbi", EL0, load_code(), 2, page + 0x18 + (0x5aull << 56));
  WRITE(tcr_el1, tcr | 1ull << 37);
  forget_translations();
  SHOW("tag with tbi0", EL0, load_code(), 2, page + 0x18 + (0x5aull << 56));
  SHOW("tag of fault with tbi0", EL0, load_code(), 0, VA * 7 + (0x5aull << 56));
  SHOW("tag of branch with tbi0", EL0, CODE("br x0\n"), 0, code_page() + 0x200 + (0x5aull << 56));
  SHOW("tag of upper half with tbi0 alone", EL0, load_code(), 0, (HIGH & ~(0xffull << 56)) + 0x40400018);
  WRITE(tcr_el1, tcr | 1ull << 38);
  forget_translations();
  SHOW("tag with tbi1", EL0, load_code(), 2, (HIGH & ~(0xffull << 56)) + 0x40400018);
  SHOW("tag of lower half with tbi1 alone", EL0, load_code(), 0, page + (1ull << 56));
  WRITE(tcr_el1, tcr);
  forget_translations();
}

static void maintenance(void) {
  const u64 page = VA + 0x40500000;
  store64(DATA, 1);
  store64(DATA + 0x1000, 2);
  set_page(page, USER_PAGE | DATA);
  SHOW("mapped", EL0, load_code(), 2, page);
#define CHANGE(operation, operand)                                                   \
  *entry_of(page, 3) ^= 0x1000;                                                      \
  asm volatile("dsb sy\ntlbi " operation "\ndsb sy\nisb" ::"r"(operand) : "memory"); \
  SHOW("changed, tlbi " operation, EL0, load_code(), 2, page)
  CHANGE("vae1, %0", page >> 12);
  CHANGE("vaae1, %0", page >> 12);
  CHANGE("vale1, %0", page >> 12);
  CHANGE("vaale1, %0", page >> 12);
  CHANGE("vae1is, %0", page >> 12);
  CHANGE("vaae1is, %0", page >> 12);
  CHANGE("vale1is, %0", page >> 12);
  CHANGE("vaale1is, %0", page >> 12);
  CHANGE("aside1, %0", 0ull);
  CHANGE("aside1is, %0", 0ull);
  CHANGE("vmalle1", 0);
  CHANGE("vmalle1is", 0);
  *entry_of(page, 3) = 0;
  asm volatile("dsb sy\ntlbi vae1, %0\ndsb sy\nisb" ::"r"(page >> 12) : "memory");
  load("unmapped after tlbi", page);
  *entry_of(page, 3) = USER_PAGE | DATA | READ_ONLY;
  asm volatile("dsb sy\nisb");
  SHOW("mapped without tlbi", EL0, load_code(), 2, page);
  SHOW("read only", EL0, store_code(), 0, page);
  *entry_of(page, 3) = USER_PAGE | DATA;
  asm volatile("dsb sy\ntlbi vaae1, %0\ndsb sy\nisb" ::"r"(page >> 12) : "memory");
  SHOW("writable after tlbi", EL0, store_code(), 0, page);
  // One page of a block.
  const u64 block = VA + 0xc0800000;
  set_entry(block, 2, MEMORY | USER | DATA);
  SHOW("page 0 of block", EL0, load_code(), 2, block);
  SHOW("page 1 of block", EL0, load_code(), 2, block + 0x1000);
  *entry_of(block, 2) = 0;
  asm volatile("dsb sy\ntlbi vae1, %0\ndsb sy\nisb" ::"r"(block >> 12 | 1) : "memory");
  load("block after tlbi of its page 1", block);
}

static void address_spaces(void) {
  // Two tables for the lower half that differ in one level 0 entry.
  u64* const other = new_table();
  const u64* const root = (const u64*)TABLES;
  for (unsigned i = 0; i < 512; ++i) other[i] = root[i];
  const u64 private = VA * 9, global = VA * 9 + 0x1000;
  set_page(private, USER_PAGE | NOT_GLOBAL | DATA);
  set_page(global, USER_PAGE | DATA);
  other[private >> 39] = 0;
  u64* const level1 = new_table();
  u64* const level2 = new_table();
  u64* const level3 = new_table();
  other[private >> 39] = (u64)level1 | TABLE | VALID;
  level1[0] = (u64)level2 | TABLE | VALID;
  level2[0] = (u64)level3 | TABLE | VALID;
  level3[0] = USER_PAGE | NOT_GLOBAL | (DATA + 0x1000);
  store64(DATA, 1);
  store64(DATA + 0x1000, 2);
  forget_translations();
  for (unsigned round = 0; round < 3; ++round) {
    WRITE(ttbr0_el1, TABLES | 1ull << 48);
    SHOW("asid 1", EL0, load_code(), 2, private);
    WRITE(ttbr0_el1, (u64)other | 2ull << 48);
    SHOW("asid 2", EL0, load_code(), 2, private);
  }
  level3[0] = 0;
  asm volatile("dsb sy\ntlbi aside1, %0\ndsb sy\nisb" ::"r"(2ull << 48) : "memory");
  SHOW("asid 2 unmapped", EL0, load_code(), 0, private);
  WRITE(ttbr0_el1, TABLES | 1ull << 48);
  SHOW("asid 1 still mapped", EL0, load_code(), 2, private);
  const u64 tcr = READ(tcr_el1);
  WRITE(tcr_el1, tcr | 1 << 22 | 1ull << 36);  // A1: the ASID is TTBR1's; 16-bit ASIDs
  SHOW("asid of ttbr1", EL0, load_code(), 2, private);
  WRITE(tcr_el1, tcr);
  WRITE(ttbr0_el1, TABLES);
  forget_translations();
}

static void mmu_off_again(void) {
  const u64 page = VA + 0x40500000;
  set_page(page, USER_PAGE | DATA);
  turn_off_mmu();
  SHOW("off: beyond physical addresses", EL1, load_code(), 0, 1ull << 52);
  SHOW("off: identity", EL0, load_code(), 2, DATA);
  SHOW("off: at", EL1, CODE("at s1e1r, x0\nisb\nmrs x1, par_el1\nubfx x2, x1, #12, #36\nand x1, x1, #1"), 3,
       DATA + 0x1234);
}

int main(void) {
  turn_on_mmu();
  invalid_entries();
  sizes();
  access_flag();
  permissions();
  write_implies_no_execution();
  table_attributes();
  attributes();
  address_sizes();
  walk_aborts();
  ranges();
  tagged();
  maintenance();
  address_spaces();
  mmu_off_again();
  return 0;
}
