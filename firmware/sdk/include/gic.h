/* The interrupt controller (GICv2), for one CPU; every interrupt has the same priority. */
#ifndef CARDVP_FIRMWARE_GIC_H
#define CARDVP_FIRMWARE_GIC_H

enum { GIC_NONE = 1020 }; /* ids from here on are no interrupts (Arm IHI 0048B, 3.2.5) */

void gic_init(void);
void gic_enable(unsigned id);
void gic_disable(unsigned id);

/* What an interrupt handler starts and ends with: gic_acknowledge gives the id, which gic_end takes back. */
unsigned gic_acknowledge(void);
void gic_end(unsigned id);

#endif
