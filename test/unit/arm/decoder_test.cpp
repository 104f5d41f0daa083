#include "models/arm/interpreter/decoder.h"

#include <gtest/gtest.h>

#include <bit>
#include <optional>
#include <set>
#include <string>

#include "models/arm/registers.h"

namespace cardvp::arm::interpreter {
namespace {

// DecodeBitMasks once more, bit by bit (Arm ARM, "Logical immediate"): element size from the highest 0 bit of N:~imms,
// S + 1 ones, rotated right by R, repeated.
std::optional<std::uint64_t> reference_mask(unsigned n, unsigned imms, unsigned immr, unsigned width) {
  unsigned size = 0;
  if (n == 1) {
    size = 64;
  } else if (!(imms & 0x20)) {
    size = 32;
  } else if (!(imms & 0x10)) {
    size = 16;
  } else if (!(imms & 0x08)) {
    size = 8;
  } else if (!(imms & 0x04)) {
    size = 4;
  } else if (!(imms & 0x02)) {
    size = 2;
  } else {
    return std::nullopt;
  }
  const unsigned s = imms % size, r = immr % size;
  if (size > width || s == size - 1) return std::nullopt;
  std::uint64_t mask = 0;
  for (unsigned bit = 0; bit < width; ++bit) {
    const unsigned in_element = (bit % size + r) % size;
    if (in_element <= s) mask |= 1ull << bit;
  }
  return mask;
}

TEST(Decoder, ExpandsEveryLogicalImmediate) {
  std::set<std::uint64_t> different[2];
  for (const bool is64 : {false, true}) {
    for (unsigned code = 0; code < 1 << 13; ++code) {
      const unsigned n = code >> 12, immr = code >> 6 & 63, imms = code & 63;
      const auto expected = reference_mask(n, imms, immr, is64 ? 64 : 32);
      std::uint64_t mask = 0;
      ASSERT_EQ(logical_immediate_mask(n, imms, immr, is64, mask), expected.has_value()) << code;
      if (!expected) continue;
      ASSERT_EQ(mask, *expected) << code;
      different[is64].insert(mask);
      // and the same through a whole instruction: EOR Rd, Rn, #mask
      const std::uint32_t word = 0x52000000u | std::uint32_t{is64} << 31 | code << 10 | 3 << 5 | 4;
      const Instruction decoded = decode(word, 0);
      ASSERT_EQ(decoded.op, is64 ? Op::EorImmediate64 : Op::EorImmediate32);
      ASSERT_EQ(decoded.imm, *expected);
    }
  }
  EXPECT_EQ(different[1].size(), 5334u);  // the known number of 64-bit logical immediates
  EXPECT_EQ(different[0].size(), 1302u);
}

TEST(Decoder, IsSmall) { EXPECT_EQ(sizeof(Instruction), 16u); }

TEST(Decoder, TableNamesEachEncodingOnce) {
  // Where two encodings overlap, one must be the more specific, so that the order of the table does not matter.
  for (const Encoding& a : encodings()) {
    EXPECT_EQ(a.value & ~a.mask, 0u) << a.name;
    for (const Encoding& b : encodings()) {
      const bool overlap = ((a.value ^ b.value) & a.mask & b.mask) == 0;
      if (&a == &b || !overlap) continue;
      EXPECT_NE(std::popcount(a.mask), std::popcount(b.mask)) << a.name << " " << b.name;
    }
  }
}

TEST(Decoder, FindsTheEncodingOfEachPattern) {
  for (const Encoding& encoding : encodings()) {
    const Encoding* const found = find_encoding(encoding.value);
    ASSERT_TRUE(found) << encoding.name;
    EXPECT_EQ(encoding.value & found->mask, found->value);
  }
}

struct Word {
  std::uint32_t word;
  const char* text;
};

TEST(Decoder, RefusesWhatIsUnallocated) {
  static constexpr Word kWords[] = {Word{0x00000000, "udf"},
                                    Word{0x32800000, "MOVN.. opc 01"},
                                    Word{0x52c00000 | 1 << 22, "movz w, lsl 32"},
                                    Word{0x13400000, "sbfm w with N"},
                                    Word{0x93000000, "sbfm x without N"},
                                    Word{0x13008000, "sbfm w with imms 32"},
                                    Word{0x0b008000, "add w, lsl 32"},
                                    Word{0x0bc00000, "add, ror"},
                                    Word{0x0b201400, "add extended, shift 5"},
                                    Word{0x5ac00c00, "rev64 of w"},
                                    Word{0x5ac01800, "one source, opcode 6"},
                                    Word{0xdac10000, "pacia"},
                                    Word{0x1b200000, "smaddl with sf 0"},
                                    Word{0x9b600000, "three source, op31 011"},
                                    Word{0xd4000000, "exception, ll 0"},
                                    Word{0xd4a00001, "dcps1"},
                                    Word{0xd6600000, "br opc 3"},
                                    Word{0xd69f0000, "eret with rn 0"},
                                    Word{0xd71f0800, "braa"},
                                    Word{0x08a07c00, "cas"},
                                    Word{0x48207c00, "casp"},
                                    Word{0x08207c00, "casp w"},
                                    Word{0x08c00000, "ldlar"},
                                    Word{0xf8c00400, "ldr opc 3 x"},
                                    Word{0xf8800400, "prefetch with write-back"},
                                    Word{0xb8c00000 | 1 << 30, "ldursw opc 3"},
                                    Word{0xb8200000, "ldadd"},
                                    Word{0x38600000 | 1 << 11, "register offset, option 000"},
                                    Word{0xe8000000, "pair opc 3"},
                                    Word{0x68000000, "stnp opc 1"},
                                    Word{0x69000000, "stpsw"},
                                    Word{0xd503403f, "msr to an absent pstate field"},
                                    Word{0xd50330df | 7 << 5, "sb"}};
  for (const auto& [word, text] : kWords) {
    const Instruction decoded = decode(word, 0);
    EXPECT_EQ(decoded.op, Op::Undefined) << text;
    EXPECT_EQ(decoded.imm, word) << text;
  }
}

TEST(Decoder, PicksTheRegisterThatNumber31Means) {
  const Instruction add = decode(0x910003ff, 0);  // add sp, sp, #0
  EXPECT_EQ(add.rd, RegisterFile::kSp);
  EXPECT_EQ(add.rn, RegisterFile::kSp);
  const Instruction adds = decode(0xb10003ff, 0);  // adds xzr, sp, #0
  EXPECT_EQ(adds.rd, RegisterFile::kSink);
  EXPECT_EQ(adds.rn, RegisterFile::kSp);
  const Instruction orr = decode(0xaa1f03ff, 0);  // orr xzr, xzr, xzr
  EXPECT_EQ(orr.rm, RegisterFile::kZero);
  EXPECT_EQ(orr.rd, RegisterFile::kSink);
  const Instruction store = decode(0xf90003ff, 0);  // str xzr, [sp]
  EXPECT_EQ(store.rd, RegisterFile::kZero);
  EXPECT_EQ(store.rn, RegisterFile::kSp);
}

TEST(Decoder, KnowsWhichBranchesLeaveTheirPage) {
  EXPECT_EQ(decode(0x14000001, 0xff8).op, Op::BLocal);  // b .+4
  EXPECT_EQ(decode(0x14000001, 0xffc).op, Op::BFar);
  EXPECT_EQ(decode(0x17ffffff, 0x004).op, Op::BLocal);  // b .-4
  EXPECT_EQ(decode(0x17ffffff, 0x000).op, Op::BFar);
}

}  // namespace
}  // namespace cardvp::arm::interpreter
