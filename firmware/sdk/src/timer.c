#include "timer.h"

#include "cpu.h"

/* Whole seconds apart, so that the product stays within 64 bits. */
uint64_t now_us(void) {
  uint64_t frequency = SYSREG_READ(cntfrq_el0);
  uint64_t count = SYSREG_READ(cntpct_el0);
  return count / frequency * 1000000 + count % frequency * 1000000 / frequency;
}

void timer_start(uint32_t us) {
  uint64_t frequency = SYSREG_READ(cntfrq_el0);
  SYSREG_WRITE(cntp_cval_el0, SYSREG_READ(cntpct_el0) + us * frequency / 1000000);
  SYSREG_WRITE(cntp_ctl_el0, 1); /* ENABLE, not IMASK */
}

void timer_stop(void) { SYSREG_WRITE(cntp_ctl_el0, 0); }
