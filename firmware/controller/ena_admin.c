/* Admin commands: dispatch, control buffers, completion (3.1). */
#include "ena.h"
#include "ena_spec.h"
#include "mem.h"

enum { STATUS_OFFSET = 2, OPCODE_OFFSET = 2, CONTROL_BUFFER_OFFSET = 8 };

uint32_t* ena_answer_buffer(void) {
  enum { BUFFERS = 16 };
  static uint32_t buffers[BUFFERS][ENA_BUFFER_BYTES / 4] __attribute__((aligned(8)));
  static unsigned next;
  next = (next + 1) % BUFFERS;
  return memset(buffers[next], 0, sizeof buffers[next]);
}

static void complete(struct ena_device* device, const struct ena_command* command, uint8_t status,
                     const struct ena_answer* answer) {
  struct nic_message_complete message = {.header = {NIC_MESSAGE_COMPLETE, device->function, command->tag}};
  if (status == ENA_SUCCESS) {
    memcpy(message.response, answer->words, sizeof message.response);
    if (answer->buffer) {
      message.data_address = (uintptr_t)answer->buffer;
      message.data_size = answer->buffer_bytes;
      message.host_address = ena_get_address(command->words, CONTROL_BUFFER_OFFSET);
    }
  }
  ena_put8(message.response, STATUS_OFFSET, status);
  device->port->complete(device->port->context, &message);
}

static ena_handler* handler(unsigned opcode) {
  switch (opcode) {
    case ENA_CREATE_SQ: return ena_create_sq;
    case ENA_DESTROY_SQ: return ena_destroy_sq;
    case ENA_CREATE_CQ: return ena_create_cq;
    case ENA_DESTROY_CQ: return ena_destroy_cq;
    case ENA_GET_FEATURE: return ena_get_feature;
    case ENA_SET_FEATURE: return ena_set_feature;
    case ENA_GET_STATS: return ena_get_stats;
    default: return 0;
  }
}

static int stale(const struct ena_device* device, uint32_t number) {
  return device->state.resetting || (int32_t)(number - device->state.first_message) < 0;
}

void ena_admin(struct ena_device* device, const struct nic_message_admin* message, uint32_t number) {
  if (stale(device, number)) return;
  struct ena_command command = {.tag = message->header.tag};
  memcpy(command.words, message->command, sizeof command.words);
  struct ena_answer answer = {.buffer = 0};
  ena_handler* handle = handler(ena_get8(command.words, OPCODE_OFFSET));
  uint8_t status = handle ? handle(device, &command, &answer) : ENA_UNSUPPORTED;
  if (status != ENA_LATER) complete(device, &command, status, &answer);
}

uint8_t ena_start_fetch(struct ena_device* device, const struct ena_command* command, uint64_t host_address,
                        uint32_t bytes) {
  for (unsigned i = 0; i < ENA_FETCHES; i++) {
    struct ena_fetch* fetch = &device->fetches[i];
    if (fetch->used) continue;
    fetch->used = 1;
    fetch->command = *command;
    const struct nic_message_fetch message = {.header = {NIC_MESSAGE_FETCH, device->function, command->tag},
                                              .host_address = host_address,
                                              .address = (uintptr_t)fetch->buffer,
                                              .size = bytes};
    device->port->fetch(device->port->context, &message);
    return ENA_LATER;
  }
  return ENA_BUSY;
}

void ena_fetched(struct ena_device* device, const struct nic_message_fetched* message, uint32_t number) {
  if (stale(device, number)) return;
  for (unsigned i = 0; i < ENA_FETCHES; i++) {
    struct ena_fetch* fetch = &device->fetches[i];
    if (!fetch->used || fetch->command.tag != message->header.tag) continue;
    const uint32_t* buffer = message->status == NIC_FETCH_OK ? fetch->buffer : 0;
    const struct ena_answer answer = {.buffer = 0};
    complete(device, &fetch->command, ena_set_fetched(device, &fetch->command, buffer), &answer);
    fetch->used = 0;
    return;
  }
}

int ena_quiet(const struct ena_device* device) {
  for (unsigned i = 0; i < ENA_FETCHES; i++)
    if (device->fetches[i].used) return 0;
  return 1;
}
