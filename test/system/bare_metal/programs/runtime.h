// What the test programs share: cases, their results as text on the UART, system registers, translation tables.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

// A core's registers at the exception that ended a case, and (start.S) the runtime's own while the case runs.
struct state {
  u64 x[31];
  u64 vector, level, esr, far, elr, spsr;
  u64 on_the_way, saved[14];
};

// SPSR_ELx of a case: its level, with all interrupts masked.
enum { EL0 = 0x3c0, EL1T = 0x3c4, EL1 = 0x3c5, EL2T = 0x3c8, EL2 = 0x3c9 };
enum { MASK_D = 0x200, MASK_A = 0x100, MASK_I = 0x80, MASK_F = 0x40 };

void print(const char* text);
void print_hex(u64 value);
void line(const char* name, u64 value);

// The address of code that ends with the exception of an SVC of this number, which is a case's regular end.
#define DONE 0xffff
#define CODE(...)                                                                               \
  ({                                                                                            \
    u64 code_;                                                                                  \
    asm(".pushsection .cases, \"ax\"\n.balign 64\n999: .arch armv8-a+crc+fp+simd\n" __VA_ARGS__ \
        "\nsvc #0xffff\n"                                                                       \
        ".balign 4\n.popsection\nldr %0, =999b"                                                 \
        : "=r"(code_));                                                                         \
    code_;                                                                                      \
  })

// Runs code with x0 to x7 until it takes an exception.
struct state* run_with(u64 spsr, u64 code, const u64 x[8]);
// And prints which: a line `name: vector level esr far elr spsr`, or the first `values` registers at the regular end.
void show(const char* name, u64 spsr, u64 code, unsigned values, const u64 x[8]);
#define SHOW(name, spsr, code, values, ...) show(name, spsr, code, values, (const u64[8]){__VA_ARGS__})
// The commonest case: one line of instructions, results in none of the registers.
#define TRY(name, spsr, text, ...) SHOW(name, spsr, CODE(text), 0, __VA_ARGS__)

#define READ(name)                                 \
  ({                                               \
    u64 value_;                                    \
    asm volatile("mrs %0, " #name : "=r"(value_)); \
    value_;                                        \
  })
#define WRITE(name, value) asm volatile("msr " #name ", %0\nisb" ::"r"((u64)(value)) : "memory")

u64 psci(u64 function, u64 x1, u64 x2, u64 x3);

static inline u32 load32(u64 address) {
  u32 value;
  asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
  return value;
}
static inline void store32(u64 address, u32 value) {
  asm volatile("str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}
static inline void store8(u64 address, u8 value) {
  asm volatile("strb %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}
static inline u64 load64(u64 address) {
  u64 value;
  asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
  return value;
}
static inline void store64(u64 address, u64 value) {
  asm volatile("str %0, [%1]" ::"r"(value), "r"(address) : "memory");
}

// Translation (tables.c). MAIR_EL1 as turn_on_mmu() leaves it:
enum { DEVICE, NORMAL, UNCACHED, DEVICE_NGNRE };
#define ATTRIBUTES(index) ((u64)(index) << 2)
enum {
  VALID = 1 << 0,
  TABLE = 1 << 1,  // or a page
  USER = 1 << 6,
  READ_ONLY = 1 << 7,
  INNER_SHAREABLE = 3 << 8,
  ACCESSED = 1 << 10,
  NOT_GLOBAL = 1 << 11,
};
#define CONTIGUOUS (1ull << 52)
#define PXN (1ull << 53)
#define UXN (1ull << 54)
#define PXN_TABLE (1ull << 59)
#define UXN_TABLE (1ull << 60)
#define NO_USER_TABLE (1ull << 61)
#define READ_ONLY_TABLE (1ull << 62)
#define MEMORY (VALID | ACCESSED | INNER_SHAREABLE | ATTRIBUTES(NORMAL))
#define PAGE_OF_MEMORY (MEMORY | TABLE)

// The runtime and its devices at their physical addresses, in the lowest GiBs of the lower half.
void turn_on_mmu(void);
void turn_off_mmu(void);
// A second core's, on the tables of the first.
void share_mmu(void);
u64 default_tcr(void);
// The entry of an address at a level (0 to 3), with tables down to there.
u64* entry_of(u64 address, unsigned level);
u64* new_table(void);
void set_entry(u64 address, unsigned level, u64 descriptor);
void set_page(u64 address, u64 descriptor);
void forget_translations(void);
