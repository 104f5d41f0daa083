#include "flash.h"

#include "io.h"
#include "map.h"
#include "mem.h"

/* Commands and status of the extended set, as CFI names it (JEP137, 0x0001). Each goes to both chips at once. */
#define BOTH(value) ((uint32_t)(value)*0x00010001u)
enum {
  BLOCK_ERASE = 0x20,
  CLEAR_STATUS = 0x50,
  READ_STATUS = 0x70,
  CONFIRM = 0xd0,
  BUFFERED_PROGRAM = 0xe8,
  READ_ARRAY = 0xff,
  STATUS_READY = 0x80,
  STATUS_ERRORS = 0x3a /* erase, program, voltage, locked */
};
enum { BUFFER_BYTES = 32 * 4 }; /* of both chips: what the smallest of these families has */

static void command(uint64_t offset, uint32_t code) { io_write32(MAP_FLASH + offset, BOTH(code)); }

static int inside(uint64_t offset, uint64_t size) {
  return offset <= MAP_FLASH_SIZE && size <= MAP_FLASH_SIZE - offset;
}

static int succeeded(uint64_t offset) {
  command(offset, READ_STATUS);
  uint32_t status;
  do status = io_read32(MAP_FLASH + offset);
  while ((status & BOTH(STATUS_READY)) != BOTH(STATUS_READY));
  return (status & BOTH(STATUS_ERRORS)) == 0;
}

/* Chips do one thing at a time: reading the array means all of it. */
static int end(uint64_t offset, int good) {
  command(offset, CLEAR_STATUS);
  command(offset, READ_ARRAY);
  return good ? 0 : -1;
}

int flash_erase(uint64_t offset, uint64_t size) {
  if (!inside(offset, size)) return -1;
  int good = 1;
  for (uint64_t sector = offset / FLASH_SECTOR_BYTES * FLASH_SECTOR_BYTES; good && sector < offset + size;
       sector += FLASH_SECTOR_BYTES) {
    command(sector, BLOCK_ERASE);
    command(sector, CONFIRM);
    good = succeeded(sector);
  }
  return end(offset, good);
}

static void program_buffer(uint64_t offset, const uint8_t* from, uint64_t bytes) {
  command(offset, BUFFERED_PROGRAM);
  command(offset, (uint32_t)(bytes / 4 - 1));
  for (uint64_t at = 0; at < bytes; at += 4) {
    uint32_t word;
    memcpy(&word, from + at, sizeof word);
    io_write32(MAP_FLASH + offset + at, word);
  }
  command(offset, CONFIRM);
}

int flash_program(uint64_t offset, const void* from, uint64_t size) {
  if (!inside(offset, size) || offset % 4 || size % 4) return -1;
  const uint8_t* bytes = from;
  int good = 1;
  for (uint64_t done = 0; good && done < size;) {
    uint64_t at = offset + done;
    uint64_t chunk = BUFFER_BYTES - at % BUFFER_BYTES; /* so no buffer crosses a sector */
    if (chunk > size - done) chunk = size - done;
    program_buffer(at, bytes + done, chunk);
    good = succeeded(at);
    done += chunk;
  }
  return end(offset, good);
}
