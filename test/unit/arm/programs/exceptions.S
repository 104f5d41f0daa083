#include "program.inc"
#include "vectors.inc"
// Executes one instruction that takes an exception at EL3.
#define FAULTS(...) adr x19, 2f; 1: __VA_ARGS__; 2: adr x18, 1b
#define EXPECT_AT_INSTRUCTION(esr) EXPECT(x20, esr) ; EXPECT_ELR(x18)
#define EXPECT_ELR(reg) sub x17, x21, reg ; EXPECT(x17, 0)
.globl _start
_start:
  adr x0, vectors
  msr vbar_el3, x0

  // Undefined: unallocated, reserved, absent features
  FAULTS(.inst 0x00000000)
  EXPECT_AT_INSTRUCTION(0x02000000)
  EXPECT(x24, 0x200)
  FAULTS(.inst 0x12408000)      // and w0, w0, #... with N set
  EXPECT_AT_INSTRUCTION(0x02000000)
  FAULTS(.inst 0x9ac04400)      // crc32 with the wrong size
  EXPECT_AT_INSTRUCTION(0x02000000)
  FAULTS(.inst 0x08a07c00)      // cas: Armv8.1
  EXPECT_AT_INSTRUCTION(0x02000000)
  FAULTS(.inst 0xb8200000)      // ldadd: Armv8.1
  EXPECT_AT_INSTRUCTION(0x02000000)
  FAULTS(.inst 0xd4400000)      // hlt, without halting debug
  EXPECT_AT_INSTRUCTION(0x02000000)
  FAULTS(.inst 0xd6bf03e0)      // drps
  EXPECT_AT_INSTRUCTION(0x02000000)
  FAULTS(.inst 0xd53cc820)      // mrs of an unallocated register
  EXPECT_AT_INSTRUCTION(0x02000000)
  FAULTS(.inst 0xd51be020)      // msr cntpct_el0: read-only
  EXPECT_AT_INSTRUCTION(0x02000000)
  FAULTS(.inst 0xd50b7a40)      // sys with nothing allocated
  EXPECT_AT_INSTRUCTION(0x02000000)

  // SVC, HVC, SMC, BRK
  FAULTS(svc #0x1234)
  EXPECT(x20, 0x56001234)
  add x18, x18, #4
  EXPECT_ELR(x18)
  FAULTS(smc #0xffff)
  EXPECT(x20, 0x5e00ffff)
  add x18, x18, #4
  EXPECT_ELR(x18)
  FAULTS(hvc #1)                // SCR_EL3.HCE is 0
  EXPECT_AT_INSTRUCTION(0x02000000)
  mrs x0, scr_el3
  orr x0, x0, #0x100
  msr scr_el3, x0
  FAULTS(hvc #1)
  EXPECT(x20, 0x5a000001)
  FAULTS(brk #7)
  EXPECT_AT_INSTRUCTION(0xf2000007)

  // Alignment: everything is Device memory while the MMU is off
  ldr x9, =0x40080000
  add x8, x9, #1
  mov x0, #0x77
  FAULTS(ldr x0, [x8])
  EXPECT_AT_INSTRUCTION(0x96000021)
  EXPECT(x22, 0x40080001)
  EXPECT(x0, 0x77)
  FAULTS(str w0, [x8, #1]!)
  EXPECT_AT_INSTRUCTION(0x96000061)
  EXPECT(x22, 0x40080002)
  EXPECT(x8, 0x40080001)        // no write-back
  add x8, x9, #4
  FAULTS(ldp x0, x1, [x8])
  EXPECT_AT_INSTRUCTION(0x96000021)
  FAULTS(stp w0, w1, [x8])      // aligned to its elements
  FAULTS(ldaxp x0, x1, [x8])
  EXPECT_AT_INSTRUCTION(0x96000021)
  add x8, x9, #8
  FAULTS(ldaxp x0, x1, [x8])    // exclusive pairs: to the whole
  EXPECT_AT_INSTRUCTION(0x96000021)
  EXPECT(x22, 0x40080008)
  FAULTS(dc zva, x9)
  EXPECT_AT_INSTRUCTION(0x96000061)

  // SP and PC alignment
  mov x20, #0
  mov x0, #0x40080000
  add x0, x0, #8
  mov sp, x0
  FAULTS(ldr x0, [sp])          // SCTLR_EL3.SA is 0
  EXPECT(x20, 0)
  mrs x0, sctlr_el3
  orr x0, x0, #8
  msr sctlr_el3, x0
  FAULTS(ldr x0, [sp])
  EXPECT_AT_INSTRUCTION(0x9a000000)
  FAULTS(stp x0, x1, [sp, #-16]!)
  EXPECT_AT_INSTRUCTION(0x9a000000)
  FAULTS(ldr x0, [sp, x1])
  EXPECT_AT_INSTRUCTION(0x9a000000)
  FAULTS(ldr x0, [sp], #8)
  EXPECT_AT_INSTRUCTION(0x9a000000)
  mov x0, sp
  EXPECT(x0, 0x40080008)
  ldr x0, =0x40000002
  FAULTS(br x0)
  EXPECT(x20, 0x8a000000)
  EXPECT(x21, 0x40000002)
  EXPECT(x22, 0x40000002)

  // External aborts: nothing is at 0x20000000
  ldr x9, =0x20000010
  mov x1, #0x55
  FAULTS(ldr x1, [x9])
  EXPECT_AT_INSTRUCTION(0x96000010)
  EXPECT(x22, 0x20000010)
  EXPECT(x1, 0x55)
  FAULTS(strb w1, [x9], #4)
  EXPECT_AT_INSTRUCTION(0x96000050)
  EXPECT(x9, 0x20000010)
  FAULTS(blr x9)
  EXPECT(x20, 0x86000010)
  EXPECT(x21, 0x20000010)
  EXPECT(x22, 0x20000010)
  // An address that is too large
  mov x9, #0x10000000000
  FAULTS(ldr x1, [x9])
  EXPECT_AT_INSTRUCTION(0x96000000)
  EXPECT(x22, 0x10000000000)

  // Illegal return: to EL2 in secure state. PSTATE.IL makes the next instruction an exception.
  adr x19, 2f
  adr x0, 1f
  msr elr_el3, x0
  mov x0, #0x3c9
  msr spsr_el3, x0
  eret
1: nop
2: EXPECT(x20, 0x3a000000)
  adr x18, 1b
  EXPECT_ELR(x18)
  and x0, x23, #0x0fffffff   // SPSR_EL3: IL, DAIF, EL3h; the flags are those of the last comparison
  EXPECT(x0, 0x1003cd)
  PASS
  vectors
