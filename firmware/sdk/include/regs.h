/* Every register of the card, out of the models' own descriptions (the .def files; format: models/base/registers.h).
 *
 *   BANK_REG              its offset from the bank's base, in bytes
 *   BANK_REG_BITS         32 or 64
 *   BANK_REG_STRIDE       bytes between the elements of an array
 *   BANK_REG_FIELD_LSB    a field's least significant bit
 *   BANK_REG_FIELD_WIDTH  and its width in bits
 *
 * Where the banks stand is in map.h; io.h reads and writes them.
 */
#ifndef CARDVP_FIRMWARE_REGS_H
#define CARDVP_FIRMWARE_REGS_H

#include <stdint.h>

enum {
#define BANK(bank, size, doc)
#define REG(bank, name, at, bits, doc) bank##_##name = at, bank##_##name##_BITS = bits,
#define REGS(bank, name, at, bits, count, stride, doc) \
  bank##_##name = at, bank##_##name##_BITS = bits, bank##_##name##_STRIDE = stride,
#define FIELD(bank, reg, name, lsb, width, access, reset, doc) \
  bank##_##reg##_##name##_LSB = lsb, bank##_##reg##_##name##_WIDTH = width,
#include "models/arm/gic.def"
#include "models/arm/pl011.def"
#include "models/arm/watchdog.def"
#include "models/dma/dma.def"
#include "models/memory/fuses.def"
#include "models/memory/mailbox.def"
#include "models/nic/nic_control.def"
#include "models/nic/vpc.def"
#include "models/nic/vpc_interface.def"
#include "models/nvme/nvme_control.def"
#include "models/pcie/pcie_function.def"
#include "models/pcie/pcie_link.def"
#include "models/security/host_gate.def"
#include "models/security/security.def"
#undef BANK
#undef REG
#undef REGS
#undef FIELD
};

/* FIELD_OF(NVME_LIMITS_QUEUES, value): the field's value in a register's value.
 * FIELD_IN(NVME_LIMITS_QUEUES, value): the value moved to the field's place; bits that do not fit are dropped. */
#define FIELD_OF(field, value) field_of(field##_LSB, field##_WIDTH, value)
#define FIELD_IN(field, value) field_in(field##_LSB, field##_WIDTH, value)

static inline uint64_t field_mask(unsigned width) { return width == 64 ? ~UINT64_C(0) : (UINT64_C(1) << width) - 1; }

static inline uint64_t field_of(unsigned lsb, unsigned width, uint64_t value) {
  return (value >> lsb) & field_mask(width);
}

static inline uint64_t field_in(unsigned lsb, unsigned width, uint64_t value) {
  return (value & field_mask(width)) << lsb;
}

#endif
