#include "runtime.h"

void enter(struct state* state, u64 pc, u64 spsr, u64 sp);

void print(const char* text) {
  for (; *text; ++text) store32(UART, (u8)*text);
}

void print_hex(u64 value) {
  char digits[17];
  unsigned at = sizeof digits - 1;
  digits[at] = 0;
  do digits[--at] = "0123456789abcdef"[value & 15];
  while (value >>= 4);
  print(digits + at);
}

static void field(const char* name, u64 value) {
  print(" ");
  print(name);
  print("=");
  print_hex(value);
}

void line(const char* name, u64 value) {
  print(name);
  print(": ");
  print_hex(value);
  print("\n");
}

struct state* run_with(u64 spsr, u64 code, const u64 x[8]) {
  struct state* const state = (struct state*)(STATES + ((READ(mpidr_el1) & 1) << 12));
  for (unsigned i = 0; i < 8; ++i) state->x[i] = x[i];
  enter(state, code, spsr, USER_STACK);
  return state;
}

static bool has_far(u64 esr) {
  switch (esr >> 26) {
    case 0x20:
    case 0x21:
    case 0x22:
    case 0x24:
    case 0x25: return true;
    default: return false;
  }
}

static void print_values(const struct state* state, unsigned values) {
  for (unsigned i = 0; i < values; ++i) {
    const char name[] = {'x', (char)('0' + i), 0};
    field(name, state->x[i]);
  }
}

void show(const char* name, u64 spsr, u64 code, unsigned values, const u64 x[8]) {
  const struct state* const state = run_with(spsr, code, x);
  print(name);
  print(":");
  const bool synchronous = !(state->vector & 0x180);
  if (synchronous && state->esr >> 26 == 0x15 && (state->esr & 0xffff) == DONE) {
    print(" done");
    print_values(state, values);
    print("\n");
    return;
  }
  field("vector", state->vector);
  field("el", state->level >> 2);
  if (synchronous) field("esr", state->esr);
  if (synchronous && has_far(state->esr)) field("far", state->far);
  const u64 offset = state->elr - code;
  if (offset < 0x1000) {
    print(" elr=code+"), print_hex(offset);
  } else {
    field("elr", state->elr);
  }
  field("spsr", state->spsr);
  print_values(state, values);
  print("\n");
}

void* memset(void* to, int value, unsigned long bytes) {
  for (unsigned long i = 0; i < bytes; ++i) ((volatile u8*)to)[i] = (u8)value;
  return to;
}

void* memcpy(void* to, const void* from, unsigned long bytes) {
  for (unsigned long i = 0; i < bytes; ++i) ((volatile u8*)to)[i] = ((const u8*)from)[i];
  return to;
}
