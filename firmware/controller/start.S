#include "startup.inc"

  .section .text.start, "ax"
  .global _start
_start:
  msr  daifset, #15
  startup 1
  bl   main /* does not return */

  vector_table 1, 1
