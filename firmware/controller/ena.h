/* The admin side of one ENA function, in firmware: everything that its host asks through the admin queue, its resets,
 * and its asynchronous events. The I/O queues are the engine's, and so are the registers that hold what the host has
 * set: the firmware keeps only what the engine has no place for.
 *
 * This code touches no hardware: it reaches the engine through struct ena_port, so that it can be tested on any
 * machine.
 */
#ifndef CARDVP_FIRMWARE_ENA_H
#define CARDVP_FIRMWARE_ENA_H

#include "messages.h"
#include "regs.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  ENA_RSS_LOG2 = 7, /* entries of the indirection table */
  ENA_RSS_ENTRIES = 1 << ENA_RSS_LOG2,
  ENA_RSS_KINDS = 16, /* of traffic */
  ENA_RSS_KEY_WORDS = 10,
  ENA_LEAST_MTU = 128,
  ENA_MOST_MTU = 9216,
  ENA_LLQ_ENTRY_BYTES = 128, /* unless the host chooses 256 */
  ENA_BUFFER_BYTES = 512,    /* the longest control buffer: the indirection table */
  ENA_FETCHES = 2,           /* commands at a time whose control buffer is on its way */
  ENA_QUEUE_PAIRS = 128,
  ENA_VERSION = 0x00000200,           /* of the interface: 2.0 */
  ENA_CONTROLLER_VERSION = 0x01000001 /* implementation 1, 0.0.1 */
};

/* The way to one function's engine. */
struct ena_port {
  void* context;
  /* A register of nic_control.def; `bits` is its width. */
  uint64_t (*read)(void* context, uint32_t offset, unsigned bits);
  void (*write)(void* context, uint32_t offset, unsigned bits, uint64_t value);
  /* A register of vpc_interface.def: the allowances and what exceeded them. */
  uint64_t (*read_allowance)(void* context, uint32_t offset, unsigned bits);
  void (*complete)(void* context, const struct nic_message_complete* message);
  void (*fetch)(void* context, const struct nic_message_fetch* message);
  void (*post)(void* context, const struct nic_message_aenq* message);
  /* How many messages the engine has sent until now, those included that still wait. */
  uint32_t (*sent)(void* context);
  uint64_t (*now_us)(void* context);
  /* Calls ena_alarm() at that time, in place of any earlier order; 0: never. */
  void (*alarm)(void* context, uint64_t at_us);
};

#define ENA_PORT_READ(port, reg) (port)->read((port)->context, reg, reg##_BITS)
#define ENA_PORT_WRITE(port, reg, value) (port)->write((port)->context, reg, reg##_BITS, value)
#define ENA_PORT_READ_ALLOWANCE(port, reg) (port)->read_allowance((port)->context, reg, reg##_BITS)
/* One of a register array. */
#define ENA_PORT_READ_AT(port, reg, index) \
  (port)->read((port)->context, reg + (uint32_t)(index)*reg##_STRIDE, reg##_BITS)
#define ENA_PORT_WRITE_AT(port, reg, index, value) \
  (port)->write((port)->context, reg + (uint32_t)(index)*reg##_STRIDE, reg##_BITS, value)

/* What the control plane says about an interface. */
struct ena_identity {
  uint8_t mac[6];
  uint16_t mtu; /* the most that the host may set */
  uint32_t speed_mbit;
  uint32_t keep_alive_ms; /* 0: none */
  uint32_t patient;       /* the host's driver is told to wait long */
};

enum ena_link { ENA_LINK_DOWN, ENA_LINK_UP, ENA_LINK_UNTOLD };

/* What a device reset brings back to its initial value. */
struct ena_state {
  uint64_t tick_us;       /* when the next keep-alive is due, or the link's state is told once more; 0: never */
  uint32_t first_message; /* messages sent before this one (counted as port->sent does) are from before a reset */
  uint32_t groups;        /* of events, that the host wants */
  uint16_t llq_entry_bytes;
  uint8_t resetting;     /* from the host's request until the reset has ended */
  uint8_t link_told;     /* enum ena_link */
  uint8_t link_unseen;   /* no sign yet that the host has looked at the newest link event */
  uint8_t hints_pending; /* to be told by an event */
  uint8_t tick_missed;   /* one was due when the host had no room for events */
  uint8_t host_os;       /* as the host's driver says; 0: unknown */
  uint32_t tx_sqs[ENA_QUEUE_PAIRS / 32], rx_sqs[ENA_QUEUE_PAIRS / 32], cqs[ENA_QUEUE_PAIRS * 2 / 32]; /* that exist */
};

struct ena_command {
  uint32_t words[16];
  uint32_t tag; /* the engine's */
};

/* A command whose control buffer is being fetched. */
struct ena_fetch {
  uint32_t buffer[ENA_BUFFER_BYTES / 4] __attribute__((aligned(8)));
  struct ena_command command;
  uint32_t used;
};

struct ena_device {
  const struct ena_port* port;
  struct ena_identity identity;
  uint16_t function;
  uint16_t queues; /* pairs that the engine has */
  uint16_t vectors;
  uint16_t llq_queues, llq_entries; /* entries of 128 bytes of each */
  uint32_t most_entries;
  uint8_t link_up;
  struct ena_state state;
  struct ena_fetch fetches[ENA_FETCHES];
};

enum ena_change {
  ENA_UNCHANGED,
  ENA_RESET_BEGUN, /* by the host; RESET_REASON says why */
  ENA_RESET_ENDED,
  ENA_FUNCTION_RESET
};

/* Of a function that the host cannot reach yet; events that the engine noted before are forgotten. False: the engine
 * has no queues for it. */
int ena_init(struct ena_device* device, const struct ena_port* port, unsigned function,
             const struct ena_identity* identity);
/* Of a function that the host can reach no longer: nothing comes from it any more. */
void ena_stop(struct ena_device* device);

/* Goes on with a state that was taken over: nothing is written to the engine. False: it cannot be that. */
int ena_resume(struct ena_device* device);

/* Handles NIC_MESSAGE_EVENT; gives the last thing that happened, for the log. Also to be called ahead of ena_admin()
 * and ena_fetched(), since a reset withdraws the commands before it. */
enum ena_change ena_events(struct ena_device* device);
/* Handles NIC_MESSAGE_ADMIN and NIC_MESSAGE_FETCHED. `number`: which of the engine's messages this is, counted as
 * port->sent does; the first is 0. */
void ena_admin(struct ena_device* device, const struct nic_message_admin* message, uint32_t number);
void ena_fetched(struct ena_device* device, const struct nic_message_fetched* message, uint32_t number);
void ena_alarm(struct ena_device* device);
void ena_set_link(struct ena_device* device, int up);
/* No control buffer is on its way. */
int ena_quiet(const struct ena_device* device);

/* -- Between the files of this code. -- */

/* The fields of commands, answers and control buffers: little-endian, by offset in bytes; none crosses a word. */
static inline uint32_t ena_get8(const uint32_t* words, unsigned offset) {
  return words[offset / 4] >> offset % 4 * 8 & 0xff;
}
static inline uint32_t ena_get16(const uint32_t* words, unsigned offset) {
  return words[offset / 4] >> offset % 4 * 8 & 0xffff;
}
static inline uint32_t ena_get32(const uint32_t* words, unsigned offset) { return words[offset / 4]; }
static inline uint64_t ena_get_address(const uint32_t* words, unsigned offset) {
  return words[offset / 4] | (uint64_t)ena_get16(words, offset + 4) << 32;
}

/* Into words that are 0. */
static inline void ena_put8(uint32_t* words, unsigned offset, uint32_t value) {
  words[offset / 4] |= (value & 0xff) << offset % 4 * 8;
}
static inline void ena_put16(uint32_t* words, unsigned offset, uint32_t value) {
  words[offset / 4] |= (value & 0xffff) << offset % 4 * 8;
}
static inline void ena_put32(uint32_t* words, unsigned offset, uint32_t value) { words[offset / 4] = value; }
static inline void ena_put64(uint32_t* words, unsigned offset, uint64_t value) {
  words[offset / 4] = (uint32_t)value;
  words[offset / 4 + 1] = (uint32_t)(value >> 32);
}

static inline int ena_bit(const uint32_t* bits, unsigned index) { return (int)(bits[index / 32] >> index % 32 & 1); }

enum { ENA_LATER = 0xff }; /* the command is completed when its control buffer has come */

struct ena_answer {
  uint32_t words[16]; /* the completion entry; its status is the handler's value */
  uint32_t* buffer;   /* for the control buffer; 0: nothing */
  uint32_t buffer_bytes;
};

/* Handlers give a status. */
typedef uint8_t ena_handler(struct ena_device* device, const struct ena_command* command, struct ena_answer* answer);
ena_handler ena_create_sq, ena_destroy_sq, ena_create_cq, ena_destroy_cq, ena_get_feature, ena_set_feature,
    ena_get_stats;

/* Of a feature. `defaults`: gives those in place of the current values. `buffer`: of its control buffer, or 0. */
typedef uint8_t ena_getter(struct ena_device* device, const struct ena_command* command, int defaults,
                           uint32_t* response, uint32_t* buffer);
typedef uint8_t ena_setter(struct ena_device* device, const struct ena_command* command, const uint32_t* buffer);
ena_getter ena_get_llq, ena_get_rss_function, ena_get_rss_table, ena_get_rss_input, ena_get_aenq, ena_get_hints;
ena_setter ena_set_llq, ena_set_rss_function, ena_set_rss_table, ena_set_rss_input, ena_set_aenq;

/* ENA_BUFFER_BYTES of zeros; what was given before stays good for some commands, since the engine reads it later. */
uint32_t* ena_answer_buffer(void);
static inline uint32_t ena_control_buffer_bytes(const struct ena_command* command) {
  return ena_get32(command->words, 4);
}
/* Asks for that many bytes of host memory; when they have come, ena_set_fetched() is called. ENA_LATER, or ENA_BUSY. */
uint8_t ena_start_fetch(struct ena_device* device, const struct ena_command* command, uint64_t host_address,
                        uint32_t bytes);
/* The rest of a SET_FEATURE; `buffer` is 0 if it could not be fetched. */
uint8_t ena_set_fetched(struct ena_device* device, const struct ena_command* command, const uint32_t* buffer);

void ena_read_limits(struct ena_device* device);
int ena_has_llq(const struct ena_device* device);
/* No queue exists. */
void ena_destroy_queues(struct ena_device* device);
void ena_reset_rss(struct ena_device* device);
void ena_reset_llq(struct ena_device* device);

/* The host may have room for events. */
void ena_event_credit(struct ena_device* device);
/* Posts what is to be told, if the host wants it and has room. */
void ena_post_pending(struct ena_device* device);

#ifdef __cplusplus
}
#endif

#endif
