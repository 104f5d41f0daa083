/* Copies memory by the card's DMA: a ring with descriptors that build on one another, their interrupt, and a
 * destination where nothing is. What it prints is judged by dma_test.cpp. */
#include "console.h"
#include "cpu.h"
#include "gic.h"
#include "io.h"
#include "map.h"
#include "models/dma/descriptor.h"

enum { ENTRIES = 16, BYTES = 10001, HOP = 0x10000, COPIES = 12 };

static const uint64_t nowhere = 0x30000000;
const char program_name[] = "dma";
static volatile unsigned interrupts, status;

void irq_handler(uint64_t pc) {
  (void)pc;
  unsigned id = gic_acknowledge();
  if (id == IRQ_DMA) {
    interrupts++;
    status = (unsigned)REG_READ(MAP_DMA, DMA_INTERRUPT_STATUS);
    REG_WRITE(MAP_DMA, DMA_INTERRUPT_STATUS, status);
  }
  gic_end(id);
}

static volatile uint8_t* place(unsigned hop) {
  return (volatile uint8_t*)(MAP_DRAM + HOP * (hop + UINT64_C(1)) + 3 * hop);
}

static struct dma_descriptor* ring(void) { return (struct dma_descriptor*)MAP_DRAM; }

static void announce(unsigned tail, unsigned wanted) {
  memory_barrier();
  REG_WRITE(MAP_DMA, DMA_TAIL, tail);
  irq_mask();
  while (interrupts < wanted) {
    wait_for_interrupt();
    irq_unmask();
    irq_mask();
  }
  irq_unmask();
}

_Noreturn void main(void) {
  console_init();
  gic_init();
  gic_enable(IRQ_DMA);
  irq_unmask();
  print("dma: id %lx\n", REG_READ(MAP_DMA, DMA_ID));
  for (unsigned i = 0; i < BYTES; i++) place(0)[i] = (uint8_t)(i * 7 + i / 256);
  REG_WRITE(MAP_DMA, DMA_RING_BASE, MAP_DRAM);
  REG_WRITE(MAP_DMA, DMA_RING_SIZE, ENTRIES);
  REG_WRITE(MAP_DMA, DMA_INTERRUPT_ENABLE,
            FIELD_IN(DMA_INTERRUPT_STATUS_DONE, 1) | FIELD_IN(DMA_INTERRUPT_STATUS_ERROR, 1));
  FIELD_WRITE(MAP_DMA, DMA_CONTROL, ENABLE, 1);

  for (unsigned i = 0; i < COPIES; i++) /* each takes what the one ahead left */
    ring()[i] = (struct dma_descriptor){(uintptr_t)place(i), (uintptr_t)place(i + 1), BYTES,
                                        i + 1 == COPIES ? DMA_INTERRUPT : 0, 0};
  announce(COPIES, 1);
  unsigned wrong = 0;
  for (unsigned i = 0; i < BYTES; i++) wrong += place(COPIES)[i] != (uint8_t)(i * 7 + i / 256);
  print("dma: head %lu, status %x, wrong %u, behind %x\n", REG_READ(MAP_DMA, DMA_HEAD), status, wrong,
        place(COPIES)[BYTES]);

  ring()[COPIES] = (struct dma_descriptor){(uintptr_t)place(0), nowhere, 64, 0, 0};
  announce(COPIES + 1, 2);
  print("dma: error %lx, status %x, interrupts %u\n", REG_READ(MAP_DMA, DMA_ERROR), status, interrupts);
  halt();
}
