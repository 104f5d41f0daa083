#include "program.inc"
.globl _start
_start:
  // Moves
  movz x0, #0x1234, lsl #48
  EXPECT(x0, 0x1234000000000000)
  movk x0, #0xabcd, lsl #16
  EXPECT(x0, 0x12340000abcd0000)
  movn x0, #0xff, lsl #16
  EXPECT(x0, 0xffffffffff00ffff)
  movn w0, #0
  EXPECT(x0, 0x00000000ffffffff)
  movk w0, #0x1234, lsl #16
  EXPECT(x0, 0x1234ffff)
  mov x0, #0xaaaaaaaaaaaaaaaa
  EXPECT(x0, 0xaaaaaaaaaaaaaaaa)
  mov w0, #0x0ff00ff0
  EXPECT(x0, 0x0ff00ff0)
  adr x0, _start
  EXPECT(x0, 0x40000000)
  adrp x0, _start + 0x3000
  EXPECT(x0, 0x40003000)

  // Add and subtract, immediate, with flags
  mov x1, #-1
  add x0, x1, #1
  EXPECT(x0, 0)
  add w0, w1, #1
  EXPECT(x0, 0)
  add x0, x1, #0xfff, lsl #12
  EXPECT(x0, 0x0000000000ffefff)
  sub w0, wzr, w1
  EXPECT(x0, 1)
  adds x0, x1, #1
  EXPECT_FLAGS(0b0110)
  mov x2, #0x7fffffffffffffff
  adds x0, x2, #1
  EXPECT_FLAGS(0b1001)
  mov w2, #0x7fffffff
  adds w0, w2, #1
  EXPECT_FLAGS(0b1001)
  mov w2, #0x7fffffff
  adds w0, w2, #1
  EXPECT(x0, 0x80000000)
  mov x2, #0x7fffffff
  adds x0, x2, #1
  EXPECT_FLAGS(0b0000)
  mov x2, #5
  subs x0, x2, #5
  EXPECT_FLAGS(0b0110)
  mov x2, #5
  subs x0, x2, #6
  EXPECT_FLAGS(0b1000)
  mov x2, #0x8000000000000000
  subs x0, x2, #1
  EXPECT_FLAGS(0b0011)
  mov w2, #0x80000000
  subs w0, w2, #1
  EXPECT_FLAGS(0b0011)
  cmp xzr, xzr
  EXPECT_FLAGS(0b0110)
  cmn x1, #1
  EXPECT_FLAGS(0b0110)

  // Shifted and extended registers
  mov x1, #0xf0
  mov x2, #3
  add x0, x1, x2, lsl #60
  EXPECT(x0, 0x30000000000000f0)
  sub x0, x2, x1, lsr #4
  EXPECT(x0, 0xfffffffffffffff4)
  mov x3, #0x8000000000000000
  add x0, x2, x3, asr #62
  EXPECT(x0, 1)
  mov w3, #0x80000000
  add w0, w2, w3, asr #30
  EXPECT(x0, 1)
  ldr x3, =0xffffffff80c08180
  add x0, x2, w3, uxtb
  EXPECT(x0, 0x83)
  add x0, x2, w3, sxtb #2
  EXPECT(x0, 0xfffffffffffffe03)
  add x0, x2, w3, uxth #1
  EXPECT(x0, 0x10303)
  add x0, x2, w3, sxth
  EXPECT(x0, 0xffffffffffff8183)
  add x0, x2, w3, uxtw
  EXPECT(x0, 0x80c08183)
  add x0, x2, w3, sxtw #4
  EXPECT(x0, 0xfffffff80c081803)
  sub w0, w2, w3, sxtb
  EXPECT(x0, 0x83)
  mov sp, x1
  add sp, sp, x2, lsl #4
  mov x0, sp
  EXPECT(x0, 0x120)
  subs x0, sp, x2, uxtx #1
  EXPECT(x0, 0x11a)

  // With carry
  mov x1, #-1
  mov x2, #0
  cmp xzr, xzr
  adcs x0, x1, x2
  EXPECT_FLAGS(0b0110)
  cmp xzr, xzr
  adc x0, x1, x1
  EXPECT(x0, 0xffffffffffffffff)
  adds xzr, xzr, xzr
  sbc x0, x1, x2
  EXPECT(x0, 0xfffffffffffffffe)
  adds xzr, xzr, xzr
  sbcs x0, x2, x2
  EXPECT_FLAGS(0b1000)
  cmp xzr, xzr
  sbcs w0, w2, w2
  EXPECT_FLAGS(0b0110)
  cmp xzr, xzr
  ngc x0, x2
  EXPECT(x0, 0)

  // Logical
  ldr x1, =0xff00ff00ff00ff00
  ldr x2, =0x0ff00ff00ff00ff0
  and x0, x1, x2
  EXPECT(x0, 0x0f000f000f000f00)
  bic x0, x1, x2
  EXPECT(x0, 0xf000f000f000f000)
  orr x0, x1, x2
  EXPECT(x0, 0xfff0fff0fff0fff0)
  orn w0, w1, w2
  EXPECT(x0, 0xff0fff0f)
  eor x0, x1, x2
  EXPECT(x0, 0xf0f0f0f0f0f0f0f0)
  eon w0, w1, w2
  EXPECT(x0, 0x0f0f0f0f)
  and x0, x1, x2, ror #4
  EXPECT(x0, 0x00ff000000ff0000 ^ 0x00ff000000ff0000)
  orr w0, w1, w2, ror #8
  EXPECT(x0, 0xff0fff0f ^ 0x00ff00ff ^ 0x0ff00ff0 ^ 0x0ff00ff0 ^ 0x00ff00ff ^ 0xff0fff0f | 0xff00ff00 | 0xf00ff00f)
  ands x0, x1, #0x8000000000000000
  EXPECT_FLAGS(0b1000)
  tst w1, #0xff
  EXPECT_FLAGS(0b0100)
  bics w0, w1, w1
  EXPECT_FLAGS(0b0100)
  tst w1, w1
  EXPECT_FLAGS(0b1000)
  eor w0, w1, #0xffffffff ^ 0x0000ffff
  EXPECT(x0, 0x00ffff00)
  mvn w0, w1
  EXPECT(x0, 0x00ff00ff)

  // Bit fields
  ldr x1, =0x123456789abcdef0
  ubfx x0, x1, #4, #8
  EXPECT(x0, 0xef)
  ubfx x0, x1, #32, #32
  EXPECT(x0, 0x12345678)
  sbfx x0, x1, #4, #8
  EXPECT(x0, 0xffffffffffffffef)
  sbfx w0, w1, #28, #4
  EXPECT(x0, 0xfffffff9)
  ubfiz x0, x1, #60, #4
  EXPECT(x0, 0)
  ubfiz x0, x1, #8, #16
  EXPECT(x0, 0xdef000)
  sbfiz x0, x1, #8, #16
  EXPECT(x0, 0xffffffffffdef000)
  sbfiz w0, w1, #8, #16
  EXPECT(x0, 0xffdef000)
  lsl x0, x1, #63
  EXPECT(x0, 0)
  lsl x0, x1, #4
  EXPECT(x0, 0x23456789abcdef00)
  lsl w0, w1, #4
  EXPECT(x0, 0xabcdef00)
  lsr x0, x1, #60
  EXPECT(x0, 1)
  lsr w0, w1, #31
  EXPECT(x0, 1)
  asr x0, x1, #63
  EXPECT(x0, 0)
  asr w0, w1, #31
  EXPECT(x0, 0xffffffff)
  mov x0, #-1
  bfi x0, x1, #8, #8
  EXPECT(x0, 0xfffffffffffff0ff)
  mov x0, #0
  bfxil x0, x1, #12, #12
  EXPECT(x0, 0xbcd)
  mov x0, #-1
  bfi w0, w1, #28, #4
  EXPECT(x0, 0x0fffffff)
  mov x0, #-1
  bfxil w0, w1, #0, #32
  EXPECT(x0, 0x9abcdef0)
  sxtb x0, w1
  EXPECT(x0, 0xfffffffffffffff0)
  sxth w0, w1
  EXPECT(x0, 0xffffdef0)
  sxtw x0, w1
  EXPECT(x0, 0xffffffff9abcdef0)
  uxtb w0, w1
  EXPECT(x0, 0xf0)
  uxth w0, w1
  EXPECT(x0, 0xdef0)
  extr x0, x1, x0, #8
  EXPECT(x0, 0xf0000000000000de)
  ror w0, w1, #8
  EXPECT(x0, 0xf09abcde)
  extr x0, x1, x2, #0
  EXPECT(x0, 0x0ff00ff00ff00ff0)

  // Shifts by register take the amount modulo the width
  mov x2, #68
  lsl x0, x1, x2
  EXPECT(x0, 0x23456789abcdef00)
  lsr x0, x1, x2
  EXPECT(x0, 0x0123456789abcdef)
  lsl w0, w1, w2
  EXPECT(x0, 0xabcdef00)
  asr w0, w1, w2
  EXPECT(x0, 0xf9abcdef)
  ror x0, x1, x2
  EXPECT(x0, 0x0123456789abcdef)
  ror w0, w1, w2
  EXPECT(x0, 0x09abcdef)

  // One source
  rbit x0, x1
  EXPECT(x0, 0x0f7b3d591e6a2c48)
  rbit w0, w1
  EXPECT(x0, 0x0f7b3d59)
  rev x0, x1
  EXPECT(x0, 0xf0debc9a78563412)
  rev w0, w1
  EXPECT(x0, 0xf0debc9a)
  rev16 x0, x1
  EXPECT(x0, 0x34127856bc9af0de)
  rev16 w0, w1
  EXPECT(x0, 0xbc9af0de)
  rev32 x0, x1
  EXPECT(x0, 0x78563412f0debc9a)
  clz x0, x1
  EXPECT(x0, 3)
  clz w0, wzr
  EXPECT(x0, 32)
  clz x0, xzr
  EXPECT(x0, 64)
  cls x0, xzr
  EXPECT(x0, 63)
  cls w0, w1
  EXPECT(x0, 0)
  mov x2, #-1
  cls w0, w2
  EXPECT(x0, 31)
  mov x2, #0xffff000000000000
  cls x0, x2
  EXPECT(x0, 15)

  // Multiply and divide
  mov x1, #7
  mov x2, #-3
  mov x3, #100
  madd x0, x1, x2, x3
  EXPECT(x0, 79)
  msub x0, x1, x2, x3
  EXPECT(x0, 121)
  mul w0, w1, w2
  EXPECT(x0, 0xffffffeb)
  mneg x0, x1, x2
  EXPECT(x0, 21)
  smaddl x0, w1, w2, x3
  EXPECT(x0, 79)
  umaddl x0, w1, w2, x3
  EXPECT(x0, 0x70000004f)
  smsubl x0, w1, w2, x3
  EXPECT(x0, 121)
  umsubl x0, w1, w2, x3
  EXPECT(x0, 0xfffffff900000079)
  smulh x0, x1, x2
  EXPECT(x0, 0xffffffffffffffff)
  umulh x0, x1, x2
  EXPECT(x0, 6)
  sdiv x0, x2, x1
  EXPECT(x0, 0)
  mov x4, #-100
  sdiv x0, x4, x1
  EXPECT(x0, 0xfffffffffffffff2)
  udiv x0, x3, x1
  EXPECT(x0, 14)
  sdiv w0, w4, w1
  EXPECT(x0, 0xfffffff2)
  udiv x0, x3, xzr
  EXPECT(x0, 0)
  mov x4, #0x8000000000000000
  mov x5, #-1
  sdiv x0, x4, x5
  EXPECT(x0, 0x8000000000000000)
  mov w4, #0x80000000
  sdiv w0, w4, w5
  EXPECT(x0, 0x80000000)

  // CRC-32 and CRC-32C of "123456789": 0xcbf43926 and 0xe3069283 after the final inversion
  ldr x1, =0x3837363534333231
  mov w2, #0x39
  mov w0, #-1
  crc32x w0, w0, x1
  crc32b w0, w0, w2
  mvn w0, w0
  EXPECT(x0, 0xcbf43926)
  mov w0, #-1
  crc32cw w0, w0, w1
  lsr x3, x1, #32
  crc32ch w0, w0, w3
  lsr x3, x1, #48
  crc32ch w0, w0, w3
  crc32cb w0, w0, w2
  mvn w0, w0
  EXPECT(x0, 0xe3069283)
  mov w0, #-1
  crc32w w0, w0, w1
  lsr x3, x1, #32
  crc32h w0, w0, w3
  lsr x3, x1, #48
  crc32h w0, w0, w3
  crc32b w0, w0, w2
  mvn w0, w0
  EXPECT(x0, 0xcbf43926)
  mov w0, #-1
  crc32cx w0, w0, x1
  crc32cb w0, w0, w2
  mvn w0, w0
  EXPECT(x0, 0xe3069283)

  // Conditional select and compare
  mov x1, #10
  mov x2, #20
  cmp x1, x2
  csel x0, x1, x2, lt
  EXPECT(x0, 10)
  cmp x1, x2
  csinc x0, x1, x2, ge
  EXPECT(x0, 21)
  cmp x1, x2
  csinv w0, w1, w2, hi
  EXPECT(x0, 0xffffffeb)
  cmp x1, x2
  csneg x0, x1, x2, eq
  EXPECT(x0, 0xffffffffffffffec)
  cmp x1, x2
  cset x0, ne
  EXPECT(x0, 1)
  cmp x1, x2
  csetm w0, ls
  EXPECT(x0, 0xffffffff)
  cmp x1, x2
  ccmp x1, #10, #0, lo
  EXPECT_FLAGS(0b0110)
  cmp x1, x2
  ccmp x1, #10, #9, hs
  EXPECT_FLAGS(0b1001)
  cmp x1, x2
  ccmn w1, w2, #0, ne
  EXPECT_FLAGS(0b0000)
  cmp x1, x2
  ccmp w1, w2, #0, mi
  EXPECT_FLAGS(0b1000)
  cmp x1, x2
  ccmp x1, x2, #15, al
  EXPECT_FLAGS(0b1000)
  cmp x1, x2
  ccmp x1, x2, #15, vs
  EXPECT_FLAGS(0b1111)

  // NZCV is a register
  mov x0, #0x50000000
  msr nzcv, x0
  EXPECT_FLAGS(0b0101)
  mov x0, #0xf0000000
  msr nzcv, x0
  mrs x1, nzcv
  EXPECT(x1, 0xf0000000)

  // Writes to XZR vanish, reads are zero
  mov x0, #1
  add xzr, x0, x0
  orr x1, xzr, x0
  EXPECT(x1, 1)
  PASS
