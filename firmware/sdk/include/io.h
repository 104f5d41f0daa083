/* Reading and writing device registers. */
#ifndef CARDVP_FIRMWARE_IO_H
#define CARDVP_FIRMWARE_IO_H

#include "regs.h"

static inline uint32_t io_read32(uint64_t address) { return *(const volatile uint32_t*)address; }
static inline uint64_t io_read64(uint64_t address) { return *(const volatile uint64_t*)address; }
static inline void io_write8(uint64_t address, uint8_t value) { *(volatile uint8_t*)address = value; }
static inline void io_write32(uint64_t address, uint32_t value) { *(volatile uint32_t*)address = value; }
static inline void io_write64(uint64_t address, uint64_t value) { *(volatile uint64_t*)address = value; }

static inline uint64_t io_read(uint64_t address, unsigned bits) {
  return bits == 64 ? io_read64(address) : io_read32(address);
}

static inline void io_write(uint64_t address, unsigned bits, uint64_t value) {
  if (bits == 64)
    io_write64(address, value);
  else
    io_write32(address, (uint32_t)value);
}

/* REG_READ(MAP_FUSES, FUSES_CARD_ID): the access has the register's own width. */
#define REG_READ(base, reg) io_read((base) + (reg), reg##_BITS)
#define REG_WRITE(base, reg, value) io_write((base) + (reg), reg##_BITS, value)

/* One field: FIELD_READ(MAP_PCIE, PCIE_LINK_STATUS, UP). FIELD_WRITE clears the register's other fields. */
#define FIELD_READ(base, reg, field) FIELD_OF(reg##_##field, REG_READ(base, reg))
#define FIELD_WRITE(base, reg, field, value) REG_WRITE(base, reg, FIELD_IN(reg##_##field, value))

#endif
