/* GET_STATS (3.4): the engine's counters, and those of the VPC's allowances. */
#include "ena.h"
#include "ena_spec.h"

enum { RESPONSE = 8, TYPE = 16, REQUESTED_METRICS = 24 };

/* Of the whole function, whatever scope and queue say: drivers leave them unset. */
static void basic(const struct ena_port* port, uint32_t* response) {
  ena_put64(response, 8, ENA_PORT_READ(port, NIC_TX_BYTES));
  ena_put64(response, 16, ENA_PORT_READ(port, NIC_TX_PACKETS));
  ena_put64(response, 24, ENA_PORT_READ(port, NIC_RX_BYTES));
  ena_put64(response, 32, ENA_PORT_READ(port, NIC_RX_PACKETS));
  ena_put64(response, 40, ENA_PORT_READ(port, NIC_RX_DROPS));
  ena_put64(response, 48, ENA_PORT_READ(port, NIC_TX_DROPS));
  ena_put64(response, 56, ENA_PORT_READ(port, NIC_RX_OVERRUNS));
}

enum { ENI_METRICS = 5, METRICS = 6 };

/* How many further connections may be tracked. */
static uint64_t connections_left(const struct ena_port* port) {
  uint64_t most = FIELD_OF(VPC_IF_CONNECTIONS_MOST, ENA_PORT_READ_ALLOWANCE(port, VPC_IF_CONNECTIONS));
  uint64_t now = FIELD_OF(VPC_IF_CONNECTIONS_NOW_COUNT, ENA_PORT_READ_ALLOWANCE(port, VPC_IF_CONNECTIONS_NOW));
  if (most == 0) return UINT32_MAX; /* no limit */
  return most > now ? most - now : 0;
}

/* By its bit in the map of metrics. */
static uint64_t metric(const struct ena_port* port, unsigned bit) {
  switch (bit) {
    case 0: return ENA_PORT_READ_ALLOWANCE(port, VPC_IF_BANDWIDTH_IN_EXCEEDED);
    case 1: return ENA_PORT_READ_ALLOWANCE(port, VPC_IF_BANDWIDTH_OUT_EXCEEDED);
    case 2: return ENA_PORT_READ_ALLOWANCE(port, VPC_IF_PACKET_RATE_EXCEEDED);
    case 3: return ENA_PORT_READ_ALLOWANCE(port, VPC_IF_CONNECTIONS_EXCEEDED);
    case 4: return ENA_PORT_READ_ALLOWANCE(port, VPC_IF_SLOW_RATE_EXCEEDED);
    default: return connections_left(port);
  }
}

/* Values go to the control buffer in the order of their bits; without one the map alone is wanted. */
static uint8_t custom(const struct ena_port* port, const struct ena_command* command, struct ena_answer* answer) {
  uint32_t reported = ena_get32(command->words, REQUESTED_METRICS) & ((1u << METRICS) - 1);
  uint32_t room = ena_control_buffer_bytes(command);
  ena_put64(answer->words, RESPONSE, reported);
  if (room == 0) return ENA_SUCCESS;
  uint32_t* buffer = ena_answer_buffer();
  uint32_t bytes = 0;
  for (unsigned bit = 0; bit < METRICS; bit++) {
    if (!(reported >> bit & 1)) continue;
    ena_put64(buffer, bytes, metric(port, bit));
    bytes += 8;
  }
  if (room < bytes) return ENA_ILLEGAL_PARAMETER;
  if (bytes == 0) return ENA_SUCCESS;
  answer->buffer = buffer;
  answer->buffer_bytes = bytes;
  return ENA_SUCCESS;
}

uint8_t ena_get_stats(struct ena_device* device, const struct ena_command* command, struct ena_answer* answer) {
  switch (ena_get8(command->words, TYPE)) {
    case ENA_STATS_BASIC: basic(device->port, answer->words); return ENA_SUCCESS;
    case ENA_STATS_ENI:
      for (unsigned bit = 0; bit < ENI_METRICS; bit++)
        ena_put64(answer->words, RESPONSE + 8 * bit, metric(device->port, bit));
      return ENA_SUCCESS;
    case ENA_STATS_CUSTOMER: return custom(device->port, command, answer);
    case ENA_STATS_EXTENDED:
    case ENA_STATS_SRD: return ENA_UNSUPPORTED; /* not among the capabilities */
    default: return ENA_ILLEGAL_PARAMETER;
  }
}
