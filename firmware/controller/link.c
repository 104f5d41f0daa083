/* Bringing the link up. The endpoint has no interrupt for it, so the timer looks, until the link is up or has had time
 * enough. */
#include "card.h"
#include "console.h"
#include "timer.h"

enum { LOOK_US = 100, TRAINING_LIMIT_US = 1000000 };

static uint64_t started_us;
static int trains;

void link_start(void) {
  pcie_link_enable();
  print_log("link enabled");
  started_us = now_us();
  trains = 1;
  timer_start(LOOK_US);
}

void link_timer(void) {
  unsigned generation, lanes;
  timer_stop();
  trains = 0;
  if (pcie_link_up(&generation, &lanes)) {
    print_log("link up: generation %u, %u lanes", generation, lanes);
  } else if (now_us() - started_us > TRAINING_LIMIT_US) {
    print_log("link does not come up");
  } else {
    trains = 1;
    timer_start(LOOK_US);
  }
}

void link_save(struct live_state* state) {
  state->link_trains = trains != 0;
  state->link_started_us = started_us;
}

void link_restore(const struct live_state* state) {
  trains = state->link_trains;
  started_us = state->link_started_us;
  if (trains) timer_start(LOOK_US);
}
