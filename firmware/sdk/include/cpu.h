/* The core: interrupt mask, waiting, system registers. */
#ifndef CARDVP_FIRMWARE_CPU_H
#define CARDVP_FIRMWARE_CPU_H

#include <stdint.h>

#define SYSREG_READ(name)                                        \
  ({                                                             \
    uint64_t value_;                                             \
    __asm__ volatile("mrs %0, " #name : "=r"(value_)::"memory"); \
    value_;                                                      \
  })
#define SYSREG_WRITE(name, value) __asm__ volatile("msr " #name ", %0\n\tisb" ::"r"((uint64_t)(value)) : "memory")

static inline void irq_mask(void) { __asm__ volatile("msr daifset, #2" ::: "memory"); }
static inline void irq_unmask(void) { __asm__ volatile("msr daifclr, #2\n\tisb" ::: "memory"); }

/* What was written before is seen by others, and what they wrote by what is read after. */
static inline void memory_barrier(void) { __asm__ volatile("dsb sy" ::: "memory"); }

/* Sleeps until an interrupt is pending, masked or not. So: mask, look whether there is work, wait, unmask; an interrupt
 * that comes after the look ends the wait. */
static inline void wait_for_interrupt(void) { __asm__ volatile("dsb sy\n\twfi" ::: "memory"); }

/* Stops for good. */
static inline _Noreturn void halt(void) {
  __asm__ volatile("msr daifset, #15" ::: "memory");
  for (;;) wait_for_interrupt();
}

#endif
