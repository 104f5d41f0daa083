// Two cores: PSCI, SGIs between them, events, exclusives. The first core alone prints; the second one does what the
// first one puts into `order` and says so by setting it back.
#include "runtime.h"

enum {
  PSCI_VERSION = 0x84000000,
  PSCI_CPU_ON = 0xc4000003,
  PSCI_AFFINITY_INFO = 0xc4000004,
  PSCI_FEATURES = 0x8400000a
};
enum { kIdle, kRespond, kIncrement, kWaitForEvent, kSendEvent, kTakeSgi, kSendSgi, kTurnOff };
enum { kIncrements = 20000, kContext = 0x1234 };

static struct { volatile u64 order, seen, counter, lock, answer[4]; } shared;

extern char start[];

static void lock(void) {
  u32 taken, failed;
  asm volatile("sevl\n1: wfe\n2: ldaxr %w0, [%2]\ncbnz %w0, 1b\nstxr %w1, %w3, [%2]\ncbnz %w1, 2b"
               : "=&r"(taken), "=&r"(failed)
               : "r"(&shared.lock), "r"(1)
               : "memory");
}
static void unlock(void) { asm volatile("stlr %w0, [%1]\nsev" ::"r"(0), "r"(&shared.lock) : "memory"); }

static void increment(void) {
  for (unsigned i = 0; i < kIncrements / 2; ++i) {
    lock();
    ++shared.counter;
    unlock();
  }
  for (unsigned i = 0; i < kIncrements / 2; ++i) {
    u64 value;
    u32 failed;
    asm volatile("1: ldxr %0, [%2]\nadd %0, %0, #1\nstxr %w1, %0, [%2]\ncbnz %w1, 1b"
                 : "=&r"(value), "=&r"(failed)
                 : "r"(&shared.counter)
                 : "memory");
  }
}

static void enable_interrupts(void) {
  store32(GICC + 4, 0xff);
  store32(GICC, 1);
}
static u32 take_sgi(void) {
  while (!READ(isr_el1)) asm volatile("wfi");
  const u32 taken = load32(GICC + 0xc);
  store32(GICC + 0x10, taken);
  return taken;
}

static void give(u64 order) {
  shared.order = order;
  asm volatile("dsb sy\nsev");
}
static void finish(void) {
  while (shared.order != kIdle) asm volatile("yield");
}

// Entered by start.S with its own stack.
void second_core(void);
void second_core(void) {
  share_mmu();
  enable_interrupts();
  for (;;) {
    while (shared.order == kIdle) asm volatile("yield");
    switch (shared.order) {
      case kRespond:
        shared.answer[0] = READ(mpidr_el1) & 0xffffff;
        shared.answer[1] = READ(currentel) >> 2;
        shared.answer[2] = READ(daif);
        break;
      case kIncrement: increment(); break;
      case kWaitForEvent:
        asm volatile("sevl\nwfe");  // none is left
        shared.seen = 1;
        asm volatile("wfe");
        break;
      case kSendEvent: asm volatile("sev"); break;
      case kTakeSgi:
        shared.seen = 1;
        shared.answer[0] = take_sgi();
        break;
      case kSendSgi: store32(GICD + 0xf00, 1u << 16 | 7); break;
      case kTurnOff: shared.order = kIdle; return;
    }
    asm volatile("dsb sy");
    shared.order = kIdle;
  }
}

static void psci_calls(void) {
  line("version is 1.x", psci(PSCI_VERSION, 0, 0, 0) >> 16);
  line("affinity info of this core", psci(PSCI_AFFINITY_INFO, 0, 0, 0));
  line("affinity info of the other", psci(PSCI_AFFINITY_INFO, 1, 0, 0));
  line("affinity info of no core", psci(PSCI_AFFINITY_INFO, 2, 0, 0));
  line("features of cpu_on", psci(PSCI_FEATURES, PSCI_CPU_ON, 0, 0));
  line("features of nothing", psci(PSCI_FEATURES, 0x840000ff, 0, 0));
  line("no function", psci(0x840000ff, 0, 0, 0));
  line("cpu_on of this core", psci(PSCI_CPU_ON, 0, (u64)start, 0));
  line("cpu_on of no core", psci(PSCI_CPU_ON, 2, (u64)start, 0));
  line("cpu_on", psci(PSCI_CPU_ON, 1, (u64)start, kContext));
  line("cpu_on again", psci(PSCI_CPU_ON, 1, (u64)start, kContext));
}

int main(void) {
  turn_on_mmu();
  enable_interrupts();
  store32(GICD, 1);
  psci_calls();
  give(kRespond);
  finish();
  line("affinity info of the other when on", psci(PSCI_AFFINITY_INFO, 1, 0, 0));
  line("mpidr of the other", shared.answer[0]);
  line("level of the other", shared.answer[1]);
  line("daif of the other", shared.answer[2]);
  line("targets of sgis", load32(GICD + 0x800));
  line("typer", load32(GICD + 4));

  give(kIncrement);
  increment();
  finish();
  line("counted", shared.counter == 2 * kIncrements);

  shared.seen = 0;
  give(kWaitForEvent);
  while (!shared.seen) asm volatile("yield");
  asm volatile("sev");
  finish();
  line("woken by an event", 1);
  asm volatile("sevl\nwfe");
  give(kSendEvent);
  finish();
  asm volatile("wfe");
  line("event of the other", 1);

  shared.seen = 0;
  give(kTakeSgi);
  while (!shared.seen) asm volatile("yield");
  store32(GICD + 0xf00, 2u << 16 | 5);
  finish();
  line("sgi to the other", shared.answer[0]);
  give(kSendSgi);
  line("sgi from the other", take_sgi());
  finish();
  store32(GICD + 0xf00, 1u << 24 | 9);  // to all others
  give(kTakeSgi);
  finish();
  line("sgi to all others", shared.answer[0]);
  store32(GICD + 0xf00, 3u << 16 | 2);
  line("sgi to both, here", take_sgi());
  give(kTakeSgi);
  finish();
  line("sgi to both, there", shared.answer[0]);

  // An SPI goes to the core that it is targeted at.
  store32(GICD + 0x104, 1u << 8);
  store8(GICD + 0x800 + 40, 2);
  store32(GICD + 0x204, 1u << 8);
  line("spi for the other is not here", load32(GICC + 0x18));
  give(kTakeSgi);
  finish();
  line("spi for the other", shared.answer[0]);

  give(kTurnOff);
  finish();
  while (psci(PSCI_AFFINITY_INFO, 1, 0, 0) != 1) asm volatile("yield");
  line("turned off", psci(PSCI_AFFINITY_INFO, 1, 0, 0));
  line("cpu_on after cpu_off", psci(PSCI_CPU_ON, 1, (u64)start, kContext));
  give(kRespond);
  finish();
  line("mpidr after cpu_off", shared.answer[0]);
  return 0;
}
