#include "pcie.h"

#include "io.h"
#include "map.h"

int pcie_function_exists(unsigned function) {
  return function < FIELD_READ(MAP_PCIE, PCIE_LINK_FUNCTIONS, COUNT) &&
         FIELD_READ(pcie_function_page(function), PCIE_FUNCTION_STATUS, HARDWARE);
}

void pcie_function_attach(unsigned function, const struct pcie_identity* identity) {
  uint64_t page = pcie_function_page(function);
  REG_WRITE(page, PCIE_FUNCTION_IDENTITY,
            FIELD_IN(PCIE_FUNCTION_IDENTITY_VENDOR, identity->vendor) |
                FIELD_IN(PCIE_FUNCTION_IDENTITY_DEVICE, identity->device));
  REG_WRITE(page, PCIE_FUNCTION_CLASS,
            FIELD_IN(PCIE_FUNCTION_CLASS_REVISION, identity->revision) |
                FIELD_IN(PCIE_FUNCTION_CLASS_CODE, identity->class_code));
  REG_WRITE(page, PCIE_FUNCTION_SUBSYSTEM,
            FIELD_IN(PCIE_FUNCTION_SUBSYSTEM_VENDOR, identity->subsystem_vendor) |
                FIELD_IN(PCIE_FUNCTION_SUBSYSTEM_ID, identity->subsystem));
  FIELD_WRITE(page, PCIE_FUNCTION_CONTROL, PRESENT, 1);
}

void pcie_function_detach(unsigned function) {
  FIELD_WRITE(pcie_function_page(function), PCIE_FUNCTION_CONTROL, PRESENT, 0);
}

void pcie_link_enable(void) { FIELD_WRITE(MAP_PCIE, PCIE_LINK_CONTROL, ENABLE, 1); }

int pcie_link_up(unsigned* generation, unsigned* lanes) {
  uint64_t status = REG_READ(MAP_PCIE, PCIE_LINK_STATUS);
  *generation = (unsigned)FIELD_OF(PCIE_LINK_STATUS_GENERATION, status);
  *lanes = (unsigned)FIELD_OF(PCIE_LINK_STATUS_LANES, status);
  return FIELD_OF(PCIE_LINK_STATUS_UP, status) != 0;
}
