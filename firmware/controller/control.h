/* What the control plane asks for (platform/control_messages.h): volumes and their keys, interfaces, and the host's
 * start.
 *
 * Rules of its own:
 * - A volume that has a key is attached encrypted or not at all: CONTROL_BAD_KEY otherwise. So a forgotten flag never
 *   makes an encrypted volume a plain one; who wants that destroys the key first.
 * - A new key for a volume that is not attached replaces the one it has. If the new one is bad, it has none.
 * - Detaching destroys the keys, and leaves the volume's cipher enabled: without a key nothing is read or written.
 * - The host is started once. A start that was refused may be asked for again; one that was not is answered, no more.
 *
 * Logic only: everything is reached through struct control_port.
 */
#ifndef CARDVP_FIRMWARE_CONTROL_H
#define CARDVP_FIRMWARE_CONTROL_H

#include "ena.h"
#include "messages.h"
#include "models/security/descriptor.h"
#include "nvme.h"
#include "pcie.h"

#ifdef __cplusplus
extern "C" {
#endif

enum volume_result { VOLUME_ATTACHED, VOLUME_NO_HARDWARE, VOLUME_ALREADY_ATTACHED };
enum interface_result { INTERFACE_ATTACHED, INTERFACE_NO_HARDWARE, INTERFACE_NO_ROOM };

union control_message;

struct control_port {
  void* context;
  int (*function_exists)(void* context, unsigned function); /* there is hardware */

  /* The controller that the firmware has for a volume. `cipher`: NVME CIPHER's value, set before anything else. */
  int (*attached)(void* context, unsigned function);
  enum volume_result (*attach)(void* context, unsigned function, const struct nvme_identity* identity, uint32_t cipher);
  void (*detach)(void* context, unsigned function);

  /* The ENA device that the firmware has for an interface. */
  int (*interface_attached)(void* context, unsigned function);
  enum interface_result (*interface_attach)(void* context, const struct control_attach_interface* request);
  void (*interface_detach)(void* context, unsigned function);
  void (*interface_link)(void* context, unsigned function, int up);

  /* The function, before the host. */
  void (*show)(void* context, unsigned function, const struct pcie_identity* identity);
  void (*hide)(void* context, unsigned function);

  /* Key slots; keys are for AES-XTS. */
  int (*key_valid)(void* context, unsigned slot);
  enum security_status (*key_unwrap)(void* context, unsigned slot, const uint8_t* wrapped, unsigned owner);
  enum security_status (*key_generate)(void* context, unsigned slot, unsigned owner);
  void (*key_destroy)(void* context, unsigned slot);
  void (*keys_destroy_of)(void* context, unsigned owner);

  /* The host's boot flash. The header is read once, into memory, and used from there. */
  uint32_t (*host_flash_bytes)(void* context);
  void (*host_header)(void* context, struct image_header* header);
  int (*in_development)(void* context); /* life cycle */
  int (*root_key_fused)(void* context); /* otherwise nobody vouches for the key that signed */
  enum image_fault (*host_verify)(void* context, const struct image_header* header, uint32_t space);
  enum image_fault (*host_measure)(void* context, const struct image_header* header);
  void (*host_release)(void* context); /* out of reset, then the link */

  /* The network, but for interfaces that come and go: a result's status (network.h). */
  uint32_t (*network)(void* context, const union control_message* message);
};

union control_message {
  struct control_header header;
  struct control_attach_volume attach;
  struct control_volume_key key;
  struct control_attach_interface interface;
  struct control_link link;
  struct control_underlay underlay;
  struct control_transit_key transit_key;
  struct control_peer peer;
  struct control_route route;
  struct control_address address;
  struct control_rule rule;
  struct control_allowances allowances;
  uint32_t words[MAILBOX_MESSAGE_BYTES / 4];
};

enum { PCI_VENDOR = 0x1d0f };

struct control {
  const struct control_port* port;
  uint32_t version; /* of the firmware, as in its image */
  int started;      /* the host was let out of reset */
};

/* Does what a message asks. */
struct control_result control_request(struct control* control, const union control_message* message);

/* The key slot of a function's volume. */
static inline unsigned control_key_slot(unsigned function) { return SECURITY_FIRST_FREE_SLOT + function; }

/* -- Between the files of this code: what is about interfaces gives CONTROL_OK and the like. -- */

uint32_t control_interface_attach(struct control* control, const struct control_attach_interface* request);
uint32_t control_interface_detach(struct control* control, unsigned function);
uint32_t control_interface_link(struct control* control, const struct control_link* request);

#ifdef __cplusplus
}
#endif

#endif
