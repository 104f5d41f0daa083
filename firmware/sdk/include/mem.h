/* The C library's memory functions; the SDK brings its own, since there is no library on the card. */
#ifndef CARDVP_FIRMWARE_MEM_H
#define CARDVP_FIRMWARE_MEM_H

#include <stddef.h>
#include <stdint.h>

void* memcpy(void* to, const void* from, size_t bytes);
void* memmove(void* to, const void* from, size_t bytes);
void* memset(void* to, int value, size_t bytes);
int memcmp(const void* a, const void* b, size_t bytes);
size_t strlen(const char* text);

/* Little-endian stores at any alignment, for the structures of NVMe and the like. */
static inline void put16(void* to, uint16_t value) {
  ((uint8_t*)to)[0] = (uint8_t)value;
  ((uint8_t*)to)[1] = (uint8_t)(value >> 8);
}

static inline void put32(void* to, uint32_t value) {
  put16(to, (uint16_t)value);
  put16((uint8_t*)to + 2, (uint16_t)(value >> 16));
}

static inline void put64(void* to, uint64_t value) {
  put32(to, (uint32_t)value);
  put32((uint8_t*)to + 4, (uint32_t)(value >> 32));
}

#endif
