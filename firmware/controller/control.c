#include "control.h"

#include "console.h"
#include "mem.h"
#include "regs.h"

enum { PCI_NETWORK_VOLUME = 0x8061, PCI_LOCAL_VOLUME = 0xcd01, PCI_CLASS_NVME = 0x010802 };

static uint32_t attach_volume(struct control* control, const struct control_attach_volume* request) {
  const struct control_port* port = control->port;
  unsigned function = request->header.function, slot = control_key_slot(function);
  if (request->kind != CONTROL_VOLUME_NETWORK && request->kind != CONTROL_VOLUME_LOCAL) return CONTROL_UNKNOWN;
  if (request->flags & ~(uint32_t)CONTROL_VOLUME_ENCRYPTED) return CONTROL_UNKNOWN;
  if (!port->function_exists(port->context, function)) return CONTROL_NO_HARDWARE;
  if (port->attached(port->context, function) || port->interface_attached(port->context, function))
    return CONTROL_ALREADY_ATTACHED;
  int encrypted = (request->flags & CONTROL_VOLUME_ENCRYPTED) != 0;
  int has_key = port->key_valid(port->context, slot);
  if (encrypted && !has_key) return CONTROL_NO_KEY;
  if (!encrypted && has_key) return CONTROL_BAD_KEY;

  struct nvme_identity identity = {.pci_vendor = PCI_VENDOR, .controller_id = (uint16_t)function};
  memcpy(identity.serial, request->serial, sizeof identity.serial);
  memcpy(identity.model, request->model, sizeof identity.model);
  memcpy(identity.device_name, request->device_name, sizeof identity.device_name);
  firmware_revision(control->version, identity.firmware);
  uint64_t cipher = encrypted ? FIELD_IN(NVME_CIPHER_SLOT, slot) | FIELD_IN(NVME_CIPHER_ENABLE, 1) : 0;
  switch (port->attach(port->context, function, &identity, (uint32_t)cipher)) {
    case VOLUME_NO_HARDWARE: return CONTROL_NO_HARDWARE;
    case VOLUME_ALREADY_ATTACHED: return CONTROL_ALREADY_ATTACHED;
    case VOLUME_ATTACHED: break;
  }
  const struct pcie_identity pcie = {
      .vendor = PCI_VENDOR,
      .device = request->kind == CONTROL_VOLUME_NETWORK ? PCI_NETWORK_VOLUME : PCI_LOCAL_VOLUME,
      .class_code = PCI_CLASS_NVME,
      .subsystem_vendor = PCI_VENDOR,
  };
  port->show(port->context, function, &pcie);
  return CONTROL_OK;
}

/* The host loses the function first: so what it sees is a function that is gone, not one whose data is. */
static uint32_t detach_volume(struct control* control, unsigned function) {
  const struct control_port* port = control->port;
  if (!port->attached(port->context, function)) return CONTROL_NOT_ATTACHED;
  port->hide(port->context, function);
  port->detach(port->context, function);
  port->keys_destroy_of(port->context, function);
  return CONTROL_OK;
}

static uint32_t volume_key(struct control* control, const struct control_volume_key* request, uint32_t* value) {
  const struct control_port* port = control->port;
  unsigned function = request->header.function, slot = control_key_slot(function);
  if (request->kind != CONTROL_KEY_WRAPPED && request->kind != CONTROL_KEY_EPHEMERAL) return CONTROL_UNKNOWN;
  if (!port->function_exists(port->context, function)) return CONTROL_NO_HARDWARE;
  if (port->attached(port->context, function)) return CONTROL_ALREADY_ATTACHED;
  port->key_destroy(port->context, slot);
  enum security_status status = request->kind == CONTROL_KEY_WRAPPED
                                    ? port->key_unwrap(port->context, slot, request->wrapped, function)
                                    : port->key_generate(port->context, slot, function);
  if (status == SECURITY_OK) {
    print_log("control: function %u: key in slot %u", function, slot);
    return CONTROL_OK;
  }
  *value = status;
  /* What else there is: no such slot, or a security engine that does not work. */
  return status == SECURITY_BAD_KEY || status == SECURITY_NOT_PERMITTED ? CONTROL_BAD_KEY : CONTROL_NO_HARDWARE;
}

static uint32_t destroy_key(struct control* control, unsigned function) {
  const struct control_port* port = control->port;
  unsigned slot = control_key_slot(function);
  if (!port->function_exists(port->context, function)) return CONTROL_NO_HARDWARE;
  if (!port->key_valid(port->context, slot)) return CONTROL_NO_KEY;
  port->key_destroy(port->context, slot);
  print_log("control: function %u: key destroyed", function);
  return CONTROL_OK;
}

static int erased(const struct image_header* header) {
  const uint8_t* bytes = (const uint8_t*)header;
  for (unsigned i = 0; i < sizeof *header; i++)
    if (bytes[i] != 0xff) return 0;
  return 1;
}

static const char* how_trusted(const struct control_port* port, const struct image_header* header) {
  if (header->signature_type == IMAGE_UNSIGNED) return "not signed; the card is in development";
  return port->root_key_fused(port->context) ? "verified" : "signed by an unknown key; the card is in development";
}

static enum image_fault check_host_image(struct control* control) {
  const struct control_port* port = control->port;
  struct image_header header;
  memset(&header, 0xff, sizeof header);
  uint32_t space = port->host_flash_bytes(port->context);
  if (space >= sizeof header) port->host_header(port->context, &header);
  if (erased(&header) && port->in_development(port->context)) {
    print_log("host: no boot image; the card is in development");
    return IMAGE_GOOD;
  }
  if (space < sizeof header) return IMAGE_TRUNCATED;
  enum image_fault fault = port->host_verify(port->context, &header, space);
  if (fault == IMAGE_GOOD) fault = port->host_measure(port->context, &header);
  if (fault == IMAGE_GOOD)
    print_log("host: boot image %.20s %u.%u.%u, %u bytes, %s", header.name, header.version >> 24,
              header.version >> 16 & 0xff, header.version & 0xffff, header.body_size, how_trusted(port, &header));
  return fault;
}

static uint32_t start(struct control* control, uint32_t* value) {
  if (control->started) return CONTROL_OK;
  enum image_fault fault = check_host_image(control);
  if (fault != IMAGE_GOOD) {
    print_log("host: boot image refused: %s; the host stays in reset", image_fault_text(fault));
    *value = fault;
    return CONTROL_HOST_IMAGE_REFUSED;
  }
  control->started = 1;
  control->port->host_release(control->port->context);
  return CONTROL_OK;
}

struct control_result control_request(struct control* control, const union control_message* message) {
  unsigned function = message->header.function;
  struct control_result result = {
      .header = {CONTROL_RESULT, message->header.function, message->header.tag},
      .request = message->header.type,
      .status = CONTROL_UNKNOWN,
  };
  switch (message->header.type) {
    case CONTROL_ATTACH_VOLUME: result.status = attach_volume(control, &message->attach); break;
    case CONTROL_START: result.status = start(control, &result.value); break;
    case CONTROL_VOLUME_KEY: result.status = volume_key(control, &message->key, &result.value); break;
    case CONTROL_DETACH_VOLUME: result.status = detach_volume(control, function); break;
    case CONTROL_ATTACH_INTERFACE: result.status = control_interface_attach(control, &message->interface); break;
    case CONTROL_DETACH_INTERFACE: result.status = control_interface_detach(control, function); break;
    case CONTROL_LINK: result.status = control_interface_link(control, &message->link); break;
    case CONTROL_DESTROY_KEY: result.status = destroy_key(control, function); break;
    case CONTROL_UNDERLAY:
    case CONTROL_TRANSIT_KEY:
    case CONTROL_REKEY:
    case CONTROL_PEER:
    case CONTROL_ROUTE:
    case CONTROL_ADDRESS:
    case CONTROL_RULE:
    case CONTROL_ALLOWANCES: result.status = control->port->network(control->port->context, message); break;
    case CONTROL_PING:
      result.status = CONTROL_OK;
      result.value = control->version;
      break;
  }
  if (result.status != CONTROL_OK)
    print_log("control: request %u for function %u refused: %u", result.request, function, result.status);
  return result;
}
