// Scalar floating-point instructions, from their words to registers and flags.
#include <gtest/gtest.h>

#include <bit>

#include "models/arm/interpreter/decoder.h"
#include "models/arm/interpreter/fp_format.h"
#include "models/arm/interpreter/vector.h"

namespace cardvp::arm::interpreter {
namespace {

std::uint64_t of(double value) { return std::bit_cast<std::uint64_t>(value); }
std::uint64_t of(float value) { return std::bit_cast<std::uint32_t>(value); }

struct Registers : RegisterFile {
  // What a scalar instruction must clear of its destination, or leave alone of its sources.
  static constexpr std::uint64_t kOld = 0xdead'beef'dead'beef;

  Registers() { v.fill({kOld, kOld}); }
  void execute(std::uint32_t word) {
    const Instruction instruction = decode(word, 0);
    ASSERT_EQ(instruction.op, Op::Vector) << std::hex << word;
    vector_function(instruction)(*this, instruction);
  }
  void set_operands(std::uint64_t d1, std::uint64_t d2, std::uint64_t d3 = 0) {
    v[1].low = d1;
    v[2].low = d2;
    v[3].low = d3;
  }
};

struct Case {
  const char* text;
  std::uint32_t word;
  std::uint64_t expected;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.text; }

class FpScalar : public testing::TestWithParam<Case> {};

TEST_P(FpScalar, Computes) {
  Registers registers;
  // Upper halves of registers are noise for single precision, too.
  const bool single = !(GetParam().word >> 22 & 1);
  const std::uint64_t noise = 0x1234'5678'0000'0000;
  single ? registers.set_operands(of(6.5f) | noise, of(-2.0f) | noise, of(1.25f) | noise)
         : registers.set_operands(of(6.5), of(-2.0), of(1.25));
  registers.execute(GetParam().word);
  EXPECT_EQ(registers.v[0].low, GetParam().expected);
  EXPECT_EQ(registers.v[0].high, 0u);
  EXPECT_EQ(registers.v[1].high, Registers::kOld);
  EXPECT_EQ(registers.fpsr & ~std::uint32_t{fp::kInexact}, 0u);
}

INSTANTIATE_TEST_SUITE_P(Instructions, FpScalar,
                         testing::Values(Case{"fadd_s", 0x1e222820, of(4.5f)}, Case{"fadd_d", 0x1e622820, of(4.5)},
                                         Case{"fsub", 0x1e623820, of(8.5)}, Case{"fmul", 0x1e620820, of(-13.0)},
                                         Case{"fdiv", 0x1e621820, of(-3.25)}, Case{"fmax", 0x1e624820, of(6.5)},
                                         Case{"fmin", 0x1e625820, of(-2.0)}, Case{"fmaxnm", 0x1e626820, of(6.5)},
                                         Case{"fminnm", 0x1e627820, of(-2.0)}, Case{"fnmul", 0x1e628820, of(13.0)},
                                         Case{"fmadd", 0x1f420c20, of(-11.75)}, Case{"fmsub", 0x1f428c20, of(14.25)},
                                         Case{"fnmadd", 0x1f620c20, of(11.75)}, Case{"fnmsub", 0x1f628c20, of(-14.25)},
                                         Case{"fmov_d", 0x1e604020, of(6.5)}, Case{"fmov_s", 0x1e204020, of(6.5f)},
                                         Case{"fabs", 0x1e60c040, of(2.0)}, Case{"fneg", 0x1e614020, of(-6.5)},
                                         Case{"fsqrt", 0x1e61c020, of(2.5495097567963922)},
                                         Case{"fcvt_d_s", 0x1e22c020, of(6.5)}, Case{"fcvt_s_d", 0x1e624020, of(6.5f)},
                                         Case{"fcvt_h_s", 0x1e23c020, 0x4680}, Case{"fcvt_h_d", 0x1e63c020, 0x4680},
                                         Case{"frintn", 0x1e644020, of(6.0)}, Case{"frintp", 0x1e64c020, of(7.0)},
                                         Case{"frintm", 0x1e654020, of(6.0)}, Case{"frintz", 0x1e65c020, of(6.0)},
                                         Case{"frinta", 0x1e664020, of(7.0)}, Case{"frintx", 0x1e674020, of(6.0)},
                                         Case{"frinti", 0x1e67c020, of(6.0)}, Case{"fmov_1", 0x1e6e1000, of(1.0)},
                                         Case{"fmov_minus_eighth", 0x1e381000, of(-0.125f)},
                                         Case{"fmov_31", 0x1e67f000, of(31.0)}),
                         [](const auto& test) { return std::string(test.param.text); });

TEST(FpScalarInstruction, ConvertsFromHalf) {
  Registers registers;
  registers.v[1].low = 0xffff'ffff'ffff'4680;
  registers.execute(0x1ee24020);  // fcvt s0, h1
  EXPECT_EQ(registers.v[0].low, of(6.5f));
  registers.execute(0x1ee2c020);  // fcvt d0, h1
  EXPECT_EQ(registers.v[0].low, of(6.5));
}

TEST(FpScalarInstruction, OnlyFrintxRaisesInexactness) {
  Registers registers;
  registers.v[1].low = of(2.5);
  for (const std::uint32_t word : {0x1e644020, 0x1e64c020, 0x1e654020, 0x1e65c020, 0x1e664020, 0x1e67c020}) {
    registers.execute(word);
    EXPECT_EQ(registers.fpsr, 0u) << std::hex << word;
  }
  registers.execute(0x1e674020);
  EXPECT_EQ(registers.fpsr, std::uint32_t{fp::kInexact});
  registers.fpcr = 1 << 22;       // towards plus infinity
  registers.execute(0x1e67c020);  // frinti
  EXPECT_EQ(registers.v[0].low, of(3.0));
}

TEST(FpScalarInstruction, Compares) {
  struct Comparison {
    double a, b;
    unsigned nzcv;
  };
  const double nan = __builtin_nan("");
  for (const auto& [a, b, nzcv] : {Comparison{1, 2, 0b1000}, Comparison{2, 2, 0b0110}, Comparison{3, 2, 0b0010},
                                   Comparison{nan, 2, 0b0011}, Comparison{-1, 0, 0b1000}}) {
    Registers registers;
    registers.set_operands(of(a), of(b));
    registers.execute(0x1e622020);  // fcmp d1, d2
    EXPECT_EQ(registers.flags.nzcv(), nzcv);
    EXPECT_EQ(registers.fpsr, 0u);
    registers.flags.set_nzcv(0);
    registers.execute(0x1e622030);  // fcmpe d1, d2
    EXPECT_EQ(registers.flags.nzcv(), nzcv);
    EXPECT_EQ(registers.fpsr, std::uint32_t{nzcv == 0b0011 ? fp::kInvalidOperation : 0u});
  }
  Registers registers;
  registers.set_operands(of(-1.0), of(-1.0));
  registers.execute(0x1e602028);  // fcmp d1, #0.0
  EXPECT_EQ(registers.flags.nzcv(), 0b1000u);
  registers.v[1].low = 0x7ff8'0000'0000'0000;
  registers.execute(0x1e602038);  // fcmpe d1, #0.0
  EXPECT_EQ(registers.flags.nzcv(), 0b0011u);
  EXPECT_EQ(registers.fpsr, std::uint32_t{fp::kInvalidOperation});
}

TEST(FpScalarInstruction, ComparesAndSelectsIf) {
  Registers registers;
  registers.set_operands(of(1.0), of(2.0));
  registers.flags.set_nzcv(0b0100);
  registers.execute(0x1e620c20);  // fcsel d0, d1, d2, eq
  EXPECT_EQ(registers.v[0].low, of(1.0));
  EXPECT_EQ(registers.v[0].high, 0u);
  registers.execute(0x1e221c20);  // fcsel s0, s1, s2, ne
  EXPECT_EQ(registers.v[0].low, of(2.0) & 0xffffffff);
  registers.execute(0x1e620425);  // fccmp d1, d2, #5, eq
  EXPECT_EQ(registers.flags.nzcv(), 0b1000u);
  registers.execute(0x1e620425);
  EXPECT_EQ(registers.flags.nzcv(), 5u);
  registers.v[1].low = 0x7ff8'0000'0000'0000;
  registers.execute(0x1e620435);  // fccmpe; 5 has Z
  EXPECT_EQ(registers.flags.nzcv(), 0b0011u);
  EXPECT_EQ(registers.fpsr, std::uint32_t{fp::kInvalidOperation});
}

TEST(FpScalarInstruction, MovesToAndFromGeneralRegisters) {
  constexpr std::uint64_t kBits = 0x0123'4567'89ab'cdef;
  Registers registers;
  registers.v[1] = {kBits, ~kBits};
  registers.x[1] = kBits;
  registers.execute(0x1e260020);  // fmov w0, s1
  EXPECT_EQ(registers.x[0], 0x89ab'cdefu);
  registers.execute(0x9e660020);  // fmov x0, d1
  EXPECT_EQ(registers.x[0], kBits);
  registers.execute(0x9eae0020);  // fmov x0, v1.d[1]
  EXPECT_EQ(registers.x[0], ~kBits);
  registers.execute(0x9eaf0020);  // fmov v0.d[1], x1
  EXPECT_EQ(registers.v[0].low, Registers::kOld);
  EXPECT_EQ(registers.v[0].high, kBits);
  registers.execute(0x1e270020);  // fmov s0, w1
  EXPECT_EQ(registers.v[0].low, 0x89ab'cdefu);
  EXPECT_EQ(registers.v[0].high, 0u);
  registers.v[0].high = 1;
  registers.execute(0x9e670020);  // fmov d0, x1
  EXPECT_EQ(registers.v[0].low, kBits);
  EXPECT_EQ(registers.v[0].high, 0u);
  registers.x[RegisterFile::kSp] = 1;
  registers.execute(0x1e2703e0);  // fmov s0, wzr
  EXPECT_EQ(registers.v[0].low, 0u);
  registers.execute(0x1e26003f);  // fmov wzr, s1
  EXPECT_EQ(registers.x[RegisterFile::kSp], 1u);
  EXPECT_EQ(registers.x[RegisterFile::kZero], 0u);
}

TEST(FpScalarInstruction, ConvertsToIntegers) {
  struct Conversion {
    std::uint32_t word;
    double value;
    std::uint64_t expected;
  };
  static constexpr Conversion kConversions[] = {
      {0x1e600020, 2.5, 2},
      {0x1e600020, -2.5, 0xffff'fffe},  // fcvtns w0, d1
      {0x1e610020, 3.5, 4},
      {0x1e610020, -3.5, 0},  // fcvtnu w0, d1
      {0x9e680020, 2.25, 3},
      {0x9e680020, -2.25, -2ull},               // fcvtps x0, d1
      {0x9e690020, 0x1p63, 1ull << 63},         // fcvtpu x0, d1
      {0x1e700020, -2.25, 0xffff'fffd},         // fcvtms w0, d1
      {0x1e710020, 4294967296.0, 0xffff'ffff},  // fcvtmu w0, d1
      {0x9e780020, -2.75, -2ull},
      {0x9e780020, 1e30, ~0ull >> 1},  // fcvtzs x0, d1
      {0x9e790020, 2.75, 2},
      {0x9e790020, 1e30, ~0ull},  // fcvtzu x0, d1
      {0x1e640020, 2.5, 3},
      {0x1e640020, -2.5, 0xffff'fffd},   // fcvtas w0, d1
      {0x1e650020, 2.5, 3},              // fcvtau w0, d1
      {0x1e588020, -0.25, 0xc000'0000},  // fcvtzs w0, d1, #32
  };
  for (const auto& [word, value, expected] : kConversions) {
    Registers registers;
    registers.v[1].low = of(value);
    registers.execute(word);
    EXPECT_EQ(registers.x[0], expected) << std::hex << word << " of " << value;
  }
  Registers registers;
  registers.v[1].low = of(1.5f);
  registers.execute(0x9e19fc20);  // fcvtzu x0, s1, #1
  EXPECT_EQ(registers.x[0], 3u);
  registers.execute(0x1e78003f);  // fcvtzs wzr, d1
  EXPECT_EQ(registers.x[RegisterFile::kZero], 0u);
}

TEST(FpScalarInstruction, ConvertsFromIntegers) {
  struct Conversion {
    std::uint32_t word;
    std::uint64_t value, expected;
  };
  const Conversion conversions[] = {
      {0x1e620020, 0x5'ffff'ffff, of(-1.0)},  // scvtf d0, w1
      {0x9e620020, -3ull, of(-3.0)},          // scvtf d0, x1
      {0x1e230020, ~0ull, of(0x1p32f)},       // ucvtf s0, w1
      {0x9e630020, 1ull << 63, of(0x1p63)},   // ucvtf d0, x1
      {0x1e42e020, 0x180, of(1.5)},           // scvtf d0, w1, #8
      {0x9e030020, 1ull << 63, of(0.5f)},     // ucvtf s0, x1, #64
  };
  for (const auto& [word, value, expected] : conversions) {
    Registers registers;
    registers.x[1] = value;
    registers.execute(word);
    EXPECT_EQ(registers.v[0].low, expected) << std::hex << word;
    EXPECT_EQ(registers.v[0].high, 0u);
  }
}

TEST(FpScalarInstruction, RefusesWhatArmv80DoesNotHave) {
  static constexpr std::uint32_t kWords[] = {
      0x1ee22820,  // fadd h0, h1, h2
      0x1ea22820,  // ptype 10
      0x1fc20c20,  // fmadd h
      0x1e629820,  // two source, opcode 1001
      0x1e62c020,  // fcvt d0, d1
      0x1e634020,  // bfcvt h0, s1 (ptype 01, opc 10)
      0x1e66c020,  // frint, opcode 001101
      0x1e684020,  // frint32z
      0x1ee02020,  // fcmp h1, h0
      0x1e622021,  // fcmp, opcode2 00001
      0x1e626020,  // fcmp, op 01
      0x1eee1000,  // fmov h0, #1.0
      0x1e6e1020,  // fmov d0, imm5 1
      0x1ee20c20,  // fcsel h
      0x1ee20425,  // fccmp h
      0x1ee60020,  // fmov w0, h1
      0x9e260020,  // fmov, sf 1, single
      0x1e660020,  // fmov, sf 0, double
      0x1e7e0020,  // fjcvtzs w0, d1
      0x9ea60020,  // fmov of the upper half with rmode 00
      0x1e6a0020,  // scvtf with rmode 01
      0x1e6c0020,  // fcvtas with rmode 01
      0x1ee00020,  // fcvtns w0, h1
      0x1e427c20,  // scvtf d0, w1, #33
      0x1e4ae020,  // fixed, rmode 01
      0x3e622820,  // S set
      0x9e622820,  // M set
  };
  for (const std::uint32_t word : kWords) EXPECT_EQ(decode(word, 0).op, Op::Undefined) << std::hex << word;
}

}  // namespace
}  // namespace cardvp::arm::interpreter
