/* Drives the block dot: a program for the card's core, on the SDK (docs/firmware.md). It adds up products, waits for
 * the block's interrupt, and checks what comes out against its own arithmetic. */
#include "console.h"
#include "cpu.h"
#include "exception.h"
#include "gic.h"
#include "io.h"
#include "map.h"

enum { ID = 0x00, CONTROL = 0x04, STATUS = 0x08, COUNT = 0x0c, PAIR = 0x10, SUM = 0x14, SUM_HIGH = 0x18 };
enum { PAIRS = 1000 };

const char program_name[] = "dot";
static volatile unsigned interrupts;

void irq_handler(uint64_t pc) {
  (void)pc;
  unsigned id = gic_acknowledge();
  if (id >= GIC_NONE) return;
  interrupts++;
  io_write32(MAP_RTL + STATUS, 1); /* the interrupt is level-sensitive */
  gic_end(id);
}

int main(void) {
  console_init();
  gic_init();
  gic_enable(IRQ_RTL);
  irq_unmask();
  print("dot: id 0x%x\n", io_read32(MAP_RTL + ID));

  io_write32(MAP_RTL + CONTROL, 1);
  io_write32(MAP_RTL + COUNT, PAIRS);
  int64_t expected = 0;
  uint32_t random = 1;
  for (unsigned i = 0; i < PAIRS; i++) {
    random = random * 1664525 + 1013904223;
    io_write32(MAP_RTL + PAIR, random);
    expected += (int32_t)(int16_t)random * (int16_t)(random >> 16);
  }
  irq_mask();
  while (interrupts == 0) {
    wait_for_interrupt();
    irq_unmask();
    irq_mask();
  }
  int64_t sum = (int64_t)((uint64_t)io_read32(MAP_RTL + SUM_HIGH) << 32 | io_read32(MAP_RTL + SUM));
  print("dot: %u pairs, %u interrupt, sum %ld, expected %ld\n", PAIRS, interrupts, sum, expected);
  print(sum == expected && interrupts == 1 ? "dot: passed\n" : "dot: FAILED\n");
  halt();
}
