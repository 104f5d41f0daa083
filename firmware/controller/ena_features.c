/* Features (4): the table of what there is, and the small ones. */
#include "console.h"
#include "ena.h"
#include "ena_spec.h"

enum { ID_OFFSET = 17, SELECT_OFFSET = 16, VERSION_OFFSET = 18, CONTROL_BUFFER_OFFSET = 8, HOST_INFO_OFFSET = 20 };
enum { SELECT_CURRENT = 0, SELECT_CURRENT_TOO = 1, SELECT_DEFAULT = 3 };
enum { MOST_HEADER_BYTES = 96, MOST_DESCRIPTORS = 19 }; /* of a packet */
enum { HOST_INFO_BYTES = 4 };                           /* of host information, that are read: the OS type */

static uint32_t features(const struct ena_device* device);

static uint8_t get_attributes(struct ena_device* device, const struct ena_command* command, int defaults,
                              uint32_t* response, uint32_t* buffer) {
  enum { IMPLEMENTATION = 1, DEVICE_VERSION = 1, ADDRESS_BITS = 48 };
  (void)command;
  (void)defaults;
  (void)buffer;
  ena_put32(response, 8, IMPLEMENTATION);
  ena_put32(response, 12, DEVICE_VERSION);
  ena_put32(response, 16, features(device));
  ena_put32(response, 20, ENA_CAPABILITY_ENI_STATS | ENA_CAPABILITY_CUSTOMER_METRICS | ENA_CAPABILITY_RESET_REASONS);
  ena_put32(response, 24, ADDRESS_BITS);
  ena_put32(response, 28, ADDRESS_BITS);
  for (unsigned i = 0; i < sizeof device->identity.mac; i++) ena_put8(response, 32 + i, device->identity.mac[i]);
  ena_put32(response, 40, device->identity.mtu);
  return ENA_SUCCESS;
}

static uint8_t get_queues(struct ena_device* device, const struct ena_command* command, int defaults,
                          uint32_t* response, uint32_t* buffer) {
  enum { VERSION = 1 };
  (void)command;
  (void)defaults;
  (void)buffer;
  ena_put8(response, 8, VERSION);
  for (unsigned at = 12; at <= 24; at += 4) ena_put32(response, at, device->queues); /* TX SQ and CQ, RX SQ and CQ */
  for (unsigned at = 28; at <= 40; at += 4) ena_put32(response, at, device->most_entries);
  ena_put32(response, 44, MOST_HEADER_BYTES);
  ena_put16(response, 48, MOST_DESCRIPTORS);
  ena_put16(response, 50, MOST_DESCRIPTORS);
  return ENA_SUCCESS;
}

static uint8_t get_queues_legacy(struct ena_device* device, const struct ena_command* command, int defaults,
                                 uint32_t* response, uint32_t* buffer) {
  (void)command;
  (void)defaults;
  (void)buffer;
  ena_put32(response, 8, device->queues);
  ena_put32(response, 12, device->most_entries);
  ena_put32(response, 16, device->queues); /* CQs of a direction */
  ena_put32(response, 20, device->most_entries);
  ena_put32(response, 32, MOST_HEADER_BYTES);
  ena_put16(response, 36, MOST_DESCRIPTORS);
  ena_put16(response, 38, MOST_DESCRIPTORS);
  return ENA_SUCCESS;
}

/* 0: the driver's default. Times are in ms of the host's clock, which may be far ahead of simulated time. */
uint8_t ena_get_hints(struct ena_device* device, const struct ena_command* command, int defaults, uint32_t* response,
                      uint32_t* buffer) {
  enum { LONG = 60000, NEVER = 0xffff };
  (void)command;
  (void)defaults;
  (void)buffer;
  if (!device->identity.patient) return ENA_SUCCESS;
  ena_put16(response, 8, LONG);   /* register read */
  ena_put16(response, 10, NEVER); /* keep-alive */
  ena_put16(response, 12, NEVER); /* TX completion */
  ena_put16(response, 16, LONG);  /* admin command */
  ena_put16(response, 18, LONG);  /* the OS's transmit watchdog */
  return ENA_SUCCESS;
}

static uint8_t get_offloads(struct ena_device* device, const struct ena_command* command, int defaults,
                            uint32_t* response, uint32_t* buffer) {
  const uint32_t rx = ENA_RX_IPV4_CHECKSUM | ENA_RX_L4_IPV4 | ENA_RX_L4_IPV6 | ENA_RX_HASH;
  (void)device;
  (void)command;
  (void)defaults;
  (void)buffer;
  ena_put32(response, 8,
            ENA_TX_IPV4_CHECKSUM | ENA_TX_L4_IPV4_SEEDED | ENA_TX_L4_IPV6_SEEDED | ENA_TX_TSO_IPV4 | ENA_TX_TSO_IPV6 |
                ENA_TX_TSO_ECN);
  ena_put32(response, 12, rx);
  ena_put32(response, 16, rx);
  return ENA_SUCCESS;
}

static uint8_t set_mtu(struct ena_device* device, const struct ena_command* command, const uint32_t* buffer) {
  (void)buffer;
  uint32_t mtu = ena_get32(command->words, 20);
  if (mtu < ENA_LEAST_MTU || mtu > device->identity.mtu) return ENA_ILLEGAL_PARAMETER;
  ENA_PORT_WRITE(device->port, NIC_MTU, FIELD_IN(NIC_MTU_BYTES, mtu));
  return ENA_SUCCESS;
}

static uint8_t get_moderation(struct ena_device* device, const struct ena_command* command, int defaults,
                              uint32_t* response, uint32_t* buffer) {
  (void)command;
  (void)defaults;
  (void)buffer;
  ena_put16(response, 8, (uint32_t)FIELD_OF(NIC_MODERATION_RESOLUTION, ENA_PORT_READ(device->port, NIC_MODERATION)));
  return ENA_SUCCESS;
}

static uint8_t get_link(struct ena_device* device, const struct ena_command* command, int defaults, uint32_t* response,
                        uint32_t* buffer) {
  static const uint32_t speeds[] = {1000, 2500, 5000, 10000, 25000, 40000, 50000, 100000, 200000, 400000}; /* Mbit/s */
  enum { FULL_DUPLEX = 1 << 1 };
  (void)command;
  (void)defaults;
  (void)buffer;
  uint32_t supported = 0;
  for (unsigned i = 0; i < sizeof speeds / sizeof speeds[0]; i++)
    if (speeds[i] == device->identity.speed_mbit) supported = 1u << i;
  ena_put32(response, 8, device->identity.speed_mbit);
  ena_put32(response, 12, supported);
  ena_put32(response, 16, FULL_DUPLEX);
  return ENA_SUCCESS;
}

static const char* os_name(unsigned os) {
  static const char* const names[] = {"unknown", "Linux", "Windows", "DPDK", "FreeBSD", "iPXE", "ESXi"};
  return names[os < sizeof names / sizeof names[0] ? os : 0];
}

/* Drivers send it twice while they probe. What cannot be read is not missed. */
static uint8_t set_host(struct ena_device* device, const struct ena_command* command, const uint32_t* buffer) {
  (void)command;
  uint8_t os = buffer && ena_get32(buffer, 0) < 0x100 ? (uint8_t)ena_get32(buffer, 0) : 0;
  if (os != 0 && os != device->state.host_os) {
    device->state.host_os = os;
    print_log("ena: function %u: the host's driver is of %s", device->function, os_name(os));
  }
  return ENA_SUCCESS;
}

static const struct feature {
  uint8_t id;
  uint8_t newest_version;
  uint16_t buffer_bytes; /* of the control buffer, if it has one */
  ena_getter* get;       /* 0: cannot be got */
  ena_setter* set;
} table[] = {
    {ENA_FEATURE_ATTRIBUTES, 0, 0, get_attributes, 0},
    {ENA_FEATURE_QUEUES_LEGACY, 0, 0, get_queues_legacy, 0},
    {ENA_FEATURE_HINTS, 0, 0, ena_get_hints, 0},
    {ENA_FEATURE_LLQ, 1, 0, ena_get_llq, ena_set_llq},
    {ENA_FEATURE_QUEUES, 1, 0, get_queues, 0},
    {ENA_FEATURE_RSS_FUNCTION, 0, 8 + 4 * ENA_RSS_KEY_WORDS, ena_get_rss_function, ena_set_rss_function},
    {ENA_FEATURE_OFFLOADS, 0, 0, get_offloads, 0},
    {ENA_FEATURE_RSS_TABLE, 0, 4 * ENA_RSS_ENTRIES, ena_get_rss_table, ena_set_rss_table},
    {ENA_FEATURE_MTU, 0, 0, 0, set_mtu},
    {ENA_FEATURE_RSS_INPUT, 0, 4 * 4 * ENA_RSS_KINDS, ena_get_rss_input, ena_set_rss_input},
    {ENA_FEATURE_MODERATION, 0, 0, get_moderation, 0},
    {ENA_FEATURE_AENQ, 0, 0, ena_get_aenq, ena_set_aenq},
    {ENA_FEATURE_LINK, 0, 0, get_link, 0},
    {ENA_FEATURE_HOST, 0, 0, 0, set_host},
};
enum { FEATURES = sizeof table / sizeof table[0] };

static int offered(const struct ena_device* device, const struct feature* feature) {
  return feature->id != ENA_FEATURE_LLQ || ena_has_llq(device);
}

static uint32_t features(const struct ena_device* device) {
  uint32_t bits = 0;
  for (unsigned i = 0; i < FEATURES; i++)
    if (offered(device, &table[i])) bits |= UINT32_C(1) << table[i].id;
  return bits;
}

/* 0: not offered, or not in that version. */
static const struct feature* find(const struct ena_device* device, const struct ena_command* command) {
  for (unsigned i = 0; i < FEATURES; i++)
    if (table[i].id == ena_get8(command->words, ID_OFFSET))
      return offered(device, &table[i]) && ena_get8(command->words, VERSION_OFFSET) <= table[i].newest_version
                 ? &table[i]
                 : 0;
  return 0;
}

/* A length says that there is a control buffer, whatever the flags say (3.1). */
static int wants_buffer(const struct feature* feature, const struct ena_command* command) {
  return feature->buffer_bytes != 0 && ena_control_buffer_bytes(command) != 0;
}

uint8_t ena_get_feature(struct ena_device* device, const struct ena_command* command, struct ena_answer* answer) {
  const struct feature* feature = find(device, command);
  uint32_t select = ena_get8(command->words, SELECT_OFFSET) & 3;
  if (!feature || !feature->get) return ENA_UNSUPPORTED;
  if (select != SELECT_CURRENT && select != SELECT_CURRENT_TOO && select != SELECT_DEFAULT)
    return ENA_ILLEGAL_PARAMETER;
  if (wants_buffer(feature, command)) {
    if (ena_control_buffer_bytes(command) < feature->buffer_bytes) return ENA_ILLEGAL_PARAMETER;
    answer->buffer = ena_answer_buffer();
    answer->buffer_bytes = feature->buffer_bytes;
  }
  return feature->get(device, command, select == SELECT_DEFAULT, answer->words, answer->buffer);
}

static uint8_t set_host_read_first(struct ena_device* device, const struct ena_command* command) {
  uint64_t address = ena_get_address(command->words, HOST_INFO_OFFSET);
  if (address != 0 && ena_start_fetch(device, command, address, HOST_INFO_BYTES) == ENA_LATER) return ENA_LATER;
  return set_host(device, command, 0);
}

uint8_t ena_set_feature(struct ena_device* device, const struct ena_command* command, struct ena_answer* answer) {
  (void)answer;
  const struct feature* feature = find(device, command);
  if (!feature || !feature->set) return ENA_UNSUPPORTED;
  if (feature->id == ENA_FEATURE_HOST) return set_host_read_first(device, command);
  if (!wants_buffer(feature, command)) return feature->set(device, command, 0);
  if (ena_control_buffer_bytes(command) < feature->buffer_bytes) return ENA_ILLEGAL_PARAMETER;
  return ena_start_fetch(device, command, ena_get_address(command->words, CONTROL_BUFFER_OFFSET),
                         feature->buffer_bytes);
}

uint8_t ena_set_fetched(struct ena_device* device, const struct ena_command* command, const uint32_t* buffer) {
  const struct feature* feature = find(device, command);
  if (!feature) return ENA_UNKNOWN_ERROR;
  if (!buffer && feature->id != ENA_FEATURE_HOST) return ENA_ILLEGAL_PARAMETER;
  return feature->set(device, command, buffer);
}
