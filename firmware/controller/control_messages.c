/* Control (control.h) on the card: the mailbox's messages, and the hardware behind the port. */
#include "card.h"
#include "console.h"
#include "fuses.h"
#include "image_verify.h"
#include "io.h"
#include "mailbox.h"
#include "map.h"
#include "mem.h"
#include "network.h"
#include "security.h"

static struct event_log* event_log;

static int function_exists(void* context, unsigned function) {
  (void)context;
  return pcie_function_exists(function);
}

static int attached(void* context, unsigned function) {
  (void)context;
  return volume_attached(function);
}

static enum volume_result attach(void* context, unsigned function, const struct nvme_identity* identity,
                                 uint32_t cipher) {
  (void)context;
  return volume_attach(function, identity, cipher);
}

static void detach(void* context, unsigned function) {
  (void)context;
  volume_detach(function);
}

static int has_interface(void* context, unsigned function) {
  (void)context;
  return interface_attached(function);
}

static enum interface_result attach_interface(void* context, const struct control_attach_interface* request) {
  (void)context;
  return interface_attach(request);
}

static void detach_interface(void* context, unsigned function) {
  (void)context;
  interface_detach(function);
}

static void set_link(void* context, unsigned function, int up) {
  (void)context;
  interface_link(function, up);
}

static void show(void* context, unsigned function, const struct pcie_identity* identity) {
  (void)context;
  pcie_function_attach(function, identity);
}

static void hide(void* context, unsigned function) {
  (void)context;
  pcie_function_detach(function);
}

static int key_valid(void* context, unsigned slot) {
  (void)context;
  return security_slot_valid(slot);
}

static enum security_status key_unwrap(void* context, unsigned slot, const uint8_t* wrapped, unsigned owner) {
  (void)context;
  return security_unwrap(SECURITY_SLOT_TRANSPORT, wrapped, CONTROL_WRAPPED_KEY_BYTES, slot, SECURITY_FOR_XTS, owner);
}

static enum security_status key_generate(void* context, unsigned slot, unsigned owner) {
  enum { XTS_KEY_BYTES = 64 };
  (void)context;
  return security_generate(slot, XTS_KEY_BYTES, SECURITY_FOR_XTS, owner);
}

static void key_destroy(void* context, unsigned slot) {
  (void)context;
  security_destroy(slot);
}

static void keys_destroy_of(void* context, unsigned owner) {
  (void)context;
  security_destroy_owner(owner);
}

static uint32_t host_flash_bytes(void* context) {
  (void)context;
  return (uint32_t)FIELD_READ(MAP_HOST_GATE, HOST_GATE_FLASH_SIZE, BYTES);
}

static void host_header(void* context, struct image_header* header) {
  (void)context;
  memcpy(header, (const void*)MAP_HOST_FLASH, sizeof *header);
}

static int in_development(void* context) {
  (void)context;
  struct boot_fuses fuses;
  fuses_read(&fuses);
  return fuses.life_cycle == LIFE_CYCLE_DEVELOPMENT;
}

static int root_key_fused(void* context) {
  (void)context;
  struct boot_fuses fuses;
  fuses_read(&fuses);
  return fuses_have_root_key(&fuses);
}

static enum image_fault host_verify(void* context, const struct image_header* header, uint32_t space) {
  (void)context;
  const struct image_limits limits = {.kind = IMAGE_HOST_BOOT, .space = space};
  return image_verify(header, (const void*)(MAP_HOST_FLASH + sizeof *header), &limits);
}

static enum image_fault host_measure(void* context, const struct image_header* header) {
  (void)context;
  return image_measure(header, MEASURED_HOST, event_log);
}

static void host_release(void* context) {
  (void)context;
  FIELD_WRITE(MAP_HOST_GATE, HOST_GATE_CONTROL, RELEASE, 1);
  print_log("host: out of reset");
  link_start();
}

static uint32_t network(void* context, const union control_message* message) {
  (void)context;
  return network_request(message);
}

static const struct control_port port = {
    .function_exists = function_exists,
    .attached = attached,
    .attach = attach,
    .detach = detach,
    .interface_attached = has_interface,
    .interface_attach = attach_interface,
    .interface_detach = detach_interface,
    .interface_link = set_link,
    .show = show,
    .hide = hide,
    .key_valid = key_valid,
    .key_unwrap = key_unwrap,
    .key_generate = key_generate,
    .key_destroy = key_destroy,
    .keys_destroy_of = keys_destroy_of,
    .host_flash_bytes = host_flash_bytes,
    .host_header = host_header,
    .in_development = in_development,
    .root_key_fused = root_key_fused,
    .host_verify = host_verify,
    .host_measure = host_measure,
    .host_release = host_release,
    .network = network,
};

static struct control control;

void control_init(struct boot_handoff* handoff) {
  event_log = &handoff->log;
  control.port = &port;
  control.version = handoff->image.version;
}

void control_handle_message(void) {
  union control_message message;
  mailbox_receive(MAILBOX_CHANNEL_CONTROL, &message, sizeof message);
  const struct control_result result = control_request(&control, &message);
  mailbox_send(MAILBOX_CHANNEL_CONTROL, &result, sizeof result);
}

void control_save(struct live_state* state) { state->host_started = control.started != 0; }

void control_restore(const struct live_state* state) { control.started = state->host_started; }
