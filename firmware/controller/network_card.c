/* The network side (network.h) on the card: the data path's registers and messages, and the security engine behind the
 * port. Its memory is in DRAM, where it stays when other firmware takes over. */
#include "card.h"
#include "console.h"
#include "io.h"
#include "mailbox.h"
#include "map.h"
#include "network.h"
#include "security.h"
#include "timer.h"

static int started; /* the memory is in use */

static struct network* network(void) { return (struct network*)(MAP_DRAM + CARD_NETWORK); }

_Static_assert(sizeof(struct network) <= CARD_NETWORK_SLOTS - CARD_NETWORK, "tables and slots are apart");
_Static_assert(VPC_SLOTS* VPC_SLOT_BYTES <= CARD_NETWORK_FRAME - CARD_NETWORK_SLOTS, "slots and frame are apart");
_Static_assert(NETWORK_FRAME_BYTES <= CARD_NETWORK_END - CARD_NETWORK_FRAME, "the frame is within the memory");

static int interface_exists(void* context, unsigned function) {
  (void)context;
  return FIELD_READ(nic_page(function), NIC_LIMITS, QUEUES) != 0;
}

static uint64_t read_register(void* context, unsigned page, uint32_t offset, unsigned bits) {
  (void)context;
  return io_read(MAP_VPC + (uint64_t)page * MAP_PAGE + offset, bits);
}

static void write_register(void* context, unsigned page, uint32_t offset, unsigned bits, uint64_t value) {
  (void)context;
  io_write(MAP_VPC + (uint64_t)page * MAP_PAGE + offset, bits, value);
}

static uint64_t time_us(void* context) {
  (void)context;
  return now_us();
}

static void verdict(void* context, const struct vpc_message_verdict* message) {
  (void)context;
  mailbox_send(MAILBOX_CHANNEL_VPC, message, sizeof *message);
}

static void inject(void* context, unsigned function, uint32_t bytes) {
  (void)context;
  const struct vpc_message_inject message = {
      .header = {VPC_MESSAGE_INJECT, (uint16_t)function, 0}, .address = MAP_DRAM + CARD_NETWORK_FRAME, .size = bytes};
  mailbox_send(MAILBOX_CHANNEL_VPC, &message, sizeof message);
}

static enum security_status key_unwrap(void* context, unsigned slot, const uint8_t* wrapped) {
  (void)context;
  return security_unwrap(SECURITY_SLOT_TRANSPORT, wrapped, CONTROL_WRAPPED_TRANSIT_BYTES, slot, SECURITY_FOR_DERIVE,
                         SECURITY_OWNER_CARD);
}

static enum security_status key_derive(void* context, unsigned from, unsigned to, const uint8_t* info, uint32_t bytes) {
  static const char salt[] = "cardvp transit";
  (void)context;
  struct security_descriptor descriptor = {
      .operation = SECURITY_HKDF,
      .algorithm = SECURITY_SHA384,
      .key_slot = (uint16_t)from,
      .result_slot = (uint16_t)to,
      .destination_size = 32,
      .first = (uint64_t)salt,
      .first_size = sizeof salt - 1,
      .second = (uint64_t)info,
      .second_size = bytes,
      .purpose = SECURITY_FOR_GCM,
      .owner = SECURITY_OWNER_CARD,
  };
  return security_run(&descriptor);
}

static void key_destroy(void* context, unsigned slot) {
  (void)context;
  security_destroy(slot);
}

static struct network_port* connected_port(void) {
  static struct network_port port;
  port = (struct network_port){
      .interface_exists = interface_exists,
      .read_register = read_register,
      .write_register = write_register,
      .time_us = time_us,
      .slots = (const uint8_t*)(MAP_DRAM + CARD_NETWORK_SLOTS),
      .slots_address = MAP_DRAM + CARD_NETWORK_SLOTS,
      .frame = (uint8_t*)(MAP_DRAM + CARD_NETWORK_FRAME),
      .verdict = verdict,
      .inject = inject,
      .key_unwrap = key_unwrap,
      .key_derive = key_derive,
      .key_destroy = key_destroy,
  };
  return &port;
}

/* False: the card's DRAM is too small for a network. */
static int start(void) {
  if (started) return 1;
  if (!card_memory_at(MAP_DRAM + CARD_NETWORK_END - 1)) {
    print_log("network: not possible: it needs %u KiB of DRAM", CARD_NETWORK_END / 1024);
    return 0;
  }
  network_init(network(), connected_port());
  started = 1;
  return 1;
}

uint32_t network_request(const union control_message* message) {
  return start() ? network_control(network(), message) : CONTROL_NO_HARDWARE;
}

void network_interface_attached(unsigned function, const struct control_attach_interface* attach) {
  if (start()) network_attach(network(), function, attach);
}

void network_interface_detached(unsigned function) {
  if (started) network_detach(network(), function);
}

void network_handle_message(void) {
  union {
    struct nic_message_header header;
    struct vpc_message_packet packet; /* the longest that comes */
    struct vpc_message_sa association;
  } message;
  mailbox_receive(MAILBOX_CHANNEL_VPC, &message, sizeof message);
  if (!started) return;
  switch (message.header.type) {
    case VPC_MESSAGE_PACKET: network_packet(network(), &message.packet); break;
    case VPC_MESSAGE_SA: network_association(network(), &message.association); break;
    case VPC_MESSAGE_PEER_DOWN: print_log("network: peer %u does not answer", message.header.tag); break;
  }
}

void network_save(struct live_state* state) { state->network_bytes = started ? sizeof(struct network) : 0; }

int network_restore(const struct live_state* state) {
  if (state->network_bytes == 0) return 1;
  started = 1;
  return state->network_bytes == sizeof(struct network) && network_resume(network(), connected_port());
}
