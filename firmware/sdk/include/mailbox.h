/* The mailbox: messages of up to MAILBOX_MESSAGE_BYTES between the firmware and an engine or the control plane.
 * Messages here are of whole words. */
#ifndef CARDVP_FIRMWARE_MAILBOX_H
#define CARDVP_FIRMWARE_MAILBOX_H

#include <stdint.h>

/* IRQ_MAILBOX is asserted while a message waits in an enabled channel. */
void mailbox_enable(unsigned channel);
unsigned mailbox_waiting(unsigned channel);

/* Takes the oldest message out; there must be one. The first `bytes` of it, a multiple of 4, go to `message`. */
void mailbox_receive(unsigned channel, void* message, unsigned bytes);

/* The rest of the 128 bytes is unspecified. */
void mailbox_send(unsigned channel, const void* message, unsigned bytes);

#endif
