#include "mailbox.h"

#include "io.h"
#include "map.h"
#include "messages.h"

void mailbox_enable(unsigned channel) { FIELD_WRITE(mailbox_page(channel), MAILBOX_INTERRUPT, ENABLE, 1); }

unsigned mailbox_waiting(unsigned channel) {
  return (unsigned)FIELD_READ(mailbox_page(channel), MAILBOX_RX_STATUS, COUNT);
}

void mailbox_receive(unsigned channel, void* message, unsigned bytes) {
  uint32_t* word = message;
  for (unsigned i = 0; i < bytes / 4; i++)
    word[i] = io_read32(mailbox_page(channel) + MAILBOX_RX_DATA + i * MAILBOX_RX_DATA_STRIDE);
  FIELD_WRITE(mailbox_page(channel), MAILBOX_RX_POP, POP, 1);
}

void mailbox_send(unsigned channel, const void* message, unsigned bytes) {
  const uint32_t* word = message;
  for (unsigned i = 0; i < bytes / 4; i++)
    io_write32(mailbox_page(channel) + MAILBOX_TX_DATA + i * MAILBOX_TX_DATA_STRIDE, word[i]);
  FIELD_WRITE(mailbox_page(channel), MAILBOX_TX_SEND, SEND, 1);
}
