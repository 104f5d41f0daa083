/* The PCIe endpoint as the firmware rules it: the link, and each function's identity and presence. */
#ifndef CARDVP_FIRMWARE_PCIE_H
#define CARDVP_FIRMWARE_PCIE_H

#include <stdint.h>

struct pcie_identity {
  uint16_t vendor, device;
  uint32_t class_code; /* base class in 23:16, sub-class in 15:8, programming interface in 7:0 */
  uint8_t revision;
  uint16_t subsystem_vendor, subsystem;
};

/* Whether an engine stands behind this function number. */
int pcie_function_exists(unsigned function);

/* Gives the function its identity and shows it to the host. */
void pcie_function_attach(unsigned function, const struct pcie_identity* identity);

/* Takes it away from the host; it is reset. */
void pcie_function_detach(unsigned function);

void pcie_link_enable(void);

/* False: down. */
int pcie_link_up(unsigned* generation, unsigned* lanes);

#endif
