// Advanced SIMD: above all what the differential tests cannot compare, being wrong or missing in their reference:
// rounding saturating shifts, saturating doubling multiplications, and the exception flags of vector floating point.
#include "runtime.h"

// x0 = FPCR, x1 to x3 = operands: v0 = x3:x1, v1 = x1:x2, v2 = x2:x3 (low half first); x0 and x2 = v0, x1 = FPSR.
#define VECTOR(text)                                                                                           \
  CODE(                                                                                                        \
      "msr fpcr, x0\nmsr fpsr, xzr\nfmov d0, x3\nins v0.d[1], x1\nfmov d1, x1\nins v1.d[1], x2\nfmov d2, x2\n" \
      "ins v2.d[1], x3\n" text "\nfmov x0, d0\nmov x2, v0.d[1]\nmrs x1, fpsr\nmsr fpcr, xzr\n")

enum { RN = 0, RP = 1 << 22, RM = 2 << 22, RZ = 3 << 22, FZ = 1 << 24, DN = 1 << 25 };
static const u32 kModes[] = {RN, RP, RM, RZ, FZ, DN, FZ | RP, DN | RZ};

static const u64 kIntegers[] = {0,
                                ~0ull,
                                0x8000000000000000,
                                0x7fffffffffffffff,
                                0x8000800080008000,
                                0x7fff8000ffff0001,
                                0x800000007fffffff,
                                0x00010203f8fefdff,
                                0x80ff017f10f0087f,
                                0x0000000fffffffe0,
                                0x123456789abcdef0};
static const u64 kDoubles[] = {0,
                               0x8000000000000000,
                               0x3ff0000000000000,
                               0xbff8000000000001,
                               0x3fb999999999999a,
                               0x800fffffffffffff,
                               0x0010000000000000,
                               0x7fefffffffffffff,
                               0xfff0000000000000,
                               0x7ff8000000001234,
                               0xfff0000000004321,
                               0xc1e0000000200000};
static const u64 kSingles[] = {0,
                               0x3f80000080000000,
                               0xbfc000013dcccccd,
                               0x807fffff00800000,
                               0x7f7fffffff7fffff,
                               0xff8000007f800000,
                               0x7fc01234ff804321,
                               0x5f00000000000001,
                               0xcf00000040490fdb,
                               0x3f0000003f800001};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static u64 fold(u64 sum, u64 value) { return ((sum << 7 | sum >> 57) ^ value) * 0x9e3779b97f4a7c15; }

// A line for all combinations of operands: a running sum of the results and flags, and which flags there were.
static void operation(const char* name, u64 code, u64 fpcr, const u64* values, unsigned count) {
  u64 sum = 0, flags = 0;
  for (unsigned i = 0; i < count; ++i)
    for (unsigned k = 0; k < count; ++k) {
      const u64 x[8] = {fpcr, values[i], values[k], values[(2 * i + k) % count]};
      const struct state* const state = run_with(EL1, code, x);
      const u64 status = state->x[1] & 0x0800009f;
      sum = fold(fold(fold(sum, state->x[0]), state->x[2]), status);
      flags |= status;
    }
  print(name);
  if (fpcr) {
    print(", fpcr ");
    print_hex(fpcr);
  }
  print(": ");
  print_hex(sum);
  print(" flags ");
  print_hex(flags);
  print("\n");
}

#define INTEGER(text) operation(text, VECTOR(text), 0, kIntegers, COUNT(kIntegers))
#define FLOATING(text, values)                                                                                         \
  do {                                                                                                                 \
    const u64 code_ = VECTOR(text);                                                                                    \
    for (unsigned mode = 0; mode < COUNT(kModes); ++mode) operation(text, code_, kModes[mode], values, COUNT(values)); \
  } while (0)
#define SINGLE(text) FLOATING(text, kSingles)
#define DOUBLE(text) FLOATING(text, kDoubles)

#define SHIFTS(name)                       \
  INTEGER(name " v0.16b, v1.16b, v2.16b"); \
  INTEGER(name " v0.8h, v1.8h, v2.8h");    \
  INTEGER(name " v0.4s, v1.4s, v2.4s");    \
  INTEGER(name " v0.2d, v1.2d, v2.2d");    \
  INTEGER(name " v0.8b, v1.8b, v2.8b");    \
  INTEGER(name " b0, b1, b2");             \
  INTEGER(name " h0, h1, h2");             \
  INTEGER(name " s0, s1, s2");             \
  INTEGER(name " d0, d1, d2")
#define LONG_MULTIPLICATIONS(name)         \
  INTEGER(name " v0.4s, v1.4h, v2.4h");    \
  INTEGER(name " v0.2d, v1.2s, v2.2s");    \
  INTEGER(name "2 v0.4s, v1.8h, v2.8h");   \
  INTEGER(name "2 v0.2d, v1.4s, v2.4s");   \
  INTEGER(name " v0.4s, v1.4h, v2.h[3]");  \
  INTEGER(name "2 v0.2d, v1.4s, v2.s[1]"); \
  INTEGER(name " s0, h1, h2");             \
  INTEGER(name " d0, s1, s2");             \
  INTEGER(name " s0, h1, v2.h[5]");        \
  INTEGER(name " d0, s1, v2.s[3]")
#define NARROWING_SHIFTS(name)       \
  INTEGER(name " b0, h1, #3");       \
  INTEGER(name " h0, s1, #16");      \
  INTEGER(name " s0, d1, #1");       \
  INTEGER(name " v0.8b, v1.8h, #8"); \
  INTEGER(name "2 v0.4s, v1.2d, #13")
#define THREE_SAME(name)               \
  SINGLE(name " v0.4s, v1.4s, v2.4s"); \
  SINGLE(name " v0.2s, v1.2s, v2.2s"); \
  DOUBLE(name " v0.2d, v1.2d, v2.2d")
#define TWO_REGISTERS(name)     \
  SINGLE(name " v0.4s, v1.4s"); \
  DOUBLE(name " v0.2d, v1.2d")

int main(void) {
  WRITE(cpacr_el1, 3 << 20);
  SHIFTS("sqrshl");
  SHIFTS("uqrshl");
  SHIFTS("sqshl");
  LONG_MULTIPLICATIONS("sqdmlal");
  LONG_MULTIPLICATIONS("sqdmlsl");
  LONG_MULTIPLICATIONS("sqdmull");
  NARROWING_SHIFTS("sqrshrn");
  NARROWING_SHIFTS("uqrshrn");
  NARROWING_SHIFTS("sqrshrun");
  THREE_SAME("fdiv");
  THREE_SAME("fmax");
  THREE_SAME("fminnm");
  THREE_SAME("fmaxp");
  THREE_SAME("fmulx");
  THREE_SAME("frecps");
  THREE_SAME("frsqrts");
  THREE_SAME("fmla");
  THREE_SAME("fcmge");
  TWO_REGISTERS("frecpe");
  TWO_REGISTERS("frsqrte");
  TWO_REGISTERS("frintx");
  TWO_REGISTERS("frinta");
  TWO_REGISTERS("fcvtzs");
  TWO_REGISTERS("fcvtau");
  TWO_REGISTERS("fsqrt");
  SINGLE("fmaxv s0, v1.4s");
  SINGLE("fminnmv s0, v1.4s");
  SINGLE("fcvtl v0.2d, v1.2s");
  SINGLE("fcvtn v0.4h, v1.4s");
  DOUBLE("fcvtn v0.2s, v1.2d");
  DOUBLE("fcvtxn v0.2s, v1.2d");
  SINGLE("fcvtzu v0.4s, v1.4s, #7");
  DOUBLE("scvtf v0.2d, v1.2d, #33");
  SINGLE("ursqrte v0.4s, v1.4s");
  return 0;
}
