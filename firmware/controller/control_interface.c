/* Interfaces: what the control plane may ask for, and in which order it is done. */
#include "control.h"

enum { PCI_ENA = 0xec20, PCI_CLASS_ETHERNET = 0x020000, LEAST_OFFERED_MTU = 1500 };

/* An Ethernet address of one station (IEEE 802, 8.2). */
static int station(const uint8_t* mac) {
  uint8_t any = 0;
  for (unsigned i = 0; i < 6; i++) any |= mac[i];
  return any != 0 && (mac[0] & 1) == 0;
}

static int good_values(const struct control_attach_interface* request) {
  return request->vni < 1u << 24 && station(request->mac) && request->mtu >= LEAST_OFFERED_MTU &&
         request->mtu <= ENA_MOST_MTU;
}

uint32_t control_interface_attach(struct control* control, const struct control_attach_interface* request) {
  const uint32_t flags = CONTROL_INTERFACE_BRIDGED | CONTROL_INTERFACE_FORWARDS | CONTROL_INTERFACE_VIRTUAL;
  const struct control_port* port = control->port;
  unsigned function = request->header.function;
  if (request->flags & ~flags || request->hints & ~1u) return CONTROL_UNKNOWN;
  if (!good_values(request)) return CONTROL_BAD_VALUE;
  if (!port->function_exists(port->context, function)) return CONTROL_NO_HARDWARE;
  if (port->attached(port->context, function) || port->interface_attached(port->context, function))
    return CONTROL_ALREADY_ATTACHED;
  switch (port->interface_attach(port->context, request)) {
    case INTERFACE_NO_HARDWARE: return CONTROL_NO_HARDWARE;
    case INTERFACE_NO_ROOM: return CONTROL_NO_ROOM;
    case INTERFACE_ATTACHED: break;
  }
  /* Revision bit 0 is 0: the driver reads registers by read-less requests (2.5). */
  const struct pcie_identity pcie = {
      .vendor = PCI_VENDOR,
      .device = PCI_ENA,
      .class_code = PCI_CLASS_ETHERNET,
      .subsystem_vendor = PCI_VENDOR,
      .subsystem = PCI_ENA,
  };
  port->show(port->context, function, &pcie);
  return CONTROL_OK;
}

/* The host loses the function first, as with volumes. */
uint32_t control_interface_detach(struct control* control, unsigned function) {
  const struct control_port* port = control->port;
  if (!port->interface_attached(port->context, function)) return CONTROL_NOT_ATTACHED;
  port->hide(port->context, function);
  port->interface_detach(port->context, function);
  return CONTROL_OK;
}

uint32_t control_interface_link(struct control* control, const struct control_link* request) {
  const struct control_port* port = control->port;
  unsigned function = request->header.function;
  if (request->up > 1) return CONTROL_BAD_VALUE;
  if (!port->interface_attached(port->context, function)) return CONTROL_NOT_ATTACHED;
  port->interface_link(port->context, function, (int)request->up);
  return CONTROL_OK;
}
