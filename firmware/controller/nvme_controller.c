/* The controller's life: enabling, reset, shutdown (NVMe 1.4, 7.3 and 7.6). */
#include "mem.h"
#include "nvme.h"
#include "nvme_spec.h"
#include "regs.h"

static void reset(struct nvme_controller* controller) {
  controller->ready = 0;
  controller->queues_created = 0;
  controller->request_count = 0;
  controller->pending_errors = 0;
  controller->errors_masked = 0;
  nvme_reset_features(controller);
}

void nvme_init(struct nvme_controller* controller, const struct nvme_port* port, const struct nvme_card* card,
               unsigned function, const struct nvme_identity* identity) {
  memset(controller, 0, sizeof *controller);
  controller->port = port;
  controller->card = card;
  controller->identity = *identity;
  controller->function = (uint16_t)function;
  nvme_read_limits(controller);
  /* Those of an attachment before: as long as they stand there, no message tells of new ones. */
  NVME_PORT_WRITE(port, NVME_EVENTS, NVME_PORT_READ(port, NVME_EVENTS));
  reset(controller);
}

void nvme_read_limits(struct nvme_controller* controller) {
  const struct nvme_port* port = controller->port;
  uint64_t limits = NVME_PORT_READ(port, NVME_LIMITS);
  controller->max_queues = (uint16_t)FIELD_OF(NVME_LIMITS_QUEUES, limits);
  uint64_t vectors = FIELD_OF(NVME_LIMITS_VECTORS, limits);
  controller->vectors = (uint16_t)(vectors < NVME_MAX_VECTORS ? vectors : NVME_MAX_VECTORS);
  controller->transfer_limit = (uint8_t)FIELD_OF(NVME_FORMAT_MDTS, NVME_PORT_READ(port, NVME_FORMAT));
}

/* 3.1.5: CC's fields, each against what CAP and Identify offer. The entry sizes may still be 0; they are checked when a
 * queue is created too. 3.1.8: the admin queues have at least 2 entries. */
static int settings_good(struct nvme_controller* controller) {
  uint64_t cc = NVME_PORT_READ(controller->port, NVME_CC);
  uint64_t sizes = NVME_PORT_READ(controller->port, NVME_ADMIN_SIZES);
  unsigned css = cc >> 4 & 7, mps = cc >> 7 & 15, ams = cc >> 11 & 7, sq_entry = cc >> 16 & 15,
           cq_entry = cc >> 20 & 15;
  return css == 0 && mps == 0 && ams == 0 && (sq_entry == NVME_SQ_ENTRY_LOG2 || sq_entry == 0) &&
         (cq_entry == NVME_CQ_ENTRY_LOG2 || cq_entry == 0) && (sizes & 0xfff) != 0 && (sizes >> 16 & 0xfff) != 0;
}

static enum nvme_change enable(struct nvme_controller* controller) {
  const struct nvme_port* port = controller->port;
  if (!settings_good(controller)) {
    NVME_PORT_WRITE(port, NVME_STATUS, FIELD_IN(NVME_STATUS_CFS, 1));
    return NVME_REFUSED;
  }
  /* The engine fetches nothing before it sees RDY: what it has sent so far is from before a reset. */
  controller->first_message = port->sent(port->context);
  NVME_PORT_WRITE(port, NVME_STATUS, FIELD_IN(NVME_STATUS_RDY, 1));
  /* Not kept if the host has taken CC.EN back meanwhile. */
  controller->ready = FIELD_OF(NVME_STATUS_RDY, NVME_PORT_READ(port, NVME_STATUS)) != 0;
  return controller->ready ? NVME_ENABLED : NVME_UNCHANGED;
}

enum nvme_change nvme_events(struct nvme_controller* controller) {
  enum { SHUTDOWN_COMPLETE = 2 };
  const struct nvme_port* port = controller->port;
  enum nvme_change change = NVME_UNCHANGED;
  uint64_t events;
  /* A message comes only when EVENTS was 0 before: so until it is. */
  while ((events = NVME_PORT_READ(port, NVME_EVENTS)) != 0) {
    NVME_PORT_WRITE(port, NVME_EVENTS, events);
    int was_ready = controller->ready;
    if (FIELD_OF(NVME_EVENTS_DISABLE, events) || FIELD_OF(NVME_EVENTS_RESET, events)) {
      was_ready = 0;
      reset(controller);
      update_function_reset(controller->card->update, controller->function);
      NVME_PORT_WRITE(port, NVME_STATUS, 0);
      change = NVME_DISABLED;
    }
    if (FIELD_OF(NVME_EVENTS_ENABLE, events)) {
      enum nvme_change enabled = enable(controller);
      if (enabled != NVME_UNCHANGED) change = enabled;
    }
    /* The event may be from before a reset, which withdraws it. Writes are in the engine's hands, not the firmware's:
     * there is nothing to save. */
    if (FIELD_OF(NVME_EVENTS_SHUTDOWN, events) && (NVME_PORT_READ(port, NVME_CC) >> 14 & 3) != 0) {
      NVME_PORT_WRITE(port, NVME_STATUS,
                      NVME_PORT_READ(port, NVME_STATUS) | FIELD_IN(NVME_STATUS_SHST, SHUTDOWN_COMPLETE));
      change = NVME_SHUT_DOWN;
    }
    if (was_ready) { /* otherwise the doorbells were not those of this controller's queues */
      if (FIELD_OF(NVME_EVENTS_BAD_REGISTER, events)) controller->pending_errors |= 1u << NVME_EVENT_BAD_REGISTER;
      if (FIELD_OF(NVME_EVENTS_BAD_VALUE, events)) controller->pending_errors |= 1u << NVME_EVENT_BAD_VALUE;
      nvme_report_events(controller);
    }
  }
  return change;
}
