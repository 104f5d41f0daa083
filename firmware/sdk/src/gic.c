#include "gic.h"

#include "io.h"
#include "map.h"

enum { IDS_PER_WORD = 32, PRIORITY = 0x80 };

void gic_init(void) {
  REG_WRITE(MAP_GIC_DIST, GICD_CTLR, 0);
  unsigned words = (unsigned)FIELD_READ(MAP_GIC_DIST, GICD_TYPER, LINES) + 1;
  for (unsigned word = 0; word < words; word++)
    io_write32(MAP_GIC_DIST + GICD_ICENABLER + word * GICD_ICENABLER_STRIDE, ~0u);
  REG_WRITE(MAP_GIC_DIST, GICD_CTLR, FIELD_IN(GICD_CTLR_ENABLE_GROUP0, 1));
  FIELD_WRITE(MAP_GIC_CPU, GICC_PMR, PRIORITY, 0xff);
  REG_WRITE(MAP_GIC_CPU, GICC_CTLR, FIELD_IN(GICC_CTLR_ENABLE_GROUP0, 1));
}

void gic_enable(unsigned id) {
  io_write8(MAP_GIC_DIST + GICD_IPRIORITYR + id, PRIORITY);
  io_write8(MAP_GIC_DIST + GICD_ITARGETSR + id, 1); /* CPU 0 */
  io_write32(MAP_GIC_DIST + GICD_ISENABLER + id / IDS_PER_WORD * GICD_ISENABLER_STRIDE, 1u << id % IDS_PER_WORD);
}

void gic_disable(unsigned id) {
  io_write32(MAP_GIC_DIST + GICD_ICENABLER + id / IDS_PER_WORD * GICD_ICENABLER_STRIDE, 1u << id % IDS_PER_WORD);
}

unsigned gic_acknowledge(void) { return (unsigned)FIELD_READ(MAP_GIC_CPU, GICC_IAR, ID); }

void gic_end(unsigned id) { FIELD_WRITE(MAP_GIC_CPU, GICC_EOIR, ID, id); }
