/* Get Log Page (NVMe 1.4, 5.14). Bytes that are not named stay 0: not supported, or not reported. */
#include "mem.h"
#include "nvme.h"
#include "nvme_spec.h"
#include "regs.h"

static uint64_t counter(const struct nvme_port* port, uint32_t offset) { return port->read(port->context, offset, 64); }

/* 5.14.1.1: one entry, the newest I/O command that failed. */
static uint32_t error_log(const struct nvme_port* port, uint8_t* page) {
  enum { ENTRY_BYTES = 64 };
  uint64_t errors = counter(port, NVME_ERRORS), last = counter(port, NVME_LAST_ERROR);
  if (errors == 0) return ENTRY_BYTES;
  put64(page + 0, errors); /* unique to the error, as the count grows with each */
  put16(page + 8, (uint16_t)FIELD_OF(NVME_LAST_ERROR_SQ, last));
  put16(page + 10, (uint16_t)FIELD_OF(NVME_LAST_ERROR_CID, last));
  put16(page + 12, (uint16_t)FIELD_OF(NVME_LAST_ERROR_STATUS, last));
  put16(page + 14, 0xffff); /* parameter error location: not known */
  put64(page + 16, counter(port, NVME_LAST_ERROR_LBA));
  put32(page + 24, 1); /* namespace */
  return ENTRY_BYTES;
}

/* Thousands of 512 bytes, rounded up. */
static uint64_t data_units(uint64_t bytes) { return bytes / 512000 + (bytes % 512000 != 0); }

/* 5.14.1.2. The card has no temperature sensor: 0 K. */
static uint32_t health_log(const struct nvme_port* port, uint8_t* page) {
  page[3] = 100; /* available spare, percent */
  put64(page + 32, data_units(counter(port, NVME_READ_BYTES)));
  put64(page + 48, data_units(counter(port, NVME_WRITE_BYTES)));
  put64(page + 64, counter(port, NVME_READ_COMMANDS));
  put64(page + 80, counter(port, NVME_WRITE_COMMANDS));
  put64(page + 128, port->now_us(port->context) / UINT64_C(3600000000)); /* power on hours */
  put64(page + 160, counter(port, NVME_MEDIA_ERRORS));
  put64(page + 176, counter(port, NVME_ERRORS)); /* entries ever in the error log */
  return 512;
}

static uint32_t effects_log(uint8_t* page) { /* 5.14.1.5 */
  enum { SUPPORTED = 1 << 0, CHANGES_BLOCKS = 1 << 1, IO_COMMANDS = 1024 };
  for (unsigned opcode = 0; opcode < 256; opcode++)
    if (nvme_admin_supported(opcode)) put32(page + 4 * opcode, SUPPORTED);
  put32(page + IO_COMMANDS + 4 * NVME_FLUSH, SUPPORTED);
  put32(page + IO_COMMANDS + 4 * NVME_WRITE, SUPPORTED | CHANGES_BLOCKS);
  put32(page + IO_COMMANDS + 4 * NVME_READ, SUPPORTED);
  return 4096;
}

struct nvme_answer nvme_get_log_page(struct nvme_controller* controller, const struct nvme_command* command) {
  const struct nvme_port* port = controller->port;
  uint64_t length = ((uint64_t)(command->dw11 & 0xffff) << 16 | command->dw10 >> 16) + 1;
  length *= 4; /* NUMD is 0-based dwords */
  uint64_t offset = command->dw12 | (uint64_t)command->dw13 << 32;
  uint8_t* page = nvme_data_page();
  uint32_t size;
  unsigned id = command->dw10 & 0xff;
  switch (id) {
    case NVME_LOG_ERROR: size = error_log(port, page); break;
    case NVME_LOG_HEALTH: size = health_log(port, page); break;
    case NVME_LOG_FIRMWARE:
      update_slot_log(controller->card->update, page);
      size = 512;
      break;
    case NVME_LOG_EFFECTS: size = effects_log(page); break;
    default: return nvme_status(NVME_INVALID_LOG_PAGE);
  }
  if (command->nsid != 0 && command->nsid != NVME_ALL_NAMESPACES) /* LPA bit 0: no log is kept per namespace */
    return nvme_status(command->nsid == 1 ? NVME_INVALID_FIELD : NVME_INVALID_NAMESPACE);
  if (offset % 4 || offset > size || length > (uint64_t)NVME_PAGE_BYTES << controller->transfer_limit)
    return nvme_status(NVME_INVALID_FIELD);
  int retain = command->dw10 >> 15 & 1; /* RAE */
  if (id == NVME_LOG_ERROR && !retain) controller->errors_masked = 0;
  /* What lies beyond the log is undefined (5.14): those bytes of the host's buffer stay as they are. */
  uint64_t rest = size - offset;
  struct nvme_answer answer = {NVME_SUCCESS, 0, page + offset, (uint32_t)(length < rest ? length : rest)};
  return answer;
}
