// Loads and stores: unaligned, across pages, with write-back, unprivileged, exclusive, to Device memory, DC ZVA.
#include "runtime.h"

// Pages of virtual memory: one of USER_DATA, one that faults, one that is privileged, one that is read-only, one that
// is Device memory, each followed by nothing.
#define GOOD 0x8000000000ull
#define BAD (GOOD + 0x1000)
#define PRIVILEGED (GOOD + 0x3000)
#define FIXED (GOOD + 0x5000)
#define DEVICE_PAGE (GOOD + 0x7000)
#define BEFORE_FIXED (GOOD + 0x9000)
#define AFTER_FIXED (GOOD + 0xa000)

static void map(void) {
  const u64 page = PAGE_OF_MEMORY | USER | USER_DATA;
  set_page(GOOD, page);
  set_page(BAD, 0);
  set_page(PRIVILEGED, PAGE_OF_MEMORY | USER_DATA);
  set_page(FIXED, page | READ_ONLY);
  set_page(DEVICE_PAGE, VALID | TABLE | ACCESSED | USER | ATTRIBUTES(DEVICE) | UXN | PXN | USER_DATA);
  set_page(BEFORE_FIXED, page + 0x1000);
  set_page(AFTER_FIXED, (page + 0x2000) | READ_ONLY);
}

static void fill(void) {
  for (unsigned i = 0; i < 0x3000; i += 8) store64(USER_DATA + i, 0x0706050403020100ull + i * 0x0101010101010101ull);
}

static void unaligned(void) {
  fill();
  SHOW("ldr x at 1", EL0, CODE("ldr x1, [x0, #1]!"), 2, GOOD);
  SHOW("ldr w at 3", EL0, CODE("ldr w1, [x0, #3]!"), 2, GOOD);
  SHOW("ldrh at 5", EL0, CODE("ldrh w1, [x0, #5]!"), 2, GOOD);
  SHOW("ldrsh at 7f", EL1, CODE("ldrsh x1, [x0, #0x7f]!"), 2, GOOD);
  SHOW("ldrsw at 7d", EL1, CODE("add x0, x0, #0x7d\nldrsw x1, [x0]"), 2, GOOD);
  SHOW("ldp x at 4", EL0, CODE("add x0, x0, #4\nldp x1, x2, [x0]"), 3, GOOD);
  SHOW("ldp w at 2", EL0, CODE("add x0, x0, #2\nldp w1, w2, [x0]"), 3, GOOD);
  SHOW("ldpsw at 0x7e", EL0, CODE("add x0, x0, #0x7e\nldpsw x1, x2, [x0]"), 3, GOOD);
  SHOW("str x at 0x11", EL0, CODE("str x1, [x0, #0x11]!\nldr x2, [x0, #-1]\nldr x3, [x0, #7]"), 4, GOOD, ~0ull);
  SHOW("stp x at 0x24", EL0, CODE("stp x1, x2, [x0]\nldr x3, [x0, #-4]\nldr x4, [x0, #4]\nldr x5, [x0, #12]"), 6,
       GOOD + 0x24, ~0ull, 0xa5a5a5a5a5a5a5a5);
  SHOW("across pages, both there", EL0, CODE("ldr x1, [x0]"), 2, BEFORE_FIXED + 0xffd);
  SHOW("pair across pages, both there", EL0, CODE("ldp x1, x2, [x0]"), 3, BEFORE_FIXED + 0xff8);
  SHOW("unaligned pair across pages", EL0, CODE("ldp x1, x2, [x0]"), 3, BEFORE_FIXED + 0xff3);
}

static void into_bad_page(void) {
  fill();
  const u64 end = GOOD + 0x1000;
  SHOW("ldr x into bad page", EL0, CODE("ldr x1, [x0, #4]!"), 2, end - 8, 0x55);
  SHOW("ldr x post-indexed into bad page", EL1, CODE("ldr x1, [x0], #16"), 2, end - 1, 0x55);
  SHOW("ldrh into bad page", EL0, CODE("ldrh w1, [x0]"), 2, end - 1, 0x55);
  SHOW("ldr x at the bad page", EL0, CODE("ldr x1, [x0, #8]!"), 2, end - 8, 0x55);
  SHOW("ldp into bad page", EL0, CODE("ldp x1, x2, [x0], #16"), 3, end - 8, 0x55, 0x66);
  SHOW("ldp of its own base into bad page", EL0, CODE("ldp x0, x2, [x0]"), 3, end - 8, 0x55, 0x66);
  SHOW("unaligned ldp into bad page", EL0, CODE("ldp x1, x2, [x0, #-16]!"), 3, end + 4, 0x55, 0x66);
  SHOW("ldp w into bad page", EL0, CODE("ldp w1, w2, [x0]"), 3, end - 4, 0x55, 0x66);
  SHOW("str x into bad page", EL0, CODE("str x1, [x0, #-8]!"), 2, end + 3, ~0ull);
  SHOW("stp into bad page", EL0, CODE("stp x1, x2, [x0, #16]!"), 3, end - 24, ~0ull, ~0ull);
  SHOW("unaligned stp into bad page", EL0, CODE("stp x1, x2, [x0], #16"), 3, end - 13, ~0ull, ~0ull);
  SHOW("str x into read-only page", EL0, CODE("str x1, [x0]"), 2, AFTER_FIXED - 5, ~0ull);
  SHOW("stp into read-only page", EL0, CODE("stp x1, x2, [x0]"), 3, AFTER_FIXED - 8, ~0ull, ~0ull);
  SHOW("out of bad page", EL0, CODE("ldr x1, [x0]"), 2, PRIVILEGED - 3, 0x55);
  SHOW("out of bad page, store", EL0, CODE("str x1, [x0]"), 2, PRIVILEGED - 7, 0x55);
  // What is in front of the fault on a store may be written or not; aligned pairs are two accesses.
  SHOW("stored behind the fault", EL0, CODE("ldr x1, [x0], #8\nldr x2, [x0]"), 3, AFTER_FIXED, 0);
  SHOW("load and base the same", EL0, CODE("ldr x0, [x0]"), 1, end);
  SHOW("literal", EL1, CODE("ldr x0, 1f\nb 2f\n.balign 8\n1: .quad 0x123456789abcdef0\n2:"), 1, 0);
  SHOW("ldrsb", EL0, CODE("ldrsb w1, [x0]\nldrsb x2, [x0]"), 3, GOOD + 0xf9, 0);
  SHOW("prefetch of a bad page", EL0, CODE("prfm pldl1keep, [x0]"), 1, end);
}

static void unprivileged(void) {
  fill();
  SHOW("ldtr of user page at el1", EL1, CODE("ldtr x1, [x0, #8]"), 2, GOOD);
  SHOW("ldtr of privileged page at el1", EL1, CODE("ldtr x1, [x0, #8]"), 2, PRIVILEGED);
  SHOW("ldtr of privileged page at el0", EL0, CODE("ldtr x1, [x0]"), 2, PRIVILEGED);
  SHOW("ldr of privileged page at el1", EL1, CODE("ldr x1, [x0, #8]"), 2, PRIVILEGED);
  SHOW("sttr to privileged page at el1", EL1, CODE("sttr x1, [x0]"), 2, PRIVILEGED);
  SHOW("sttr to read-only page at el1", EL1, CODE("sttr x1, [x0]"), 2, FIXED);
  SHOW("sttr to user page at el1", EL1, CODE("sttr x1, [x0]\nldr x2, [x0]"), 3, GOOD, 0x77);
  SHOW("ldtrsw across pages", EL1, CODE("ldtrsw x1, [x0, #-2]"), 2, BAD, 0x55);
  SHOW("sttrb", EL0, CODE("sttrb w1, [x0, #-256]\nldtrb w2, [x0, #-256]"), 3, GOOD + 0x100, 0x1ff);
}

static void exclusives(void) {
  fill();
  SHOW("exclusive pair succeeds", EL0, CODE("ldxr x1, [x0]\nadd x1, x1, #1\nstxr w2, x1, [x0]\nldr x3, [x0]"), 4, GOOD);
  SHOW("stxr without ldxr", EL0, CODE("clrex\nstxr w2, x1, [x0]\nldr x3, [x0]"), 4, GOOD, 0x99, 0x55);
  SHOW("stxr twice", EL0, CODE("ldxr x1, [x0]\nstxr w2, x1, [x0]\nstxr w3, x1, [x0]"), 4, GOOD, 0, 9, 9);
  SHOW("clrex between", EL0, CODE("ldxr x1, [x0]\nclrex\nstxr w2, x1, [x0]"), 3, GOOD);
  SHOW("monitor lost by exception and return", EL1,
       CODE("mov x7, x0\nldxr x1, [x7]\nadr x3, 1f\nmsr elr_el1, x3\nmov x3, #0x3c5\nmsr spsr_el1, x3\neret\n"
            "1: stxr w2, x1, [x7]\nmov x0, x2\nmov x1, xzr\nmov x3, xzr"),
       4, GOOD);
  SHOW("ldxrb", EL0, CODE("ldxrb w1, [x0]\nstxrb w2, w1, [x0]"), 3, GOOD + 3);
  SHOW("ldaxrh", EL0, CODE("ldaxrh w1, [x0]\nstlxrh w2, w1, [x0]"), 3, GOOD + 6);
  SHOW("ldxp x", EL0, CODE("ldxp x1, x2, [x0]\nstxp w3, x2, x1, [x0]\nldp x4, x5, [x0]"), 6, GOOD + 0x20);
  SHOW("ldxp w", EL0, CODE("ldxp w1, w2, [x0]\nstxp w3, w2, w1, [x0]\nldp w4, w5, [x0]"), 6, GOOD + 0x38);
  SHOW("ldaxp", EL0, CODE("ldaxp x1, x2, [x0]\nstlxp w3, x1, x2, [x0]"), 4, GOOD + 0x40);
  SHOW("ldxr x at 1", EL0, CODE("ldxr x1, [x0]"), 2, GOOD + 1, 0x55);
  SHOW("ldxr w at 2", EL1, CODE("ldxr w1, [x0]"), 2, GOOD + 2, 0x55);
  SHOW("ldxrh at 1", EL1, CODE("ldxrh w1, [x0]"), 2, GOOD + 1, 0x55);
  SHOW("stxr x at 4", EL0, CODE("stxr w2, x1, [x0]"), 3, GOOD + 4, 0x55, 7);
  SHOW("ldxp x at 8", EL0, CODE("ldxp x1, x2, [x0]"), 3, GOOD + 8, 0x55, 7);
  SHOW("stxp x at 8", EL0, CODE("stxp w3, x1, x2, [x0]"), 4, GOOD + 8, 0x55, 7, 8);
  SHOW("ldxp w at 4", EL0, CODE("ldxp w1, w2, [x0]"), 3, GOOD + 4, 0x55, 7);
  SHOW("ldar x at 4", EL0, CODE("ldar x1, [x0]"), 2, GOOD + 4, 0x55);
  SHOW("stlr w at 2", EL0, CODE("stlr w1, [x0]"), 2, GOOD + 2, 0x55);
  SHOW("ldarb", EL0, CODE("ldarb w1, [x0]\nstlrb w1, [x0, #0]"), 2, GOOD + 0x53);
  SHOW("ldxr of bad page", EL0, CODE("ldxr x1, [x0]"), 2, BAD, 0x55);
  SHOW("ldxr unaligned of bad page", EL0, CODE("ldxr x1, [x0]"), 2, BAD + 1, 0x55);
  SHOW("stxr to read-only page", EL0, CODE("ldxr x1, [x0]\nstxr w2, x1, [x0]"), 3, FIXED, 0x55, 7);
  SHOW("stxr to read-only page, pair", EL0, CODE("ldxp x1, x2, [x0]\nstxp w3, x1, x2, [x0]"), 4, FIXED, 0x55, 7, 8);
  SHOW("ldxr by another alias", EL0, CODE("ldxr x1, [x0]\nstxr w2, x1, [x0]"), 3, FIXED + 0x3f8 - 0x5000, 0);
}

static void device(void) {
  fill();
  SHOW("device aligned", EL0, CODE("ldr x1, [x0]\nldp x2, x3, [x0, #8]"), 4, DEVICE_PAGE);
  SHOW("device unaligned load", EL0, CODE("ldr x1, [x0]"), 2, DEVICE_PAGE + 4, 0x55);
  SHOW("device unaligned store", EL1, CODE("strh w1, [x0]"), 2, DEVICE_PAGE + 1, 0x55);
  SHOW("device pair at 4", EL0, CODE("ldp w1, w2, [x0]\nldp x1, x2, [x0]"), 3, DEVICE_PAGE + 4, 0x55, 0x66);
  SHOW("device unaligned pair", EL0, CODE("stp x1, x2, [x0, #-16]!"), 3, DEVICE_PAGE + 0x24, 0x55, 0x66);
  SHOW("device byte", EL0, CODE("ldrb w1, [x0]"), 2, DEVICE_PAGE + 3);
  SHOW("device dc zva", EL0, CODE("dc zva, x0"), 1, DEVICE_PAGE + 0x48);
  SHOW("fetch of device memory without execution", EL1, CODE("br x0"), 0, DEVICE_PAGE);
  SHOW("permission ahead of device alignment", EL0, CODE("ldr x1, [x0]"), 2, PRIVILEGED + 1, 0x55);
}

static void strict(void) {
  const u64 sctlr = READ(sctlr_el1);
  WRITE(sctlr_el1, sctlr | 2);  // A
  fill();
  SHOW("strict ldr x at 4", EL0, CODE("ldr x1, [x0]"), 2, GOOD + 4, 0x55);
  SHOW("strict ldr w at 4", EL0, CODE("ldr w1, [x0]"), 2, GOOD + 4, 0x55);
  SHOW("strict str w at 2", EL1, CODE("str w1, [x0, #2]!"), 2, GOOD, 0x55);
  SHOW("strict ldrh at 1", EL1, CODE("ldrh w1, [x0, #1]"), 2, GOOD, 0x55);
  SHOW("strict ldp x at 8", EL1, CODE("ldp x1, x2, [x0]"), 3, GOOD + 8, 0x55);
  SHOW("strict ldp x at 4", EL1, CODE("ldp x1, x2, [x0]"), 3, GOOD + 4, 0x55);
  SHOW("strict stp w at 4", EL1, CODE("stp w1, w2, [x0]"), 3, GOOD + 4, 0x55);
  SHOW("strict ldtr x at 4", EL1, CODE("ldtr x1, [x0]"), 2, GOOD + 4, 0x55);
  SHOW("strict ldrb at 1", EL1, CODE("ldrb w1, [x0]"), 2, GOOD + 1, 0x55);
  SHOW("strict unaligned of bad page", EL0, CODE("ldr x1, [x0]"), 2, BAD + 4, 0x55);
  SHOW("strict dc zva in the middle", EL0, CODE("dc zva, x0"), 0, GOOD + 0x48);
  SHOW("strict dc civac", EL0, CODE("dc civac, x0"), 0, GOOD + 0x49);
  SHOW("strict after a loose load", EL0, CODE("ldr x1, [x0]\nldr x1, [x0, #1]"), 2, GOOD, 0x55);
  WRITE(sctlr_el1, sctlr);
  SHOW("loose again", EL0, CODE("ldr x1, [x0]"), 2, GOOD + 4, 0x55);
}

static void maintenance(void) {
  const u64 sctlr = READ(sctlr_el1);
  WRITE(sctlr_el1, sctlr | 1 << 14 | 1 << 26);  // DZE, UCI
  fill();
  SHOW("dc zva", EL0,
       CODE("dc zva, x0\nldr x1, [x0, #-0x50]\nldr x2, [x0, #-0x48]\nldr x3, [x0, #-0x10]\nldr x4, [x0, #-8]"), 5,
       GOOD + 0x88);
  SHOW("dc zva of bad page", EL0, CODE("dc zva, x0"), 1, BAD + 0x123);
  SHOW("dc zva of read-only page", EL0, CODE("dc zva, x0"), 1, FIXED + 0x40);
  SHOW("dc zva of read-only page at el1", EL1, CODE("dc zva, x0"), 1, FIXED + 0x47);
  SHOW("dc cvac of bad page", EL0, CODE("dc cvac, x0"), 1, BAD + 0x10);
  SHOW("dc civac of bad page at el1", EL1, CODE("dc civac, x0"), 1, BAD + 0x18);
  SHOW("dc ivac of bad page", EL1, CODE("dc ivac, x0"), 1, BAD + 0x20);
  SHOW("dc ivac of read-only page", EL1, CODE("dc ivac, x0"), 1, FIXED + 0x20);
  SHOW("dc cvau of privileged page", EL0, CODE("dc cvau, x0"), 1, PRIVILEGED + 0x20);
  SHOW("ic ivau of bad page", EL1, CODE("ic ivau, x0"), 1, BAD + 0x28);
  SHOW("ic ivau of privileged page", EL0, CODE("ic ivau, x0"), 1, PRIVILEGED + 0x28);
  WRITE(sctlr_el1, sctlr);
}

int main(void) {
  turn_on_mmu();
  WRITE(sctlr_el1, READ(sctlr_el1) | 1 << 14 | 1 << 26);
  map();
  unaligned();
  into_bad_page();
  unprivileged();
  exclusives();
  device();
  strict();
  maintenance();
  return 0;
}
