// Advanced SIMD three same, vector and scalar (Arm ARM, C4.1.6).
#include "models/arm/interpreter/decode_simd.h"
#include "models/arm/interpreter/simd_operations.h"
#include "models/arm/interpreter/simd_shapes.h"

namespace cardvp::arm::interpreter {

namespace {

constexpr auto kHalvingAdd = []<class T>(T n, T m) { return static_cast<T>((Wide<T>{n} + m) >> 1); };
constexpr auto kRoundingHalvingAdd = []<class T>(T n, T m) { return static_cast<T>((Wide<T>{n} + m + 1) >> 1); };
constexpr auto kHalvingSubtract = []<class T>(T n, T m) { return static_cast<T>((Wide<T>{n} - m) >> 1); };

constexpr auto kGreater = []<class T>(T n, T m) { return all_ones_if<T>(n > m); };
constexpr auto kGreaterOrEqual = []<class T>(T n, T m) { return all_ones_if<T>(n >= m); };
constexpr auto kEqual = []<class T>(T n, T m) { return all_ones_if<T>(n == m); };
constexpr auto kTest = []<class T>(T n, T m) { return all_ones_if<T>(n & m); };

template <bool rounding>
constexpr auto kShift = []<class T>(T n, T m) {
  bool never = false;
  return shift_by_register<T, rounding, false>(n, m, never);
};
template <bool rounding>
constexpr auto kSaturatingShift =
    []<class T>(T n, T m, bool& saturated) { return shift_by_register<T, rounding, true>(n, m, saturated); };

constexpr auto kAnd = [](std::uint64_t n, std::uint64_t m) { return n & m; };
constexpr auto kAndNot = [](std::uint64_t n, std::uint64_t m) { return n & ~m; };
constexpr auto kOr = [](std::uint64_t n, std::uint64_t m) { return n | m; };
constexpr auto kOrNot = [](std::uint64_t n, std::uint64_t m) { return n | ~m; };
constexpr auto kXor = [](std::uint64_t n, std::uint64_t m) { return n ^ m; };
constexpr auto kSelect = [](std::uint64_t n, std::uint64_t m, std::uint64_t d) { return (n & d) | (m & ~d); };
constexpr auto kInsertIfTrue = [](std::uint64_t n, std::uint64_t m, std::uint64_t d) { return (n & m) | (d & ~m); };
constexpr auto kInsertIfFalse = [](std::uint64_t n, std::uint64_t m, std::uint64_t d) { return (n & ~m) | (d & m); };

template <auto operation>
constexpr VectorFunction kBitwise = Lanewise<operation>::template run<std::uint64_t>;
// By U and size.
constexpr VectorFunction kLogical[2][4] = {
    {kBitwise<kAnd>, kBitwise<kAndNot>, kBitwise<kOr>, kBitwise<kOrNot>},
    {kBitwise<kXor>, kBitwise<kSelect>, kBitwise<kInsertIfTrue>, kBitwise<kInsertIfFalse>}};

constexpr unsigned kLogicalOpcode = 3, kFirstFpOpcode = 24;
constexpr FormsByU kThreeSame[kFirstFpOpcode] = {
    kBoth3<Lanewise<kHalvingAdd>>,
    kBoth4<Lanewise<kSaturatingAdd>>,
    kBoth3<Lanewise<kRoundingHalvingAdd>>,
    {},
    kBoth3<Lanewise<kHalvingSubtract>>,
    kBoth4<Lanewise<kSaturatingSubtract>>,
    kBoth4<Lanewise<kGreater>>,
    kBoth4<Lanewise<kGreaterOrEqual>>,
    kBoth4<Lanewise<kShift<false>>>,
    kBoth4<Lanewise<kSaturatingShift<false>>>,
    kBoth4<Lanewise<kShift<true>>>,
    kBoth4<Lanewise<kSaturatingShift<true>>>,
    kBoth3<Lanewise<kMaximum>>,
    kBoth3<Lanewise<kMinimum>>,
    kBoth3<Lanewise<kAbsoluteDifference>>,
    kBoth3<Lanewise<kAbsoluteDifferenceAdd>>,
    {kUnsigned4<Lanewise<kAdd>>, kUnsigned4<Lanewise<kSubtract>>},
    {kUnsigned4<Lanewise<kTest>>, kUnsigned4<Lanewise<kEqual>>},
    {kUnsigned3<Lanewise<kMultiplyAdd>>, kUnsigned3<Lanewise<kMultiplySubtract>>},
    {kUnsigned3<Lanewise<kMultiply>>, forms<Lanewise<kPolynomialMultiply>, std::uint8_t>()},
    kBoth3<Pairwise<kMaximum>>,
    kBoth3<Pairwise<kMinimum>>,
    {kSigned16And32<Lanewise<kDoublingMultiplyHigh<false>>>, kSigned16And32<Lanewise<kDoublingMultiplyHigh<true>>>},
    {kUnsigned4<Pairwise<kAdd>>, kUndefined},
};

// Of the scalar forms these saturate, and have all sizes that the vector forms have; those have only 64 bits.
constexpr std::uint32_t kScalarAnySize = 1u << 0x01 | 1u << 0x05 | 1u << 0x09 | 1u << 0x0b | 1u << 0x16;
constexpr std::uint32_t kScalar64 = 1u << 0x06 | 1u << 0x07 | 1u << 0x08 | 1u << 0x0a | 1u << 0x10 | 1u << 0x11;

}  // namespace

bool simd_three_same(std::uint32_t word, unsigned page_offset, Instruction& out) {
  const bool q = bit(word, 30), u = bit(word, 29);
  const unsigned size = bits(word, 23, 22), opcode = bits(word, 15, 11);
  if (opcode >= kFirstFpOpcode) return decode_fp_three_same(word, page_offset, out);
  if (opcode == kLogicalOpcode) return simd(out, kLogical[u][size], word, vector_width(q));
  if (size == 3 && !q) return false;
  return simd(out, kThreeSame[opcode][u][size], word, vector_width(q));
}

bool simd_scalar_three_same(std::uint32_t word, unsigned page_offset, Instruction& out) {
  const bool u = bit(word, 29);
  const unsigned size = bits(word, 23, 22), opcode = bits(word, 15, 11);
  if (opcode >= kFirstFpOpcode) return decode_fp_scalar_three_same(word, page_offset, out);
  const std::uint32_t allowed = kScalarAnySize | (size == 3 ? kScalar64 : 0);
  if (!(allowed >> opcode & 1)) return false;
  return simd(out, kThreeSame[opcode][u][size], word, size);
}

}  // namespace cardvp::arm::interpreter
