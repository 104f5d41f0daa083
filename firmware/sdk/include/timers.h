/* Any number of timers on the one of timer.h: which is started for the earliest, and stopped when there is none, so
 * that an idle core sleeps. Not for interrupt handlers. */
#ifndef CARDVP_FIRMWARE_TIMERS_H
#define CARDVP_FIRMWARE_TIMERS_H

#include <stdint.h>

struct timers_entry {
  struct timers_entry* next; /* by time */
  uint64_t at_us;            /* as now_us() counts */
  void (*expired)(void* context);
  void* context;
};

/* Sets the timer, or moves it; `expired` is called once, by timers_run(), at that time or later. The entry is the
 * caller's, and stays where it is until then. */
void timers_set(struct timers_entry* entry, uint64_t at_us);
/* Also of one that is not set. */
void timers_cancel(struct timers_entry* entry);

/* When IRQ_PHYSICAL_TIMER has come. */
void timers_run(void);

#endif
