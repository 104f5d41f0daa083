/* The firmware's parts on the card: what main.c hands messages to. */
#ifndef CARDVP_FIRMWARE_CARD_H
#define CARDVP_FIRMWARE_CARD_H

#include "nvme.h"

/* FIRMWARE_VERSION, from the build, as a string: "0.1.0". */

/* Volumes by PCIe function (volumes.c). */
enum volume_result { VOLUME_ATTACHED, VOLUME_NO_HARDWARE, VOLUME_ALREADY_ATTACHED };

enum volume_result volume_attach(unsigned function, const struct nvme_identity* identity);
/* Handles the oldest message of the NVMe channel; there must be one. */
void volumes_handle_message(void);

/* Handles the oldest message of the control channel; there must be one (control.c). */
void control_handle_message(void);

/* While the link trains: looks at it when the timer's interrupt has come (link.c). */
void link_start(void);
void link_timer(void);

#endif
