// A self-checking program: EXPECT(register, value) for each finding, then PASS. The result, at 0x400ff000, is 0x600d,
// or the number of the line that failed, with what it found behind it.

.macro expect reg, value, line
  mov x27, \reg
  ldr x28, =\value
  mov x26, #\line
  cmp x27, x28
  b.ne finish
.endm
#define EXPECT(reg, value) expect reg, value, __LINE__

// The flags as N, Z, C, V in bits 3 to 0.
.macro expect_flags value, line
  mrs x27, nzcv
  lsr x27, x27, #28
  mov x28, #\value
  mov x26, #\line
  cmp x27, x28
  b.ne finish
.endm
#define EXPECT_FLAGS(value) expect_flags value, __LINE__

.macro pass
  mov x26, #0x600d
  mov x27, #0
finish:
  ldr x28, =0x400ff000
  mov x25, #0
  str x26, [x28]
  str x27, [x28, #8]
  msr daifset, #15
1: wfi
  b 1b
  .ltorg
.endm
#define PASS pass
