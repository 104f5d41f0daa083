// Self-hosted debug: hardware breakpoints, watchpoints, software step (Arm ARM, D2).
#include "runtime.h"

#define STEP (1 << 21)  // SPSR_ELx.SS
#define MDSCR_SS 1
#define MDSCR_KDE (1 << 13)
#define MDSCR_MDE (1 << 15)

// DBGBCR<n>_EL1, DBGWCR<n>_EL1
#define ENABLE 1
#define EL0_ONLY (2 << 1)
#define EL1_ONLY (1 << 1)
#define ANY_LEVEL (3 << 1)
#define ALL_BYTES (0xf << 5)
#define LINKED(number) (1 << 20 | (number) << 16)
#define LINKED_CONTEXT (3 << 20)
#define LOADS (1 << 3)
#define STORES (2 << 3)
#define BYTES(mask) ((mask) << 5)
#define MASK(bits) ((bits) << 24 | BYTES(0xff))

static void off(void) {
  WRITE(mdscr_el1, 0);
  WRITE(dbgbcr0_el1, 0);
  WRITE(dbgbcr1_el1, 0);
  WRITE(dbgwcr0_el1, 0);
  WRITE(dbgwcr1_el1, 0);
}

static u64 nops(void) { return CODE("nop\nnop\nnop"); }

static void breakpoint(const char* name, u64 spsr, u64 mdscr, u64 control) {
  const u64 code = nops();
  WRITE(dbgbvr0_el1, code + 8);
  WRITE(dbgbcr0_el1, control);
  WRITE(mdscr_el1, mdscr);
  SHOW(name, spsr, code, 0, 0);
  off();
}

static void breakpoints(void) {
  const u64 any = ENABLE | ANY_LEVEL | ALL_BYTES;
  breakpoint("breakpoint el0", EL0, MDSCR_MDE, any);
  breakpoint("breakpoint of el0 at el0", EL0, MDSCR_MDE, ENABLE | EL0_ONLY | ALL_BYTES);
  breakpoint("breakpoint of el1 at el0", EL0, MDSCR_MDE, ENABLE | EL1_ONLY | ALL_BYTES);
  breakpoint("breakpoint off", EL0, MDSCR_MDE, any & ~ENABLE);
  breakpoint("breakpoints off", EL0, 0, any);
  breakpoint("breakpoint el1", EL1 & ~MASK_D, MDSCR_MDE | MDSCR_KDE, any);
  breakpoint("breakpoint el1 masked", EL1, MDSCR_MDE | MDSCR_KDE, any);
  breakpoint("breakpoint el1 without KDE", EL1 & ~MASK_D, MDSCR_MDE, any);
  WRITE(oslar_el1, 1);
  breakpoint("breakpoint with the OS lock", EL0, MDSCR_MDE, any);
  WRITE(oslar_el1, 0);
  WRITE(contextidr_el1, 77);
  WRITE(dbgbvr1_el1, 77);
  WRITE(dbgbcr1_el1, ENABLE | ANY_LEVEL | ALL_BYTES | LINKED_CONTEXT);
  breakpoint("breakpoint in its context", EL0, MDSCR_MDE, any | LINKED(1));
  WRITE(dbgbvr1_el1, 78);
  WRITE(dbgbcr1_el1, ENABLE | ANY_LEVEL | ALL_BYTES | LINKED_CONTEXT);
  breakpoint("breakpoint in another context", EL0, MDSCR_MDE, any | LINKED(1));
}

static void watchpoint(const char* name, u64 spsr, u64 code, u64 value, u64 control, u64 address) {
  WRITE(dbgwvr0_el1, value);
  WRITE(dbgwcr0_el1, control);
  WRITE(mdscr_el1, MDSCR_MDE | MDSCR_KDE);
  SHOW(name, spsr, code, 0, address);
  off();
}

static void watchpoints(void) {
  const u64 any = ENABLE | ANY_LEVEL | LOADS | STORES, at = USER_DATA;
  const u64 load = CODE("ldr x1, [x0]"), load_byte = CODE("ldrb w1, [x0]"), store = CODE("str x1, [x0]");
  watchpoint("watchpoint load", EL0, load, at, any | BYTES(0xff), at);
  watchpoint("watchpoint store", EL0, store, at, any | BYTES(0xff), at);
  watchpoint("watchpoint loads only", EL0, store, at, ENABLE | ANY_LEVEL | LOADS | BYTES(0xff), at);
  watchpoint("watchpoint stores only", EL0, load, at, ENABLE | ANY_LEVEL | STORES | BYTES(0xff), at);
  watchpoint("watchpoint byte", EL0, load_byte, at, any | BYTES(0x08), at + 3);
  watchpoint("watchpoint byte beside", EL0, load_byte, at, any | BYTES(0x08), at + 4);
  watchpoint("watchpoint in a word", EL0, load, at, any | BYTES(0x20), at);
  watchpoint("watchpoint region", EL0, load, at, any | MASK(8), at + 0xf8);
  watchpoint("watchpoint behind the region", EL0, load, at, any | MASK(8), at + 0x100);
  watchpoint("watchpoint of el1", EL0, load, at, ENABLE | EL1_ONLY | LOADS | BYTES(0xff), at);
  watchpoint("watchpoint at el1", EL1 & ~MASK_D, store, at, any | BYTES(0xff), at);
  watchpoint("watchpoint at el1 masked", EL1, store, at, any | BYTES(0xff), at);
  watchpoint("watchpoint of el0, ldtr", EL1 & ~MASK_D, CODE("ldtr x1, [x0]"), at,
             ENABLE | EL0_ONLY | LOADS | BYTES(0xff), at);
  watchpoint("watchpoint write-back", EL0, CODE("str x1, [x0, #16]!"), at + 16, any | BYTES(0xff), at);
}

static void step(const char* name, u64 spsr, u64 code, u64 address) {
  WRITE(mdscr_el1, MDSCR_SS | MDSCR_KDE);
  SHOW(name, spsr, code, 0, address);
  off();
}

static void steps(void) {
  step("step", EL0 | STEP, nops(), 0);
  step("step pending", EL0, nops(), 0);
  step("step of a branch", EL0 | STEP, CODE("b 1f\nnop\n1: nop"), 0);
  step("step of svc", EL0 | STEP, CODE("svc #5"), 0);
  step("step of a fault", EL0 | STEP, CODE("ldr x1, [x0]"), UNMAPPED);
  step("step of an undefined instruction", EL0 | STEP, CODE(".inst 0"), 0);
  step("step at el1", (EL1 & ~MASK_D) | STEP, nops(), 0);
  step("step at el1 masked", EL1 | STEP, nops(), 0);
  step("step of a load exclusive", EL0 | STEP, CODE("ldxr x1, [x0]"), USER_DATA);
}

int main(void) {
  WRITE(oslar_el1, 0);
  off();
  breakpoints();
  watchpoints();
  steps();
  return 0;
}
