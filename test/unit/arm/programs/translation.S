#include "program.inc"
#include "vectors.inc"
// The MMU at EL3: RAM as Normal memory by a 1 GiB block but for one page, reached through tables of its own.
// Tables: level 1 at 0x40070000; level 2 at 0x40071000, level 3 at 0x40072000, both for 0x80000000.
.globl _start
_start:
  adr x0, vectors
  msr vbar_el3, x0
  ldr x1, =0x40070000
  ldr x0, =0x40000701          // block at 0x40000000: AF, inner shareable, index 0
  str x0, [x1, #8]
  ldr x0, =0x40071003          // table for 0x80000000
  str x0, [x1, #16]
  ldr x0, =0x00000000 + 0x00000405
  str x0, [x1]                 // block at 0: Device, index 1
  ldr x2, =0x40071000
  ldr x0, =0x40072003
  str x0, [x2]                 // level 3 for 0x80000000
  ldr x0, =0x40200701
  str x0, [x2, #8]             // 2 MiB block at 0x80200000 (beyond RAM)
  ldr x3, =0x40072000
  ldr x0, =0x40080703          // page 0: read-write
  str x0, [x3]
  ldr x0, =0x40080783          // page 1: the same, read-only
  str x0, [x3, #8]
  ldr x0, =0x40081303          // page 2: access flag clear
  str x0, [x3, #16]
  ldr x0, =0x60000040081703
  str x0, [x3, #24]            // page 3: execute-never
  mov x0, #0x00ff              // index 0: Normal write-back, 1: Device-nGnRnE
  msr mair_el3, x0
  ldr x0, =0x80823519          // T0SZ 25, 40-bit output
  msr tcr_el3, x0
  msr ttbr0_el3, x1
  isb
  mrs x0, sctlr_el3
  orr x0, x0, #1
  msr sctlr_el3, x0
  isb

  // Two views of one page; unaligned accesses are fine in Normal memory, across pages too
  ldr x9, =0x80000000
  ldr x8, =0x40080000
  ldr x1, =0x1122334455667788
  str x1, [x9, #1]
  ldr x0, [x8, #1]
  EXPECT(x0, 0x1122334455667788)
  ldr x0, [x8]
  EXPECT(x0, 0x2233445566778800)
  ldur x0, [x9, #3]
  EXPECT(x0, 0x0000112233445566)
  ldr x7, =0x40080ffd
  str x1, [x7]
  ldr x0, [x7]
  EXPECT(x0, 0x1122334455667788)
  ldrb w0, [x7, #3]
  EXPECT(x0, 0x55)
  sub x7, x7, #4
  stp x1, x9, [x7]
  ldp x2, x3, [x7]
  EXPECT(x3, 0x80000000)
  // Exclusives must be aligned even so
  adr x19, 1f
  ldxr x0, [x7]
1: EXPECT(x20, 0x96000021)
  // The read-only view
  add x9, x9, #4096
  ldr x0, [x9, #1]
  EXPECT(x0, 0x1122334455667788)
  adr x19, 1f
  str x0, [x9, #8]
1: EXPECT(x20, 0x9600004f)
  EXPECT(x22, 0x80001008)
  // A store over the end of page 0 into it writes nothing
  sub x9, x9, #4
  str wzr, [x9]
  adr x19, 1f
  str x1, [x9]
1: EXPECT(x20, 0x9600004f)
  EXPECT(x22, 0x80001000)
  ldr w0, [x9]
  EXPECT(x0, 0)
  // Access flag, translation faults by level
  ldr x9, =0x80002000
  adr x19, 1f
  ldr x0, [x9]
1: EXPECT(x20, 0x9600000b)
  ldr x9, =0x80004000
  adr x19, 1f
  ldr x0, [x9]
1: EXPECT(x20, 0x96000007)
  ldr x9, =0x80400000
  adr x19, 1f
  ldr x0, [x9]
1: EXPECT(x20, 0x96000006)
  ldr x9, =0xc0000000
  adr x19, 1f
  str x0, [x9]
1: EXPECT(x20, 0x96000045)
  ldr x9, =0x8000000000
  adr x19, 1f
  ldr x0, [x9]
1: EXPECT(x20, 0x96000004)
  // Execute-never
  ldr x9, =0x80003000
  adr x19, 1f
  br x9
1: EXPECT(x20, 0x8600000f)
  EXPECT(x22, 0x80003000)
  // The level 2 block leads to where nothing is
  ldr x9, =0x80200000
  adr x19, 1f
  ldr x0, [x9]
1: EXPECT(x20, 0x96000010)
  // AT
  at s1e3r, x9
  mrs x0, par_el1
  EXPECT(x0, 0xff00000040200980)  // inner shareable
  ldr x9, =0x80001234
  at s1e3w, x9
  mrs x0, par_el1
  EXPECT(x0, 0x81f)
  // A translation that is changed counts after TLBI
  ldr x3, =0x40072000
  ldr x0, =0x40082703
  str x0, [x3, #8]
  dsb ish
  tlbi alle3
  dsb ish
  isb
  ldr x9, =0x80001000
  mov x0, #0x99
  str x0, [x9]
  ldr x9, =0x40082000
  ldr x0, [x9]
  EXPECT(x0, 0x99)
  // DC ZVA
  mov x0, #-1
  str x0, [x9, #56]
  str x0, [x9, #64]
  add x1, x9, #20
  dc zva, x1
  ldr x0, [x9]
  EXPECT(x0, 0)
  ldr x0, [x9, #56]
  EXPECT(x0, 0)
  ldr x0, [x9, #64]
  EXPECT(x0, 0xffffffffffffffff)
  PASS
  vectors
