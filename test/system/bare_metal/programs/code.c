// Code that is written, and code at two addresses: what is fetched is what is in memory once IC IVAU and ISB say so.
#include "runtime.h"

#define CODE_AT CODE_PAGE
#define ALIAS_A 0x8000000000ull
#define ALIAS_B 0x8000200000ull
#define MOV_X1(value) (0xd2800001 | (u32)(value) << 5)
#define DONE_INSTRUCTION (0xd4000001 | DONE << 5)
#define RET_INSTRUCTION 0xd65f03c0

static void write_code(u64 at, u32 instruction) {
  store32(at, instruction);
  asm volatile("dc cvau, %0\ndsb ish\nic ivau, %0\ndsb ish\nisb" ::"r"(at) : "memory");
}

static u64 branch_code(void) { return CODE("br x0"); }
static u64 call_twice_code(void) {
  // Calls, patches the code called with the word in x2 through the alias in x3, and calls again.
  return CODE(
      "mov x7, x0\nblr x7\nmov x5, x1\nstr w2, [x3]\ndc cvau, x3\ndsb ish\nic ivau, x3\ndsb ish\nisb\n"
      "blr x7\nmov x0, x5\nmov x2, xzr");
}

static void patch(void) {
  write_code(CODE_AT + 4, DONE_INSTRUCTION);
  for (unsigned value = 1; value < 4; ++value) {
    write_code(CODE_AT, MOV_X1(value));
    SHOW("written code", EL1, branch_code(), 2, CODE_AT);
  }
  write_code(CODE_AT + 4, RET_INSTRUCTION);
  write_code(CODE_AT, MOV_X1(5));
  SHOW("patched between two calls", EL1, call_twice_code(), 2, CODE_AT, 0, MOV_X1(6), CODE_AT);
  SHOW("patched ahead of its call", EL1,
       CODE("mov w2, #0x41\nmovk w2, #0xd280, lsl #16\nstr w2, [x0]\n"
            "dc cvau, x0\ndsb ish\nic ivau, x0\ndsb ish\nisb\nblr x0"),
       2, CODE_AT);
}

static void aliases(void) {
  set_page(ALIAS_A, PAGE_OF_MEMORY | CODE_PAGE);
  set_page(ALIAS_B, PAGE_OF_MEMORY | CODE_PAGE | PXN | UXN);
  write_code(CODE_AT, MOV_X1(7));
  SHOW("by an alias", EL1, call_twice_code(), 2, ALIAS_A, 0, MOV_X1(8), CODE_AT);
  SHOW("patched through another alias", EL1, call_twice_code(), 2, ALIAS_A, 0, MOV_X1(9), ALIAS_B);
  SHOW("seen at the first address", EL1, call_twice_code(), 2, CODE_AT, 0, MOV_X1(10), ALIAS_A);
  write_code(CODE_PAGE + 0x1000, MOV_X1(11));
  write_code(CODE_PAGE + 0x1004, RET_INSTRUCTION);
  set_page(ALIAS_A, PAGE_OF_MEMORY | (CODE_PAGE + 0x1000));
  SHOW("another page at the alias", EL1, call_twice_code(), 2, ALIAS_A, 0, MOV_X1(12), CODE_PAGE + 0x1000);
  set_page(ALIAS_A, 0);
  SHOW("no page at the alias", EL1, branch_code(), 0, ALIAS_A);
}

// PC-relative addresses, and code that runs on from one page to the next.
static void page_ends(void) {
  set_page(ALIAS_A, PAGE_OF_MEMORY | CODE_PAGE);
  set_page(ALIAS_A + 0x1000, PAGE_OF_MEMORY | (CODE_PAGE + 0x4000));
  write_code(CODE_PAGE + 0xffc, MOV_X1(20));
  write_code(CODE_PAGE + 0x4000, DONE_INSTRUCTION);
  SHOW("from page to page", EL1, branch_code(), 2, ALIAS_A + 0xffc);
  set_page(ALIAS_A + 0x1000, 0);
  SHOW("into no page", EL1, branch_code(), 2, ALIAS_A + 0xffc);
  write_code(CODE_PAGE + 0xffc, 0x10000021);  // adr x1, .+4
  set_page(ALIAS_A + 0x1000, PAGE_OF_MEMORY | (CODE_PAGE + 0x4000));
  SHOW("adr at the end of a page", EL1, branch_code(), 2, ALIAS_A + 0xffc);
  write_code(CODE_PAGE + 0x800, 0xb0000001);  // adrp x1, .+0x1000
  write_code(CODE_PAGE + 0x804, DONE_INSTRUCTION);
  SHOW("adrp by the alias", EL1, branch_code(), 2, ALIAS_A + 0x800);
  SHOW("adrp by the first address", EL1, branch_code(), 2, CODE_PAGE + 0x800);
}

int main(void) {
  turn_on_mmu();
  patch();
  aliases();
  page_ends();
  return 0;
}
