/* Firmware Commit (NVMe 1.4, 5.11), in steps. */
#include "update.h"

#include "console.h"
#include "flash.h"
#include "mem.h"
#include "nvme_spec.h"
#include "update_internal.h"

enum action { PLACE = 0, PLACE_AND_ACTIVATE_AT_RESET = 1, ACTIVATE_AT_RESET = 2, ACTIVATE_NOW = 3 };

void update_init(struct update* update, const struct update_port* port, uint32_t version, unsigned active) {
  memset(update, 0, sizeof *update);
  update->port = port;
  update->version = version;
  update->active = active;
  update->owner = UPDATE_NO_FUNCTION;
  update->pending = UPDATE_NO_SLOT;
  update->pending_function = UPDATE_NO_FUNCTION;
}

static void forget_pending(struct update* update) {
  update->pending = UPDATE_NO_SLOT;
  update->pending_function = UPDATE_NO_FUNCTION;
  update->due = 0;
}

static uint16_t status_of(enum image_fault fault) {
  switch (fault) {
    case IMAGE_GOOD: return NVME_SUCCESS;
    case IMAGE_OLD_SECURITY_VERSION: return NVME_ACTIVATION_PROHIBITED;
    case IMAGE_ENGINE_FAILED: return NVME_INTERNAL_ERROR;
    default: return NVME_INVALID_FIRMWARE_IMAGE;
  }
}

uint16_t update_commit(struct update* update, unsigned function, uint32_t tag, unsigned action, unsigned slot) {
  if (action > ACTIVATE_NOW) return NVME_INVALID_FIELD; /* reserved, or of boot partitions, which CAP.BPS denies */
  if (!update->port->staging) return NVME_INTERNAL_ERROR;
  if (update->step != UPDATE_IDLE || update->due) return NVME_UPDATE_BUSY;
  int own_package = update->owner == function;
  if (own_package && update->fetch_count) return NVME_UPDATE_BUSY; /* Downloads are under way */
  if (own_package) update->closed = 1;
  if (slot > FLASH_SLOTS) return NVME_INVALID_FIRMWARE_SLOT;
  unsigned target = slot ? slot - 1 : !update->active;
  int places = action == PLACE || action == PLACE_AND_ACTIVATE_AT_RESET || (action == ACTIVATE_NOW && own_package);
  if (places && target == update->active) return NVME_INVALID_FIRMWARE_SLOT;
  if (places && (!own_package || update->bytes != update->end)) {
    if (own_package) update_drop_package(update); /* it has gaps */
    return NVME_INVALID_FIRMWARE_IMAGE;
  }
  update->commit = (struct update_request){tag, (uint16_t)function, 1, (uint8_t)action, target};
  update->uses_package = places;
  update->step = places ? UPDATE_CHECK_PACKAGE : UPDATE_CHECK_SLOT;
  return NVME_LATER;
}

static void finish(struct update* update, uint16_t status) {
  const struct update_request commit = update->commit;
  update->step = UPDATE_IDLE;
  update->commit.waits = 0;
  if (update->uses_package) update_drop_package(update);
  update->uses_package = 0;
  if (status != NVME_SUCCESS && status != NVME_ACTIVATION_NEEDS_CONVENTIONAL_RESET)
    print_log("update: commit to slot %c failed: status 0x%03x", commit.slot + 'A', status & 0x7ff);
  if (commit.waits) update->port->complete(update->port->context, commit.function, commit.tag, status);
}

/* The boot record names this slot from now on; false: it could not be written. */
static int record(struct update* update, unsigned slot) {
  const struct update_port* port = update->port;
  struct boot_record_state state = boot_record_read(port->records);
  if (state.slot == slot) return 1;
  if (state.next == BOOT_RECORDS) {
    /* If power fails behind this, the first slot is tried first: it is as good as the other one, or refused. */
    if (port->erase(port->context, FLASH_BOOT_RECORD, FLASH_BOOT_RECORD_BYTES)) return 0;
    state.next = 0;
  }
  const struct boot_record entry = boot_record_make(state.sequence + 1, slot);
  if (port->program(port->context, FLASH_BOOT_RECORD + state.next * sizeof entry, &entry, sizeof entry)) return 0;
  print_log("update: boot record: slot %c", slot + 'A');
  return 1;
}

static void refuse(struct update* update, const char* what, enum image_fault fault) {
  print_log("update: %s refused: %s", what, image_fault_text(fault));
  finish(update, status_of(fault));
}

static void check_package(struct update* update) {
  struct image_header header;
  memset(&header, 0, sizeof header);
  memcpy(&header, update->port->staging, update->end < sizeof header ? update->end : sizeof header);
  enum image_fault fault = IMAGE_TRUNCATED;
  if (update->end >= sizeof header) fault = update->port->verify_staged(update->port->context, &header, update->end);
  if (fault != IMAGE_GOOD) return refuse(update, "package", fault);
  print_log("update: package for slot %c: %.20s %u.%u.%u, security version %u, %u bytes", update->commit.slot + 'A',
            header.name, header.version >> 24, header.version >> 16 & 0xff, header.version & 0xffff,
            header.security_version, header.body_size);
  update->size = (uint32_t)sizeof header + header.body_size;
  update->position = 0;
  /* The slot is about to go: whoever was to boot from it at the next reset is not any more. */
  if (update->pending == update->commit.slot) forget_pending(update);
  if (!record(update, update->active)) return finish(update, NVME_INTERNAL_ERROR);
  update->step = UPDATE_ERASE;
}

/* From the header on: an image without one is none. */
static void erase_sector(struct update* update) {
  uint64_t sector = update_slot_offset(update->commit.slot) + update->position;
  if (update->port->erase(update->port->context, sector, FLASH_SECTOR_BYTES))
    return finish(update, NVME_INTERNAL_ERROR);
  update->position += FLASH_SECTOR_BYTES;
  if (update->position < update->size) return;
  update->position = update->size;
  update->step = UPDATE_PROGRAM;
}

/* From the end on: the header comes last. */
static void program_chunk(struct update* update) {
  const struct update_port* port = update->port;
  uint32_t start = (update->position - 1) / UPDATE_CHUNK_BYTES * UPDATE_CHUNK_BYTES;
  uint32_t size = (update->position - start + 3) / 4 * 4; /* the package is staged by dwords */
  if (port->program(port->context, update_slot_offset(update->commit.slot) + start, port->staging + start, size))
    return finish(update, NVME_INTERNAL_ERROR);
  update->position = start;
  if (start == 0) update->step = UPDATE_CHECK_PROGRAMMED;
}

static enum image_fault verify_slot(struct update* update, struct image_header* header) {
  const struct update_port* port = update->port;
  port->read(port->context, update_slot_offset(update->commit.slot), header, sizeof *header);
  return port->verify_slot(port->context, header, update->commit.slot);
}

/* Where a Commit goes on whose image is good and in its slot. */
static void slot_is_good(struct update* update) {
  switch ((enum action)update->commit.action) {
    case PLACE: return finish(update, NVME_SUCCESS);
    case ACTIVATE_NOW: update->step = UPDATE_ACTIVATE; return;
    default: update->step = UPDATE_RECORD; return;
  }
}

static void check_programmed(struct update* update) {
  struct image_header header;
  enum image_fault fault = verify_slot(update, &header);
  if (fault != IMAGE_GOOD || memcmp(&header, update->port->staging, sizeof header) != 0) {
    print_log("update: slot %c does not hold what was programmed: %s", update->commit.slot + 'A',
              image_fault_text(fault));
    return finish(update, NVME_INTERNAL_ERROR);
  }
  print_log("update: slot %c programmed", update->commit.slot + 'A');
  slot_is_good(update);
}

static void check_slot(struct update* update) {
  struct image_header header;
  enum image_fault fault = verify_slot(update, &header);
  if (fault != IMAGE_GOOD) return refuse(update, "image in the slot", fault);
  slot_is_good(update);
}

static int can_take_over(struct update* update) {
  struct image_header header;
  update->port->read(update->port->context, update_slot_offset(update->commit.slot), &header, sizeof header);
  return update_major(header.version) == update_major(update->version);
}

static void record_for_reset(struct update* update) {
  unsigned slot = update->commit.slot;
  if (!record(update, slot)) return finish(update, NVME_INTERNAL_ERROR);
  forget_pending(update);
  if (slot == update->active) return finish(update, NVME_SUCCESS);
  update->pending = slot;
  if (!can_take_over(update)) return finish(update, NVME_ACTIVATION_NEEDS_CONVENTIONAL_RESET);
  update->pending_function = update->commit.function;
  finish(update, NVME_SUCCESS);
}

static void activate(struct update* update) {
  unsigned slot = update->commit.slot;
  if (slot == update->active || !can_take_over(update)) return record_for_reset(update);
  enum image_fault fault = update->port->activate(update->port->context, slot, &update->commit);
  refuse(update, "image", fault);
}

static void activate_pending(struct update* update) {
  const struct update_request nobody = {.action = ACTIVATE_AT_RESET, .slot = update->pending};
  enum image_fault fault = update->port->activate(update->port->context, update->pending, &nobody);
  print_log("update: slot %c is not activated: %s", update->pending + 'A', image_fault_text(fault));
  forget_pending(update);
  record(update, update->active);
}

static void confirm(struct update* update) {
  finish(update, record(update, update->active) ? NVME_SUCCESS : NVME_INTERNAL_ERROR);
}

/* Downloads of other functions end first, and whatever else the new firmware would not know of. */
static int may_activate(const struct update* update) {
  return update->fetch_count == 0 && update->port->quiet(update->port->context);
}

int update_step(struct update* update) {
  switch (update->step) {
    case UPDATE_IDLE:
      if (!update->due || !may_activate(update)) return 0;
      activate_pending(update);
      break;
    case UPDATE_CHECK_PACKAGE: check_package(update); break;
    case UPDATE_CHECK_SLOT: check_slot(update); break;
    case UPDATE_ERASE: erase_sector(update); break;
    case UPDATE_PROGRAM: program_chunk(update); break;
    case UPDATE_CHECK_PROGRAMMED: check_programmed(update); break;
    case UPDATE_RECORD: record_for_reset(update); break;
    case UPDATE_ACTIVATE:
      if (!may_activate(update)) return 0;
      activate(update);
      break;
    case UPDATE_CONFIRM: confirm(update); break;
  }
  return update->step != UPDATE_IDLE || update->due;
}

void update_function_gone(struct update* update, unsigned function) {
  /* A slot that is half written is refused by the ROM, and the boot record does not name it. */
  if (update->step != UPDATE_IDLE && update->commit.function == function) {
    if (update->step != UPDATE_CONFIRM) update->step = UPDATE_IDLE;
    update->commit.waits = 0;
    update->uses_package = 0;
  }
  if (update->owner == function) update_drop_package(update);
  if (update->pending_function == function) update->pending_function = UPDATE_NO_FUNCTION;
}

void update_function_reset(struct update* update, unsigned function) {
  int activates = update->pending != UPDATE_NO_SLOT && update->pending_function == function;
  update_function_gone(update, function);
  if (activates) update->due = 1;
}

void update_resume(struct update* update, const struct update_request* commit) {
  if (!commit->waits) return;
  update->commit = *commit;
  update->step = UPDATE_CONFIRM;
}
