/* The NVMe controllers of the card, one per attached volume, and their way to the engine. */
#include "card.h"
#include "console.h"
#include "io.h"
#include "mailbox.h"
#include "map.h"
#include "timer.h"

enum { FUNCTIONS = 256 };

struct volume {
  struct nvme_controller controller;
  struct nvme_port port;
  int attached;
  unsigned number; /* in the log: nvme0, nvme1, ... */
};

static struct volume volumes[FUNCTIONS];
static unsigned volumes_numbered;
static uint32_t messages_taken; /* out of the channel */

static uint64_t read_register(void* page, uint32_t offset, unsigned bits) {
  return io_read((uint64_t)page + offset, bits);
}

static void write_register(void* page, uint32_t offset, unsigned bits, uint64_t value) {
  io_write((uint64_t)page + offset, bits, value);
}

static void send_completion(void* page, const struct nvme_message_complete* message) {
  (void)page;
  mailbox_send(MAILBOX_CHANNEL_NVME, message, sizeof *message);
}

static uint32_t messages_sent(void* page) {
  (void)page;
  return messages_taken + mailbox_waiting(MAILBOX_CHANNEL_NVME);
}

static uint64_t time_us(void* page) {
  (void)page;
  return now_us();
}

static int attached(unsigned function) { return function < FUNCTIONS && volumes[function].attached; }

int volume_attached(unsigned function) { return attached(function); }

static void connect(struct volume* volume, unsigned function) {
  volume->port = (struct nvme_port){
      (void*)nvme_page(function), read_register, write_register, send_completion, messages_sent, time_us};
  volume->attached = 1;
}

enum volume_result volume_attach(unsigned function, const struct nvme_identity* identity, uint32_t cipher) {
  if (function >= FUNCTIONS) return VOLUME_NO_HARDWARE;
  uint64_t page = nvme_page(function);
  uint64_t blocks = REG_READ(page, NVME_CAPACITY);
  if (blocks == 0) return VOLUME_NO_HARDWARE;
  struct volume* volume = &volumes[function];
  if (volume->attached) return VOLUME_ALREADY_ATTACHED;
  REG_WRITE(page, NVME_CIPHER, cipher);
  connect(volume, function);
  volume->number = volumes_numbered++;
  nvme_init(&volume->controller, &volume->port, &card_services, function, identity);
  print_log("nvme%u: function %u, %lu blocks of %lu B, serial %.20s%s", volume->number, function, blocks,
            UINT64_C(1) << FIELD_READ(page, NVME_FORMAT, BLOCK_SHIFT), identity->serial, cipher ? ", encrypted" : "");
  return VOLUME_ATTACHED;
}

void volume_detach(unsigned function) {
  if (!attached(function)) return;
  volumes[function].attached = 0;
  update_function_gone(&card_update, function);
  print_log("nvme%u: function %u detached", volumes[function].number, function);
}

void volume_complete(unsigned function, uint32_t tag, uint16_t status) {
  const struct nvme_message_complete message = {.header = {NVME_MESSAGE_COMPLETE, (uint16_t)function, tag},
                                                .status = status};
  mailbox_send(MAILBOX_CHANNEL_NVME, &message, sizeof message);
}

void volume_fetch(unsigned function, uint32_t tag, uint64_t address, uint32_t size) {
  const struct nvme_message_fetch message = {
      .header = {NVME_MESSAGE_FETCH, (uint16_t)function, tag}, .address = address, .size = size};
  mailbox_send(MAILBOX_CHANNEL_NVME, &message, sizeof message);
}

void volumes_save(struct live_state* state) {
  state->messages_taken = messages_taken;
  state->volumes_numbered = volumes_numbered;
  state->volume_count = 0;
  for (unsigned i = 0; i < FUNCTIONS; i++)
    if (volumes[i].attached)
      live_save_volume(&state->volumes[state->volume_count++], &volumes[i].controller, volumes[i].number);
}

int volumes_restore(const struct live_state* state, uint32_t version) {
  char revision[8];
  firmware_revision(version, revision);
  messages_taken = state->messages_taken;
  volumes_numbered = state->volumes_numbered;
  for (uint32_t i = 0; i < state->volume_count; i++) {
    const struct live_volume* saved = &state->volumes[i];
    if (saved->function >= FUNCTIONS) return 0;
    struct volume* volume = &volumes[saved->function];
    connect(volume, saved->function);
    volume->number = saved->number;
    if (!live_restore_volume(&volume->controller, &volume->port, &card_services, saved, revision)) return 0;
  }
  return 1;
}

static void log_change(const struct volume* volume, enum nvme_change change) {
  switch (change) {
    case NVME_UNCHANGED: break;
    case NVME_ENABLED: print_log("nvme%u: enabled", volume->number); break;
    case NVME_REFUSED: {
      uint64_t page = nvme_page(volume->controller.function);
      print_log("nvme%u: not enabled: CC 0x%08lx, AQA 0x%08lx", volume->number, REG_READ(page, NVME_CC),
                REG_READ(page, NVME_ADMIN_SIZES));
      break;
    }
    case NVME_DISABLED: print_log("nvme%u: disabled", volume->number); break;
    case NVME_SHUT_DOWN: print_log("nvme%u: shut down", volume->number); break;
  }
}

void volumes_handle_message(void) {
  union {
    struct nvme_message_header header;
    struct nvme_message_admin admin; /* the longest that comes */
    struct nvme_message_fetched fetched;
  } message;
  mailbox_receive(MAILBOX_CHANNEL_NVME, &message, sizeof message);
  uint32_t number = messages_taken++;
  unsigned function = message.header.function;
  if (!attached(function)) return; /* events of functions not set up yet; commands of functions that are gone */
  struct volume* volume = &volumes[function];
  switch (message.header.type) {
    case NVME_MESSAGE_ADMIN: nvme_admin(&volume->controller, &message.admin, number); break;
    case NVME_MESSAGE_EVENT: log_change(volume, nvme_events(&volume->controller)); break;
    case NVME_MESSAGE_FETCHED:
      update_fetched(&card_update, function, message.header.tag, message.fetched.status);
      break;
  }
}
