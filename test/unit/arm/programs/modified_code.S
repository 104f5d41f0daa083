#include "program.inc"
// Code that is written while it is in use; caches are off, so no maintenance is needed but the barrier.
.globl _start
_start:
  ldr x9, =0x40080000
  ldr w1, move1
  ldr w2, return
  stp w1, w2, [x9]
  isb
  blr x9
  EXPECT(x0, 1)
  // Replace the instruction, by a store of each kind
  ldr w1, move2
  str w1, [x9]
  isb
  blr x9
  EXPECT(x0, 2)
  ldr w1, move1
  stp w1, w2, [x9]
  isb
  blr x9
  EXPECT(x0, 1)
  ldxr w3, [x9]
  ldr w1, move2
  stxr w4, w1, [x9]
  isb
  blr x9
  EXPECT(x0, 2)
  // Only one byte of it
  mov w1, #0x60
  strb w1, [x9]            // mov x0, #3
  isb
  blr x9
  EXPECT(x0, 3)
  // The next instruction of the code that runs
  ldr w1, move2
  adr x3, 1f
  str w1, [x3]
  isb
1: mov x0, #1
  EXPECT(x0, 2)
  // Data in the same page as code stays data
  adr x3, cell
  mov x4, #1000
2: ldr x5, [x3]
  add x5, x5, #1
  str x5, [x3]
  subs x4, x4, #1
  b.ne 2b
  ldr x5, [x3]
  EXPECT(x5, 1000)
  PASS
move1: mov x0, #1
move2: mov x0, #2
return: ret
.balign 8
cell: .quad 0
