/* TX queues in device memory, "low-latency queues" (4.9). */
#include "ena.h"
#include "ena_spec.h"

enum { HEADER_INLINE = 1 };
enum { ENTRY_128 = 1, ENTRY_256 = 4 };
enum { BEFORE_HEADER_1 = 1, BEFORE_HEADER_2 = 2, BEFORE_HEADER_4 = 4, BEFORE_HEADER_8 = 8 };
enum { STRIDE_SINGLE = 1, STRIDE_MULTIPLE = 2 };
enum { ACCEL_NO_META_CACHE = 1 };
enum { DESCRIPTOR_BYTES = 16, INITIAL_BEFORE_HEADER = BEFORE_HEADER_2 };

int ena_has_llq(const struct ena_device* device) { return device->llq_queues != 0 && device->llq_entries != 0; }

static void set_mode(struct ena_device* device, unsigned before_header, unsigned stride, int no_meta_cache) {
  ENA_PORT_WRITE(device->port, NIC_LLQ_MODE,
                 FIELD_IN(NIC_LLQ_MODE_BEFORE_HEADER, before_header) |
                     FIELD_IN(NIC_LLQ_MODE_MULTIPLE, stride == STRIDE_MULTIPLE) |
                     FIELD_IN(NIC_LLQ_MODE_NO_META_CACHE, no_meta_cache != 0));
}

void ena_reset_llq(struct ena_device* device) {
  device->state.llq_entry_bytes = ENA_LLQ_ENTRY_BYTES;
  set_mode(device, INITIAL_BEFORE_HEADER, STRIDE_MULTIPLE, 0);
}

/* Versions differ in bytes 32 to 35, which version 0 does not have. */
uint8_t ena_get_llq(struct ena_device* device, const struct ena_command* command, int defaults, uint32_t* response,
                    uint32_t* buffer) {
  enum { FEATURE_VERSION = 18 };
  (void)buffer;
  uint64_t mode = ENA_PORT_READ(device->port, NIC_LLQ_MODE);
  unsigned before_header = (unsigned)FIELD_OF(NIC_LLQ_MODE_BEFORE_HEADER, mode);
  int multiple = FIELD_OF(NIC_LLQ_MODE_MULTIPLE, mode) != 0;
  ena_put32(response, 8, device->llq_queues);
  ena_put32(response, 12, device->llq_entries);
  ena_put16(response, 16, HEADER_INLINE);
  ena_put16(response, 18, HEADER_INLINE);
  ena_put16(response, 20, ENTRY_128 | ENTRY_256);
  ena_put16(response, 22, defaults || device->state.llq_entry_bytes == 128 ? ENTRY_128 : ENTRY_256);
  ena_put16(response, 24, BEFORE_HEADER_1 | BEFORE_HEADER_2 | BEFORE_HEADER_4 | BEFORE_HEADER_8);
  ena_put16(response, 26, defaults ? (unsigned)INITIAL_BEFORE_HEADER : before_header);
  ena_put16(response, 28, STRIDE_SINGLE | STRIDE_MULTIPLE);
  ena_put16(response, 30, defaults || multiple ? STRIDE_MULTIPLE : STRIDE_SINGLE);
  if (ena_get8(command->words, FEATURE_VERSION) >= 1) {
    ena_put8(response, 32, 1);
    ena_put8(response, 33, ENTRY_128);
    ena_put16(response, 34, device->llq_entries / 2u);
  }
  ena_put16(response, 36, ACCEL_NO_META_CACHE);
  return ENA_SUCCESS;
}

/* The LLQs that exist are written as they were when they were created: so there must be none. */
static int have_tx_sqs(const struct ena_device* device) {
  for (unsigned i = 0; i < ENA_QUEUE_PAIRS / 32; i++)
    if (device->state.tx_sqs[i]) return 1;
  return 0;
}

uint8_t ena_set_llq(struct ena_device* device, const struct ena_command* command, const uint32_t* buffer) {
  (void)buffer;
  uint32_t header = ena_get16(command->words, 30), entry = ena_get16(command->words, 34);
  uint32_t before_header = ena_get16(command->words, 38), stride = ena_get16(command->words, 42);
  uint32_t accel = ena_get16(command->words, 48);
  if (header != HEADER_INLINE) return ENA_ILLEGAL_PARAMETER;
  if (entry != ENTRY_128 && entry != ENTRY_256) return ENA_ILLEGAL_PARAMETER;
  if (stride != STRIDE_SINGLE && stride != STRIDE_MULTIPLE) return ENA_ILLEGAL_PARAMETER;
  if (before_header > BEFORE_HEADER_8 || (before_header & (before_header - 1)) != 0 || before_header == 0)
    return ENA_ILLEGAL_PARAMETER;
  uint32_t entry_bytes = entry == ENTRY_128 ? 128 : 256;
  if (before_header * DESCRIPTOR_BYTES >= entry_bytes) return ENA_ILLEGAL_PARAMETER; /* no room for a header */
  if (have_tx_sqs(device)) return ENA_BUSY;
  device->state.llq_entry_bytes = (uint16_t)entry_bytes;
  set_mode(device, before_header, stride, accel & ACCEL_NO_META_CACHE);
  return ENA_SUCCESS;
}
