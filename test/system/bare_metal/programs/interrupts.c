// GICv2 and the generic timer, with the MMU off: one core and what it sends to itself.
#include "runtime.h"

enum { GICD_CTLR = 0x000, GICD_IGROUPR = 0x080, GICD_ISENABLER = 0x100, GICD_ICENABLER = 0x180, GICD_ISPENDR = 0x200 };
enum { GICD_ICPENDR = 0x280, GICD_ISACTIVER = 0x300, GICD_ICACTIVER = 0x380, GICD_IPRIORITYR = 0x400 };
enum { GICD_ITARGETSR = 0x800, GICD_ICFGR = 0xc00, GICD_SGIR = 0xf00, GICD_CPENDSGIR = 0xf10, GICD_SPENDSGIR = 0xf20 };
enum { GICC_CTLR = 0x00, GICC_PMR = 0x04, GICC_BPR = 0x08, GICC_IAR = 0x0c, GICC_EOIR = 0x10, GICC_RPR = 0x14 };
enum { GICC_HPPIR = 0x18, GICC_DIR = 0x1000 };
enum { VIRTUAL = 27, PHYSICAL = 30 };
enum { UNMASKED = EL1 & ~MASK_I, UNMASKED_FIQ = EL1 & ~MASK_F, UNMASKED_EL0 = EL0 & ~MASK_I };

static u32 dist(u32 offset) { return load32(GICD + offset); }
static void set_dist(u32 offset, u32 value) { store32(GICD + offset, value); }
static u32 cpu(u32 offset) { return load32(GICC + offset); }
static void set_cpu(u32 offset, u32 value) { store32(GICC + offset, value); }
static void set_priority(unsigned id, unsigned priority) {
  const u32 shift = id % 4 * 8;
  const u32 old = dist(GICD_IPRIORITYR + id / 4 * 4);
  set_dist(GICD_IPRIORITYR + id / 4 * 4, (old & ~(0xffu << shift)) | priority << shift);
}
static void send(unsigned sgi) { set_dist(GICD_SGIR, 2u << 24 | sgi); }

static u64 spin_code(void) { return CODE("1: b 1b"); }
static u64 end_code(void) { return CODE("nop"); }

static void show_state(const char* name) {
  print(name);
  print(": pending ");
  print_hex(dist(GICD_ISPENDR));
  print(" active ");
  print_hex(dist(GICD_ISACTIVER));
  print(" highest ");
  print_hex(cpu(GICC_HPPIR));
  print(" running ");
  print_hex(cpu(GICC_RPR));
  print(" isr ");
  print_hex(READ(isr_el1));
  print("\n");
}

static void registers(void) {
  line("typer", dist(0x004));
  line("ctlr at reset", dist(GICD_CTLR));
  line("isenabler0 at reset", dist(GICD_ISENABLER));
  line("icfgr0", dist(GICD_ICFGR));
  line("itargetsr0", dist(GICD_ITARGETSR));
  line("spurious at reset", cpu(GICC_IAR));
  line("highest pending at reset", cpu(GICC_HPPIR));
  line("running priority at reset", cpu(GICC_RPR));
  set_dist(GICD_IPRIORITYR + 32, 0x12345678);
  line("priorities of SPIs", dist(GICD_IPRIORITYR + 32));
  store32(GICD + GICD_IPRIORITYR + 32, 0);
  set_dist(GICD_ISENABLER + 4, 0x80000001);
  line("enabled SPIs", dist(GICD_ISENABLER + 4));
  set_dist(GICD_ICENABLER + 4, 0x80000000);
  line("enabled SPIs after clear", dist(GICD_ICENABLER + 4));
  set_dist(GICD_ICENABLER + 4, 1);
  set_dist(GICD_ISACTIVER + 4, 6);
  set_dist(GICD_ICACTIVER + 4, 2);
  line("active SPIs", dist(GICD_ISACTIVER + 4));
  set_dist(GICD_ICACTIVER + 4, 4);
  set_dist(GICD_ISPENDR + 4, 0xc);
  set_dist(GICD_ICPENDR + 4, 4);
  line("pending SPIs", dist(GICD_ISPENDR + 4));
  set_dist(GICD_ICPENDR + 4, 8);
  set_dist(GICD_ICFGR + 8, 0x8);
  line("configuration of SPIs", dist(GICD_ICFGR + 8) & 0xf);
  set_dist(GICD_ICFGR + 8, 0);
  set_cpu(GICC_PMR, 0xff);
  line("pmr", cpu(GICC_PMR));
}

static void sgis(void) {
  set_dist(GICD_CTLR, 1);
  set_cpu(GICC_PMR, 0xff);
  send(3);
  show_state("sgi with the interface disabled");
  set_cpu(GICC_CTLR, 1);
  show_state("sgi pending");
  SHOW("sgi masked", EL1, end_code(), 0, 0);
  SHOW("sgi taken", UNMASKED, spin_code(), 0, 0);
  SHOW("sgi taken from el0", UNMASKED_EL0, spin_code(), 0, 0);
  SHOW("sgi taken from el0 with I set is not", EL0, end_code(), 0, 0);
  SHOW("sgi taken when unmasked", EL1, CODE("msr daifclr, #2\nb ."), 0, 0);
  SHOW("sgi taken by msr daif", EL1, CODE("mov x0, #0x340\nmsr daif, x0\nb ."), 0, 0);
  line("acknowledged", cpu(GICC_IAR));
  show_state("acknowledged sgi");
  line("acknowledged again", cpu(GICC_IAR));
  SHOW("active sgi is not taken", UNMASKED, end_code(), 0, 0);
  send(3);
  show_state("sgi active and pending");
  set_cpu(GICC_EOIR, 3);
  show_state("end of sgi");
  line("second acknowledge", cpu(GICC_IAR));
  set_cpu(GICC_EOIR, 3);
  line("spurious", cpu(GICC_IAR));
  set_cpu(GICC_EOIR, 1023);
  store8(GICD + GICD_SPENDSGIR + 5, 1);  // SGI 5 from this core
  line("pending by spendsgir", dist(GICD_SPENDSGIR + 4));
  show_state("spendsgir");
  store8(GICD + GICD_CPENDSGIR + 5, 1);
  show_state("cpendsgir");
  set_dist(GICD_SGIR, 1u << 24 | 4);  // all but this core
  show_state("sgi to the others");
  set_dist(GICD_SGIR, 1u << 16 | 6);  // by target list
  line("sgi by list", cpu(GICC_IAR));
  set_cpu(GICC_EOIR, 6);
  set_dist(GICD_ICENABLER, 0xffff);
  line("sgis stay enabled", dist(GICD_ISENABLER) & 0xffff);
}

static void priorities(void) {
  set_priority(1, 0xa0);
  set_priority(2, 0x80);
  set_priority(3, 0x80);
  send(1);
  send(3);
  send(2);
  show_state("three pending");
  line("highest first", cpu(GICC_IAR));
  show_state("lower priorities wait");
  SHOW("lower priority is not taken", UNMASKED, end_code(), 0, 0);
  set_priority(4, 0x40);
  send(4);
  SHOW("higher priority preempts", UNMASKED, spin_code(), 0, 0);
  line("preempting", cpu(GICC_IAR));
  show_state("nested");
  set_cpu(GICC_EOIR, 4);
  show_state("inner ended");
  set_cpu(GICC_EOIR, 2);
  line("then", cpu(GICC_IAR));
  set_cpu(GICC_EOIR, 3);
  set_cpu(GICC_PMR, 0xa0);
  show_state("masked by pmr");
  line("acknowledge of masked", cpu(GICC_IAR));
  SHOW("masked by pmr is not taken", UNMASKED, end_code(), 0, 0);
  set_cpu(GICC_PMR, 0xa1);
  SHOW("unmasked by pmr", UNMASKED, spin_code(), 0, 0);
  set_cpu(GICC_PMR, 0xff);
  line("last", cpu(GICC_IAR));
  set_cpu(GICC_EOIR, 1);
  set_cpu(GICC_BPR, 6);
  line("bpr", cpu(GICC_BPR));
  set_priority(1, 0x90);
  set_priority(2, 0x81);
  send(1);
  line("first of a group", cpu(GICC_IAR));
  send(2);
  show_state("same group does not preempt");
  SHOW("same group is not taken", UNMASKED, end_code(), 0, 0);
  set_cpu(GICC_EOIR, 1);
  set_cpu(GICC_EOIR, cpu(GICC_IAR));
  set_cpu(GICC_BPR, 2);
  send(1);
  line("first of another group", cpu(GICC_IAR));
  send(2);
  SHOW("another group preempts", UNMASKED, spin_code(), 0, 0);
  line("second of another group", cpu(GICC_IAR));
  set_cpu(GICC_EOIR, 2);
  set_cpu(GICC_EOIR, 1);
  set_cpu(GICC_BPR, 0);
}

static void shared(void) {
  const unsigned id = 60;
  set_dist(GICD_ISENABLER + 4, 1u << (id - 32));
  set_dist(GICD_ISPENDR + 4, 1u << (id - 32));
  line("spi pending", cpu(GICC_HPPIR));
  line("spi", cpu(GICC_IAR));
  set_cpu(GICC_EOIR, id);
  set_cpu(GICC_CTLR, 1 | 1 << 9);  // EOImodeNS where there are no Security Extensions
  set_dist(GICD_ISPENDR + 4, 1u << (id - 32));
  line("spi with separate deactivation", cpu(GICC_IAR));
  set_cpu(GICC_EOIR, id);
  line("active after its end", dist(GICD_ISACTIVER + 4));
  line("running after its end", cpu(GICC_RPR));
  set_cpu(GICC_DIR, id);
  line("active after deactivation", dist(GICD_ISACTIVER + 4));
  set_cpu(GICC_CTLR, 1);
  set_dist(GICD_ICENABLER + 4, 1u << (id - 32));
}

static void groups(void) {
  set_dist(GICD_CTLR, 3);
  set_dist(GICD_IGROUPR, 1 << 9);
  set_cpu(GICC_CTLR, 3 | 1 << 3);  // both groups, FIQEn: group 0 as FIQ
  send(8);
  show_state("group 0 as fiq");
  SHOW("fiq", UNMASKED_FIQ, spin_code(), 0, 0);
  SHOW("fiq is not irq", UNMASKED, end_code(), 0, 0);
  line("group 0", cpu(GICC_IAR));
  set_cpu(GICC_EOIR, 8);
  send(9);
  SHOW("group 1 is irq", UNMASKED & UNMASKED_FIQ, spin_code(), 0, 0);
  line("group 1 by iar", cpu(GICC_IAR));
  set_cpu(GICC_CTLR, 3 | 1 << 2 | 1 << 3);  // AckCtl
  line("group 1 by iar with AckCtl", cpu(GICC_IAR));
  set_cpu(GICC_EOIR, 9);
  show_state("group 1 ended");
  set_dist(GICD_IGROUPR, 0);
  set_dist(GICD_CTLR, 1);
  set_cpu(GICC_CTLR, 1);
}

// Timers. CVAL of 0 is in the past; far in the future is out of reach.
#define FAR_AWAY 0x7fffffffffffffffull
#define CTL(name) (READ(name##_ctl_el0) & 7)

static void timer_registers(void) {
  WRITE(cntv_ctl_el0, 0);
  WRITE(cntv_cval_el0, FAR_AWAY);
  line("disabled", CTL(cntv));
  WRITE(cntv_ctl_el0, 1);
  line("enabled, not met", CTL(cntv));
  WRITE(cntv_cval_el0, 0);
  line("enabled, met", CTL(cntv));
  WRITE(cntv_ctl_el0, 3);
  line("masked, met", CTL(cntv));
  WRITE(cntv_ctl_el0, 2);
  line("masked, disabled", CTL(cntv));
  WRITE(cntv_ctl_el0, ~0ull);
  line("control, all ones", READ(cntv_ctl_el0));
  WRITE(cntv_ctl_el0, 0);
  WRITE(cntv_cval_el0, 0x123456789abcdef0);
  line("compare value", READ(cntv_cval_el0));
  // TVAL is signed: what is set in the past is met, what reads is the distance as 32 bits.
  WRITE(cntv_tval_el0, 0x80000000);
  line("tval sign extended", READ(cntv_cval_el0) > READ(cntvct_el0));
  WRITE(cntv_ctl_el0, 1);
  line("tval in the past", CTL(cntv));
  WRITE(cntv_tval_el0, 0x7fffffff);
  line("tval in the future", CTL(cntv));
  const u64 left = READ(cntv_tval_el0);
  line("tval counts down", left <= 0x7fffffff && left > 0x70000000);
  WRITE(cntv_tval_el0, 0xffffffff00000000 | 0x60000000);
  line("tval takes 32 bits", CTL(cntv));
  line("tval reads 32 bits", READ(cntv_tval_el0) >> 32);
  WRITE(cntv_cval_el0, READ(cntvct_el0) - 1);
  const u64 past = READ(cntv_tval_el0);
  line("tval of the past", past >> 31);
  WRITE(cntv_ctl_el0, 0);
  WRITE(cntp_cval_el0, FAR_AWAY);
  WRITE(cntp_ctl_el0, 1);
  line("physical, not met", CTL(cntp));
  WRITE(cntp_tval_el0, -1ull);
  line("physical, met", CTL(cntp));
  WRITE(cntp_ctl_el0, 0);
  const u64 first = READ(cntpct_el0), second = READ(cntvct_el0), third = READ(cntpct_el0);
  line("counters agree", first <= second && second <= third);
}

static void timer_interrupts(void) {
  set_priority(VIRTUAL, 0x80);
  set_priority(PHYSICAL, 0x80);
  WRITE(cntv_cval_el0, 0);
  WRITE(cntv_ctl_el0, 1);
  show_state("virtual timer, not enabled in the distributor");
  set_dist(GICD_ISENABLER, 1u << VIRTUAL | 1u << PHYSICAL);
  show_state("virtual timer");
  SHOW("virtual timer taken", UNMASKED, spin_code(), 0, 0);
  WRITE(cntv_ctl_el0, 3);
  show_state("virtual timer masked by IMASK");
  WRITE(cntv_ctl_el0, 1);
  line("virtual timer acknowledged", cpu(GICC_IAR));
  show_state("level stays pending while active");
  WRITE(cntv_ctl_el0, 0);
  show_state("level gone");
  set_cpu(GICC_EOIR, VIRTUAL);
  WRITE(cntp_cval_el0, 0);
  WRITE(cntp_ctl_el0, 1);
  line("physical timer acknowledged", cpu(GICC_IAR));
  set_cpu(GICC_EOIR, PHYSICAL);
  line("physical timer again", cpu(GICC_IAR));
  WRITE(cntp_ctl_el0, 0);
  set_cpu(GICC_EOIR, PHYSICAL);
  WRITE(cntp_cval_el0, FAR_AWAY);
  WRITE(cntp_ctl_el0, 1);
  WRITE(cntv_cval_el0, FAR_AWAY);
  WRITE(cntv_ctl_el0, 1);
  show_state("neither met");
  WRITE(cntp_ctl_el0, 0);
  WRITE(cntv_ctl_el0, 0);
}

static void waits(void) {
  SHOW("wfi ends with the timer, masked", EL1,
       CODE("mov x0, #1000\nmsr cntv_tval_el0, x0\nmov x0, #1\nmsr cntv_ctl_el0, x0\nwfi\nmrs x0, cntv_ctl_el0"), 1, 0);
  SHOW("wfi with a pending interrupt", EL1, CODE("wfi\nmrs x0, isr_el1"), 1, 0);
  WRITE(cntv_ctl_el0, 0);
  SHOW("wfi and the interrupt taken behind it", UNMASKED,
       CODE("mov x0, #5000\nmsr cntv_tval_el0, x0\nmov x0, #1\nmsr cntv_ctl_el0, x0\nwfi\n1: b 1b"), 0, 0);
  WRITE(cntv_ctl_el0, 0);
  SHOW("expiry while it runs", UNMASKED,
       CODE("mov x0, #3000\nmsr cntp_tval_el0, x0\nmov x0, #1\nmsr cntp_ctl_el0, x0\n1: b 1b"), 0, 0);
  WRITE(cntp_ctl_el0, 0);
  SHOW("wfe ends with the timer, masked", EL1,
       CODE("sevl\nwfe\nmov x0, #1000\nmsr cntv_tval_el0, x0\nmov x0, #1\nmsr cntv_ctl_el0, x0\n1: wfe\n"
            "mrs x0, cntv_ctl_el0\ntbz x0, #2, 1b"),
       1, 0);
  WRITE(cntv_ctl_el0, 0);
}

int main(void) {
  registers();
  sgis();
  priorities();
  shared();
  groups();
  timer_registers();
  timer_interrupts();
  WRITE(sctlr_el1, READ(sctlr_el1) | 1 << 16 | 1 << 18);  // nTWI, nTWE
  send(7);
  SHOW("wfi at el0 with a pending interrupt", EL0, CODE("wfi"), 0, 0);
  set_cpu(GICC_EOIR, cpu(GICC_IAR));
  waits();
  return 0;
}
