// The guest of arm_bench and arm_peer_bench: CRC, sort, copy, ITERATIONS times, with the MMU on; then PSCI SYSTEM_OFF.
// Entered at EL1, no runtime.
#include <stddef.h>
#include <stdint.h>

#define STRING2(x) #x
#define STRING(x) STRING2(x)

void work(void);

// Identity-mapped by 1 GiB blocks: devices, then Normal write-back memory.
__attribute__((aligned(4096), used)) static const uint64_t table[512] = {0x0060000000000401, 0x0000000040000705};

__asm__(
    ".section .text.start, \"ax\"\n"
    ".global _start\n"
    "_start:\n"
    "  ldr x0, =0x40800000\n"
    "  mov sp, x0\n"
    "  ldr x0, =0xff00\n"          // attribute 0: Device-nGnRnE, 1: Normal write-back
    "  msr mair_el1, x0\n"
    "  ldr x0, =0x200803519\n"     // 39 bits, write-back walks, inner shareable, TTBR1 off, 40-bit output
    "  msr tcr_el1, x0\n"
    "  adrp x0, table\n"
    "  add x0, x0, :lo12:table\n"
    "  msr ttbr0_el1, x0\n"
    "  isb\n"
    "  mrs x0, sctlr_el1\n"
    "  mov x1, #0x1005\n"          // M, C, I
    "  orr x0, x0, x1\n"
    "  msr sctlr_el1, x0\n"
    "  isb\n"
    "  ldr x19, =" STRING(ITERATIONS) "\n"
    "1: cbz x19, 2f\n"
    "  bl work\n"
    "  sub x19, x19, #1\n"
    "  b 1b\n"
    "2: ldr x0, =0x84000008\n"      // PSCI SYSTEM_OFF
    "  hvc #0\n"
    "  b .\n" );

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
