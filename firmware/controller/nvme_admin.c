/* Admin commands: dispatch, aborts and asynchronous events. */
#include "mem.h"
#include "nvme.h"
#include "nvme_spec.h"
#include "regs.h"

uint8_t* nvme_data_page(void) {
  static uint8_t pages[NVME_DATA_PAGES][NVME_PAGE_BYTES] __attribute__((aligned(NVME_PAGE_BYTES)));
  static unsigned next;
  next = (next + 1) % NVME_DATA_PAGES;
  return memset(pages[next], 0, NVME_PAGE_BYTES);
}

static void complete(struct nvme_controller* controller, uint32_t tag, const struct nvme_answer* answer) {
  const struct nvme_message_complete message = {
      .header = {NVME_MESSAGE_COMPLETE, controller->function, tag},
      .dw0 = answer->dw0,
      .status = answer->status,
      .data_address = (uintptr_t)answer->data,
      .data_size = answer->data_size,
  };
  controller->port->complete(controller->port->context, &message);
}

static struct nvme_held_event_request take_request(struct nvme_controller* controller, unsigned index) {
  struct nvme_held_event_request request = controller->requests[index];
  controller->request_count--;
  for (; index < controller->request_count; index++) controller->requests[index] = controller->requests[index + 1];
  return request;
}

/* 5.2: after an event of a type none of that type is reported until the host has read the log page. */
void nvme_report_events(struct nvme_controller* controller) {
  if (!controller->pending_errors || controller->errors_masked || controller->request_count == 0) return;
  uint32_t event =
      controller->pending_errors & (1u << NVME_EVENT_BAD_REGISTER) ? NVME_EVENT_BAD_REGISTER : NVME_EVENT_BAD_VALUE;
  controller->pending_errors &= ~(1u << event);
  controller->errors_masked = 1;
  struct nvme_answer answer = nvme_status(NVME_SUCCESS);
  answer.dw0 = NVME_LOG_ERROR << 16 | event << 8 | NVME_EVENT_TYPE_ERROR;
  complete(controller, take_request(controller, 0).tag, &answer);
}

/* 5.1. Dword 0 bit 0 of the answer: not aborted. */
static struct nvme_answer abort_command(struct nvme_controller* controller, const struct nvme_command* command) {
  uint16_t queue = (uint16_t)command->dw10, cid = (uint16_t)(command->dw10 >> 16);
  struct nvme_answer answer = nvme_status(NVME_SUCCESS);
  answer.dw0 = 1;
  if (queue != 0) {
    NVME_PORT_WRITE(controller->port, NVME_ABORT, FIELD_IN(NVME_ABORT_SQ, queue) | FIELD_IN(NVME_ABORT_CID, cid));
    if (FIELD_OF(NVME_ABORT_RESULT_DONE, NVME_PORT_READ(controller->port, NVME_ABORT_RESULT))) answer.dw0 = 0;
    return answer;
  }
  /* Of the admin commands only the held event requests last long enough to be aborted. */
  for (unsigned i = 0; i < controller->request_count; i++) {
    if (controller->requests[i].cid != cid) continue;
    const struct nvme_answer aborted = nvme_status(NVME_ABORT_REQUESTED);
    complete(controller, take_request(controller, i).tag, &aborted);
    answer.dw0 = 0;
    break;
  }
  return answer;
}

static nvme_handler* handler(unsigned opcode) {
  switch (opcode) {
    case NVME_DELETE_IO_SQ: return nvme_delete_sq;
    case NVME_CREATE_IO_SQ: return nvme_create_sq;
    case NVME_GET_LOG_PAGE: return nvme_get_log_page;
    case NVME_DELETE_IO_CQ: return nvme_delete_cq;
    case NVME_CREATE_IO_CQ: return nvme_create_cq;
    case NVME_IDENTIFY: return nvme_identify;
    case NVME_ABORT_COMMAND: return abort_command;
    case NVME_SET_FEATURES: return nvme_set_features;
    case NVME_GET_FEATURES: return nvme_get_features;
    case NVME_FIRMWARE_COMMIT: return nvme_firmware_commit;
    case NVME_FIRMWARE_DOWNLOAD: return nvme_firmware_download;
    case NVME_GET_QUOTE: return nvme_get_quote;
    case NVME_GET_EVENT_LOG: return nvme_get_event_log;
    default: return 0;
  }
}

int nvme_admin_supported(unsigned opcode) { return opcode == NVME_ASYNC_EVENT_REQUEST || handler(opcode) != 0; }

static uint64_t dwords(const uint32_t* entry, unsigned index) {
  return entry[index] | (uint64_t)entry[index + 1] << 32;
}

void nvme_admin(struct nvme_controller* controller, const struct nvme_message_admin* message, uint32_t number) {
  if (!controller->ready || (int32_t)(number - controller->first_message) < 0) return;
  const uint32_t* entry = message->command;
  const struct nvme_command command = {
      .opcode = (uint8_t)entry[0],
      .cid = (uint16_t)(entry[0] >> 16),
      .nsid = entry[1],
      .prp1 = dwords(entry, 6),
      .dw10 = entry[10],
      .dw11 = entry[11],
      .dw12 = entry[12],
      .dw13 = entry[13],
      .dw14 = entry[14],
      .dw15 = entry[15],
      .tag = message->header.tag,
  };
  struct nvme_answer answer;
  if (!nvme_admin_supported(command.opcode)) {
    answer = nvme_status(NVME_INVALID_OPCODE);
  } else if (entry[0] & 0xc300) { /* fused operation, or SGLs: neither exists for admin commands here (4.2, 4.3) */
    answer = nvme_status(NVME_INVALID_FIELD);
  } else if (command.opcode != NVME_ASYNC_EVENT_REQUEST) {
    answer = handler(command.opcode)(controller, &command);
  } else if (controller->request_count == NVME_ASYNC_EVENTS) {
    answer = nvme_status(NVME_ASYNC_EVENT_LIMIT);
  } else {
    controller->requests[controller->request_count++] = (struct nvme_held_event_request){command.tag, command.cid};
    nvme_report_events(controller);
    return;
  }
  if (answer.status != NVME_LATER) complete(controller, command.tag, &answer);
  nvme_report_events(controller); /* the command may have unmasked events */
}
