/* Receive-side scaling (4.6): what the host sets stands in the engine's registers. */
#include "ena.h"
#include "ena_spec.h"

enum { FUNCTION_TOEPLITZ = 1, FUNCTION_CRC32C = 2 }; /* RSS.FUNCTION */
enum { L2 = 0x03, L3 = 0x0c, L4 = 0x30 };            /* fields */

/* The key that vendors verify their Toeplitz hashes with, in the order of its bytes. */
static const uint32_t default_key[ENA_RSS_KEY_WORDS] = {0xda565a6d, 0xc20e5b25, 0x3d256741, 0xb08fa343, 0xcb2bcad0,
                                                        0xb4307bae, 0xa32dcb77, 0x0cf23080, 0x3bb7426a, 0xfa01acbe};

/* By kind of traffic (RSS_FIELDS). */
static const struct {
  uint8_t supported, initial;
} fields[ENA_RSS_KINDS] = {
    {L2 | L3 | L4, L3 | L4}, /* TCP4 */
    {L2 | L3 | L4, L3 | L4}, /* UDP4 */
    {L2 | L3 | L4, L3 | L4}, /* TCP6 */
    {L2 | L3 | L4, L3 | L4}, /* UDP6 */
    {L2 | L3, L3},           /* IPv4 */
    {L2 | L3, L3},           /* IPv6 */
    {L2 | L3, L3},           /* IPv4 fragment */
    {L2, L2},                /* not IP */
    {L2 | L3 | L4, 0},       /* TCP6 with extension headers */
    {L2 | L3, 0},            /* IPv6 with extension headers */
};

static uint64_t rss(unsigned table_log2, unsigned function) {
  return FIELD_IN(NIC_RSS_TABLE_LOG2, table_log2) | FIELD_IN(NIC_RSS_FUNCTION, function);
}

static unsigned table_log2(const struct ena_port* port) {
  return (unsigned)FIELD_OF(NIC_RSS_TABLE_LOG2, ENA_PORT_READ(port, NIC_RSS));
}

static unsigned function(const struct ena_port* port) {
  return (unsigned)FIELD_OF(NIC_RSS_FUNCTION, ENA_PORT_READ(port, NIC_RSS));
}

void ena_reset_rss(struct ena_device* device) {
  const struct ena_port* port = device->port;
  for (unsigned i = 0; table_log2(port) != 0 && i < ENA_RSS_ENTRIES; i++) ENA_PORT_WRITE_AT(port, NIC_RSS_TABLE, i, 0);
  ENA_PORT_WRITE(port, NIC_RSS, rss(0, FUNCTION_TOEPLITZ));
  ENA_PORT_WRITE(port, NIC_RSS_INITIAL, 0);
  for (unsigned i = 0; i < ENA_RSS_KEY_WORDS; i++) ENA_PORT_WRITE_AT(port, NIC_RSS_KEY, i, default_key[i]);
  for (unsigned i = 0; i < ENA_RSS_KINDS; i++) ENA_PORT_WRITE_AT(port, NIC_RSS_FIELDS, i, fields[i].initial);
}

uint8_t ena_get_rss_function(struct ena_device* device, const struct ena_command* command, int defaults,
                             uint32_t* response, uint32_t* buffer) {
  (void)command;
  const struct ena_port* port = device->port;
  int crc = !defaults && function(port) == FUNCTION_CRC32C;
  ena_put32(response, 8, ENA_HASH_TOEPLITZ | ENA_HASH_CRC32);
  ena_put32(response, 12, crc ? ENA_HASH_CRC32 : ENA_HASH_TOEPLITZ);
  ena_put32(response, 16, defaults ? 0 : (uint32_t)ENA_PORT_READ(port, NIC_RSS_INITIAL));
  if (!buffer) return ENA_SUCCESS;
  ena_put32(buffer, 0, ENA_RSS_KEY_WORDS);
  for (unsigned i = 0; i < ENA_RSS_KEY_WORDS; i++)
    ena_put32(buffer, 8 + 4 * i, defaults ? default_key[i] : (uint32_t)ENA_PORT_READ_AT(port, NIC_RSS_KEY, i));
  return ENA_SUCCESS;
}

/* Without a buffer, or with a key of no words, the key stays. */
uint8_t ena_set_rss_function(struct ena_device* device, const struct ena_command* command, const uint32_t* buffer) {
  const struct ena_port* port = device->port;
  uint32_t selected = ena_get32(command->words, 24), words = buffer ? ena_get32(buffer, 0) : 0;
  if (selected != ENA_HASH_TOEPLITZ && selected != ENA_HASH_CRC32) return ENA_ILLEGAL_PARAMETER;
  if (words != 0 && words != ENA_RSS_KEY_WORDS) return ENA_ILLEGAL_PARAMETER;
  ENA_PORT_WRITE(port, NIC_RSS,
                 rss(table_log2(port), selected == ENA_HASH_TOEPLITZ ? FUNCTION_TOEPLITZ : FUNCTION_CRC32C));
  ENA_PORT_WRITE(port, NIC_RSS_INITIAL, ena_get32(command->words, 28));
  for (unsigned i = 0; i < words; i++) ENA_PORT_WRITE_AT(port, NIC_RSS_KEY, i, ena_get32(buffer, 8 + 4 * i));
  return ENA_SUCCESS;
}

uint8_t ena_get_rss_table(struct ena_device* device, const struct ena_command* command, int defaults,
                          uint32_t* response, uint32_t* buffer) {
  (void)command;
  ena_put16(response, 8, ENA_RSS_LOG2);
  ena_put16(response, 10, ENA_RSS_LOG2);
  ena_put16(response, 12, ENA_RSS_LOG2);
  for (unsigned i = 0; buffer && !defaults && i < ENA_RSS_ENTRIES; i++)
    ena_put16(buffer, 4 * i, (uint32_t)ENA_PORT_READ_AT(device->port, NIC_RSS_TABLE, i));
  return ENA_SUCCESS;
}

/* The whole table, or nothing: updates of one entry are not offered. An entry is an RX SQ that exists. */
uint8_t ena_set_rss_table(struct ena_device* device, const struct ena_command* command, const uint32_t* buffer) {
  enum { WHOLE_TABLE = 0xffffffff };
  const struct ena_port* port = device->port;
  if (!buffer || ena_get16(command->words, 24) != ENA_RSS_LOG2) return ENA_ILLEGAL_PARAMETER;
  if (ena_get32(command->words, 28) != WHOLE_TABLE) return ENA_ILLEGAL_PARAMETER;
  for (unsigned i = 0; i < ENA_RSS_ENTRIES; i++) {
    uint32_t queue = ena_get16(buffer, 4 * i);
    if (queue >= device->queues || !ena_bit(device->state.rx_sqs, queue)) return ENA_ILLEGAL_PARAMETER;
  }
  for (unsigned i = 0; i < ENA_RSS_ENTRIES; i++) ENA_PORT_WRITE_AT(port, NIC_RSS_TABLE, i, ena_get16(buffer, 4 * i));
  ENA_PORT_WRITE(port, NIC_RSS, rss(ENA_RSS_LOG2, function(port)));
  return ENA_SUCCESS;
}

/* The control buffer: what is supported, then what is selected, 4 bytes a kind. */
enum { SUPPORTED = 0, SELECTED = 64 };

/* Sorting (of addresses and ports, for a hash that is the same both ways) is not supported; drivers ask for it all the
 * same. */
uint8_t ena_get_rss_input(struct ena_device* device, const struct ena_command* command, int defaults,
                          uint32_t* response, uint32_t* buffer) {
  (void)command;
  (void)response;
  for (unsigned i = 0; buffer && i < ENA_RSS_KINDS; i++) {
    ena_put16(buffer, SUPPORTED + 4 * i, fields[i].supported);
    ena_put16(buffer, SELECTED + 4 * i,
              defaults ? fields[i].initial : (uint32_t)ENA_PORT_READ_AT(device->port, NIC_RSS_FIELDS, i));
  }
  return ENA_SUCCESS;
}

uint8_t ena_set_rss_input(struct ena_device* device, const struct ena_command* command, const uint32_t* buffer) {
  (void)command;
  if (!buffer) return ENA_ILLEGAL_PARAMETER;
  for (unsigned i = 0; i < ENA_RSS_KINDS; i++)
    if (ena_get16(buffer, SELECTED + 4 * i) & ~(uint32_t)fields[i].supported) return ENA_ILLEGAL_PARAMETER;
  for (unsigned i = 0; i < ENA_RSS_KINDS; i++)
    ENA_PORT_WRITE_AT(device->port, NIC_RSS_FIELDS, i, ena_get16(buffer, SELECTED + 4 * i));
  return ENA_SUCCESS;
}
