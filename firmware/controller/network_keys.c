/* Keys between cards (struct control_transit_key): which epochs there are associations of.
 *
 * Each direction has keys of its own. A card sends by one epoch's key; of each peer it can receive by the epoch that
 * the peer uses, by the one before, for packets that are late, and by the next one, so that the peer can go over to it
 * at any time. When a peer does, the one after is made ready, and this card's own sender comes to the same epoch: so
 * two cards, one of which has lost count, meet again. A sender that goes ahead makes its receiver ready for that.
 *
 * A packet that names a later epoch may be anybody's. It gets a provisional association, one for each peer, which the
 * next such packet may take away; only a packet that the key opens makes the card go on from there. Earlier epochs
 * never come back, so nothing that was recorded is taken again.
 *
 * No epoch is used twice to send: a peer that comes anew begins later than all before it (next_epoch).
 */
#include "console.h"
#include "network_internal.h"

enum { SA_STORE_SENDING = 1, SA_STORE_RECEIVING = 2, SA_REMOVE_RECEIVING = 3, SA_REMOVE_SENDING = 4 };
enum { EPOCH_WINDOW = 0x8000 }; /* how far ahead the SPI's 16 bits can be of an epoch that is known */

static uint32_t spi_of(uint16_t node, uint32_t epoch) { return (uint32_t)node << 16 | (epoch & 0xffff); }

static unsigned sending_slot(unsigned peer, unsigned which) {
  return NETWORK_PEER_SLOTS + peer * NETWORK_SLOTS_A_PEER + which;
}

static unsigned receiving_slot(unsigned peer, unsigned which) {
  return NETWORK_PEER_SLOTS + peer * NETWORK_SLOTS_A_PEER + NETWORK_SENDING_KEYS + which;
}

static void destroy(struct network* network, unsigned slot) {
  network->port->key_destroy(network->port->context, slot);
}

static int derive(struct network* network, struct network_peer* peer, unsigned slot, const uint8_t* sender,
                  const uint8_t* receiver, uint32_t epoch) {
  uint8_t info[36];
  memcpy(info, sender, 16);
  memcpy(info + 16, receiver, 16);
  put32be(info + 32, epoch);
  const struct network_port* port = network->port;
  enum security_status status =
      port->key_derive(port->context, NETWORK_MASTER_SLOT + network->master, slot, info, sizeof info);
  if (status != SECURITY_OK && !peer->failed)
    print_log("network: node %u: no key in slot %u: security engine status %u", peer->node, slot, status);
  peer->failed = status != SECURITY_OK;
  return !peer->failed;
}

/* False: the data path has not done it. */
static int command(struct network* network, unsigned operation) {
  VPC_WRITE(network, SA_COMMAND, FIELD_IN(VPC_SA_COMMAND_OPERATION, operation));
  return FIELD_OF(VPC_RESULT_CODE, VPC_READ(network, RESULT)) == 0;
}

/* IVs begin with the SPI as it is in packets: in network order. The register's first byte is the lowest. */
static int store(struct network* network, unsigned operation, unsigned peer, uint32_t spi, unsigned slot) {
  uint8_t salt[4];
  put32be(salt, spi);
  VPC_WRITE(network, SA_SPI, spi);
  VPC_WRITE(network, SA_KEY, FIELD_IN(VPC_SA_KEY_SLOT, slot) | FIELD_IN(VPC_SA_KEY_PEER, peer));
  VPC_WRITE(network, SA_SALT, salt[0] | (uint32_t)salt[1] << 8 | (uint32_t)salt[2] << 16 | (uint32_t)salt[3] << 24);
  VPC_WRITE(network, SA_THRESHOLD, network->rekey_packets);
  if (command(network, operation)) return 1;
  print_log("network: peer %u: association 0x%08x refused", peer, spi);
  destroy(network, slot);
  return 0;
}

static void forget(struct network* network, unsigned index, unsigned which) {
  struct network_peer* peer = &network->peers[index];
  if (!peer->receiving[which].installed) return;
  VPC_WRITE(network, SA_SPI, spi_of(peer->node, peer->receiving[which].epoch));
  command(network, SA_REMOVE_RECEIVING);
  destroy(network, receiving_slot(index, which));
  peer->receiving[which].installed = 0;
}

static struct network_sa* find(struct network_peer* peer, uint32_t epoch) {
  for (unsigned i = 0; i < NETWORK_RECEIVING_KEYS; i++)
    if (peer->receiving[i].installed && peer->receiving[i].epoch == epoch) return &peer->receiving[i];
  return 0;
}

static void receive_by(struct network* network, unsigned index, uint32_t epoch, int provisional) {
  struct network_peer* peer = &network->peers[index];
  if (find(peer, epoch)) return;
  unsigned which = 0;
  while (which < NETWORK_RECEIVING_KEYS && peer->receiving[which].installed) which++;
  if (which == NETWORK_RECEIVING_KEYS) return;
  unsigned slot = receiving_slot(index, which);
  if (!derive(network, peer, slot, peer->address, network->address, epoch)) return;
  if (!store(network, SA_STORE_RECEIVING, index, spi_of(peer->node, epoch), slot)) return;
  peer->receiving[which] = (struct network_sa){epoch, 1, (uint8_t)provisional};
}

/* Where this card's sender goes its peer's follows, when it hears of it, even if it has nothing to send and so does not
 * show itself: it will send by `epoch`, or still by the one before. */
static void expect_to_follow(struct network* network, unsigned index, uint32_t epoch) {
  const struct network_peer* peer = &network->peers[index];
  uint32_t present = peer->receiving_epoch;
  if (epoch <= present || epoch - present < 2) return; /* the next one is ready anyway */
  for (unsigned i = 0; i < NETWORK_RECEIVING_KEYS; i++) {
    const struct network_sa* sa = &peer->receiving[i];
    if (!sa->provisional && sa->epoch != present && sa->epoch != epoch - 1) forget(network, index, i);
  }
  receive_by(network, index, epoch - 1, 0);
  receive_by(network, index, epoch, 0);
}

/* The old association sends until the new one is there. */
static void send_by(struct network* network, unsigned index, uint32_t epoch) {
  struct network_peer* peer = &network->peers[index];
  expect_to_follow(network, index, epoch);
  unsigned which = !peer->sending_slot, slot = sending_slot(index, which);
  if (!derive(network, peer, slot, network->address, peer->address, epoch)) return;
  if (!store(network, SA_STORE_SENDING, index, spi_of(network->node, epoch), slot)) return;
  destroy(network, sending_slot(index, peer->sending_slot));
  peer->sending_slot = (uint8_t)which;
  peer->sending_epoch = epoch;
}

void network_key_peer(struct network* network, unsigned index) {
  struct network_peer* peer = &network->peers[index];
  int wanted = peer->node != 0 && (peer->flags & CONTROL_PEER_ENCRYPT) && network->has_master;
  if (!wanted) network_unkey_peer(network, index);
  if (!wanted || peer->keyed || network->next_epoch > UINT32_MAX) return;
  uint32_t epoch = (uint32_t)network->next_epoch;
  peer->keyed = 1;
  peer->receiving_epoch = epoch;
  peer->sending_epoch = epoch;
  receive_by(network, index, epoch, 0);
  if (epoch != UINT32_MAX) receive_by(network, index, epoch + 1, 0);
  send_by(network, index, epoch);
}

void network_unkey_peer(struct network* network, unsigned index) {
  struct network_peer* peer = &network->peers[index];
  if (!peer->keyed) return;
  VPC_WRITE(network, SA_KEY, FIELD_IN(VPC_SA_KEY_PEER, index));
  command(network, SA_REMOVE_SENDING);
  destroy(network, sending_slot(index, peer->sending_slot));
  for (unsigned i = 0; i < NETWORK_RECEIVING_KEYS; i++) forget(network, index, i);
  peer->keyed = 0;
  uint64_t newest = peer->sending_epoch > peer->receiving_epoch ? peer->sending_epoch : peer->receiving_epoch;
  if (newest >= network->next_epoch) network->next_epoch = newest + 1;
}

/* All peers begin anew with the new key; one that cannot be unwrapped changes nothing. */
uint32_t network_transit_key(struct network* network, const struct control_transit_key* request) {
  const struct network_port* port = network->port;
  if (network->node == 0) return CONTROL_BAD_VALUE;
  unsigned master = network->has_master ? !network->master : network->master;
  enum security_status status = port->key_unwrap(port->context, NETWORK_MASTER_SLOT + master, request->wrapped);
  if (status != SECURITY_OK)
    return status == SECURITY_BAD_KEY || status == SECURITY_NOT_PERMITTED ? CONTROL_BAD_KEY : CONTROL_NO_HARDWARE;
  for (unsigned i = 0; i < NETWORK_MOST_PEERS; i++) network_unkey_peer(network, i);
  if (network->has_master) destroy(network, NETWORK_MASTER_SLOT + network->master);
  network->master = (uint8_t)master;
  network->has_master = 1;
  network->rekey_packets = request->rekey_packets;
  if (request->epoch > network->next_epoch) network->next_epoch = request->epoch;
  for (unsigned i = 0; i < NETWORK_MOST_PEERS; i++) network_key_peer(network, i);
  print_log("network: transit key, from epoch %lu", network->next_epoch);
  return CONTROL_OK;
}

static void next_epoch(struct network* network, unsigned index) {
  const struct network_peer* peer = &network->peers[index];
  if (peer->keyed && peer->sending_epoch != UINT32_MAX) send_by(network, index, peer->sending_epoch + 1);
}

uint32_t network_rekey(struct network* network) {
  if (!network->has_master) return CONTROL_NO_KEY;
  for (unsigned i = 0; i < NETWORK_MOST_PEERS; i++) next_epoch(network, i);
  return CONTROL_OK;
}

/* The peer has used this epoch. */
static void first_use(struct network* network, unsigned index, struct network_sa* sa) {
  struct network_peer* peer = &network->peers[index];
  uint32_t epoch = sa->epoch;
  if (epoch < peer->receiving_epoch) return;
  peer->receiving_epoch = epoch;
  sa->provisional = 0;
  for (unsigned i = 0; i < NETWORK_RECEIVING_KEYS; i++) {
    const struct network_sa* other = &peer->receiving[i];
    if (other->provisional || (uint64_t)other->epoch + 1 < epoch) forget(network, index, i);
  }
  if (epoch != UINT32_MAX) receive_by(network, index, epoch + 1, 0);
  if (peer->sending_epoch < epoch) send_by(network, index, epoch);
}

static void unknown(struct network* network, unsigned index, uint32_t spi) {
  struct network_peer* peer = &network->peers[index];
  uint32_t ahead = (spi - peer->receiving_epoch) & 0xffff;
  if (ahead >= EPOCH_WINDOW || peer->receiving_epoch > UINT32_MAX - ahead) return;
  for (unsigned i = 0; i < NETWORK_RECEIVING_KEYS; i++)
    if (peer->receiving[i].provisional) forget(network, index, i);
  receive_by(network, index, peer->receiving_epoch + ahead, ahead > 1);
}

void network_association(struct network* network, const struct vpc_message_sa* message) {
  unsigned index = message->peer;
  if (index >= NETWORK_MOST_PEERS || !network->peers[index].keyed) return;
  struct network_peer* peer = &network->peers[index];
  uint32_t spi = message->header.tag;
  if (message->event == VPC_SA_EXHAUSTED) { /* unless another one sends already */
    if (spi == spi_of(network->node, peer->sending_epoch)) next_epoch(network, index);
    return;
  }
  if (spi >> 16 != peer->node) return;
  if (message->event == VPC_SA_UNKNOWN) {
    unknown(network, index, spi);
    return;
  }
  if (message->event != VPC_SA_FIRST_USE) return;
  for (unsigned i = 0; i < NETWORK_RECEIVING_KEYS; i++) {
    struct network_sa* sa = &peer->receiving[i];
    if (!sa->installed || spi_of(peer->node, sa->epoch) != spi) continue;
    first_use(network, index, sa);
    return;
  }
}
