#include "program.inc"
#define BUFFER 0x40080000
.globl _start
_start:
  ldr x9, =BUFFER
  mov x1, #0x11
  str x1, [x9]
  // A pair that matches
  ldxr x0, [x9]
  mov x2, #0x22
  stxr w3, x2, [x9]
  EXPECT(x3, 0)
  ldr x0, [x9]
  EXPECT(x0, 0x22)
  // The monitor is open after it
  stxr w3, x1, [x9]
  EXPECT(x3, 1)
  ldr x0, [x9]
  EXPECT(x0, 0x22)
  // CLREX, another address, another size
  ldxr x0, [x9]
  clrex
  stxr w3, x1, [x9]
  EXPECT(x3, 1)
  ldxr x0, [x9]
  add x4, x9, #64
  stxr w3, x1, [x4]
  EXPECT(x3, 1)
  ldxr x0, [x9]
  stxr w3, w1, [x9]
  EXPECT(x3, 1)
  // The status does not reach memory, and what failed wrote nothing
  ldr x0, [x9]
  EXPECT(x0, 0x22)
  // Sizes, acquire and release
  ldaxrb w0, [x9]
  stlxrb w3, w1, [x9]
  EXPECT(x3, 0)
  ldaxrh w0, [x9]
  EXPECT(x0, 0x11)
  mov w2, #0x3344
  stlxrh w3, w2, [x9]
  ldr x0, [x9]
  EXPECT(x0, 0x3344)
  // Pairs
  ldr x1, =0x1111111122222222
  ldr x2, =0x3333333344444444
  ldxp x0, x4, [x9]
  stxp w3, x1, x2, [x9]
  EXPECT(x3, 0)
  ldaxp x4, x5, [x9]
  EXPECT(x4, 0x1111111122222222)
  EXPECT(x5, 0x3333333344444444)
  stlxp w3, x2, x1, [x9]
  EXPECT(x3, 0)
  ldxp w4, w5, [x9]
  EXPECT(x4, 0x44444444)
  EXPECT(x5, 0x33333333)
  stxp w3, w5, w4, [x9]
  EXPECT(x3, 0)
  ldr x0, [x9]
  EXPECT(x0, 0x4444444433333333)
  // An atomic increment, with SP as the base
  mov sp, x9
  mov x6, #0
1: ldxr x0, [sp]
  add x0, x0, #1
  stxr w3, x0, [sp]
  cbnz w3, 1b
  add x6, x6, #1
  cmp x6, #100
  b.ne 1b
  ldr x0, [x9]
  EXPECT(x0, 0x4444444433333333 + 100)
  // ERET clears the monitor
  ldxr x0, [x9]
  adr x1, 1f
  msr elr_el3, x1
  mov x1, #0x3cd
  msr spsr_el3, x1
  eret
1: stxr w3, x1, [x9]
  EXPECT(x3, 1)
  PASS
