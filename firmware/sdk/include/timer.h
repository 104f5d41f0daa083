/* The generic timer: the physical counter, and the EL1 physical timer as a one-shot interrupt (IRQ_PHYSICAL_TIMER). */
#ifndef CARDVP_FIRMWARE_TIMER_H
#define CARDVP_FIRMWARE_TIMER_H

#include <stdint.h>

/* Microseconds since the counter started. */
uint64_t now_us(void);

/* The interrupt is asserted `us` microseconds from now, and until the next call of either. */
void timer_start(uint32_t us);
void timer_stop(void);

#endif
