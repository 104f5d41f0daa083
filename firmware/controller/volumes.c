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
static unsigned volume_count;
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

enum volume_result volume_attach(unsigned function, const struct nvme_identity* identity) {
  if (function >= FUNCTIONS) return VOLUME_NO_HARDWARE;
  uint64_t page = nvme_page(function);
  uint64_t blocks = REG_READ(page, NVME_CAPACITY);
  if (blocks == 0) return VOLUME_NO_HARDWARE;
  struct volume* volume = &volumes[function];
  if (volume->attached) return VOLUME_ALREADY_ATTACHED;
  volume->port =
      (struct nvme_port){(void*)page, read_register, write_register, send_completion, messages_sent, time_us};
  volume->attached = 1;
  volume->number = volume_count++;
  nvme_init(&volume->controller, &volume->port, function, identity);
  print_log("nvme%u: function %u, %lu blocks of %lu B, serial %.20s", volume->number, function, blocks,
            UINT64_C(1) << FIELD_READ(page, NVME_FORMAT, BLOCK_SHIFT), identity->serial);
  return VOLUME_ATTACHED;
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
  struct nvme_message_admin message; /* the longest that comes */
  mailbox_receive(MAILBOX_CHANNEL_NVME, &message, sizeof message);
  uint32_t number = messages_taken++;
  unsigned function = message.header.function;
  if (function >= FUNCTIONS || !volumes[function].attached) return; /* events of functions not set up yet */
  struct volume* volume = &volumes[function];
  if (message.header.type == NVME_MESSAGE_ADMIN)
    nvme_admin(&volume->controller, &message, number);
  else if (message.header.type == NVME_MESSAGE_EVENT)
    log_change(volume, nvme_events(&volume->controller));
}
