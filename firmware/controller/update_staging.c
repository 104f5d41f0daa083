/* Firmware Image Download (NVMe 1.4, 5.12): pieces in any order, none twice, no gap at the end. */
#include "mem.h"
#include "nvme_spec.h"
#include "update.h"
#include "update_internal.h"

enum { MOST_DWORDS = UPDATE_MOST_BYTES / 4 };

/* The bits of a word of `present` that stand for dwords from `first` to before `end`. */
static uint32_t bits(unsigned word, uint32_t first, uint32_t end) {
  uint32_t start = word * 32, mask = ~0u;
  if (start < first) mask <<= first - start;
  if (end - start < 32) mask &= (1u << (end - start)) - 1;
  return mask;
}

static int any_present(const struct update* update, uint32_t first, uint32_t end) {
  for (unsigned word = first / 32; word * 32 < end; word++)
    if (update->present[word] & bits(word, first, end)) return 1;
  return 0;
}

static void set_present(struct update* update, uint32_t first, uint32_t end, int present) {
  for (unsigned word = first / 32; word * 32 < end; word++) {
    if (present)
      update->present[word] |= bits(word, first, end);
    else
      update->present[word] &= ~bits(word, first, end);
  }
}

void update_drop_package(struct update* update) {
  update->owner = UPDATE_NO_FUNCTION;
  update->closed = 0;
  update->end = update->bytes = 0;
  update->fetch_count = 0;
  memset(update->present, 0, (update->marked + 31) / 32 * 4); /* all of it would take its time */
  update->marked = 0;
}

uint16_t update_download(struct update* update, unsigned function, uint32_t tag, uint32_t first, uint64_t dwords) {
  if (!update->port->staging) return NVME_INTERNAL_ERROR;
  if (update->step != UPDATE_IDLE || update->due) return NVME_UPDATE_BUSY;
  if (update->owner != UPDATE_NO_FUNCTION && update->owner != function && !update->closed) return NVME_UPDATE_BUSY;
  if (first >= MOST_DWORDS || dwords > MOST_DWORDS - first) return NVME_INVALID_FIELD;
  if (update->fetch_count == UPDATE_FETCHES) return NVME_UPDATE_BUSY;
  if (update->closed) update_drop_package(update);
  uint32_t end = first + (uint32_t)dwords;
  if (any_present(update, first, end)) return NVME_OVERLAPPING_RANGE;
  update->owner = (uint16_t)function;
  set_present(update, first, end, 1);
  if (end > update->marked) update->marked = end;
  struct update_fetch fetch = {tag, 4 * first, 4 * (end - first)};
  update->fetches[update->fetch_count++] = fetch;
  update->port->fetch(update->port->context, function, tag, fetch.offset, fetch.size);
  return NVME_LATER;
}

void update_fetched(struct update* update, unsigned function, uint32_t tag, uint16_t status) {
  if (function != update->owner) return; /* from before a reset */
  unsigned i = 0;
  while (i < update->fetch_count && update->fetches[i].tag != tag) i++;
  if (i == update->fetch_count) return;
  struct update_fetch fetch = update->fetches[i];
  update->fetches[i] = update->fetches[--update->fetch_count];
  if (status == NVME_SUCCESS) {
    update->bytes += fetch.size;
    if (fetch.offset + fetch.size > update->end) update->end = fetch.offset + fetch.size;
  } else {
    set_present(update, fetch.offset / 4, (fetch.offset + fetch.size) / 4, 0);
  }
  update->port->complete(update->port->context, function, tag, status);
}
