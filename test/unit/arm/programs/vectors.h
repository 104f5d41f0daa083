// Vectors that note each synchronous exception to EL3: ESR in x20, ELR in x21, FAR in x22, SPSR in x23, the vector's
// offset in x24; then execution goes on at x19.
.macro vector offset
  .balign 128
  mov x24, #\offset
  mrs x20, esr_el3
  mrs x21, elr_el3
  mrs x22, far_el3
  mrs x23, spsr_el3
  bic x17, x23, #1 << 20       // a return with PSTATE.IL would be no return
  msr spsr_el3, x17
  msr elr_el3, x19
  eret
.endm
.macro vectors
  .balign 2048
vectors:
  vector 0x000
  vector 0x080
  vector 0x100
  vector 0x180
  vector 0x200
  vector 0x280
  vector 0x300
  vector 0x380
  vector 0x400
  vector 0x480
  vector 0x500
  vector 0x580
.endm
