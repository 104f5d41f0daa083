/* Asynchronous events (5): the link's state, hints, keep-alives. Link and hints wait until the host wants them and has
 * room; a keep-alive that finds no room is dropped, and the next comes with the room, so that nothing wakes the card
 * for a host that does not listen. */
#include "ena.h"
#include "ena_spec.h"

enum { PAYLOAD_OFFSET = 16, TELL_AGAIN_US = 1000000 };

static int wanted(const struct ena_device* device, unsigned group) { return device->state.groups >> group & 1; }

static uint32_t supported_groups(const struct ena_device* device) {
  uint32_t keep_alive = device->identity.keep_alive_ms != 0;
  return 1u << ENA_GROUP_LINK | 1u << ENA_GROUP_NOTIFICATION | keep_alive << ENA_GROUP_KEEP_ALIVE;
}

static unsigned credit(const struct ena_device* device) {
  return (unsigned)FIELD_OF(NIC_AENQ_CREDIT, ENA_PORT_READ(device->port, NIC_AENQ));
}

static struct nic_message_aenq event(const struct ena_device* device, unsigned group) {
  const struct nic_message_aenq message = {.header = {NIC_MESSAGE_AENQ, device->function, 0}, .group = (uint16_t)group};
  return message;
}

static void post_link(struct ena_device* device) {
  struct nic_message_aenq message = event(device, ENA_GROUP_LINK);
  message.payload[0] = device->link_up;
  device->state.link_told = device->link_up ? ENA_LINK_UP : ENA_LINK_DOWN;
  device->state.link_unseen = 1;
  device->port->post(device->port->context, &message);
}

static void post_hints(struct ena_device* device) {
  enum { GET_FEATURE_DATA = 8 };
  struct nic_message_aenq message = event(device, ENA_GROUP_NOTIFICATION);
  uint32_t response[16] = {0};
  message.syndrome = ENA_NOTIFICATION_HINTS;
  ena_get_hints(device, 0, 0, response, 0);
  for (unsigned i = 0; i < 4; i++) message.payload[i] = response[GET_FEATURE_DATA / 4 + i];
  device->state.hints_pending = 0;
  device->port->post(device->port->context, &message);
}

static void post_keep_alive(struct ena_device* device) {
  struct nic_message_aenq message = event(device, ENA_GROUP_KEEP_ALIVE);
  ena_put64(message.payload, 16 - PAYLOAD_OFFSET, ENA_PORT_READ(device->port, NIC_RX_DROPS));
  ena_put64(message.payload, 24 - PAYLOAD_OFFSET, ENA_PORT_READ(device->port, NIC_TX_DROPS));
  ena_put64(message.payload, 32 - PAYLOAD_OFFSET, ENA_PORT_READ(device->port, NIC_RX_OVERRUNS));
  device->port->post(device->port->context, &message);
}

/* Time from tick to tick; 0: none. Drivers look at events only once their probe has ended. Keep-alives make them look
 * again; without any, the link's state is told until the host shows that it has seen it. */
static uint64_t period_us(const struct ena_device* device) {
  if (wanted(device, ENA_GROUP_KEEP_ALIVE)) return device->identity.keep_alive_ms * UINT64_C(1000);
  return wanted(device, ENA_GROUP_LINK) && device->state.link_unseen ? TELL_AGAIN_US : 0;
}

static void set_tick(struct ena_device* device, uint64_t at_us) {
  device->state.tick_us = at_us;
  device->port->alarm(device->port->context, at_us);
}

/* The tick runs if there is something to be done at it, and not otherwise. */
static void update_tick(struct ena_device* device) {
  uint64_t period = period_us(device);
  if (period == 0) {
    device->state.tick_missed = 0;
    if (device->state.tick_us != 0) set_tick(device, 0);
  } else if (device->state.tick_us == 0 && !device->state.tick_missed) {
    set_tick(device, device->port->now_us(device->port->context) + period);
  }
}

static void tick(struct ena_device* device) {
  device->state.tick_missed = credit(device) == 0;
  set_tick(device, 0);
  if (device->state.tick_missed) return;
  if (wanted(device, ENA_GROUP_KEEP_ALIVE))
    post_keep_alive(device);
  else
    post_link(device);
}

void ena_post_pending(struct ena_device* device) {
  struct ena_state* state = &device->state;
  if (state->resetting) return;
  unsigned room = credit(device);
  int link = wanted(device, ENA_GROUP_LINK) && state->link_told != (device->link_up ? ENA_LINK_UP : ENA_LINK_DOWN);
  if (link && room > 0) {
    room--;
    post_link(device);
  }
  if (wanted(device, ENA_GROUP_NOTIFICATION) && state->hints_pending && room > 0) post_hints(device);
  update_tick(device);
}

void ena_event_credit(struct ena_device* device) {
  if (device->state.resetting) return;
  device->state.link_unseen = 0;
  if (device->state.tick_missed && period_us(device) != 0) tick(device);
  ena_post_pending(device);
}

void ena_alarm(struct ena_device* device) {
  if (device->state.resetting || device->state.tick_us == 0) return;
  uint64_t due = device->state.tick_us, period = period_us(device);
  tick(device);
  uint64_t now = device->port->now_us(device->port->context);
  /* From tick to tick, so that the lateness of one does not add to the next. */
  if (!device->state.tick_missed && period != 0) set_tick(device, due + period > now ? due + period : now + period);
  ena_post_pending(device);
}

void ena_set_link(struct ena_device* device, int up) {
  device->link_up = up != 0;
  ena_post_pending(device);
}

uint8_t ena_get_aenq(struct ena_device* device, const struct ena_command* command, int defaults, uint32_t* response,
                     uint32_t* buffer) {
  (void)command;
  (void)buffer;
  ena_put32(response, 8, supported_groups(device));
  ena_put32(response, 12, defaults ? 0 : device->state.groups);
  return ENA_SUCCESS;
}

uint8_t ena_set_aenq(struct ena_device* device, const struct ena_command* command, const uint32_t* buffer) {
  (void)buffer;
  uint32_t groups = ena_get32(command->words, 24);
  if (groups & ~supported_groups(device)) return ENA_ILLEGAL_PARAMETER;
  device->state.groups = groups;
  ena_post_pending(device);
  return ENA_SUCCESS;
}
