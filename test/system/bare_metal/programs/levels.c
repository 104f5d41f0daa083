// Entered at EL2: what EL2 and its controls make of exceptions from EL0 and EL1, without stage 2.
#include "runtime.h"

#define RW (1ull << 31)
#define HCR(bit) (1ull << (bit))
enum { FMO = 3, IMO = 4, TWI = 13, TWE = 14, TSC = 19, TGE = 27, HCD = 29 };

static void set_hcr(u64 bits) { WRITE(hcr_el2, RW | bits); }

static void calls(void) {
  set_hcr(0);
  TRY("svc from el0", EL0, "svc #5");
  TRY("svc from el1", EL1, "svc #5");
  TRY("svc from el2", EL2, "svc #5");
  TRY("svc from el2t", EL2T, "svc #6");
  TRY("hvc from el0", EL0, "hvc #5");
  TRY("hvc from el1", EL1, "hvc #5");
  TRY("hvc from el1t", EL1T, "hvc #5");
  TRY("hvc from el2", EL2, "hvc #5");
  TRY("smc from el0", EL0, "smc #5");
  TRY("brk from el0", EL0, "brk #5");
  TRY("brk from el1", EL1, "brk #5");
  TRY("brk from el2", EL2, "brk #5");
  TRY("udf from el1", EL1, ".inst 0");
  TRY("udf from el2", EL2, ".inst 0");
  TRY("abort at el0", EL0, "ldr x0, [x0]", UNMAPPED);
  TRY("abort at el1", EL1, "ldr x0, [x0]", UNMAPPED);
  TRY("abort at el2", EL2, "ldr x0, [x0]", UNMAPPED);
  TRY("fetch abort at el2", EL2, "br x0", UNMAPPED);
  TRY("pc alignment at el2", EL2, "br x0", CASES + 2);
  set_hcr(HCR(HCD) | HCR(TSC));  // start.S gets back to EL2 by the one or the other
  TRY("hvc from el1, HCD", EL1, "hvc #5");
  TRY("hvc from el2, HCD", EL2, "hvc #5");
  set_hcr(HCR(TSC));
  TRY("smc from el0, TSC", EL0, "smc #5");
  TRY("smc from el1, TSC", EL1, "smc #5");
  set_hcr(0);
}

static void waits(void) {
  const u64 sctlr = READ(sctlr_el1), nTWI = 1 << 16, nTWE = 1 << 18;
  WRITE(sctlr_el1, sctlr & ~nTWI);
  set_hcr(HCR(TWI));
  TRY("wfi from el0, both trap", EL0, "wfi");
  TRY("wfi from el1, TWI", EL1, "wfi");
  WRITE(sctlr_el1, sctlr | nTWI | nTWE);
  TRY("wfi from el0, TWI", EL0, "wfi");
  set_hcr(HCR(TWE));
  TRY("wfe from el1 with event, TWE", EL1, "sevl\nwfe");
  WRITE(sctlr_el1, sctlr);
  set_hcr(0);
}

static void general_exceptions(void) {
  set_hcr(HCR(TGE));
  TRY("svc from el0, TGE", EL0, "svc #5");
  TRY("udf from el0, TGE", EL0, ".inst 0");
  TRY("brk from el0, TGE", EL0, "brk #5");
  TRY("abort from el0, TGE", EL0, "ldr x0, [x0]", UNMAPPED);
  TRY("pc alignment from el0, TGE", EL0, "br x0", CASES + 1);
  TRY("hvc from el0, TGE", EL0, "hvc #1");
  TRY("el1 register from el0, TGE", EL0, "mrs x0, sctlr_el1");
  TRY("daif from el0, TGE", EL0, "mrs x0, daif");
  TRY("ctr from el0, TGE", EL0, "mrs x9, ctr_el0");
  SHOW("eret to el1, TGE", EL2, CODE("msr spsr_el2, x0\nmsr elr_el2, x1\neret"), 0, EL1, CASES);
  set_hcr(0);
  SHOW("eret to el1", EL2, CODE("msr spsr_el2, x0\nmsr elr_el2, x1\neret"), 0, EL1, CODE("svc #1"));
  SHOW("eret to el0 from el2", EL2, CODE("msr spsr_el2, x0\nmsr elr_el2, x1\neret"), 0, EL0, CODE("svc #1"));
  SHOW("eret to el3", EL2, CODE("msr spsr_el2, x0\nmsr elr_el2, x1\neret"), 0, 0x3cd, CASES);
  SHOW("eret to el2 from el1", EL1, CODE("msr spsr_el1, x0\nmsr elr_el1, x1\neret"), 0, EL2, CASES);
}

static void fp_traps(void) {
  const u64 cptr = READ(cptr_el2);
  WRITE(cpacr_el1, 3 << 20);
  WRITE(cptr_el2, 0x33ff | 1 << 10);
  TRY("fp from el0, TFP", EL0, "fmov d0, #1.0");
  TRY("fp from el1, TFP", EL1, "fmov d0, #1.0");
  TRY("fp from el2, TFP", EL2, "fmov d0, #1.0");
  TRY("fpcr from el2, TFP", EL2, "mrs x0, fpcr");
  WRITE(cpacr_el1, 0);
  TRY("fp from el1, both", EL1, "fmov d0, #1.0");
  WRITE(cptr_el2, 0x33ff);
  TRY("fp from el2 with CPACR off", EL2, "fmov d0, #1.0");
  TRY("fp from el0 with CPACR off", EL0, "fmov d0, #1.0");
  set_hcr(HCR(TGE));
  TRY("fp from el0 with CPACR off, TGE", EL0, "fmov d0, #1.0");
  set_hcr(0);
  WRITE(cpacr_el1, 3 << 20);
  WRITE(cptr_el2, cptr);
}

static void timers(void) {
  WRITE(cntkctl_el1, 0x303);
  WRITE(cnthctl_el2, 0);
  TRY("cntpct from el1", EL1, "mrs x0, cntpct_el0");
  TRY("cntpct from el0", EL0, "mrs x0, cntpct_el0");
  TRY("cntp_ctl from el1", EL1, "mrs x1, cntp_ctl_el0");
  TRY("cntp_cval from el0", EL0, "msr cntp_cval_el0, x2");
  TRY("cntvct from el1", EL1, "mrs x0, cntvct_el0");
  TRY("cntv_ctl from el1", EL1, "mrs x0, cntv_ctl_el0");
  WRITE(cntkctl_el1, 0);
  TRY("cntpct from el0, both trap", EL0, "mrs x0, cntpct_el0");
  WRITE(cnthctl_el2, 1);
  TRY("cntp_ctl from el1, EL1PCTEN alone", EL1, "mrs x0, cntpct_el0\nmrs x1, cntp_ctl_el0");
  WRITE(cnthctl_el2, 3);
  TRY("cntp_ctl from el1, EL1PCEN", EL1, "mrs x1, cntp_ctl_el0");
  WRITE(cntvoff_el2, -1000000000000ull);
  SHOW("virtual offset", EL1, CODE("mrs x0, cntvct_el0\nlsr x0, x0, #39"), 1, 0);
  WRITE(cntvoff_el2, 0);
  WRITE(cnthp_cval_el2, 0);
  WRITE(cnthp_ctl_el2, 1);
  line("cnthp", READ(cnthp_ctl_el2));
  WRITE(cnthp_ctl_el2, 0);
  TRY("cnthp from el1", EL1, "mrs x0, cnthp_ctl_el2");
  TRY("cntps from el1", EL1, "mrs x0, s3_7_c14_c2_1");
}

static void interrupts(void) {
  const u64 spin = CODE("1: b 1b"), end = CODE("nop");
  enum { I = 0x80, F = 0x40 };
  store32(GICD, 1);
  store32(GICC + 4, 0xff);
  store32(GICC, 1);
  store32(GICD + 0xf00, 2u << 24 | 3);
  set_hcr(0);
  SHOW("irq at el1", EL1 & ~I, spin, 0, 0);
  SHOW("irq at el0", EL0 & ~I, spin, 0, 0);
  SHOW("irq for el1 at el2 waits", EL2 & ~I, end, 0, 0);
  set_hcr(HCR(IMO));
  SHOW("irq at el1 masked, IMO", EL1, spin, 0, 0);
  SHOW("irq at el0 masked, IMO", EL0, spin, 0, 0);
  SHOW("irq at el2, IMO", EL2 & ~I, spin, 0, 0);
  SHOW("irq at el2 masked, IMO", EL2, end, 0, 0);
  set_hcr(HCR(TGE));
  SHOW("irq at el0 masked, TGE", EL0, spin, 0, 0);
  set_hcr(HCR(FMO));
  SHOW("irq at el1, FMO", EL1 & ~I, spin, 0, 0);
  store32(GICC, 1 | 1 << 3);
  SHOW("fiq at el1 masked, FMO", EL1, spin, 0, 0);
  SHOW("fiq at el2, FMO", EL2 & ~F, spin, 0, 0);
  set_hcr(0);
  SHOW("fiq at el1", EL1 & ~F, spin, 0, 0);
  store32(GICC, 1);
  store32(GICC + 0x10, load32(GICC + 0xc));
}

static void registers(void) {
  TRY("el1 reads vbar_el2", EL1, "mrs x0, vbar_el2");
  TRY("el1 reads sp_el1", EL1, "mrs x0, sp_el1");
  TRY("el2 reads sp_el2", EL2, "mrs x0, s3_6_c4_c1_0");
  TRY("el2 reads scr_el3", EL2, "mrs x0, scr_el3");
  TRY("el2 tlbi alle2", EL2, "tlbi alle2\ntlbi alle1is\ntlbi vmalls12e1\ntlbi ipas2e1is, x0\ntlbi vae2, x0");
  TRY("el2 tlbi alle3", EL2, "tlbi alle3");
  TRY("el1 tlbi ipas2e1", EL1, "tlbi ipas2e1, x0");
  TRY("el2 accesses hpfar_el2", EL2, "mrs x0, hpfar_el2\nmsr hpfar_el2, x0");
  WRITE(vpidr_el2, 0x12345678);
  WRITE(vmpidr_el2, 0x80000100);
  SHOW("vpidr", EL1, CODE("mrs x0, midr_el1"), 1, 0);
  WRITE(vmpidr_el2, READ(mpidr_el1));
}

// An EL2 that traps what EL1 does to its virtual memory and caches.
static void virtualization(void) {
  enum { TID1 = 16, TID2 = 17, TID3 = 18, TIDCP = 20, TACR = 21, TSW = 22, TPCP = 23, TPU = 24, TTLB = 25, TVM = 26 };
  enum { TDZ = 28, TRVM = 30 };
  WRITE(sctlr_el1, READ(sctlr_el1) | 1 << 14 | 1 << 15 | 1 << 26);  // DZE, UCT, UCI
  set_hcr(HCR(TVM));
  TRY("sctlr write, TVM", EL1, "msr sctlr_el1, x3");
  TRY("ttbr0 write, TVM", EL1, "msr ttbr0_el1, x3");
  TRY("ttbr1 write, TVM", EL1, "msr ttbr1_el1, x3");
  TRY("tcr write, TVM", EL1, "msr tcr_el1, x3");
  TRY("mair write, TVM", EL1, "msr mair_el1, x3");
  TRY("amair write, TVM", EL1, "msr amair_el1, x3");
  TRY("esr write, TVM", EL1, "msr esr_el1, x3");
  TRY("far write, TVM", EL1, "msr far_el1, x3");
  TRY("afsr0 write, TVM", EL1, "msr afsr0_el1, x3");
  TRY("contextidr write, TVM", EL1, "msr contextidr_el1, x3");
  TRY("sctlr read, TVM", EL1, "mrs x3, sctlr_el1");
  TRY("vbar write, TVM", EL1, "mrs x3, vbar_el1\nmsr vbar_el1, x3");
  set_hcr(HCR(TRVM));
  TRY("ttbr0 read, TRVM", EL1, "mrs x4, ttbr0_el1");
  TRY("far read, TRVM", EL1, "mrs x4, far_el1");
  set_hcr(HCR(TID1));
  TRY("revidr, TID1", EL1, "mrs x0, revidr_el1");
  TRY("aidr, TID1", EL1, "mrs x0, aidr_el1");
  set_hcr(HCR(TID2));
  TRY("ctr, TID2", EL1, "mrs x0, ctr_el0");
  TRY("ctr from el0, TID2", EL0, "mrs x0, ctr_el0");
  TRY("clidr, TID2", EL1, "mrs x0, clidr_el1");
  TRY("csselr write, TID2", EL1, "msr csselr_el1, x0");
  TRY("ccsidr, TID2", EL1, "mrs x0, ccsidr_el1");
  set_hcr(HCR(TID3));
  TRY("id_aa64pfr0, TID3", EL1, "mrs x0, id_aa64pfr0_el1");
  TRY("id_aa64mmfr0, TID3", EL1, "mrs x0, id_aa64mmfr0_el1");
  TRY("midr, TID3", EL1, "mrs x0, midr_el1");
  set_hcr(HCR(TACR));
  TRY("actlr read, TACR", EL1, "mrs x0, actlr_el1");
  TRY("actlr write, TACR", EL1, "msr actlr_el1, x0");
  set_hcr(HCR(TSW));
  TRY("dc isw, TSW", EL1, "dc isw, x0");
  TRY("dc cisw, TSW", EL1, "dc cisw, x0");
  set_hcr(HCR(TPCP));
  TRY("dc ivac, TPC", EL1, "dc ivac, x0", USER_DATA);
  TRY("dc civac, TPC", EL1, "dc civac, x0", USER_DATA);
  TRY("dc cvac from el0, TPC", EL0, "dc cvac, x0", USER_DATA);
  TRY("dc cvau, TPC", EL1, "dc cvau, x0", USER_DATA);
  set_hcr(HCR(TPU));
  TRY("dc cvau, TPU", EL1, "dc cvau, x0", USER_DATA);
  TRY("ic iallu, TPU", EL1, "ic iallu");
  TRY("ic ialluis, TPU", EL1, "ic ialluis");
  TRY("ic ivau from el0, TPU", EL0, "ic ivau, x0", USER_DATA);
  set_hcr(HCR(TTLB));
  TRY("tlbi vmalle1, TTLB", EL1, "tlbi vmalle1");
  TRY("tlbi vae1is, TTLB", EL1, "tlbi vae1is, x5");
  set_hcr(HCR(TDZ));
  TRY("dc zva, TDZ", EL1, "dc zva, x0", USER_DATA);
  TRY("dc zva from el0, TDZ", EL0, "dc zva, x0", USER_DATA);
  SHOW("dczid, TDZ", EL1, CODE("mrs x0, dczid_el0\nand x0, x0, #0x10"), 1, 0);
  set_hcr(HCR(TIDCP));
  TRY("implementation defined, TIDCP", EL1, "mrs x0, s3_1_c15_c9_7");
  set_hcr(0);
  WRITE(cptr_el2, 0x33ff | 1ull << 31);  // TCPAC
  TRY("cpacr read, TCPAC", EL1, "mrs x0, cpacr_el1");
  TRY("cpacr write, TCPAC", EL1, "msr cpacr_el1, x0");
  WRITE(cptr_el2, 0x33ff);
  WRITE(sctlr_el1, 0x30d00800);
}

int main(void) {
  calls();
  waits();
  general_exceptions();
  fp_traps();
  timers();
  interrupts();
  registers();
  virtualization();
  return 0;
}
