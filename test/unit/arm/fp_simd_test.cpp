// The FP instructions of Advanced SIMD, from their words to registers: which elements meet which, and what becomes of
// the rest of the register. The words are those of GNU as.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <ostream>
#include <string>

#include "models/arm/interpreter/decoder.h"
#include "models/arm/interpreter/fp_format.h"
#include "models/arm/interpreter/vector.h"

namespace cardvp::arm::interpreter {
namespace {

using Singles = std::array<float, 4>;
using Doubles = std::array<double, 2>;
using Words = std::array<std::uint32_t, 4>;
using Longs = std::array<std::uint64_t, 2>;

RegisterFile::Vector of(auto elements) { return std::bit_cast<RegisterFile::Vector>(elements); }

void execute(RegisterFile& registers, std::uint32_t word) {
  const Instruction instruction = decode(word, 0);
  ASSERT_EQ(instruction.op, Op::Vector) << std::hex << word;
  vector_function(instruction)(registers, instruction);
}

struct Case {
  const char* text;
  std::uint32_t word;
  RegisterFile::Vector expected;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.text; }

class FpSimd : public testing::TestWithParam<Case> {};

constexpr Singles kSingles1 = {1.5f, -2.0f, 6.25f, 0.5f}, kSingles2 = {4.0f, -2.0f, -3.0f, 8.0f},
                  kSingles0 = {1.0f, 2.0f, 3.0f, 4.0f};
constexpr Doubles kDoubles1 = {1.5, -2.0}, kDoubles2 = {4.0, -2.5}, kDoubles0 = {1.0, 2.0};

// v0, v1 and v2 hold the constants above; the type follows from size<0>, which all cases here have.
TEST_P(FpSimd, Computes) {
  RegisterFile registers;
  const bool is_double = GetParam().word >> 22 & 1;
  registers.v[0] = is_double ? of(kDoubles0) : of(kSingles0);
  registers.v[1] = is_double ? of(kDoubles1) : of(kSingles1);
  registers.v[2] = is_double ? of(kDoubles2) : of(kSingles2);
  execute(registers, GetParam().word);
  EXPECT_EQ(registers.v[0].low, GetParam().expected.low);
  EXPECT_EQ(registers.v[0].high, GetParam().expected.high);
}

const auto kName = [](const auto& test) { return std::string(test.param.text); };

INSTANTIATE_TEST_SUITE_P(
    ThreeSame, FpSimd,
    testing::Values(
        Case{"fadd_4s", 0x4e22d420, of(Singles{5.5f, -4, 3.25f, 8.5f})},
        Case{"fadd_2s", 0x0e22d420, of(Singles{5.5f, -4})}, Case{"fadd_2d", 0x4e62d420, of(Doubles{5.5, -4.5})},
        Case{"fsub", 0x4ea2d420, of(Singles{-2.5f, 0, 9.25f, -7.5f})},
        Case{"fmul", 0x6e22dc20, of(Singles{6, 4, -18.75f, 4})},
        Case{"fdiv", 0x6e22fc20, of(Singles{0.375f, 1, 6.25f / -3, 0.0625f})},
        Case{"fmla", 0x4e22cc20, of(Singles{7, 6, -15.75f, 8})},
        Case{"fmls", 0x4ea2cc20, of(Singles{-5, -2, 21.75f, 0})},
        Case{"fmulx", 0x4e22dc20, of(Singles{6, 4, -18.75f, 4})},
        Case{"fmax", 0x4e22f420, of(Singles{4, -2, 6.25f, 8})},
        Case{"fmin", 0x4ea2f420, of(Singles{1.5f, -2, -3, 0.5f})},
        Case{"fmaxnm", 0x4e22c420, of(Singles{4, -2, 6.25f, 8})},
        Case{"fminnm", 0x4ea2c420, of(Singles{1.5f, -2, -3, 0.5f})},
        Case{"fmaxp", 0x6e22f420, of(Singles{1.5f, 6.25f, 4, 8})},
        Case{"fminp", 0x6ea2f420, of(Singles{-2, 0.5f, -2, -3})},
        Case{"fmaxnmp", 0x6e22c420, of(Singles{1.5f, 6.25f, 4, 8})},
        Case{"fminnmp", 0x6ea2c420, of(Singles{-2, 0.5f, -2, -3})},
        Case{"faddp_4s", 0x6e22d420, of(Singles{-0.5f, 6.75f, 2, 5})},
        Case{"faddp_2s", 0x2e22d420, of(Singles{-0.5f, 2})}, Case{"faddp_2d", 0x6e62d420, of(Doubles{-0.5, 1.5})},
        Case{"fabd", 0x6ea2d420, of(Singles{2.5f, 0, 9.25f, 7.5f})}, Case{"fcmeq", 0x4e22e420, of(Words{0, ~0u, 0, 0})},
        Case{"fcmge", 0x6e22e420, of(Words{0, ~0u, ~0u, 0})}, Case{"fcmgt", 0x6ea2e420, of(Words{0, 0, ~0u, 0})},
        Case{"facge", 0x6e22ec20, of(Words{0, ~0u, ~0u, 0})}, Case{"facgt", 0x6ea2ec20, of(Words{0, 0, ~0u, 0})},
        Case{"frecps", 0x4e22fc20, of(Singles{-4, -2, 20.75f, -2})},
        Case{"frsqrts", 0x4ea2fc20, of(Singles{-1.5f, -0.5f, 10.875f, -0.5f})},
        Case{"fabd_s", 0x7ea2d420, of(Singles{2.5f})}, Case{"fcmeq_d", 0x5e62e420, of(Longs{0, 0})},
        Case{"fcmge_s", 0x7e22e420, of(Words{0})}, Case{"facgt_s", 0x7ea2ec20, of(Words{0})},
        Case{"fmulx_s", 0x5e22dc20, of(Singles{6})}, Case{"frecps_s", 0x5e22fc20, of(Singles{-4})},
        Case{"frsqrts_s", 0x5ea2fc20, of(Singles{-1.5f})}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    ByElementAndReductions, FpSimd,
    testing::Values(
        Case{"fmul_s3", 0x4fa29820, of(Singles{12, -16, 50, 4})}, Case{"fmla_2s_s1", 0x0fa21020, of(Singles{-2, 6})},
        Case{"fmls_2d_d1", 0x4fc25820, of(Doubles{4.75, -3})}, Case{"fmulx_2d_d0", 0x6fc29020, of(Doubles{6, -8})},
        Case{"fmul_scalar_s2", 0x5f829820, of(Singles{-4.5f})}, Case{"fmla_scalar_d1", 0x5fc21820, of(Doubles{-2.75})},
        Case{"fmls_scalar_s0", 0x5f825020, of(Singles{-5})}, Case{"fmulx_scalar_s1", 0x7fa29020, of(Singles{-3})},
        Case{"fmaxv", 0x6e30f820, of(Singles{6.25f})}, Case{"fminv", 0x6eb0f820, of(Singles{-2})},
        Case{"fmaxnmv", 0x6e30c820, of(Singles{6.25f})}, Case{"fminnmv", 0x6eb0c820, of(Singles{-2})},
        Case{"faddp_s", 0x7e30d820, of(Singles{-0.5f})}, Case{"faddp_d", 0x7e70d820, of(Doubles{-0.5})},
        Case{"fmaxp_s", 0x7e30f820, of(Singles{1.5f})}, Case{"fminp_d", 0x7ef0f820, of(Doubles{-2})},
        Case{"fmaxnmp_s", 0x7e30c820, of(Singles{1.5f})}, Case{"fminnmp_s", 0x7eb0c820, of(Singles{-2})}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    OneSource, FpSimd,
    testing::Values(
        Case{"fabs", 0x4ea0f820, of(Singles{1.5f, 2, 6.25f, 0.5f})},
        Case{"fneg", 0x6ea0f820, of(Singles{-1.5f, 2, -6.25f, -0.5f})},
        Case{"fsqrt", 0x6ea1f840, of(Words{0x40000000, 0x7fc00000, 0x7fc00000, 0x403504f3})},
        Case{"frintn", 0x4e218820, of(Singles{2, -2, 6, 0})}, Case{"frintp", 0x4ea18820, of(Singles{2, -2, 7, 1})},
        Case{"frintm", 0x4e219820, of(Singles{1, -2, 6, 0})}, Case{"frintz", 0x4ea19820, of(Singles{1, -2, 6, 0})},
        Case{"frinta", 0x6e218820, of(Singles{2, -2, 6, 1})}, Case{"frintx", 0x6e219820, of(Singles{2, -2, 6, 0})},
        Case{"frinti", 0x6ea19820, of(Singles{2, -2, 6, 0})}, Case{"fcvtns", 0x4e21a820, of(Words{2, -2u, 6, 0})},
        Case{"fcvtnu", 0x6e21a820, of(Words{2, 0, 6, 0})}, Case{"fcvtps", 0x4ea1a820, of(Words{2, -2u, 7, 1})},
        Case{"fcvtpu", 0x6ea1a820, of(Words{2, 0, 7, 1})}, Case{"fcvtms", 0x4e21b820, of(Words{1, -2u, 6, 0})},
        Case{"fcvtmu", 0x6e21b820, of(Words{1, 0, 6, 0})}, Case{"fcvtzs", 0x4ea1b820, of(Words{1, -2u, 6, 0})},
        Case{"fcvtzu", 0x6ea1b820, of(Words{1, 0, 6, 0})}, Case{"fcvtas", 0x4e21c820, of(Words{2, -2u, 6, 1})},
        Case{"fcvtau", 0x6e21c820, of(Words{2, 0, 6, 1})},
        Case{"frecpe", 0x4ea1d840, of(Singles{511 / 2048.0f, -511 / 1024.0f, -341 / 1024.0f, 511 / 4096.0f})},
        Case{"frecpx_s", 0x5ea1f820, of(Words{0x40000000})}, Case{"frecpe_d", 0x5ee1d840, of(Doubles{511 / 2048.0})},
        Case{"fcmgt_zero", 0x4ea0c820, of(Words{~0u, 0, ~0u, ~0u})},
        Case{"fcmge_zero", 0x6ea0c820, of(Words{~0u, 0, ~0u, ~0u})},
        Case{"fcmeq_zero", 0x4ea0d820, of(Words{0, 0, 0, 0})}, Case{"fcmle_zero", 0x6ea0d820, of(Words{0, ~0u, 0, 0})},
        Case{"fcmlt_zero", 0x4ea0e820, of(Words{0, ~0u, 0, 0})}, Case{"fcmlt_zero_d", 0x5ee0e820, of(Longs{0, 0})},
        Case{"fcvtzs_s", 0x5ea1b820, of(Words{1})}, Case{"fcvtau_d", 0x7e61c820, of(Longs{2})},
        Case{"fcvtn", 0x0e616820, of(Singles{1.5f, -2})}, Case{"fcvtxn", 0x2e616820, of(Singles{1.5f, -2})},
        Case{"fcvtxn_s", 0x7e616820, of(Singles{1.5f})}),
    kName);

TEST(FpSimdInstruction, ConvertsBetweenPrecisions) {
  RegisterFile registers;
  registers.v[1] = of(std::array<std::uint16_t, 8>{0x3c00, 0xc000, 0x3800, 0, 0x4680, 0x7c00, 0x3c01, 0x8000});
  execute(registers, 0x0e217820);  // fcvtl v0.4s, v1.4h
  EXPECT_EQ(std::bit_cast<Singles>(registers.v[0]), (Singles{1, -2, 0.5f, 0}));
  execute(registers, 0x4e217820);  // fcvtl2 v0.4s, v1.8h
  EXPECT_EQ(std::bit_cast<Singles>(registers.v[0]), (Singles{6.5f, __builtin_inff(), 1 + 0x1p-10f, -0.0f}));
  registers.v[1] = of(kSingles1);
  execute(registers, 0x0e617820);  // fcvtl v0.2d, v1.2s
  EXPECT_EQ(std::bit_cast<Doubles>(registers.v[0]), (Doubles{1.5, -2}));
  execute(registers, 0x4e617820);  // fcvtl2 v0.2d, v1.4s
  EXPECT_EQ(std::bit_cast<Doubles>(registers.v[0]), (Doubles{6.25, 0.5}));
  execute(registers, 0x0e216820);  // fcvtn v0.4h, v1.4s: the upper half is cleared
  EXPECT_EQ(registers.v[0].low, 0x3800'4640'c000'3e00u);
  EXPECT_EQ(registers.v[0].high, 0u);
  registers.v[0] = {1, 2};
  execute(registers, 0x4e216820);  // fcvtn2 v0.8h, v1.4s: the lower half stays
  EXPECT_EQ(registers.v[0].low, 1u);
  EXPECT_EQ(registers.v[0].high, 0x3800'4640'c000'3e00u);
  registers.v[1] = of(Doubles{1 + 0x1p-52, -1});
  execute(registers, 0x6e616820);  // fcvtxn2 v0.4s, v1.2d
  EXPECT_EQ(registers.v[0].low, 1u);
  EXPECT_EQ(registers.v[0].high, 0xbf80'0000'3f80'0001u);
}

TEST(FpSimdInstruction, ConvertsIntegersAndFixedPoint) {
  RegisterFile registers;
  registers.v[1] = of(Words{24, -8u, 1, 0x8000'0000});
  execute(registers, 0x4e21d820);  // scvtf v0.4s, v1.4s
  EXPECT_EQ(std::bit_cast<Singles>(registers.v[0]), (Singles{24, -8, 1, -0x1p31f}));
  execute(registers, 0x6e21d820);  // ucvtf v0.4s, v1.4s
  EXPECT_EQ(std::bit_cast<Singles>(registers.v[0]), (Singles{24, 0x1p32f, 1, 0x1p31f}));
  execute(registers, 0x4f3ce420);  // scvtf v0.4s, v1.4s, #4
  EXPECT_EQ(std::bit_cast<Singles>(registers.v[0]), (Singles{1.5f, -0.5f, 0.0625f, -0x1p27f}));
  execute(registers, 0x5f20e420);  // scvtf s0, s1, #32
  EXPECT_EQ(std::bit_cast<Singles>(registers.v[0]), (Singles{24 * 0x1p-32f}));
  registers.v[1] = of(Longs{1ull << 63, 1});
  execute(registers, 0x6f40e420);  // ucvtf v0.2d, v1.2d, #64
  EXPECT_EQ(std::bit_cast<Doubles>(registers.v[0]), (Doubles{0.5, 0x1p-64}));
  execute(registers, 0x7e61d820);  // ucvtf d0, d1
  EXPECT_EQ(std::bit_cast<Doubles>(registers.v[0]), (Doubles{0x1p63, 0}));
  registers.v[1] = of(Singles{1.5f, -0.3f, 9, 9});
  execute(registers, 0x0f3cfc20);  // fcvtzs v0.2s, v1.2s, #4
  EXPECT_EQ(std::bit_cast<Words>(registers.v[0]), (Words{24, -4u, 0, 0}));
  registers.v[1] = of(Doubles{1.75, -1});
  execute(registers, 0x6f7ffc20);  // fcvtzu v0.2d, v1.2d, #1
  EXPECT_EQ(std::bit_cast<Longs>(registers.v[0]), (Longs{3, 0}));
  execute(registers, 0x5f78fc20);  // fcvtzs d0, d1, #8
  EXPECT_EQ(std::bit_cast<Longs>(registers.v[0]), (Longs{0x1c0, 0}));
}

TEST(FpSimdInstruction, EstimatesUnsignedFixedPoint) {
  RegisterFile registers;
  registers.v[1] = of(Words{0x8000'0000, 0x7fff'ffff, 0xffff'ffff, 0xc000'0000});
  execute(registers, 0x4ea1c820);  // urecpe v0.4s, v1.4s
  EXPECT_EQ(std::bit_cast<Words>(registers.v[0]), (Words{511u << 23, ~0u, 256u << 23, 341u << 23}));
  execute(registers, 0x2ea1c820);  // ursqrte v0.2s, v1.2s; of 0.5 and a little less
  EXPECT_EQ(std::bit_cast<Words>(registers.v[0]), (Words{361u << 23, 362u << 23, 0, 0}));
}

// FMAXNMV combines the halves first: a signalling NaN in one of them ends up quiet, and so loses against the other.
TEST(FpSimdInstruction, ReducesPairsFirst) {
  RegisterFile registers;
  registers.v[1] = of(Words{0x7f80'0001, 0x3f80'0000, 0x4000'0000, 0x4040'0000});
  execute(registers, 0x6e30c820);
  EXPECT_EQ(registers.v[0].low, 0x4040'0000u);
  EXPECT_EQ(registers.fpsr, std::uint32_t{fp::kInvalidOperation});
}

TEST(FpSimdInstruction, MayOverwriteItsOperands) {
  RegisterFile registers;
  registers.v[1] = of(kSingles1);
  execute(registers, 0x6e21d421);  // faddp v1.4s, v1.4s, v1.4s
  EXPECT_EQ(std::bit_cast<Singles>(registers.v[1]), (Singles{-0.5f, 6.75f, -0.5f, 6.75f}));
}

TEST(FpSimdInstruction, RefusesWhatArmv80DoesNotHave) {
  static constexpr std::uint32_t kWords[] = {
      0x0e62d420,  // fadd v0.1d
      0x4e421420,  // fadd v0.8h
      0x4ea2dc20,  // three same, U 0, size 1x, opcode 11011
      0x4e22ec20,  // fmlal
      0x5e22d420,  // fadd, as SIMD scalar
      0x7e22d420,  // faddp of two scalars
      0x0fc29020,  // fmul v0.1d by element
      0x4fe29020,  // fmul v0.2d by element with L
      0x4f029020,  // fmul v0.8h by element
      0x4f429020,  // by element, size 01
      0x2e30f820,  // fmaxv of 2s
      0x6e70f820,  // fmaxv of 2d
      0x4e30f820,  // fmaxv of 8h
      0x5e30d820,  // faddp h
      0x7eb0d820,  // scalar pairwise, size 1x, 01101
      0x0ee0f820,  // fabs v0.1d
      0x4ee1c820,  // urecpe v0.2d
      0x5ea1c820,  // urecpe s0
      0x2e216820,  // fcvtxn of singles
      0x7e216820,  // fcvtxn h0, s1
      0x0ea16820,  // bfcvtn
      0x5ea0f820,  // fabs s0 as SIMD scalar
      0x6ea18820,  // two-register misc, U 1, size 1x, 11000
      0x4e21e820,  // frint32z
      0x0f40e420,  // scvtf v0.1d, v1.1d, #64
      0x0f1ce420,  // scvtf v0.4h, v1.4h, #4
      0x5f1ce420,  // scvtf h0, h1, #4
      0x4f3cec20,  // shift immediate, opcode 11101
  };
  for (const std::uint32_t word : kWords) EXPECT_EQ(decode(word, 0).op, Op::Undefined) << std::hex << word;
}

}  // namespace
}  // namespace cardvp::arm::interpreter
