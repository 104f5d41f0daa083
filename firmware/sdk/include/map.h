/* The card's address map, out of platform/memory_map.def: MAP_SRAM and MAP_SRAM_SIZE (bytes) for every region,
 * IRQ_MAILBOX (a GIC interrupt id) for every interrupt. Where a bank has a page per channel or function, the helpers
 * below give the page. */
#ifndef CARDVP_FIRMWARE_MAP_H
#define CARDVP_FIRMWARE_MAP_H

#include <stdint.h>

#define REGION(name, base, bytes, what) static const uint64_t MAP_##name = base, MAP_##name##_SIZE = bytes;
#define INTERRUPT(name, id, what)
#include "platform/memory_map.def"
#undef REGION
#undef INTERRUPT

enum {
#define REGION(name, base, bytes, what)
#define INTERRUPT(name, id, what) IRQ_##name = id,
#include "platform/memory_map.def"
#undef REGION
#undef INTERRUPT
};

/* Interrupt ids that the architecture fixes rather than the card (Arm BSA 1.0, "PPI assignments"). */
enum { IRQ_PHYSICAL_TIMER = 30 };

enum { MAP_PAGE = 0x1000 };

static inline uint64_t mailbox_page(unsigned channel) { return MAP_MAILBOX + (uint64_t)channel * MAP_PAGE; }
static inline uint64_t nvme_page(unsigned function) { return MAP_NVME + (uint64_t)function * MAP_PAGE; }
static inline uint64_t nic_page(unsigned function) { return MAP_NIC + (uint64_t)function * MAP_PAGE; }
static inline uint64_t vpc_interface_page(unsigned function) { return MAP_VPC + (function + UINT64_C(1)) * MAP_PAGE; }
static inline uint64_t pcie_function_page(unsigned function) { return MAP_PCIE + (function + UINT64_C(1)) * MAP_PAGE; }

#endif
