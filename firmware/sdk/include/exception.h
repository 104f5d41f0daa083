/* Where the vectors of startup.inc go. */
#ifndef CARDVP_FIRMWARE_EXCEPTION_H
#define CARDVP_FIRMWARE_EXCEPTION_H

#include <stdint.h>

/* Of the program, for its messages. */
extern const char program_name[];

/* Prints what happened on the UART and stops. `vector`: 0-15 in the order of the vector table (Arm ARM D1.10.2). */
_Noreturn void exception_stop(uint64_t vector, uint64_t esr, uint64_t elr, uint64_t far_);

/* Of a program that takes interrupts: called with them masked; `pc` is where the interrupt came. */
void irq_handler(uint64_t pc);

#endif
