#include "program.inc"
#include "vectors.inc"
// From EL3 down to EL1 and EL0, with stacks and routing, as the card's ROM does it.
#define EXPECT_EL(n) mrs x0, CurrentEL ; EXPECT(x0, n << 2)
// Calls from EL1 up to EL3 and returns behind it.
.globl _start
_start:
  EXPECT_EL(3)
  adr x0, vectors
  msr vbar_el3, x0
  adr x0, vectors1
  msr vbar_el1, x0
  ldr x0, =0x40090000
  mov sp, x0                 // SP_EL3
  ldr x0, =0x400a0000
  msr sp_el1, x0
  ldr x0, =0x400b0000
  msr sp_el0, x0
  mrs x0, scr_el3
  orr x0, x0, #1             // NS
  msr scr_el3, x0
  mov x0, #0x33
  msr tpidr_el1, x0
  adr x0, at_el1
  msr elr_el3, x0
  mov x0, #0x3c5             // EL1h, masked
  msr spsr_el3, x0
  eret
at_el1:
  EXPECT_EL(1)
  mov x0, sp
  EXPECT(x0, 0x400a0000)
  mrs x0, sp_el0
  EXPECT(x0, 0x400b0000)
  msr spsel, #0
  mov x0, sp
  EXPECT(x0, 0x400b0000)
  mov x0, #0x400c0000
  mov sp, x0
  msr spsel, #1
  mrs x0, sp_el0
  EXPECT(x0, 0x400c0000)
  mov x0, sp
  EXPECT(x0, 0x400a0000)
  mrs x0, daif
  EXPECT(x0, 0x3c0)

  // SMC goes to EL3, and comes back
  adr x19, 1f
  smc #3
1: EXPECT(x20, 0x5e000003)
  EXPECT(x24, 0x400)
  EXPECT_EL(1)

  // SVC stays at EL1; registers of EL2 and EL3 are not for it
  adr x19, 1f
  svc #9
1: EXPECT(x20, 0x56000009)
  EXPECT(x24, 0x1200)
  adr x19, 1f
  mrs x0, scr_el3
1: EXPECT(x20, 0x02000000)
  adr x19, 1f
  mrs x0, hcr_el2
1: EXPECT(x20, 0x02000000)
  adr x19, 1f
  tlbi alle2
1: EXPECT(x20, 0x02000000)
  mrs x0, mpidr_el1
  EXPECT(x0, 0xc0000000)  // of a single core

  // FP: trapped while CPACR_EL1.FPEN is 0
  adr x19, 1f
  .inst 0x1e602800
1: EXPECT(x20, 0x1fe00000)
  mov x0, #0x300000
  msr cpacr_el1, x0
  mov x20, #0
  adr x19, 1f
  .inst 0x1e602800
1: EXPECT(x20, 0)

  // EL0
  adr x0, at_el0
  msr elr_el1, x0
  mov x0, #0
  msr spsr_el1, x0
  eret
at_el0:
  mov x0, sp
  EXPECT(x0, 0x400c0000)
  adr x19, 1f
  svc #0
1: EXPECT(x20, 0x56000000)
  EXPECT(x24, 0x1400)
  adr x19, 1f
  mrs x0, CurrentEL
1: EXPECT(x20, 0x02000000)
  adr x19, 1f
  mrs x0, cntvct_el0         // CNTKCTL_EL1 does not allow it
1: EXPECT(x20, 0x6234f801)
  adr x19, 1f
  wfi                        // SCTLR_EL1.nTWI is 0
1: EXPECT(x20, 0x07e00000)
  adr x19, 1f
  msr daifset, #2            // SCTLR_EL1.UMA is 0
1: EXPECT(x20, 0x620cd3e4)
  adr x19, 1f
  smc #0
1: EXPECT(x20, 0x02000000)
  adr x19, 1f
  ldr x0, =0x20000000
  ldr x0, [x0]
1: EXPECT(x20, 0x92000010)
  b done
  .ltorg

// EL1's vectors, as in vectors.inc, with 0x1000 added to the offset; they return to x19 at the level they came from.
.macro vector1 offset
  .balign 128
  mov x24, #0x1000
  add x24, x24, #\offset
  mrs x20, esr_el1
  mrs x21, elr_el1
  mrs x22, far_el1
  msr elr_el1, x19
  eret
.endm
  .balign 2048
vectors1:
  vector1 0x000
  vector1 0x080
  vector1 0x100
  vector1 0x180
  vector1 0x200
  vector1 0x280
  vector1 0x300
  vector1 0x380
  vector1 0x400
  vectors
// PASS masks interrupts, which EL0 may not.
done:
  mov x26, #0x600d
  mov x27, #0
finish:
  ldr x28, =0x400ff000
  str x26, [x28]
  str x27, [x28, #8]
  b .
  .ltorg
