#include "watchdog.h"

#include "io.h"
#include "map.h"

enum { WATCHDOG_KEY = 0x600dd06e };

void watchdog_start(uint32_t period_us) {
  FIELD_WRITE(MAP_WATCHDOG, WATCHDOG_PERIOD, MICROSECONDS, period_us);
  FIELD_WRITE(MAP_WATCHDOG, WATCHDOG_CONTROL, ENABLE, 1);
}

void watchdog_feed(void) { FIELD_WRITE(MAP_WATCHDOG, WATCHDOG_FEED, KEY, WATCHDOG_KEY); }

void watchdog_stop(void) { FIELD_WRITE(MAP_WATCHDOG, WATCHDOG_CONTROL, ENABLE, 0); }

int watchdog_caused_reset(void) {
  if (!FIELD_READ(MAP_WATCHDOG, WATCHDOG_STATUS, CAUSED_RESET)) return 0;
  FIELD_WRITE(MAP_WATCHDOG, WATCHDOG_STATUS, CAUSED_RESET, 1);
  return 1;
}
