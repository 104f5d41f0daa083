/* What comes and goes through the mailbox. */
#ifndef CARDVP_FIRMWARE_MESSAGES_H
#define CARDVP_FIRMWARE_MESSAGES_H

#include "models/nic/messages.h"
#include "models/nvme/messages.h"
#include "platform/control_messages.h"

enum { MAILBOX_CHANNEL_CONTROL = 0, MAILBOX_CHANNEL_NVME = 1, MAILBOX_CHANNEL_NIC = 2, MAILBOX_CHANNEL_VPC = 3 };
enum { MAILBOX_MESSAGE_BYTES = 128 };

#endif
