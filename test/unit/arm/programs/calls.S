/* Functions that call each other, with frame records but for `plain`; for traces, profiles and backtraces. */
  .macro enter
  stp  x29, x30, [sp, #-16]!
  mov  x29, sp
  .endm
  .macro leave
  ldp  x29, x30, [sp], #16
  ret
  .endm

  .text
  .global _start, outer
  .type _start, %function
_start:
  adr  x0, vectors
  msr  vbar_el3, x0
  movz x0, #0x4008, lsl #16
  mov  sp, x0
  mov  x29, #0
  mov  x30, #0
  bl   outer
  msr  daifset, #15
  wfi
  b    .
  .size _start, . - _start

  .type outer, %function
outer:
  enter
  mov  x19, #3
1: bl  middle
  subs x19, x19, #1
  b.ne 1b
  svc  #7
  leave
  .size outer, . - outer

  .type middle, %function
middle:
  enter
  bl   leaf
  bl   plain
  leave
  .size middle, . - middle

  .type leaf, %function
leaf:
  enter
  mov  x0, #1000
spin: /* a label, not a function */
  sub  x0, x0, #1
  cbnz x0, spin
  leave
  .size leaf, . - leaf

  .type plain, %function
plain:
  mov  x0, #500
1: sub x0, x0, #1
  cbnz x0, 1b
  ret
  .size plain, . - plain

  .balign 2048
vectors:
  .space 0x200
  eret
