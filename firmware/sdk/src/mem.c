#include "mem.h"

/* GCC would otherwise recognise these loops as memcpy and memset, and call them. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

/* With the MMU off all memory is Device memory: accesses must be aligned. So words where both sides allow it. */
static int words(const void* a, const void* b) { return (((uintptr_t)a | (uintptr_t)b) & 7) == 0; }

void* memcpy(void* to, const void* from, size_t bytes) {
  uint8_t* t = to;
  const uint8_t* f = from;
  if (words(t, f))
    for (; bytes >= 8; bytes -= 8, t += 8, f += 8) *(uint64_t*)t = *(const uint64_t*)f;
  while (bytes--) *t++ = *f++;
  return to;
}

void* memmove(void* to, const void* from, size_t bytes) {
  uint8_t* t = to;
  const uint8_t* f = from;
  if ((uintptr_t)t - (uintptr_t)f >= bytes) return memcpy(to, from, bytes);
  while (bytes--) t[bytes] = f[bytes];
  return to;
}

void* memset(void* to, int value, size_t bytes) {
  uint8_t* t = to;
  if (words(t, t)) {
    uint64_t word = (uint8_t)value * UINT64_C(0x0101010101010101);
    for (; bytes >= 8; bytes -= 8, t += 8) *(uint64_t*)t = word;
  }
  while (bytes--) *t++ = (uint8_t)value;
  return to;
}

int memcmp(const void* a, const void* b, size_t bytes) {
  const uint8_t *x = a, *y = b;
  for (; bytes--; x++, y++)
    if (*x != *y) return *x - *y;
  return 0;
}

size_t strlen(const char* text) {
  size_t length = 0;
  while (text[length]) length++;
  return length;
}
