// The guest of arm_bench: CRC, sort, copy, for ever. Position-independent, no runtime.
#include <stddef.h>
#include <stdint.h>

void work(void);

__asm__(
    ".section .text.start, \"ax\"\n"
    "  ldr x0, =0x40800000\n"
    "  mov sp, x0\n"
    "  mov x19, #0\n"
    "1: bl work\n"
    "  b 1b\n");

static uint32_t crc_table[256];
static uint8_t buffer[2][16384];
static uint32_t keys[2048];

static uint32_t crc(const uint8_t* data, size_t size) {
  uint32_t value = ~0u;
  for (size_t i = 0; i < size; ++i) value = value >> 8 ^ crc_table[(value ^ data[i]) & 0xff];
  return ~value;
}

static void sort(uint32_t* a, int low, int high) {
  while (low < high) {
    const uint32_t pivot = a[(low + high) / 2];
    int i = low, j = high;
    while (i <= j) {
      while (a[i] < pivot) ++i;
      while (a[j] > pivot) --j;
      if (i <= j) {
        const uint32_t t = a[i];
        a[i++] = a[j];
        a[j--] = t;
      }
    }
    sort(a, low, j);
    low = i;
  }
}

__attribute__((used)) void work(void) {
  static uint32_t seed = 1;
  if (!crc_table[1]) {
    for (uint32_t n = 0; n < 256; ++n) {
      uint32_t c = n;
      for (int k = 0; k < 8; ++k) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
      crc_table[n] = c;
    }
  }
  for (int i = 0; i < 2048; ++i) keys[i] = seed = seed * 1664525u + 1013904223u;
  sort(keys, 0, 2047);
  for (size_t i = 0; i < sizeof buffer[0]; ++i) buffer[0][i] = (uint8_t)keys[i & 2047];
  for (int n = 0; n < 8; ++n) {
    uint64_t* to = (uint64_t*)buffer[1];
    const uint64_t* from = (const uint64_t*)buffer[0];
    for (size_t i = 0; i < sizeof buffer[0] / 8; ++i) to[i] = from[i];
  }
  seed ^= crc(buffer[1], sizeof buffer[1]);
}
