/* The watchdog: after one period without feeding, IRQ_WATCHDOG; after a second one, a reset of the card. */
#ifndef CARDVP_FIRMWARE_WATCHDOG_H
#define CARDVP_FIRMWARE_WATCHDOG_H

#include <stdint.h>

void watchdog_start(uint32_t period_us);
void watchdog_feed(void);
void watchdog_stop(void);

/* Whether it caused the last reset; forgets it. */
int watchdog_caused_reset(void);

#endif
