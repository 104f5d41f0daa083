  .section .text
/* call_rom(call, a, b): SMC #0 with known values in all registers that the ROM has to keep. */
  .global call_rom
call_rom:
  stp  x29, x30, [sp, #-96]!
  stp  x19, x20, [sp, #16]
  stp  x21, x22, [sp, #32]
  stp  x23, x24, [sp, #48]
  stp  x25, x26, [sp, #64]
  stp  x27, x28, [sp, #80]
  .irp n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
  mov  x\n, #(0x1000 + \n)
  .endr
  smc  #0
  mov  x1, #1
  .irp n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
  sub  x\n, x\n, #0x1000
  cmp  x\n, #\n
  csel x1, x1, xzr, eq
  .endr
  adrp x2, registers_kept
  add  x2, x2, :lo12:registers_kept
  str  x1, [x2]
  ldp  x19, x20, [sp, #16]
  ldp  x21, x22, [sp, #32]
  ldp  x23, x24, [sp, #48]
  ldp  x25, x26, [sp, #64]
  ldp  x27, x28, [sp, #80]
  ldp  x29, x30, [sp], #96
  ret

  .section .bss
  .balign 8
  .global registers_kept
registers_kept:
  .skip 8
