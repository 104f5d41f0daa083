// Advanced SIMD two-register miscellaneous and across lanes (Arm ARM, C4.1.6).
#include "models/arm/interpreter/decode_simd.h"
#include "models/arm/interpreter/simd_operations.h"
#include "models/arm/interpreter/simd_shapes.h"

namespace cardvp::arm::interpreter {

namespace {

constexpr auto kSaturatingAddUnsigned = []<class T>(T n, T, T d, bool& saturated) {  // SUQADD: T is signed
  T result;
  if (!__builtin_add_overflow(d, static_cast<Unsigned<T>>(n), &result)) return result;
  saturated = true;
  return kMax<T>;
};
constexpr auto kSaturatingAddSigned = []<class T>(T n, T, T d, bool& saturated) {  // USQADD: T is unsigned
  T result;
  const auto addend = static_cast<Signed<T>>(n);
  if (!__builtin_add_overflow(d, addend, &result)) return result;
  saturated = true;
  return addend < 0 ? T{0} : kMax<T>;
};

constexpr auto kLeadingSignBits = []<class T>(T n) { return leading_sign_bits(n); };
constexpr auto kLeadingZeros = []<class T>(T n) { return static_cast<T>(std::countl_zero(n)); };
constexpr auto kCountOnes = [](std::uint8_t n) { return static_cast<std::uint8_t>(std::popcount(n)); };
constexpr auto kNot = [](std::uint8_t n) { return static_cast<std::uint8_t>(~n); };
constexpr auto kReverseBits = [](std::uint8_t n) {
  n = static_cast<std::uint8_t>(n >> 4 | n << 4);
  n = static_cast<std::uint8_t>((n >> 2 & 0x33) | (n & 0x33) << 2);
  return static_cast<std::uint8_t>((n >> 1 & 0x55) | (n & 0x55) << 1);
};

constexpr auto kNegate = []<class T>(T n) { return wrapping_subtract(T{0}, n); };
constexpr auto kAbsolute = []<class T>(T n) { return n < 0 ? wrapping_subtract(T{0}, n) : n; };
constexpr auto kSaturatingNegate = []<class T>(T n, bool& saturated) {
  return saturating_subtract(T{0}, n, saturated);
};
constexpr auto kSaturatingAbsolute = []<class T>(T n, bool& saturated) {
  return n < 0 ? saturating_subtract(T{0}, n, saturated) : n;
};

constexpr auto kGreaterThanZero = []<class T>(T n) { return all_ones_if<T>(n > 0); };
constexpr auto kGreaterOrEqualZero = []<class T>(T n) { return all_ones_if<T>(n >= 0); };
constexpr auto kEqualZero = []<class T>(T n) { return all_ones_if<T>(n == 0); };
constexpr auto kLessOrEqualZero = []<class T>(T n) { return all_ones_if<T>(n <= 0); };
constexpr auto kLessThanZero = []<class T>(T n) { return all_ones_if<T>(n < 0); };

// The order of the elements in each container of so many bytes.
template <unsigned container>
struct Reverse {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    const auto source = operand<T>(registers, instruction, instruction.rn);
    Lanes<T> result;
    for (unsigned i = 0; i < result.size(); ++i) result[i] = source[i ^ (container / sizeof(T) - 1)];
    set_result<T>(registers, instruction, result);
  }
};

// Sums of neighbours, twice as wide.
template <bool accumulate>
struct PairwiseLong {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    const auto source = operand<T>(registers, instruction, instruction.rn);
    auto result = operand<Wide<T>>(registers, instruction, instruction.rd);
    for (unsigned i = 0; i < result.size(); ++i) {
      const Wide<T> sum = static_cast<Wide<T>>(Wide<T>{source[2 * i]} + source[2 * i + 1]);
      result[i] = accumulate ? wrapping_add(result[i], sum) : sum;
    }
    set_result<Wide<T>>(registers, instruction, result);
  }
};

struct ShiftLongByWidth {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    auto result = widened_operand<T>(registers, instruction, instruction.rn);
    for (auto& lane : result) lane = shift_left(lane, kBits<T>);
    set_result<Wide<T>>(registers, instruction, result);
  }
};

// One result from all lanes. Result: the type in which the operation works, and its result is.
template <auto operation, class T, class Result>
void reduce(RegisterFile& registers, const Instruction& instruction) {
  const auto source = lanes<T>(registers.v[instruction.rn]);
  const unsigned count = (1u << instruction.ra) / sizeof(T);
  Result result = source[0];
  for (unsigned i = 1; i < count; ++i) result = operation(result, Result{source[i]});
  registers.v[instruction.rd] = {static_cast<Unsigned<Result>>(result), 0};
}
template <auto operation>
struct Across {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    reduce<operation, T, T>(registers, instruction);
  }
};
template <auto operation>
struct AcrossLong {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    reduce<operation, T, Wide<T>>(registers, instruction);
  }
};

template <class Shape, class... T>
constexpr FormsByU kOnlySigned = {forms<Shape, T...>(), kUndefined};

constexpr FormsByU kTwoRegister[] = {
    {kUnsigned3<Reverse<8>>, forms<Reverse<4>, std::uint8_t, std::uint16_t>()},
    {forms<Reverse<2>, std::uint8_t>(), kUndefined},
    kBoth3<PairwiseLong<false>>,
    {kSigned4<Lanewise<kSaturatingAddUnsigned>>, kUnsigned4<Lanewise<kSaturatingAddSigned>>},
    {kSigned3<Lanewise<kLeadingSignBits>>, kUnsigned3<Lanewise<kLeadingZeros>>},
    // NOT, and RBIT in the place of 16-bit lanes
    {forms<Lanewise<kCountOnes>, std::uint8_t>(),
     {Lanewise<kNot>::run<std::uint8_t>, Lanewise<kReverseBits>::run<std::uint8_t>}},
    kBoth3<PairwiseLong<true>>,
    {kSigned4<Lanewise<kSaturatingAbsolute>>, kSigned4<Lanewise<kSaturatingNegate>>},
    {kSigned4<Lanewise<kGreaterThanZero>>, kSigned4<Lanewise<kGreaterOrEqualZero>>},
    {kSigned4<Lanewise<kEqualZero>>, kSigned4<Lanewise<kLessOrEqualZero>>},
    {kSigned4<Lanewise<kLessThanZero>>, kUndefined},
    {kSigned4<Lanewise<kAbsolute>>, kSigned4<Lanewise<kNegate>>},
};
// Opcodes from 0x12: their results are half as wide as their sources, or twice.
constexpr unsigned kFirstNarrowOpcode = 0x12;
constexpr FormsByU kNarrowOrLong[] = {
    {kUnsigned3<Narrow<Narrowing::kTruncate, false>>, kUnsigned3<Narrow<Narrowing::kSaturateToUnsigned, false>>},
    {kUndefined, kUnsigned3<ShiftLongByWidth>},
    kBoth3<Narrow<Narrowing::kSaturate, false>>,
};

}  // namespace

bool simd_two_register_misc(std::uint32_t word, unsigned page_offset, Instruction& out) {
  const bool q = bit(word, 30), u = bit(word, 29);
  const unsigned size = bits(word, 23, 22), opcode = bits(word, 16, 12);
  if (opcode < std::size(kTwoRegister))
    return (size < 3 || q) && simd(out, kTwoRegister[opcode][u][size], word, vector_width(q));
  if (opcode - kFirstNarrowOpcode < std::size(kNarrowOrLong))
    return simd(out, kNarrowOrLong[opcode - kFirstNarrowOpcode][u][size], word, vector_width(true),
                immediate_and_half(0, q));
  return decode_fp_two_register_misc(word, page_offset, out);
}

bool simd_scalar_two_register_misc(std::uint32_t word, unsigned page_offset, Instruction& out) {
  const bool u = bit(word, 29);
  const unsigned size = bits(word, 23, 22), opcode = bits(word, 16, 12);
  switch (opcode) {
    case 0x03:
    case 0x07: return simd(out, kTwoRegister[opcode][u][size], word, size);
    case 0x08:
    case 0x09:
    case 0x0a:
    case 0x0b: return size == 3 && simd(out, kTwoRegister[opcode][u][size], word, size);
    case 0x12:
    case 0x14:  // of these XTN has no scalar form
      return (opcode == 0x14 || u) && simd(out, kNarrowOrLong[opcode - kFirstNarrowOpcode][u][size], word, size + 1);
    default: return decode_fp_scalar_two_register_misc(word, page_offset, out);
  }
}

bool simd_across_lanes(std::uint32_t word, unsigned page_offset, Instruction& out) {
  const bool q = bit(word, 30), u = bit(word, 29);
  const unsigned size = bits(word, 23, 22);
  FormsByU function;
  switch (bits(word, 16, 12)) {
    case 0x03: function = kBoth3<AcrossLong<kAdd>>; break;
    case 0x0a: function = kBoth3<Across<kMaximum>>; break;
    case 0x1a: function = kBoth3<Across<kMinimum>>; break;
    case 0x1b: function = {kUnsigned3<Across<kAdd>>, kUndefined}; break;
    default: return decode_fp_across_lanes(word, page_offset, out);
  }
  if (size == 2 && !q) return false;
  return simd(out, function[u][size], word, vector_width(q));
}

}  // namespace cardvp::arm::interpreter
