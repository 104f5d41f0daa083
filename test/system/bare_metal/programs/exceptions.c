// Exceptions of every class that EL0 and EL1 meet where there is nothing above EL1, with the MMU off.
#include "runtime.h"

static void calls(void) {
  TRY("svc from el0", EL0, "svc #5");
  TRY("svc from el1", EL1, "svc #0x1234");
  TRY("svc from el1t", EL1T, "svc #1");
  TRY("svc keeps flags", EL0, "mov x0, #0xa0000000\nmsr nzcv, x0\nsvc #1");
  TRY("brk from el0", EL0, "brk #0xabcd");
  TRY("brk from el1", EL1, "brk #1");
  TRY("hvc from el0", EL0, "hvc #1");
  TRY("smc from el0", EL0, "smc #1");
  TRY("smc without el3", EL1, "smc #1");
  TRY("hlt from el0", EL0, "hlt #1");
  TRY("dcps1", EL1, "dcps1");
  TRY("eret from el0", EL0, "eret");
  TRY("drps", EL1, ".inst 0xd6bf03e0");
}

static void undefined(void) {
  TRY("udf", EL0, ".inst 0");
  TRY("udf el1", EL1, ".inst 0x0000abcd");
  TRY("all ones", EL1, ".inst 0xffffffff");
  TRY("unallocated branch", EL1, ".inst 0xd63f0001");
  TRY("unallocated logical immediate", EL0, ".inst 0x12400000");
  TRY("unallocated bitfield", EL0, ".inst 0x33408000");
  TRY("extract of 64 with N clear", EL0, ".inst 0x93800000");
  TRY("shift of a word by 32", EL0, ".inst 0x0b008000");
  TRY("extended by 5", EL0, ".inst 0x8b201400");
  TRY("ldpsw as store", EL0, ".inst 0x68000000");
  TRY("cas of v8.1", EL0, ".inst 0xc8a07c00");
  TRY("ldadd of v8.1", EL0, ".inst 0xf8200000");
  TRY("ldapr of v8.3", EL0, ".inst 0xf8bfc000", USER_DATA);
  TRY("paciasp is a hint", EL0, ".inst 0xd503233f");
  TRY("bti is a hint", EL0, ".inst 0xd503245f");
  TRY("pacia of v8.3", EL0, ".inst 0xdac10000");
  TRY("sve ptrue", EL1, ".inst 0x2518e3e0");
  TRY("msr pan of v8.1", EL1, ".inst 0xd500409f");
  TRY("msr uao of v8.2", EL1, ".inst 0xd500407f");
  TRY("sb of v8.5", EL0, ".inst 0xd50330ff");
  TRY("barrier 0", EL0, ".inst 0xd503301f");
  TRY("hint 127", EL0, "hint #127");
  TRY("msr immediate of no field", EL1, ".inst 0xd500401f");
  TRY("sysl", EL1, "sysl x0, #0, c7, c0, #0");
  TRY("sys unallocated", EL1, "sys #7, c15, c15, #7, x0");
}

static void alignment(void) {
  TRY("pc alignment el0", EL0, "br x0", CASES + 2);
  TRY("pc alignment el1", EL1, "blr x0", CASES + 1);
  TRY("pc alignment by eret", EL1, "msr elr_el1, x0\nmov x0, #0x3c0\nmsr spsr_el1, x0\neret", CASES + 1);
  TRY("pc alignment ahead of abort", EL1, "br x0", UNMAPPED + 2);
  const u64 sctlr = READ(sctlr_el1);
  WRITE(sctlr_el1, sctlr | 0x18);  // SA0, SA
  TRY("sp alignment el0 load", EL0, "add sp, sp, #8\nldr x0, [sp]");
  TRY("sp alignment el0 store", EL0, "add sp, sp, #4\nstr w0, [sp, #-4]");
  TRY("sp alignment el0 pair", EL0, "sub sp, sp, #8\nstp x0, x1, [sp, #-16]!");
  TRY("sp alignment el0 exclusive", EL0, "sub sp, sp, #8\nldxr x0, [sp]");
  TRY("sp alignment el1", EL1, "sub sp, sp, #1\nldrb w0, [sp]");
  TRY("sp alignment el1t", EL1T, "sub sp, sp, #8\nldr x0, [sp, x1]");
  TRY("sp misaligned but not used", EL1, "sub sp, sp, #8\nmov x0, sp\nldr x0, [x0]");
  TRY("sp alignment ahead of abort", EL1, "mov sp, x0\nldr x0, [sp]", UNMAPPED + 8);
  WRITE(sctlr_el1, sctlr | 0x08);  // SA alone
  TRY("sp alignment el0 without SA0", EL0, "sub sp, sp, #8\nldr x0, [sp]");
  TRY("sp alignment el1t with SA", EL1T, "sub sp, sp, #8\nldr x0, [sp]");
  WRITE(sctlr_el1, sctlr | 0x10);  // SA0 alone
  TRY("sp alignment el1 without SA", EL1, "sub sp, sp, #8\nldr x0, [sp]");
  WRITE(sctlr_el1, sctlr);
}

static void aborts(void) {
  TRY("load from nowhere el0", EL0, "ldr x0, [x0]", UNMAPPED);
  TRY("load from nowhere el1", EL1, "ldrb w0, [x0, #3]", UNMAPPED);
  TRY("store to nowhere", EL1, "str x0, [x0, #8]", UNMAPPED);
  TRY("load pair from nowhere", EL1, "ldp x1, x2, [x0, #8]", UNMAPPED);
  TRY("exclusive load from nowhere", EL1, "ldxr x1, [x0]", UNMAPPED);
  TRY("fetch from nowhere el0", EL0, "br x0", UNMAPPED);
  TRY("fetch from nowhere el1", EL1, "br x0", UNMAPPED + 4);
  TRY("load beyond physical addresses", EL0, "ldr x0, [x0]", 1ull << 52);
  TRY("fetch beyond physical addresses", EL1, "br x0", 1ull << 52);
}

static void wait_traps(void) {
  const u64 sctlr = READ(sctlr_el1);
  const u64 nTWI = 1 << 16, nTWE = 1 << 18;
  WRITE(sctlr_el1, sctlr & ~(nTWI | nTWE));
  TRY("wfi trapped", EL0, "wfi");
  TRY("wfe trapped", EL0, "wfe");
  WRITE(sctlr_el1, (sctlr & ~nTWI) | nTWE);
  TRY("wfi trapped alone", EL0, "wfi");
  TRY("wfe with event", EL0, "sevl\nwfe");
  WRITE(sctlr_el1, sctlr & ~nTWE);
  TRY("wfe with event is not trapped", EL0, "sevl\nwfe");
  WRITE(sctlr_el1, sctlr);
}

static void el0_controls(void) {
  const u64 sctlr = READ(sctlr_el1) & ~(1ull << 9 | 1ull << 14 | 1ull << 15 | 1ull << 26);
  WRITE(sctlr_el1, sctlr);
  TRY("daif read", EL0, "mrs x3, daif");
  TRY("daif write", EL0, "msr daif, x4");
  TRY("daifset", EL0, "msr daifset, #3");
  TRY("daifclr", EL0, "msr daifclr, #15");
  TRY("ctr", EL0, "mrs x5, ctr_el0");
  TRY("dc zva", EL0, "dc zva, x0", USER_DATA);
  TRY("dc cvac", EL0, "dc cvac, x6", USER_DATA);
  TRY("dc cvau", EL0, "dc cvau, x6", USER_DATA);
  TRY("dc civac", EL0, "dc civac, x6", USER_DATA);
  TRY("ic ivau", EL0, "ic ivau, x7", USER_DATA);
  SHOW("dczid prohibits", EL0, CODE("mrs x0, dczid_el0\nand x0, x0, #0x10"), 1, 0);
  WRITE(sctlr_el1, sctlr | 1 << 9 | 1 << 14 | 1 << 15 | 1 << 26);
  SHOW("daif allowed", EL0, CODE("msr daifclr, #2\nmrs x0, daif\nmsr daifset, #2\nmrs x1, daif"), 2, 0);
  TRY("daif allowed shows", EL0, "msr daifclr, #9\nsvc #0");
  TRY("ctr allowed", EL0, "mrs x5, ctr_el0");
  TRY("dc cvac allowed", EL0, "dc cvac, x0", USER_DATA);
  TRY("ic ivau allowed", EL0, "ic ivau, x0", USER_DATA);
  SHOW("dczid permits", EL0, CODE("mrs x0, dczid_el0\nand x0, x0, #0x10"), 1, 0);
  WRITE(sctlr_el1, 0x30d00800);

  WRITE(cntkctl_el1, 0);
  TRY("cntpct", EL0, "mrs x0, cntpct_el0");
  TRY("cntvct", EL0, "mrs x1, cntvct_el0");
  TRY("cntfrq", EL0, "mrs x2, cntfrq_el0");
  TRY("cntv_ctl", EL0, "mrs x3, cntv_ctl_el0");
  TRY("cntv_tval write", EL0, "msr cntv_tval_el0, x3");
  TRY("cntp_cval", EL0, "mrs x3, cntp_cval_el0");
  WRITE(cntkctl_el1, 1);
  TRY("cntpct allowed", EL0, "mrs x0, cntpct_el0\nmrs x0, cntfrq_el0\nmrs x0, cntvct_el0");
  WRITE(cntkctl_el1, 2);
  TRY("cntvct allowed", EL0, "mrs x0, cntvct_el0\nmrs x0, cntfrq_el0\nmrs x0, cntpct_el0");
  WRITE(cntkctl_el1, 0x100);
  TRY("cntv allowed", EL0, "msr cntv_ctl_el0, xzr\nmrs x0, cntp_ctl_el0");
  WRITE(cntkctl_el1, 0x200);
  TRY("cntp allowed", EL0, "msr cntp_ctl_el0, xzr\nmrs x0, cntv_ctl_el0");
  WRITE(cntkctl_el1, 0);
}

static void system_registers(void) {
  TRY("el0 reads currentel", EL0, "mrs x0, currentel");
  TRY("el0 reads sctlr_el1", EL0, "mrs x0, sctlr_el1");
  TRY("el0 writes ttbr0_el1", EL0, "msr ttbr0_el1, x0");
  TRY("el0 reads midr_el1", EL0, "mrs x0, midr_el1");
  TRY("el0 reads reserved id", EL0, "mrs x0, s3_0_c0_c7_7");
  TRY("el0 writes tpidrro", EL0, "msr tpidrro_el0, x0");
  TRY("el0 reads tpidrro", EL0, "mrs x0, tpidrro_el0");
  TRY("el0 writes spsel", EL0, "msr spsel, #1");
  TRY("el0 tlbi", EL0, "tlbi vmalle1");
  TRY("el0 at", EL0, "at s1e1r, x0");
  TRY("el0 ic iallu", EL0, "ic iallu");
  TRY("el0 dc ivac", EL0, "dc ivac, x0", USER_DATA);
  TRY("el0 dc isw", EL0, "dc isw, x0");
  TRY("el0 writes cntvct", EL0, "msr s3_3_c14_c0_2, x0");
  TRY("el0 writes cntfrq", EL0, "msr cntfrq_el0, x0");
  TRY("el1 writes cntvct", EL1, "msr s3_3_c14_c0_2, x0");
  TRY("el1 writes midr", EL1, "msr s3_0_c0_c0_0, x0");
  TRY("el1 writes ctr", EL1, "msr s3_3_c0_c0_1, x0");
  TRY("el1 reads hcr_el2", EL1, "mrs x0, hcr_el2");
  TRY("el1 reads scr_el3", EL1, "mrs x0, scr_el3");
  TRY("el1 reads sp_el1", EL1, "mrs x0, sp_el1");
  TRY("el1 reads sp_el0", EL1, "mrs x0, sp_el0");
  TRY("el1t reads sp_el0", EL1T, "mrs x0, sp_el0");
  TRY("el1 reads icc_sre_el1", EL1, "mrs x0, s3_0_c12_c12_5");
  TRY("el1 reads unallocated", EL1, "mrs x0, s3_7_c15_c15_7");
  TRY("el1 reads op0 of 1 as register", EL1, "mrs x0, s2_0_c0_c15_7");
  TRY("el1 reads mdrar_el1", EL1, "mrs x0, mdrar_el1");
  TRY("el1 tlbi alle2", EL1, "tlbi alle2");
  TRY("el1 tlbi alle1", EL1, "tlbi alle1");
  TRY("el1 at s12e1r", EL1, "at s12e1r, x0");
  TRY("el1 reads cntvoff", EL1, "mrs x0, cntvoff_el2");
  SHOW("el1 reads reserved id", EL1, CODE("mrs x0, s3_0_c0_c7_7"), 1, 1);
  SHOW("el1 spsel", EL1,
       CODE("mov x2, sp\nmsr spsel, #0\nmrs x0, spsel\nmov sp, x7\nmsr spsel, #1\nmrs x1, sp_el0\nmov x3, sp\nsub x2, "
            "x2, x3"),
       3, 0, 0, 0, 0, 0, 0, 0, USER_STACK - 64);
  SHOW("nzcv", EL0,
       CODE("mov x0, #-1\nmsr nzcv, x0\nmrs x0, nzcv\nmov x1, #0x50000000\nmsr nzcv, x1\ncset x2, eq\ncset x3, vs\nmrs "
            "x1, nzcv"),
       4, 0);
  SHOW("daif by register", EL1, CODE("msr daif, xzr\nmrs x0, daif\nmov x1, #-1\nmsr daif, x1\nmrs x1, daif"), 2, 0);
  SHOW("currentel", EL1, CODE("mrs x0, currentel"), 1, 0);
}

// Registers as software finds them: their writable bits.
#define WRITABLE(name)                                                                                                 \
  SHOW("writable bits of " #name, EL1,                                                                                 \
       CODE("mrs x2, " #name "\nmov x0, #-1\nmsr " #name ", x0\nmrs x0, " #name "\nmsr " #name ", xzr\nmrs x1, " #name \
            "\nmsr " #name ", x2"),                                                                                    \
       2, 0)

static void writable(void) {
  WRITABLE(tpidr_el0);
  WRITABLE(far_el1);
  WRITABLE(ttbr1_el1);
  WRITABLE(mair_el1);
  WRITABLE(afsr0_el1);
  WRITABLE(amair_el1);
  WRITABLE(elr_el1);
}

static void fp_access(void) {
  WRITE(cpacr_el1, 0);
  TRY("fp trapped el0", EL0, "fmov d0, #1.0");
  TRY("fp trapped el1", EL1, "fadd s0, s1, s2");
  TRY("simd trapped", EL1, "add v0.4s, v1.4s, v2.4s");
  TRY("fp load trapped", EL1, "ldr q0, [x0]", UNMAPPED);
  TRY("fpcr trapped", EL1, "mrs x0, fpcr");
  TRY("fpsr trapped", EL0, "msr fpsr, x0");
  WRITE(cpacr_el1, 2 << 20);
  TRY("fpen 2 traps el1", EL1, "fmov x0, d0");
  WRITE(cpacr_el1, 1 << 20);
  TRY("fpen 1 traps el0", EL0, "fmov x0, d0");
  TRY("fpen 1 fpcr el0", EL0, "mrs x0, fpcr");
  SHOW("fpen 1 allows el1", EL1, CODE("mrs x0, fpcr"), 1, 0);
  WRITE(cpacr_el1, 3 << 20);
  SHOW("fpen 3 allows", EL0, CODE("mov x0, #0xfffffff\nmsr fpsr, x0\nmrs x0, fpsr\nmsr fpsr, xzr"), 1, 0);
}

static u64 return_code(void) { return CODE("msr spsr_el1, x0\nmsr elr_el1, x1\neret"); }

static void exception_returns(void) {
  const u64 target = CODE("nop");
  const u64 code = return_code();
  SHOW("eret to el0", EL1, code, 0, EL0, target);
  SHOW("eret to el0 with flags", EL1, code, 0, 0xf0000000 | EL0, CODE("svc #1"));
  SHOW("eret to el1t", EL1, code, 0, EL1T, CODE("svc #1"));
  SHOW("eret unmasks", EL1, code, 0, 0x005, CODE("svc #1"));
  SHOW("eret to el1 from el1t", EL1T, code, 0, EL1, CODE("svc #1"));
  SHOW("illegal: to el2", EL1, code, 0, 0x3c9, target);
  SHOW("illegal: to el3", EL1, code, 0, 0x3cd, target);
  SHOW("illegal: el0 with sp_elx", EL1, code, 0, 0x3c1, target);
  SHOW("illegal: bit 1", EL1, code, 0, 0x3c2, target);
  SHOW("illegal keeps flags and masks", EL1, code, 0, 0xa0000049, target);
  SHOW("illegal from el1t", EL1T, code, 0, 0x3c9, target);
  SHOW("illegal bit of spsr to el0", EL1, code, 0, 1 << 20 | EL0, target);
  SHOW("illegal bit of spsr to el1", EL1, code, 0, 1 << 20 | EL1, target);
  SHOW("illegal ahead of pc alignment", EL1, code, 0, 0x3c9, target + 2);
}

int main(void) {
  calls();
  undefined();
  alignment();
  aborts();
  wait_traps();
  el0_controls();
  system_registers();
  writable();
  fp_access();
  exception_returns();
  return 0;
}
