/* The controller firmware: sleeps until a message or the timer wants something, does it, and sleeps again.
 *
 * The interrupt handler only notes what came, and disables the interrupt at the GIC (a message keeps its line asserted
 * until it is taken out); all work is done here, one piece after the other. The watchdog runs only while there is work:
 * so an idle card is not woken to feed it, and it catches what it is for, work that does not end.
 */
#include "card.h"
#include "console.h"
#include "cpu.h"
#include "exception.h"
#include "gic.h"
#include "mailbox.h"
#include "map.h"
#include "network.h"
#include "timers.h"
#include "watchdog.h"

const char program_name[] = "firmware";

static volatile int timer_expired;
static volatile int message_waits;
static volatile int tampered;

void irq_handler(uint64_t pc) {
  unsigned id = gic_acknowledge();
  if (id >= GIC_NONE) return;
  switch (id) {
    case IRQ_PHYSICAL_TIMER: timer_expired = 1; break;
    case IRQ_MAILBOX: message_waits = 1; break;
    case IRQ_SECURITY: tampered = 1; break;
    case IRQ_WATCHDOG: print_log("watchdog: no progress, at 0x%lx; reset follows", pc); break;
    default: print_log("unexpected interrupt %u", id); break;
  }
  gic_disable(id);
  gic_end(id);
}

static void wait_for_work(void) {
  for (;;) {
    irq_mask();
    if (timer_expired || message_waits || tampered) break;
    wait_for_interrupt();
    irq_unmask(); /* now the handler runs */
  }
  irq_unmask();
}

/* Messages, and an update a slice at a time between them, until there is nothing more to do. */
static void work(void) {
  int more;
  do {
    more = 0;
    if (mailbox_waiting(MAILBOX_CHANNEL_CONTROL)) {
      control_handle_message();
      more = 1;
    }
    if (mailbox_waiting(MAILBOX_CHANNEL_NVME)) {
      volumes_handle_message();
      more = 1;
    }
    if (mailbox_waiting(MAILBOX_CHANNEL_NIC)) {
      interfaces_handle_message();
      more = 1;
    }
    if (mailbox_waiting(MAILBOX_CHANNEL_VPC)) {
      network_handle_message();
      more = 1;
    }
    if (update_step(&card_update)) more = 1;
    watchdog_feed();
  } while (more);
}

static void start(uint64_t x0) {
  console_init();
  struct boot_handoff* handoff = card_handoff(x0);
  uint32_t version = handoff->image.version;
  print_log("cardvp controller firmware %u.%u.%u, slot %c", version >> 24, version >> 16 & 0xff, version & 0xffff,
            handoff->slot + 'A');
  gic_init();
  gic_enable(IRQ_WATCHDOG);
  gic_enable(IRQ_PHYSICAL_TIMER);
  tamper_enable();
  gic_enable(IRQ_SECURITY);
  control_init(handoff);
  card_update_init(handoff);
  card_take_over(handoff);
  mailbox_enable(MAILBOX_CHANNEL_CONTROL);
  mailbox_enable(MAILBOX_CHANNEL_NVME);
  mailbox_enable(MAILBOX_CHANNEL_NIC);
  mailbox_enable(MAILBOX_CHANNEL_VPC);
  gic_enable(IRQ_MAILBOX);
  print_log("ready");
}

_Noreturn void main(uint64_t x0);

_Noreturn void main(uint64_t x0) {
  start(x0);
  watchdog_stop(); /* of the firmware before */
  watchdog_start(WATCHDOG_US);
  work(); /* of a live update: what it has to finish */
  watchdog_stop();
  for (;;) {
    wait_for_work();
    watchdog_start(WATCHDOG_US);
    if (message_waits) {
      message_waits = 0;
      work();
      gic_enable(IRQ_MAILBOX);
    }
    if (timer_expired) {
      timer_expired = 0;
      timers_run();
      gic_enable(IRQ_PHYSICAL_TIMER);
    }
    if (tampered) {
      tampered = 0;
      tamper_handle();
      gic_enable(IRQ_SECURITY);
    }
    watchdog_stop();
  }
}
