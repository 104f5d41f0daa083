#include "startup.inc"

  .section .text.start, "ax"
  .global _start
_start:
  msr  daifset, #15
  mov  x19, x0 /* the ROM's handoff */
  startup 1
  mov  x0, x19
  bl   main /* does not return */

  vector_table 1, 1
