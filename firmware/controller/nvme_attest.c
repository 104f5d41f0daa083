/* What a host asks to learn which software the card runs: vendor specific commands in the format of Figure 105 of NVMe
 * 1.4 (dword 10: how many dwords of data the host has room for). */
#include "mem.h"
#include "nvme.h"
#include "nvme_spec.h"

/* Bytes that the host has room for; 0: not a command that can be served. */
static uint64_t room(const struct nvme_controller* controller, const struct nvme_command* command) {
  uint64_t bytes = UINT64_C(4) * command->dw10;
  if (command->dw11 != 0) return 0; /* dwords of metadata */
  return bytes <= (uint64_t)NVME_PAGE_BYTES << controller->transfer_limit ? bytes : 0;
}

/* Dwords 12 to 15: nonce, the rest of which is 0. A part of a quote is of no use: the host must have room for it all.
 */
struct nvme_answer nvme_get_quote(struct nvme_controller* controller, const struct nvme_command* command) {
  if (room(controller, command) < sizeof(struct security_quote)) return nvme_status(NVME_INVALID_FIELD);
  uint8_t nonce[SECURITY_NONCE_BYTES] __attribute__((aligned(8))) = {0};
  put32(nonce + 0, command->dw12);
  put32(nonce + 4, command->dw13);
  put32(nonce + 8, command->dw14);
  put32(nonce + 12, command->dw15);
  struct security_quote* quote = (struct security_quote*)nvme_data_page();
  const struct nvme_card* card = controller->card;
  if (card->quote(card->context, nonce, quote) != SECURITY_OK) return nvme_status(NVME_INTERNAL_ERROR);
  struct nvme_answer answer = {NVME_SUCCESS, 0, quote, sizeof *quote};
  return answer;
}

/* As much of the log as the host has room for, at least its head. */
struct nvme_answer nvme_get_event_log(struct nvme_controller* controller, const struct nvme_command* command) {
  enum { HEAD_BYTES = 16 };
  const struct event_log* log = controller->card->log;
  uint64_t bytes = room(controller, command);
  if (bytes < HEAD_BYTES) return nvme_status(NVME_INVALID_FIELD);
  uint8_t* page = nvme_data_page();
  _Static_assert(sizeof *log <= NVME_PAGE_BYTES, "the log fits a data page");
  memcpy(page, log, sizeof *log);
  struct nvme_answer answer = {NVME_SUCCESS, 0, page, (uint32_t)(bytes < sizeof *log ? bytes : sizeof *log)};
  return answer;
}
