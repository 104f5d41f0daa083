#include "program.inc"
// The number of conditions 0 to 13 that hold for each NZCV is checked against a table written by hand.
.macro condition_bit code, at
  msr nzcv, x0
  b.\code 1f
  b 2f
1: orr x1, x1, #1 << \at
2:
.endm
.globl _start
_start:
  // For each NZCV, the set of conditions that hold: EQ NE CS CC MI PL VS VC HI LS GE LT GT LE, bits 0 to 13
  mov x2, #0
  adr x3, table
next:
  lsl x0, x2, #28
  mov x1, #0
  condition_bit eq, 0
  condition_bit ne, 1
  condition_bit cs, 2
  condition_bit cc, 3
  condition_bit mi, 4
  condition_bit pl, 5
  condition_bit vs, 6
  condition_bit vc, 7
  condition_bit hi, 8
  condition_bit ls, 9
  condition_bit ge, 10
  condition_bit lt, 11
  condition_bit gt, 12
  condition_bit le, 13
  ldr x4, [x3, x2, lsl #3]
  mov x27, x1
  mov x26, x2
  cmp x1, x4
  b.ne finish
  add x2, x2, #1
  cmp x2, #16
  b.ne next

  // Compare and branch, test and branch
  mov x0, #0x100000000
  cbz w0, 1f
  mov x1, #1
1: EXPECT(x1, 0x2655)        // still from the loop
  cbnz x0, 1f
  b bad
1: cbz x0, bad
  cbnz w0, bad
  tbz x0, #31, 1f
  b bad
1: tbnz x0, #32, 1f
  b bad
1: tbz x0, #32, bad
  tbnz w0, #5, bad

  // Calls and returns, near and in other pages
  bl near_function
  EXPECT(x0, 0x1111)
  bl far_function
  EXPECT(x0, 0x2222)
  adr x5, near_function
  blr x5
  EXPECT(x0, 0x1111)
  ldr x5, =far_function
  blr x5
  EXPECT(x0, 0x2222)
  ldr x30, =far_function
  blr x30              // the target is read before the link is written
  EXPECT(x0, 0x2222)
  adr x5, 1f
  br x5
  b bad
1: adr x9, 1f
  ret x9
  b bad
1:
  b conditional_far
back:
  cmp xzr, xzr
  b.ne 1f
  b.al 2f
1: b bad
2:
  // Straight-line code across the end of a page
  ldr x5, =crossing
  mov x0, #0
  blr x5
  EXPECT(x0, 3)
  b over
bad:
  mov x26, #0xbad
  mov x27, x30
  b finish
near_function:
  mov x0, #0x1111
  ret
over:
  PASS
.balign 8
table:
  //    LE GT LT GE LS HI VC VS PL MI CC CS NE EQ
  .quad 0b01011010101010 // 0:
  .quad 0b10101001101010 // V
  .quad 0b01010110100110 // C
  .quad 0b10100101100110 // CV
  .quad 0b10011010101001 // Z
  .quad 0b10101001101001 // ZV
  .quad 0b10011010100101 // ZC
  .quad 0b10101001100101 // ZCV
  .quad 0b10101010011010 // N
  .quad 0b01011001011010 // NV
  .quad 0b10100110010110 // NC
  .quad 0b01010101010110 // NCV
  .quad 0b10101010011001 // NZ
  .quad 0b10011001011001 // NZV
  .quad 0b10101010010101 // NZC
  .quad 0b10011001010101 // NZCV
  .balign 4096
far_function:
  mov x0, #0x2222
  ret
conditional_far:
  cmp xzr, xzr
  b.eq back
  b bad
  .org far_function + 8192 - 8
crossing:
  add x0, x0, #1
  add x0, x0, #1
  add x0, x0, #1
  ret
