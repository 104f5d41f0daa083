// Integer operations of Advanced SIMD on registers, without an engine around them.
#include <gtest/gtest.h>

#include <ostream>

#include "models/arm/interpreter/decoder.h"
#include "models/arm/interpreter/vector.h"

namespace cardvp::arm::interpreter {
namespace {

using Vector = RegisterFile::Vector;
constexpr std::uint32_t kQc = 1u << 27;

struct Case {
  std::uint32_t word;
  const char* text;
  Vector n, m, d, expected;
  bool saturates;
};
void PrintTo(const Case& value, std::ostream* out) { *out << value.text; }

constexpr Case kCases[] = {
#define V(low, high) \
  Vector { low, high }
#define CASE(...) Case{__VA_ARGS__},
#include "test/unit/arm/simd_cases.def"
#undef CASE
#undef V
};

void execute(RegisterFile& registers, std::uint32_t word) {
  const Instruction instruction = decode(word, 0);
  ASSERT_EQ(instruction.op, Op::Vector);
  vector_function(instruction)(registers, instruction);
}

struct SimdOperation : testing::TestWithParam<Case> {};

TEST_P(SimdOperation, GivesWhatTheArchitectureSays) {
  const Case& given = GetParam();
  for (const std::uint32_t before : {0u, kQc}) {  // QC is sticky
    RegisterFile registers;
    registers.v[0] = given.d;
    registers.v[1] = given.n;
    registers.v[2] = given.m;
    registers.fpsr = before;
    execute(registers, given.word);
    EXPECT_EQ(registers.v[0].low, given.expected.low) << std::hex << registers.v[0].low;
    EXPECT_EQ(registers.v[0].high, given.expected.high) << std::hex << registers.v[0].high;
    EXPECT_EQ(registers.fpsr, before | (given.saturates ? kQc : 0));
  }
}

INSTANTIATE_TEST_SUITE_P(Each, SimdOperation, testing::ValuesIn(kCases));

TEST(Simd, LooksUpInRegistersThatWrapAround) {
  for (const bool extension : {false, true}) {
    RegisterFile registers;
    registers.v[30] = {0x30, 0};
    registers.v[31] = {0x31, 0};
    registers.v[0] = {0x00, 0};
    registers.v[1] = {0x01, 0xee00'0000'0000'0000};
    registers.v[2] = {0x40'3f'20'10'00, 0xff};
    registers.v[3] = {0x99'99'99'99'99'99, 0x99};
    // tbl or tbx v3.16b, {v30.16b, v31.16b, v0.16b, v1.16b}, v2.16b
    execute(registers, extension ? 0x4e0273c3 : 0x4e0263c3);
    EXPECT_EQ(registers.v[3].low, extension ? 0x303030'99'ee'00'31'30u : 0x303030'00'ee'00'31'30u);
    EXPECT_EQ(registers.v[3].high, extension ? 0x3030'3030'3030'3099u : 0x3030'3030'3030'3000u);
  }
}

TEST(Simd, MovesBetweenRegisterFiles) {
  RegisterFile registers;
  registers.x[5] = 0x1122'3344'5566'7788;
  registers.v[1] = {0x8000'0000'0000'8182, 0xfedc'ba98'0000'0000};
  execute(registers, 0x4e0c1ca1);  // mov v1.s[1], w5
  EXPECT_EQ(registers.v[1].low, 0x5566'7788'0000'8182u);
  EXPECT_EQ(registers.v[1].high, 0xfedc'ba98'0000'0000u);
  execute(registers, 0x4e0c1fe1);  // mov v1.s[1], wzr
  EXPECT_EQ(registers.v[1].low, 0x8182u);
  execute(registers, 0x0e022c26);  // smov w6, v1.h[0]
  EXPECT_EQ(registers.x[6], 0xffff'8182u);
  execute(registers, 0x4e012c26);  // smov x6, v1.b[0]
  EXPECT_EQ(registers.x[6], 0xffff'ffff'ffff'ff82u);
  execute(registers, 0x0e1c3c26);  // mov w6, v1.s[3]
  EXPECT_EQ(registers.x[6], 0xfedc'ba98u);
  execute(registers, 0x4e183c3f);  // mov xzr, v1.d[1]
  EXPECT_EQ(registers.x[RegisterFile::kSp], 0u);
  execute(registers, 0x0e030ca2);  // dup v2.8b, w5
  EXPECT_EQ(registers.v[2].low, 0x8888'8888'8888'8888u);
  EXPECT_EQ(registers.v[2].high, 0u);
}

struct Immediate {
  std::uint32_t word;
  const char* text;
  std::uint64_t expected;
  bool both_halves;
};

TEST(Simd, ExpandsImmediates) {
  static constexpr Immediate kImmediates[] = {
      Immediate{0x0f05e4a0, "movi v0.8b, #0xa5", 0xa5a5'a5a5'a5a5'a5a5, false},
      Immediate{0x6f05e4c0, "movi v0.2d, #0xff00ff0000ffff00", 0xff00'ff00'00ff'ff00, true},
      Immediate{0x2f00e520, "movi d0, #0x00000000ff0000ff", 0xff00'00ff, false},
      Immediate{0x4f006640, "movi v0.4s, #0x12, lsl #24", 0x1200'0000'1200'0000, true},
      Immediate{0x2f00a640, "mvni v0.4h, #0x12, lsl #8", 0xedff'edff'edff'edff, false},
      Immediate{0x4f00d640, "movi v0.4s, #0x12, msl #16", 0x0012'ffff'0012'ffff, true},
      Immediate{0x2f00c640, "mvni v0.2s, #0x12, msl #8", 0xffff'ed00'ffff'ed00, false},
      Immediate{0x6f06f400, "fmov v0.2d, #-0.125", 0xbfc0'0000'0000'0000, true},
      Immediate{0x4f01f7e0, "fmov v0.4s, #31.0", 0x41f8'0000'41f8'0000, true},
      Immediate{0x0f03f600, "fmov v0.2s, #1.0", 0x3f80'0000'3f80'0000, false}};
  for (const auto& [word, text, expected, both_halves] : kImmediates) {
    const Instruction decoded = decode(word, 0);
    EXPECT_EQ(decoded.op, Op::VectorMove) << text;
    EXPECT_EQ(decoded.imm, expected) << text;
    EXPECT_EQ(decoded.aux, both_halves) << text;
  }
  EXPECT_EQ(decode(0x0f001560, 0).op, Op::VectorOr);   // orr v0.2s, #0xb
  EXPECT_EQ(decode(0x6f00b560, 0).op, Op::VectorAnd);  // bic v0.8h, #0xb, lsl #8
  EXPECT_EQ(decode(0x6f00b560, 0).imm, 0xf4ff'f4ff'f4ff'f4ffu);
}

struct Word {
  std::uint32_t word;
  const char* text;
};

TEST(Simd, RefusesWhatIsUnallocated) {
  static constexpr Word kWords[] = {Word{0x0ee28420, "add v0.1d"},
                                    Word{0x4ee20420, "shadd v0.2d"},
                                    Word{0x2ea29c20, "pmul v0.2s"},
                                    Word{0x0e22b420, "sqdmulh v0.8b"},
                                    Word{0x2e22bc20, "addp with U"},
                                    Word{0x5ea28420, "add s0"},
                                    Word{0x0ee2e020, "pmull v0.1q: cryptography"},
                                    Word{0x0ee20020, "saddl of 64-bit lanes"},
                                    Word{0x0e229020, "sqdmlal of bytes"},
                                    Word{0x0ee00820, "rev64 of 64-bit lanes"},
                                    Word{0x2ea00820, "rev32 of 32-bit lanes"},
                                    Word{0x2ea05820, "not, size 2"},
                                    Word{0x0eb1b820, "addv s0, v1.2s"},
                                    Word{0x2e31b820, "addv with U"},
                                    Word{0x0e080420, "dup v0.1d"},
                                    Word{0x0e000420, "dup, imm5 0"},
                                    Word{0x0e081c20, "ins, Q 0"},
                                    Word{0x0e042c20, "smov w0, v1.s"},
                                    Word{0x4e082c20, "smov x0, v1.d"},
                                    Word{0x4e043c20, "umov x0, v1.s"},
                                    Word{0x0ec23820, "zip1 v0.1d"},
                                    Word{0x2e024020, "ext v0.8b, #8"},
                                    Word{0x2f00f400, "fmov v0.1d"},
                                    Word{0x0f00fc00, "fmov v0.4h: Armv8.2"},
                                    Word{0x0f400420, "sshr v0.1d"},
                                    Word{0x0f404420, "sri without U"},
                                    Word{0x5f200420, "sshr s0"},
                                    Word{0x0f40a420, "sshll of 64-bit lanes"},
                                    Word{0x5f088420, "shrn b0"},
                                    Word{0x0f028020, "mul by element of bytes"},
                                    Word{0x2e428420, "sqrdmlah: Armv8.1"},
                                    Word{0x0e829420, "sdot: Armv8.2"},
                                    Word{0x3c000800, "ldur unprivileged"},
                                    Word{0x7c800000, "ldr of a register, size 1, opc 2"},
                                    Word{0xdc000000, "ldr literal, opc 3"},
                                    Word{0xec000000, "pair, opc 3"},
                                    Word{0x3c600800, "register offset, option 000"},
                                    Word{0x0c001000, "structures, opcode 1"},
                                    Word{0x0c400c00, "ld4 {v0.1d}"},
                                    Word{0x0c410000, "structures without post-index, Rm"},
                                    Word{0x0d00c000, "st1r"},
                                    Word{0x0d40d000, "ld1r with S"},
                                    Word{0x0d004400, "st1 of half words, size 1"},
                                    Word{0x0d008800, "st1 of words, size 2"},
                                    Word{0x0d009400, "st1 of double words with S"}};
  for (const auto& [word, text] : kWords) EXPECT_EQ(decode(word, 0).op, Op::Undefined) << text;
}

}  // namespace
}  // namespace cardvp::arm::interpreter
