/* I/O queues (3.4). The engine keeps them; the firmware gives them their numbers. */
#include "ena.h"
#include "ena_spec.h"
#include "models/nic/bar0.h"

enum operation {
  CREATE_TX_SQ = 1,
  CREATE_RX_SQ = 2,
  CREATE_CQ = 3,
  DESTROY_TX_SQ = 4,
  DESTROY_RX_SQ = 5,
  DESTROY_CQ = 6
};
enum result { DONE = 0, BAD_SHAPE = 1, EXISTS = 2, MISSING = 3, IN_USE = 4, BAD_CQ = 5 };
enum { CONTIGUOUS = 1, NO_VECTOR = 0xffffffff, LEAST_ENTRIES = 2 };

static uint64_t perform(const struct ena_port* port, enum operation operation, unsigned index) {
  ENA_PORT_WRITE(port, NIC_QUEUE_COMMAND,
                 FIELD_IN(NIC_QUEUE_COMMAND_INDEX, index) | FIELD_IN(NIC_QUEUE_COMMAND_OPERATION, operation));
  return ENA_PORT_READ(port, NIC_QUEUE_RESULT);
}

static uint8_t status_of(uint64_t result) {
  switch (FIELD_OF(NIC_QUEUE_RESULT_CODE, result)) {
    case DONE: return ENA_SUCCESS;
    case BAD_SHAPE:
    case MISSING:
    case IN_USE:
    case BAD_CQ: return ENA_ILLEGAL_PARAMETER;
    default: return ENA_UNKNOWN_ERROR; /* EXISTS: not what the firmware noted */
  }
}

static void set_bit(uint32_t* bits, unsigned index) { bits[index / 32] |= UINT32_C(1) << index % 32; }
static void clear_bit(uint32_t* bits, unsigned index) { bits[index / 32] &= ~(UINT32_C(1) << index % 32); }

/* The lowest number that is free; `count` if there is none. */
static unsigned lowest_free(const uint32_t* bits, unsigned count) {
  unsigned index = 0;
  while (index < count && ena_bit(bits, index)) index++;
  return index;
}

static int good_entries(uint32_t entries, uint32_t most) {
  return entries >= LEAST_ENTRIES && entries <= most && (entries & (entries - 1)) == 0;
}

uint8_t ena_create_cq(struct ena_device* device, const struct ena_command* command, struct ena_answer* answer) {
  const struct ena_port* port = device->port;
  uint32_t interrupts = ena_get8(command->words, 4) >> 5 & 1, entry_dwords = ena_get8(command->words, 5) & 0x1f;
  uint32_t entries = ena_get16(command->words, 6), vector = ena_get32(command->words, 8);
  uint64_t base = ena_get_address(command->words, 12);
  if (vector == NO_VECTOR) interrupts = 0;
  if (!interrupts) vector = 0;
  if (entry_dwords != 2 && entry_dwords != 4 && entry_dwords != 8) return ENA_ILLEGAL_PARAMETER;
  if (!good_entries(entries, device->most_entries) || base % 8) return ENA_ILLEGAL_PARAMETER;
  if (vector >= device->vectors) return ENA_ILLEGAL_PARAMETER;
  unsigned index = lowest_free(device->state.cqs, 2u * device->queues);
  if (index == 2u * device->queues) return ENA_NO_RESOURCES;
  ENA_PORT_WRITE(port, NIC_QUEUE_BASE, base);
  ENA_PORT_WRITE(port, NIC_QUEUE_SHAPE,
                 FIELD_IN(NIC_QUEUE_SHAPE_ENTRIES, entries) | FIELD_IN(NIC_QUEUE_SHAPE_ENTRY_BYTES, entry_dwords * 4) |
                     FIELD_IN(NIC_QUEUE_SHAPE_INTERRUPTS, interrupts));
  ENA_PORT_WRITE(port, NIC_QUEUE_LINK, FIELD_IN(NIC_QUEUE_LINK_VECTOR, vector));
  uint8_t status = status_of(perform(port, CREATE_CQ, index));
  if (status != ENA_SUCCESS) return status;
  set_bit(device->state.cqs, index);
  ena_put16(answer->words, 8, index);
  ena_put16(answer->words, 10, entries);
  ena_put32(answer->words, 20, ENA_BAR0_UNMASK + 4 * vector);
  return ENA_SUCCESS;
}

/* What an SQ's command asks for. */
struct sq {
  int tx, llq;
  uint32_t cq, entries;
  uint64_t base;
};

static int read_sq(const struct ena_device* device, const uint32_t* words, struct sq* sq) {
  uint32_t direction = ena_get8(words, 4) >> 5, placement = ena_get8(words, 6) & 15;
  uint32_t completion_policy = ena_get8(words, 6) >> 4 & 7;
  sq->tx = direction == ENA_DIRECTION_TX;
  sq->llq = placement == ENA_PLACEMENT_DEVICE;
  sq->cq = ena_get16(words, 8);
  sq->entries = ena_get16(words, 10);
  sq->base = sq->llq ? 0 : ena_get_address(words, 12);
  if (!sq->tx && direction != ENA_DIRECTION_RX) return 0;
  if (!sq->llq && placement != ENA_PLACEMENT_HOST) return 0;
  if (completion_policy != 0) return 0; /* every packet is completed, by a CQ entry */
  if (sq->cq >= 2u * device->queues || !ena_bit(device->state.cqs, sq->cq)) return 0;
  if (!sq->llq)
    return (ena_get8(words, 7) & CONTIGUOUS) && sq->base % 8 == 0 && good_entries(sq->entries, device->most_entries);
  uint32_t most = device->llq_entries * (uint32_t)ENA_LLQ_ENTRY_BYTES / device->state.llq_entry_bytes;
  return sq->tx && ena_has_llq(device) && good_entries(sq->entries, most);
}

uint8_t ena_create_sq(struct ena_device* device, const struct ena_command* command, struct ena_answer* answer) {
  enum { ENTRY_BYTES = 16 };
  const struct ena_port* port = device->port;
  struct sq sq;
  if (!read_sq(device, command->words, &sq)) return ENA_ILLEGAL_PARAMETER;
  uint32_t* exist = sq.tx ? device->state.tx_sqs : device->state.rx_sqs;
  unsigned count = sq.llq ? device->llq_queues : device->queues, index = lowest_free(exist, count);
  if (index == count) return ENA_NO_RESOURCES;
  ENA_PORT_WRITE(port, NIC_QUEUE_BASE, sq.base);
  ENA_PORT_WRITE(
      port, NIC_QUEUE_SHAPE,
      FIELD_IN(NIC_QUEUE_SHAPE_ENTRIES, sq.entries) |
          FIELD_IN(NIC_QUEUE_SHAPE_ENTRY_BYTES, sq.llq ? device->state.llq_entry_bytes : (unsigned)ENTRY_BYTES) |
          FIELD_IN(NIC_QUEUE_SHAPE_LLQ, (unsigned)sq.llq));
  ENA_PORT_WRITE(port, NIC_QUEUE_LINK, FIELD_IN(NIC_QUEUE_LINK_CQ, sq.cq));
  uint64_t result = perform(port, sq.tx ? CREATE_TX_SQ : CREATE_RX_SQ, index);
  uint8_t status = status_of(result);
  if (status != ENA_SUCCESS) return status;
  set_bit(exist, index);
  ena_put16(answer->words, 8, index);
  ena_put32(answer->words, 12, ENA_BAR0_SQ_DOORBELLS + 8 * index + (sq.tx ? 0 : 4));
  if (sq.llq) ena_put32(answer->words, 16, (uint32_t)FIELD_OF(NIC_QUEUE_RESULT_LLQ_OFFSET, result));
  return ENA_SUCCESS;
}

static uint8_t destroy(struct ena_device* device, enum operation operation, uint32_t* exist, unsigned count,
                       unsigned index) {
  if (index >= count || !ena_bit(exist, index)) return ENA_ILLEGAL_PARAMETER;
  uint8_t status = status_of(perform(device->port, operation, index));
  if (status == ENA_SUCCESS) clear_bit(exist, index);
  return status;
}

uint8_t ena_destroy_sq(struct ena_device* device, const struct ena_command* command, struct ena_answer* answer) {
  (void)answer;
  uint32_t index = ena_get16(command->words, 4);
  switch (ena_get8(command->words, 6) >> 5) {
    case ENA_DIRECTION_TX: return destroy(device, DESTROY_TX_SQ, device->state.tx_sqs, device->queues, index);
    case ENA_DIRECTION_RX: return destroy(device, DESTROY_RX_SQ, device->state.rx_sqs, device->queues, index);
    default: return ENA_ILLEGAL_PARAMETER;
  }
}

uint8_t ena_destroy_cq(struct ena_device* device, const struct ena_command* command, struct ena_answer* answer) {
  (void)answer;
  return destroy(device, DESTROY_CQ, device->state.cqs, 2u * device->queues, ena_get16(command->words, 4));
}

void ena_destroy_queues(struct ena_device* device) {
  for (unsigned i = 0; i < device->queues; i++) {
    if (ena_bit(device->state.tx_sqs, i)) perform(device->port, DESTROY_TX_SQ, i);
    if (ena_bit(device->state.rx_sqs, i)) perform(device->port, DESTROY_RX_SQ, i);
  }
  for (unsigned i = 0; i < 2u * device->queues; i++)
    if (ena_bit(device->state.cqs, i)) perform(device->port, DESTROY_CQ, i);
}
