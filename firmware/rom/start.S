#include "startup.inc"

  .section .text.start, "ax"
  .global _start
_start:
  ldr  x0, =0x30c50830  /* SCTLR_EL3: the RES1 bits, MMU and caches off, little-endian */
  msr  sctlr_el3, x0
  msr  cptr_el3, xzr    /* traps nothing */
  msr  daifset, #15
  mrs  x0, mpidr_el1
  tst  x0, #0xff        /* the first core is the firmware's; the others stay here */
  b.ne .Lpark
  startup 3
  bl   rom_main         /* returns the entry of an image that may run, or not at all */
  adrp x1, handoff
  add  x1, x1, :lo12:handoff
  /* and on */

/* enter(entry, argument): enters what is in memory now, in EL1 with interrupts masked, as after a reset: whatever ran
 * there before. */
  .global enter
enter:
  msr  elr_el3, x0
  adrp x0, __stack_top  /* for the calls of the ROM that follow */
  add  x0, x0, :lo12:__stack_top
  mov  sp, x0
  mov  x0, x1
  ldr  x1, =0x531       /* SCR_EL3: RW (EL1 is AArch64), HCE, RES1, NS */
  msr  scr_el3, x1
  isb
  mrs  x1, id_aa64pfr0_el1
  tst  x1, #0xf00       /* where there is an EL2, EL1 depends on its registers too */
  b.eq 1f
  mov  x1, #(1 << 31)   /* HCR_EL2: RW */
  msr  hcr_el2, x1
  mov  x1, #3           /* CNTHCTL_EL2: EL1 may use the physical counter and timer */
  msr  cnthctl_el2, x1
  msr  cntvoff_el2, xzr
  msr  cptr_el2, xzr
1: ldr  x1, =0x30d00800 /* SCTLR_EL1: RES1, MMU and caches off */
  msr  sctlr_el1, x1
  msr  cpacr_el1, xzr
  msr  cntp_ctl_el0, xzr /* the timers' interrupts are masked at the GIC or not: that is the firmware's */
  msr  cntv_ctl_el0, xzr
  mov  x1, #0x3c5       /* EL1h, interrupts masked */
  msr  spsr_el3, x1
  dsb  sy
  ic   iallu
  tlbi alle1
  dsb  sy
  isb
  .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
  mov  x\n, #0
  .endr
  eret
.Lpark:
  wfi
  b    .Lpark
  .ltorg

/* A call of the ROM (handoff.h): x0 to x3 in, x0 out, everything else kept. The stack is empty: see enter. */
smc_entry:
  stp  x29, x30, [sp, #-176]!
  stp  x0, x1, [sp, #16]
  stp  x2, x3, [sp, #32]
  stp  x4, x5, [sp, #48]
  stp  x6, x7, [sp, #64]
  stp  x8, x9, [sp, #80]
  stp  x10, x11, [sp, #96]
  stp  x12, x13, [sp, #112]
  stp  x14, x15, [sp, #128]
  stp  x16, x17, [sp, #144]
  str  x18, [sp, #160]
  mrs  x9, esr_el3
  lsr  x9, x9, #26
  cmp  x9, #0x17        /* EC: SMC of AArch64 */
  b.ne not_smc
  mov  x29, sp
  bl   rom_call
  ldr  x1, [sp, #24]
  ldp  x2, x3, [sp, #32]
  ldp  x4, x5, [sp, #48]
  ldp  x6, x7, [sp, #64]
  ldp  x8, x9, [sp, #80]
  ldp  x10, x11, [sp, #96]
  ldp  x12, x13, [sp, #112]
  ldp  x14, x15, [sp, #128]
  ldp  x16, x17, [sp, #144]
  ldr  x18, [sp, #160]
  ldp  x29, x30, [sp], #176
  eret

  vector_table 3, 0, 1
