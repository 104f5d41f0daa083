// Floating point: rounding, NaNs, flush to zero, exception flags, conversions. Results as bits, flags from FPSR.
#include "runtime.h"

enum { RN = 0, RP = 1 << 22, RM = 2 << 22, RZ = 3 << 22, FZ = 1 << 24, DN = 1 << 25 };

// x0 = FPCR, x1 and x2 = operands, x3 = third operand; x0 = result, x1 = FPSR.
#define WITH_FPCR(text)                                                                            \
  CODE("msr fpcr, x0\nmsr fpsr, xzr\nfmov d1, x1\nfmov d2, x2\nfmov d3, x3\nmovi v0.2d, #0\n" text \
       "\nmrs x1, fpsr\nmsr fpcr, xzr\n")
#define DOUBLE(text) WITH_FPCR(text "\nfmov x0, d0")
#define INTEGER(text) WITH_FPCR(text)

static const u64 kModes[] = {RN, RP, RM, RZ, FZ, DN, FZ | RP, DN | RZ};

static const u64 kDoubles[] = {
    0,
    0x8000000000000000,  // zeroes
    0x3ff0000000000000,
    0xbff8000000000000,  // 1, -1.5
    0x3ff0000000000001,
    0x3fb999999999999a,  // 1 + ulp, 0.1
    1,
    0x800fffffffffffff,  // subnormal
    0x0010000000000000,
    0x7fefffffffffffff,  // smallest and largest normal
    0x7ff0000000000000,
    0xfff0000000000000,  // infinities
    0x7ff8000000001234,
    0xfff0000000004321,  // quiet and signalling NaN
    0x43e0000000000000,
    0xc1e0000000200000,  // 2^63, -2^31 - 1
    0x40dfffdfffffffff,
    0x36a0000000000000,  // conversions to half and single
};
static const u64 kSingles[] = {0,          0x80000000, 0x3f800000, 0xbfc00000, 0x3f800001, 0x3dcccccd,
                               1,          0x807fffff, 0x00800000, 0x7f7fffff, 0x7f800000, 0xff800000,
                               0x7fc01234, 0xff804321, 0x5f000000, 0x477fefff, 0x33000001, 0x38000000};

// One line for many cases: a running sum of results and flags, and the lines themselves where operands are special.
static u64 fold(u64 sum, u64 value) { return ((sum << 7 | sum >> 57) ^ value) * 0x9e3779b97f4a7c15; }

static u64 result(u64 code, u64 fpcr, u64 a, u64 b, u64 c, u64* flags) {
  const struct state* const state = run_with(EL1, code, (const u64[8]){fpcr, a, b, c});
  *flags = state->x[1] & 0x9f;
  return state->x[0];
}

static void operation(const char* name, u64 code, const u64* values, unsigned count) {
  for (unsigned mode = 0; mode < 8; ++mode) {
    u64 sum = 0, union_of_flags = 0;
    for (unsigned i = 0; i < count; ++i)
      for (unsigned k = 0; k < count; ++k) {
        u64 flags;
        const u64 value = result(code, kModes[mode], values[i], values[k], values[(i + k) % count], &flags);
        sum = fold(fold(sum, value), flags);
        union_of_flags |= flags;
      }
    print(name);
    print(", mode ");
    print_hex(mode);
    print(": ");
    print_hex(sum);
    print(" flags ");
    print_hex(union_of_flags);
    print("\n");
  }
}

static void one(const char* name, u64 code, const u64* values, unsigned count) {
  for (unsigned mode = 0; mode < 8; ++mode)
    for (unsigned i = 0; i < count; ++i) {
      u64 flags;
      const u64 value = result(code, kModes[mode], values[i], values[i], values[i], &flags);
      print(name);
      print(" ");
      print_hex(values[i]);
      print(" mode ");
      print_hex(mode);
      print(": ");
      print_hex(value);
      print(" flags ");
      print_hex(flags);
      print("\n");
    }
}

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TWO(text)                                                              \
  operation(text " d", DOUBLE(text " d0, d1, d2"), kDoubles, COUNT(kDoubles)); \
  operation(text " s", DOUBLE(text " s0, s1, s2"), kSingles, COUNT(kSingles))
#define ONE(text, to, from, values) one(text " " to " " from, DOUBLE(text " " to "0, " from "1"), values, COUNT(values))
#define TO_INTEGER(text, to, from, values) \
  one(text " " to " " from, INTEGER(text " " to "0, " from "1"), values, COUNT(values))

int main(void) {
  WRITE(cpacr_el1, 3 << 20);
  TWO("fadd");
  TWO("fsub");
  TWO("fmul");
  TWO("fdiv");
  TWO("fnmul");
  TWO("fmax");
  TWO("fmin");
  TWO("fmaxnm");
  TWO("fminnm");
  TWO("fmulx");
  TWO("frecps");
  TWO("frsqrts");
  TWO("fabd");
  TWO("fcmge");
  TWO("facgt");
  operation("fmadd d", DOUBLE("fmadd d0, d1, d2, d3"), kDoubles, COUNT(kDoubles));
  operation("fnmsub s", DOUBLE("fnmsub s0, s1, s2, s3"), kSingles, COUNT(kSingles));
  operation("fcmp d", INTEGER("fcmp d1, d2\nmrs x0, nzcv"), kDoubles, COUNT(kDoubles));
  operation("fcmpe s", INTEGER("fcmpe s1, s2\nmrs x0, nzcv"), kSingles, COUNT(kSingles));
  ONE("fsqrt", "d", "d", kDoubles);
  ONE("fcvt", "s", "d", kDoubles);
  ONE("fcvt", "h", "d", kDoubles);
  ONE("fcvt", "d", "s", kSingles);
  ONE("fcvt", "h", "s", kSingles);
  ONE("frintn", "d", "d", kDoubles);
  ONE("frintx", "d", "d", kDoubles);
  ONE("frinti", "s", "s", kSingles);
  ONE("frecpe", "d", "d", kDoubles);
  ONE("frecpe", "s", "s", kSingles);
  ONE("frsqrte", "s", "s", kSingles);
  ONE("frecpx", "d", "d", kDoubles);
  TO_INTEGER("fcvtzs", "x", "d", kDoubles);
  TO_INTEGER("fcvtzu", "w", "d", kDoubles);
  TO_INTEGER("fcvtns", "w", "s", kSingles);
  TO_INTEGER("fcvtas", "x", "s", kSingles);
  TO_INTEGER("fcvtmu", "x", "d", kDoubles);
  one("scvtf d x", DOUBLE("scvtf d0, x1"), kDoubles, COUNT(kDoubles));
  one("ucvtf s x", DOUBLE("ucvtf s0, x1"), kDoubles, COUNT(kDoubles));
  static const u64 kHalves[] = {0, 0x8001, 0x3c00, 0x7bff, 0x7c00, 0x7d01, 0xfe12};
  ONE("fcvt", "s", "h", kHalves);
  return 0;
}
