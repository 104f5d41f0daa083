/* Bringing the link up. The endpoint has no interrupt for it, so a timer looks, until the link is up or has had time
 * enough. */
#include "card.h"
#include "console.h"
#include "timer.h"
#include "timers.h"

enum { LOOK_US = 100, TRAINING_LIMIT_US = 1000000 };

static uint64_t started_us;
static int trains;

static void link_timer(void* context);

static struct timers_entry timer = {.expired = link_timer};

static void look_again(void) {
  trains = 1;
  timers_set(&timer, now_us() + LOOK_US);
}

static void link_timer(void* context) {
  (void)context;
  unsigned generation, lanes;
  trains = 0;
  if (pcie_link_up(&generation, &lanes))
    print_log("link up: generation %u, %u lanes", generation, lanes);
  else if (now_us() - started_us > TRAINING_LIMIT_US)
    print_log("link does not come up");
  else
    look_again();
}

void link_start(void) {
  pcie_link_enable();
  print_log("link enabled");
  started_us = now_us();
  look_again();
}

void link_save(struct live_state* state) {
  state->link_trains = trains != 0;
  state->link_started_us = started_us;
}

void link_restore(const struct live_state* state) {
  started_us = state->link_started_us;
  if (state->link_trains) look_again();
}
