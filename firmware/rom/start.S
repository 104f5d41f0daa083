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
  msr  elr_el3, x0
  ldr  x0, =0x531       /* SCR_EL3: RW (EL1 is AArch64), HCE, RES1, NS */
  msr  scr_el3, x0
  mrs  x1, id_aa64pfr0_el1
  tst  x1, #0xf00       /* where there is an EL2, EL1 depends on its registers too */
  b.eq 1f
  mov  x0, #(1 << 31)   /* HCR_EL2: RW */
  msr  hcr_el2, x0
  mov  x0, #3           /* CNTHCTL_EL2: EL1 may use the physical counter and timer */
  msr  cnthctl_el2, x0
  msr  cntvoff_el2, xzr
  msr  cptr_el2, xzr
1: ldr  x0, =0x30d00800 /* SCTLR_EL1: RES1, MMU and caches off */
  msr  sctlr_el1, x0
  mov  x0, #0x3c5       /* EL1h, interrupts masked */
  msr  spsr_el3, x0
  mov  x0, #0
  isb
  eret
.Lpark:
  wfi
  b    .Lpark
  .ltorg

  vector_table 3, 0
