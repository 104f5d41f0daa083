/* Create and Delete I/O Queue (NVMe 1.4, 5.3 to 5.6). The engine keeps the queues; what exists, it knows. */
#include "nvme.h"
#include "nvme_spec.h"
#include "regs.h"

enum operation { CREATE_SQ = 1, CREATE_CQ = 2, DELETE_SQ = 3, DELETE_CQ = 4 };
enum result { DONE = 0, BAD_SHAPE = 1, EXISTS = 2, MISSING = 3, IN_USE = 4, NOT_READY = 5 };

static enum result perform(const struct nvme_port* port, enum operation operation, unsigned id) {
  NVME_PORT_WRITE(port, NVME_QUEUE_COMMAND,
                  FIELD_IN(NVME_QUEUE_COMMAND_ID, id) | FIELD_IN(NVME_QUEUE_COMMAND_OPERATION, operation));
  return (enum result)FIELD_OF(NVME_QUEUE_RESULT_CODE, NVME_PORT_READ(port, NVME_QUEUE_RESULT));
}

static int valid_id(unsigned id, unsigned count) { return id >= 1 && id <= count; }

static unsigned entry_size(const struct nvme_controller* controller, unsigned lsb) {
  return NVME_PORT_READ(controller->port, NVME_CC) >> lsb & 15;
}

/* What both kinds of queue are created from: PRP entry 1, Queue Size and Physically Contiguous. */
static uint16_t set_shape(const struct nvme_port* port, const struct nvme_command* command, int interrupts) {
  if (!(command->dw11 & 1)) return NVME_INVALID_FIELD; /* CAP.CQR: queues are contiguous */
  if (command->prp1 % NVME_PAGE_BYTES) return NVME_INVALID_PRP_OFFSET;
  NVME_PORT_WRITE(port, NVME_QUEUE_BASE, command->prp1);
  NVME_PORT_WRITE(port, NVME_QUEUE_SHAPE,
                  FIELD_IN(NVME_QUEUE_SHAPE_ENTRIES, (command->dw10 >> 16) + 1) |
                      FIELD_IN(NVME_QUEUE_SHAPE_INTERRUPTS, (unsigned)interrupts));
  return NVME_SUCCESS;
}

static uint16_t created(struct nvme_controller* controller, enum result result) {
  switch (result) {
    case DONE: controller->queues_created = 1; return NVME_SUCCESS;
    case BAD_SHAPE: return NVME_INVALID_QUEUE_SIZE; /* the id was in range: not 2 to CAP.MQES + 1 entries */
    case EXISTS: return NVME_INVALID_QUEUE_ID;
    case MISSING: return NVME_COMPLETION_QUEUE_INVALID;
    default: return NVME_INTERNAL_ERROR;
  }
}

struct nvme_answer nvme_create_cq(struct nvme_controller* controller, const struct nvme_command* command) {
  const struct nvme_port* port = controller->port;
  unsigned id = command->dw10 & 0xffff, vector = command->dw11 >> 16;
  int interrupts = command->dw11 >> 1 & 1;
  if (!valid_id(id, controller->completion_queues)) return nvme_status(NVME_INVALID_QUEUE_ID);
  if (entry_size(controller, 20) != NVME_CQ_ENTRY_LOG2) return nvme_status(NVME_INVALID_QUEUE_SIZE);
  if (vector >= controller->vectors) return nvme_status(NVME_INVALID_VECTOR);
  uint16_t status = set_shape(port, command, interrupts);
  if (status != NVME_SUCCESS) return nvme_status(status);
  NVME_PORT_WRITE(port, NVME_QUEUE_LINK, FIELD_IN(NVME_QUEUE_LINK_VECTOR, vector));
  return nvme_status(created(controller, perform(port, CREATE_CQ, id)));
}

struct nvme_answer nvme_create_sq(struct nvme_controller* controller, const struct nvme_command* command) {
  const struct nvme_port* port = controller->port;
  unsigned id = command->dw10 & 0xffff, cq = command->dw11 >> 16;
  if (!valid_id(id, controller->submission_queues)) return nvme_status(NVME_INVALID_QUEUE_ID);
  if (!valid_id(cq, controller->completion_queues)) return nvme_status(NVME_INVALID_QUEUE_ID);
  if (entry_size(controller, 16) != NVME_SQ_ENTRY_LOG2) return nvme_status(NVME_INVALID_QUEUE_SIZE);
  uint16_t status = set_shape(port, command, 0);
  if (status != NVME_SUCCESS) return nvme_status(status);
  NVME_PORT_WRITE(port, NVME_QUEUE_LINK, FIELD_IN(NVME_QUEUE_LINK_CQ, cq));
  return nvme_status(created(controller, perform(port, CREATE_SQ, id)));
}

static uint16_t deleted(enum result result) {
  switch (result) {
    case DONE: return NVME_SUCCESS;
    case MISSING: return NVME_INVALID_QUEUE_ID;
    case IN_USE: return NVME_INVALID_QUEUE_DELETION;
    default: return NVME_INTERNAL_ERROR;
  }
}

struct nvme_answer nvme_delete_sq(struct nvme_controller* controller, const struct nvme_command* command) {
  unsigned id = command->dw10 & 0xffff;
  if (!valid_id(id, controller->submission_queues)) return nvme_status(NVME_INVALID_QUEUE_ID);
  return nvme_status(deleted(perform(controller->port, DELETE_SQ, id)));
}

struct nvme_answer nvme_delete_cq(struct nvme_controller* controller, const struct nvme_command* command) {
  unsigned id = command->dw10 & 0xffff;
  if (!valid_id(id, controller->completion_queues)) return nvme_status(NVME_INVALID_QUEUE_ID);
  return nvme_status(deleted(perform(controller->port, DELETE_CQ, id)));
}
