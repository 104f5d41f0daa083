#include "live.h"

#include <stddef.h>

#include "mem.h"

enum { UNCHECKED_BYTES = offsetof(struct live_state, stopped_us) };

static uint32_t size_of(const struct live_state* state) {
  return (uint32_t)(offsetof(struct live_state, volumes) + state->volume_count * sizeof state->volumes[0] +
                    state->interface_count * sizeof state->interfaces[0]);
}

static uint64_t hash(uint64_t value, const void* data, size_t size) {
  const uint8_t* bytes = data;
  for (size_t i = 0; i < size; i++) value = (value ^ bytes[i]) * UINT64_C(0x100000001b3);
  return value;
}

/* 64-bit FNV-1a: against damage, not against an enemy, who has no way into the card's memory. */
static uint64_t check(const struct live_state* state) {
  uint64_t value = UINT64_C(0xcbf29ce484222325) ^ state->from;
  value = hash(value, (const uint8_t*)state + UNCHECKED_BYTES, offsetof(struct live_state, volumes) - UNCHECKED_BYTES);
  value = hash(value, state->volumes, state->volume_count * sizeof state->volumes[0]);
  return hash(value, state->interfaces, state->interface_count * sizeof state->interfaces[0]);
}

void live_seal(struct live_state* state) {
  state->magic = LIVE_MAGIC;
  state->format = LIVE_FORMAT;
  state->size = size_of(state);
  state->check = check(state);
}

enum live_fault live_check(const struct live_state* state) {
  if (state->magic != LIVE_MAGIC || state->format != LIVE_FORMAT) return LIVE_BAD_FORMAT;
  if (state->volume_count > LIVE_MOST_VOLUMES || state->interface_count > LIVE_MOST_INTERFACES) return LIVE_DAMAGED;
  if (state->size != size_of(state)) return LIVE_DAMAGED;
  return state->check == check(state) ? LIVE_GOOD : LIVE_DAMAGED;
}

void live_save_volume(struct live_volume* to, const struct nvme_controller* from, unsigned number) {
  memset(to, 0, sizeof *to);
  to->identity = from->identity;
  to->function = from->function;
  to->number = number;
  to->first_message = from->first_message;
  to->pending_errors = from->pending_errors;
  to->ready = from->ready != 0;
  to->queues_created = from->queues_created != 0;
  to->errors_masked = from->errors_masked != 0;
  to->request_count = (uint8_t)from->request_count;
  to->submission_queues = from->submission_queues;
  to->completion_queues = from->completion_queues;
  to->features = from->features;
  memcpy(to->requests, from->requests, sizeof to->requests);
  memcpy(to->not_coalesced, from->not_coalesced, sizeof to->not_coalesced);
}

int live_restore_volume(struct nvme_controller* to, const struct nvme_port* port, const struct nvme_card* card,
                        const struct live_volume* from, const char revision[8]) {
  memset(to, 0, sizeof *to);
  to->port = port;
  to->card = card;
  to->identity = from->identity;
  memcpy(to->identity.firmware, revision, sizeof to->identity.firmware);
  to->function = from->function;
  nvme_read_limits(to);
  to->ready = from->ready;
  to->first_message = from->first_message;
  to->queues_created = from->queues_created;
  to->submission_queues = from->submission_queues;
  to->completion_queues = from->completion_queues;
  to->features = from->features;
  memcpy(to->not_coalesced, from->not_coalesced, sizeof to->not_coalesced);
  memcpy(to->requests, from->requests, sizeof to->requests);
  to->request_count = from->request_count;
  to->pending_errors = from->pending_errors;
  to->errors_masked = from->errors_masked;
  return from->request_count <= NVME_ASYNC_EVENTS && from->submission_queues <= to->max_queues &&
         from->completion_queues <= to->max_queues;
}

void live_save_interface(struct live_interface* to, const struct ena_device* from, unsigned number) {
  memset(to, 0, sizeof *to);
  to->identity = from->identity;
  to->function = from->function;
  to->link_up = from->link_up;
  to->number = number;
  to->state = from->state;
}

int live_restore_interface(struct ena_device* to, const struct ena_port* port, const struct live_interface* from) {
  memset(to, 0, sizeof *to);
  to->port = port;
  to->identity = from->identity;
  to->function = from->function;
  to->link_up = from->link_up;
  to->state = from->state;
  ena_read_limits(to);
  return ena_resume(to);
}
