#include "timers.h"

#include "timer.h"

static struct timers_entry* first;

static void start(void) {
  if (!first) {
    timer_stop();
    return;
  }
  uint64_t now = now_us(), us = first->at_us > now ? first->at_us - now : 0;
  timer_start(us < UINT32_MAX ? (uint32_t)us : UINT32_MAX); /* comes too early then, and is started again */
}

static void take_out(const struct timers_entry* entry) {
  for (struct timers_entry** link = &first; *link; link = &(*link)->next)
    if (*link == entry) {
      *link = entry->next;
      return;
    }
}

void timers_set(struct timers_entry* entry, uint64_t at_us) {
  take_out(entry);
  entry->at_us = at_us;
  struct timers_entry** link = &first;
  while (*link && (*link)->at_us <= at_us) link = &(*link)->next; /* of the same time: in the order of setting */
  entry->next = *link;
  *link = entry;
  start();
}

void timers_cancel(struct timers_entry* entry) {
  take_out(entry);
  start();
}

void timers_run(void) {
  /* Those that are due now: one that sets itself again at once does not keep the others waiting. */
  uint64_t now = now_us();
  while (first && first->at_us <= now) {
    struct timers_entry* entry = first;
    first = entry->next;
    entry->expired(entry->context);
  }
  start();
}
