/* The device's life: attachment, and resets by the host. */
#include "ena.h"
#include "ena_spec.h"
#include "mem.h"

enum { RESET_TIMEOUT_100_MS = 31, DMA_BITS = 48 };
enum { CAPS_CONTIGUOUS = 1, CAPS_RESET_TIMEOUT_LSB = 1, CAPS_DMA_WIDTH_LSB = 8 };

void ena_read_limits(struct ena_device* device) {
  const struct ena_port* port = device->port;
  uint64_t limits = ENA_PORT_READ(port, NIC_LIMITS), llq = ENA_PORT_READ(port, NIC_LLQ);
  uint64_t queues = FIELD_OF(NIC_LIMITS_QUEUES, limits);
  device->queues = (uint16_t)(queues < ENA_QUEUE_PAIRS ? queues : ENA_QUEUE_PAIRS);
  device->vectors = (uint16_t)FIELD_OF(NIC_LIMITS_VECTORS, limits);
  device->most_entries = (uint32_t)FIELD_OF(NIC_DEPTHS_MOST, ENA_PORT_READ(port, NIC_DEPTHS));
  uint64_t llq_queues = FIELD_OF(NIC_LLQ_QUEUES, llq);
  device->llq_queues = (uint16_t)(llq_queues < device->queues ? llq_queues : device->queues);
  device->llq_entries = (uint16_t)FIELD_OF(NIC_LLQ_DEPTH, llq);
}

/* Everything as a device reset leaves it; what the engine does not reset by itself, too. */
static void reset(struct ena_device* device) {
  const struct ena_port* port = device->port;
  /* A command from before the reset may have been served after it. */
  ena_destroy_queues(device);
  memset(&device->state, 0, sizeof device->state);
  for (unsigned i = 0; i < ENA_FETCHES; i++) device->fetches[i].used = 0;
  device->state.link_told = ENA_LINK_UNTOLD;
  device->state.hints_pending = device->identity.patient != 0;
  port->alarm(port->context, 0);
  ENA_PORT_WRITE(port, NIC_MTU, FIELD_IN(NIC_MTU_BYTES, device->identity.mtu));
  ENA_PORT_WRITE(port, NIC_MODERATION, FIELD_IN(NIC_MODERATION_RESOLUTION, 1));
  ENA_PORT_WRITE(port, NIC_OFFLOADS, FIELD_IN(NIC_OFFLOADS_RX_CHECKSUMS, 1) | FIELD_IN(NIC_OFFLOADS_RX_HASH, 1));
  ena_reset_llq(device);
  ena_reset_rss(device);
}

/* The device serves the host from its first register read on. */
static void show_ready(struct ena_device* device) {
  const struct ena_port* port = device->port;
  ENA_PORT_WRITE(port, NIC_HOST_VERSION, ENA_VERSION);
  ENA_PORT_WRITE(port, NIC_HOST_CONTROLLER, ENA_CONTROLLER_VERSION);
  ENA_PORT_WRITE(port, NIC_HOST_CAPS,
                 CAPS_CONTIGUOUS | RESET_TIMEOUT_100_MS << CAPS_RESET_TIMEOUT_LSB | DMA_BITS << CAPS_DMA_WIDTH_LSB);
  ENA_PORT_WRITE(port, NIC_STATUS, FIELD_IN(NIC_STATUS_READY, 1));
}

static void begin(struct ena_device* device) {
  const struct ena_port* port = device->port;
  reset(device);
  device->state.first_message = port->sent(port->context);
}

int ena_init(struct ena_device* device, const struct ena_port* port, unsigned function,
             const struct ena_identity* identity) {
  memset(device, 0, sizeof *device);
  device->port = port;
  device->identity = *identity;
  device->function = (uint16_t)function;
  device->link_up = 1;
  ena_read_limits(device);
  if (device->queues == 0) return 0;
  /* Those of an attachment before: as long as they stand there, no message tells of new ones. */
  ENA_PORT_WRITE(port, NIC_EVENTS, ENA_PORT_READ(port, NIC_EVENTS));
  begin(device);
  show_ready(device);
  return 1;
}

void ena_stop(struct ena_device* device) {
  reset(device);
  ENA_PORT_WRITE(device->port, NIC_STATUS, 0);
}

int ena_resume(struct ena_device* device) {
  const struct ena_state* state = &device->state;
  device->port->alarm(device->port->context, state->tick_us);
  return device->queues != 0 && (state->llq_entry_bytes == 128 || state->llq_entry_bytes == 256) &&
         state->link_told <= ENA_LINK_UNTOLD;
}

/* True: it has ended. Not before the host has seen it (2.3): otherwise the engine ignores this. */
static int end_reset(struct ena_device* device) {
  const struct ena_port* port = device->port;
  device->state.first_message = port->sent(port->context);
  ENA_PORT_WRITE(port, NIC_STATUS, FIELD_IN(NIC_STATUS_READY, 1) | FIELD_IN(NIC_STATUS_RESETTING, 1));
  device->state.resetting = FIELD_OF(NIC_STATUS_RESETTING, ENA_PORT_READ(port, NIC_STATUS)) != 0;
  return !device->state.resetting;
}

enum ena_change ena_events(struct ena_device* device) {
  const struct ena_port* port = device->port;
  enum ena_change change = ENA_UNCHANGED;
  uint64_t events;
  /* A message comes only when EVENTS was 0 before: so until it is. */
  while ((events = ENA_PORT_READ(port, NIC_EVENTS)) != 0) {
    ENA_PORT_WRITE(port, NIC_EVENTS, events);
    if (FIELD_OF(NIC_EVENTS_FUNCTION_RESET, events)) {
      begin(device);
      show_ready(device);
      change = ENA_FUNCTION_RESET;
    }
    if (FIELD_OF(NIC_EVENTS_RESET, events)) {
      begin(device);
      change = ENA_RESET_BEGUN;
    }
    device->state.resetting = FIELD_OF(NIC_STATUS_RESETTING, ENA_PORT_READ(port, NIC_STATUS)) != 0;
    if (FIELD_OF(NIC_EVENTS_RELEASED, events) && device->state.resetting && end_reset(device)) change = ENA_RESET_ENDED;
    if (FIELD_OF(NIC_EVENTS_AENQ_CREDIT, events)) ena_event_credit(device);
  }
  return change;
}
