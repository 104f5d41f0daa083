/* Firmware Image Download and Firmware Commit (NVMe 1.4, 5.12 and 5.11): their fields. The work is in update.h. */
#include "nvme.h"
#include "nvme_spec.h"

struct nvme_answer nvme_firmware_download(struct nvme_controller* controller, const struct nvme_command* command) {
  uint64_t dwords = (uint64_t)command->dw10 + 1; /* NUMD is 0-based */
  if (4 * dwords > (uint64_t)NVME_PAGE_BYTES << controller->transfer_limit) return nvme_status(NVME_INVALID_FIELD);
  return nvme_status(
      update_download(controller->card->update, controller->function, command->tag, command->dw11, dwords));
}

struct nvme_answer nvme_firmware_commit(struct nvme_controller* controller, const struct nvme_command* command) {
  unsigned slot = command->dw10 & 7, action = command->dw10 >> 3 & 7;
  return nvme_status(update_commit(controller->card->update, controller->function, command->tag, action, slot));
}
