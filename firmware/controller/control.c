/* What the control plane asks for: volumes to attach, and the start of the link. */
#include "card.h"
#include "console.h"
#include "mailbox.h"
#include "mem.h"
#include "messages.h"
#include "pcie.h"

enum { PCI_VENDOR = 0x1d0f, PCI_NETWORK_VOLUME = 0x8061, PCI_LOCAL_VOLUME = 0xcd01, PCI_CLASS_NVME = 0x010802 };

union message {
  struct control_header header;
  struct control_attach_volume attach;
  uint32_t words[MAILBOX_MESSAGE_BYTES / 4];
};

static uint32_t attach_volume(const struct control_attach_volume* request) {
  unsigned function = request->header.function;
  if (request->kind != CONTROL_VOLUME_NETWORK && request->kind != CONTROL_VOLUME_LOCAL) return CONTROL_UNKNOWN;
  if (!pcie_function_exists(function)) return CONTROL_NO_HARDWARE;

  struct nvme_identity identity = {.pci_vendor = PCI_VENDOR, .controller_id = (uint16_t)function};
  memcpy(identity.serial, request->serial, sizeof identity.serial);
  memcpy(identity.model, request->model, sizeof identity.model);
  memcpy(identity.device_name, request->device_name, sizeof identity.device_name);
  static const char version[] = FIRMWARE_VERSION;
  _Static_assert(sizeof version - 1 <= sizeof identity.firmware, "Identify's firmware revision has 8 bytes");
  memset(identity.firmware, ' ', sizeof identity.firmware);
  memcpy(identity.firmware, version, sizeof version - 1);

  switch (volume_attach(function, &identity)) {
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
  pcie_function_attach(function, &pcie);
  return CONTROL_OK;
}

static uint32_t start(void) {
  link_start();
  return CONTROL_OK;
}

void control_handle_message(void) {
  union message message;
  mailbox_receive(MAILBOX_CHANNEL_CONTROL, &message, sizeof message);
  struct control_result result = {
      .header = {CONTROL_RESULT, message.header.function, message.header.tag},
      .request = message.header.type,
      .status = CONTROL_UNKNOWN,
  };
  if (message.header.type == CONTROL_ATTACH_VOLUME) result.status = attach_volume(&message.attach);
  if (message.header.type == CONTROL_START) result.status = start();
  if (result.status != CONTROL_OK)
    print_log("control: request %u for function %u refused: %u", result.request, message.header.function,
              result.status);
  mailbox_send(MAILBOX_CHANNEL_CONTROL, &result, sizeof result);
}
