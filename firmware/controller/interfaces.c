/* The ENA devices of the card, one per attached interface, and their way to the engine. */
#include "card.h"
#include "console.h"
#include "io.h"
#include "mailbox.h"
#include "map.h"
#include "mem.h"
#include "network.h"
#include "timer.h"
#include "timers.h"

enum { FUNCTIONS = 256, INTERFACES = LIVE_MOST_INTERFACES };

struct interface {
  struct ena_device device;
  struct ena_port port;
  struct timers_entry timer;
  int attached;
  unsigned number; /* in the log: ena0, ena1, ... */
};

static struct interface interfaces[INTERFACES];
static struct interface* by_function[FUNCTIONS]; /* 0: not attached */
static unsigned interfaces_numbered;
static uint32_t messages_taken; /* out of the channel */

static unsigned function_of(const void* context) { return ((const struct interface*)context)->device.function; }

static uint64_t read_register(void* context, uint32_t offset, unsigned bits) {
  return io_read(nic_page(function_of(context)) + offset, bits);
}

static void write_register(void* context, uint32_t offset, unsigned bits, uint64_t value) {
  io_write(nic_page(function_of(context)) + offset, bits, value);
}

static uint64_t read_allowance(void* context, uint32_t offset, unsigned bits) {
  return io_read(vpc_interface_page(function_of(context)) + offset, bits);
}

static void send_completion(void* context, const struct nic_message_complete* message) {
  (void)context;
  mailbox_send(MAILBOX_CHANNEL_NIC, message, sizeof *message);
}

static void send_fetch(void* context, const struct nic_message_fetch* message) {
  (void)context;
  mailbox_send(MAILBOX_CHANNEL_NIC, message, sizeof *message);
}

static void send_event(void* context, const struct nic_message_aenq* message) {
  (void)context;
  mailbox_send(MAILBOX_CHANNEL_NIC, message, sizeof *message);
}

static uint32_t messages_sent(void* context) {
  (void)context;
  return messages_taken + mailbox_waiting(MAILBOX_CHANNEL_NIC);
}

static uint64_t time_us(void* context) {
  (void)context;
  return now_us();
}

static void alarm(void* context, uint64_t at_us) {
  struct interface* interface = context;
  if (at_us == 0)
    timers_cancel(&interface->timer);
  else
    timers_set(&interface->timer, at_us);
}

static void expired(void* context) { ena_alarm(&((struct interface*)context)->device); }

static struct interface* find(unsigned function) { return function < FUNCTIONS ? by_function[function] : 0; }

int interface_attached(unsigned function) { return find(function) != 0; }

/* 0: there are as many as can be. */
static struct interface* connect(unsigned function) {
  struct interface* interface = interfaces;
  while (interface < interfaces + INTERFACES && interface->attached) interface++;
  if (interface == interfaces + INTERFACES) return 0;
  interface->port = (struct ena_port){
      .context = interface,
      .read = read_register,
      .write = write_register,
      .read_allowance = read_allowance,
      .complete = send_completion,
      .fetch = send_fetch,
      .post = send_event,
      .sent = messages_sent,
      .now_us = time_us,
      .alarm = alarm,
  };
  interface->timer = (struct timers_entry){.expired = expired, .context = interface};
  interface->attached = 1;
  by_function[function] = interface;
  return interface;
}

static void disconnect(struct interface* interface) {
  interface->attached = 0;
  by_function[interface->device.function] = 0;
}

enum interface_result interface_attach(const struct control_attach_interface* request) {
  unsigned function = request->header.function;
  if (function >= FUNCTIONS || FIELD_READ(nic_page(function), NIC_LIMITS, QUEUES) == 0) return INTERFACE_NO_HARDWARE;
  struct interface* interface = connect(function);
  if (!interface) return INTERFACE_NO_ROOM;
  struct ena_identity identity = {.mtu = request->mtu,
                                  .speed_mbit = request->speed_mbit,
                                  .keep_alive_ms = request->keep_alive_ms,
                                  .patient = request->hints & 1};
  memcpy(identity.mac, request->mac, sizeof identity.mac);
  ena_init(&interface->device, &interface->port, function, &identity);
  interface->number = interfaces_numbered++;
  const uint8_t* mac = identity.mac;
  print_log("ena%u: function %u, %02x:%02x:%02x:%02x:%02x:%02x, %u queue pairs, VNI %u%s", interface->number, function,
            mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], interface->device.queues, request->vni,
            request->flags & CONTROL_INTERFACE_BRIDGED ? ", bridged" : "");
  network_interface_attached(function, request);
  return INTERFACE_ATTACHED;
}

void interface_detach(unsigned function) {
  struct interface* interface = find(function);
  if (!interface) return;
  network_interface_detached(function);
  ena_stop(&interface->device);
  disconnect(interface);
  print_log("ena%u: function %u detached", interface->number, function);
}

void interface_link(unsigned function, int up) {
  struct interface* interface = find(function);
  if (!interface) return;
  ena_set_link(&interface->device, up);
  print_log("ena%u: link %s", interface->number, up ? "up" : "down");
}

int interfaces_quiet(void) {
  for (unsigned i = 0; i < INTERFACES; i++)
    if (interfaces[i].attached && !ena_quiet(&interfaces[i].device)) return 0;
  return 1;
}

void interfaces_save(struct live_state* state) {
  state->nic_messages_taken = messages_taken;
  state->interfaces_numbered = interfaces_numbered;
  state->interface_count = 0;
  for (unsigned i = 0; i < INTERFACES; i++)
    if (interfaces[i].attached)
      live_save_interface(&state->interfaces[state->interface_count++], &interfaces[i].device, interfaces[i].number);
}

int interfaces_restore(const struct live_state* state) {
  messages_taken = state->nic_messages_taken;
  interfaces_numbered = state->interfaces_numbered;
  for (uint32_t i = 0; i < state->interface_count; i++) {
    const struct live_interface* saved = &state->interfaces[i];
    if (saved->function >= FUNCTIONS || interface_attached(saved->function)) return 0;
    struct interface* interface = connect(saved->function);
    if (!interface) return 0;
    interface->device.function = saved->function;
    interface->number = saved->number;
    if (!live_restore_interface(&interface->device, &interface->port, saved)) return 0;
  }
  return 1;
}

/* 2.4 */
static const char* reset_reason(uint64_t reason) {
  static const char* const texts[] = {
      "normal",
      "no keep-alives",
      "admin queue does not run",
      "TX completions missing",
      "bad RX request id",
      "bad TX request id",
      "too many RX buffers in a packet",
      "driver's start failed",
      "driver's state is bad",
      "by the OS",
      "transmit watchdog",
      "shutdown",
      "by the user",
      "generic",
      "interrupt missing",
      "poll starvation",
      "bad RX completion",
      "bad TX completion",
      "admin interrupt missing",
      "asked for by the device",
      "first interrupt missing",
  };
  return reason < sizeof texts / sizeof texts[0] ? texts[reason] : "unknown";
}

static void handle_events(struct interface* interface) {
  switch (ena_events(&interface->device)) {
    case ENA_UNCHANGED: break;
    case ENA_RESET_BEGUN:
    case ENA_RESET_ENDED: {
      uint64_t reason = REG_READ(nic_page(interface->device.function), NIC_RESET_REASON);
      print_log("ena%u: reset %s, reason %lu: %s", interface->number,
                interface->device.state.resetting ? "begun" : "ended", reason, reset_reason(reason));
      break;
    }
    case ENA_FUNCTION_RESET: print_log("ena%u: function reset", interface->number); break;
  }
}

void interfaces_handle_message(void) {
  union {
    struct nic_message_header header;
    struct nic_message_admin admin; /* the longest that comes */
    struct nic_message_fetched fetched;
  } message;
  mailbox_receive(MAILBOX_CHANNEL_NIC, &message, sizeof message);
  uint32_t number = messages_taken++;
  struct interface* interface = find(message.header.function);
  if (!interface) return; /* events of functions not set up yet; commands of functions that are gone */
  handle_events(interface);
  switch (message.header.type) {
    case NIC_MESSAGE_ADMIN: ena_admin(&interface->device, &message.admin, number); break;
    case NIC_MESSAGE_FETCHED: ena_fetched(&interface->device, &message.fetched, number); break;
  }
}
