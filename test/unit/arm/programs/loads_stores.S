#include "program.inc"
#define BUFFER 0x40080000
.globl _start
_start:
  ldr x9, =BUFFER
  ldr x1, =0x8899aabbccddeeff
  str x1, [x9]
  // Sizes and signs
  ldrb w0, [x9]
  EXPECT(x0, 0xff)
  ldrh w0, [x9]
  EXPECT(x0, 0xeeff)
  ldr w0, [x9]
  EXPECT(x0, 0xccddeeff)
  ldr x0, [x9]
  EXPECT(x0, 0x8899aabbccddeeff)
  ldrsb x0, [x9]
  EXPECT(x0, 0xffffffffffffffff)
  ldrsb w0, [x9, #1]
  EXPECT(x0, 0xffffffee)
  ldrsh x0, [x9, #6]
  EXPECT(x0, 0xffffffffffff8899)
  ldrsh w0, [x9, #2]
  EXPECT(x0, 0xffffccdd)
  ldrsw x0, [x9, #4]
  EXPECT(x0, 0xffffffff8899aabb)
  strb wzr, [x9, #1]
  ldr x0, [x9]
  EXPECT(x0, 0x8899aabbccdd00ff)
  strh w1, [x9, #2]
  ldr x0, [x9]
  EXPECT(x0, 0x8899aabbeeff00ff)
  str w1, [x9, #4]
  ldr x0, [x9]
  EXPECT(x0, 0xccddeeffeeff00ff)

  // Addressing modes


  ldr x9, =BUFFER
  str x1, [x9, #-8]!
  EXPECT(x9, BUFFER - 8)
  ldr x0, [x9], #255
  EXPECT(x0, 0x8899aabbccddeeff)
  EXPECT(x9, BUFFER - 8 + 255)
  ldr x9, =BUFFER
  ldur x0, [x9, #-8]
  EXPECT(x0, 0x8899aabbccddeeff)
  ldrb w0, [x9, #-1]!
  EXPECT(x0, 0x88)
  ldr x9, =BUFFER
  str x1, [x9, #32760]
  mov x3, #4095
  ldr x0, [x9, x3, lsl #3]
  EXPECT(x0, 0x8899aabbccddeeff)
  mov x3, #-2
  add x4, x9, #16
  str x1, [x9]
  ldr x0, [x4, w3, sxtw #3]
  EXPECT(x0, 0x8899aabbccddeeff)
  mov w3, #-8
  ldr x4, =BUFFER - 0xfffffff8
  ldr w0, [x4, w3, uxtw]
  EXPECT(x0, 0xccddeeff)
  mov x3, #4
  ldrsw x0, [x9, x3]
  EXPECT(x0, 0xffffffff8899aabb)
  ldrh w0, [x9, x3, lsl #1]
  mov x5, #0x4242
  strh w5, [x9, x3, lsl #1]
  ldrh w0, [x9, #8]
  EXPECT(x0, 0x4242)
  // The loaded value wins over the write-back; a store writes the register's old value
  .inst 0xf8408529         // ldr x9, [x9], #8
  EXPECT(x9, 0x8899aabbccddeeff)
  ldr x9, =BUFFER
  .inst 0xf8008d29         // str x9, [x9, #8]!
  ldr x0, [x9]
  EXPECT(x0, BUFFER)
  EXPECT(x9, BUFFER + 8)

  // Literals
  ldr x0, literal
  EXPECT(x0, 0x89abcdef01234567)
  ldr w0, literal + 4
  EXPECT(x0, 0x89abcdef)
  ldrsw x0, literal + 4
  EXPECT(x0, 0xffffffff89abcdef)

  // Pairs
  ldr x9, =BUFFER
  mov x2, #0x22
  stp x1, x2, [x9]
  ldp x3, x4, [x9]
  EXPECT(x3, 0x8899aabbccddeeff)
  EXPECT(x4, 0x22)
  ldp w3, w4, [x9]
  EXPECT(x3, 0xccddeeff)
  EXPECT(x4, 0x8899aabb)
  ldpsw x3, x4, [x9], #-256
  EXPECT(x3, 0xffffffffccddeeff)
  EXPECT(x4, 0xffffffff8899aabb)
  EXPECT(x9, BUFFER - 256)
  stp x2, x1, [x9, #-16]!
  EXPECT(x9, BUFFER - 272)
  ldnp x3, x4, [x9]
  EXPECT(x3, 0x22)
  stp w1, w2, [x9, #8]
  ldr x3, [x9, #8]
  EXPECT(x3, 0x22ccddeeff)
  mov sp, x9
  stp x1, x2, [sp, #-32]!
  ldp x3, x4, [sp], #32
  EXPECT(x4, 0x22)
  mov x3, sp
  EXPECT(x3, BUFFER - 272)
  stp xzr, xzr, [sp, #16]
  ldr x3, [sp, #24]
  EXPECT(x3, 0)
  str x2, [sp, #-16]!
  ldr x3, [sp], #16
  EXPECT(x3, 0x22)
  // A pair over the end of a page
  ldr x9, =BUFFER + 4096 - 8
  stp x1, x2, [x9]
  ldp x3, x4, [x9]
  EXPECT(x3, 0x8899aabbccddeeff)
  EXPECT(x4, 0x22)
  ldr x0, [x9, #8]
  EXPECT(x0, 0x22)
  ldr x9, =BUFFER + 4096 - 4
  stp w2, w1, [x9]
  ldp w3, w4, [x9]
  EXPECT(x3, 0x22)
  EXPECT(x4, 0xccddeeff)

  // Unprivileged, acquire and release, prefetch
  ldr x9, =BUFFER
  str x1, [x9]
  sttr w2, [x9, #4]
  ldtr x0, [x9]
  EXPECT(x0, 0x22ccddeeff)
  ldtrsb x0, [x9]
  EXPECT(x0, 0xffffffffffffffff)
  stlr x1, [x9]
  ldar x0, [x9]
  EXPECT(x0, 0x8899aabbccddeeff)
  stlrb w2, [x9]
  ldarb w0, [x9]
  EXPECT(x0, 0x22)
  ldarh w0, [x9]
  EXPECT(x0, 0xee22)
  prfm pldl1keep, [x2, #8]
  prfum pldl1keep, [x9, #-1]
  prfm pldl1keep, [x9, x2]
  prfm pstl3strm, literal
  PASS
.balign 8
literal: .quad 0x89abcdef01234567
