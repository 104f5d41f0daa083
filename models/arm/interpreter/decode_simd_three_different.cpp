// Advanced SIMD three different and by element, vector and scalar (Arm ARM, C4.1.6).
#include "models/arm/interpreter/decode_simd.h"
#include "models/arm/interpreter/simd_operations.h"
#include "models/arm/interpreter/simd_shapes.h"

namespace cardvp::arm::interpreter {

namespace {

constexpr FormsByU kThreeDifferent[16] = {
    kBoth3<Long<kAdd>>,
    kBoth3<WideAndNarrow<kAdd>>,
    kBoth3<Long<kSubtract>>,
    kBoth3<WideAndNarrow<kSubtract>>,
    {kUnsigned3<HighNarrow<kAdd, false>>, kUnsigned3<HighNarrow<kAdd, true>>},
    kBoth3<Long<kAbsoluteDifferenceAdd>>,
    {kUnsigned3<HighNarrow<kSubtract, false>>, kUnsigned3<HighNarrow<kSubtract, true>>},
    kBoth3<Long<kAbsoluteDifference>>,
    kBoth3<Long<kMultiplyAdd>>,
    {kSigned16And32<Long<kDoublingMultiplyAddLong>>, kUndefined},
    kBoth3<Long<kMultiplySubtract>>,
    {kSigned16And32<Long<kDoublingMultiplySubtractLong>>, kUndefined},
    kBoth3<Long<kMultiply>>,
    {kSigned16And32<Long<kDoublingMultiplyLong>>, kUndefined},
    {forms<Long<kPolynomialMultiply>, std::uint8_t>(), kUndefined},
};

template <class Shape>
constexpr FormsByU kLongByElement = {kSigned16And32<Shape>, forms<Shape, void, std::uint16_t, std::uint32_t>()};
template <class Shape>
constexpr Forms kUnsigned16And32 = forms<Shape, void, std::uint16_t, std::uint32_t>();
template <class Shape>
constexpr FormsByU kSaturatingByElement = {kSigned16And32<Shape>, kUndefined};

struct ByElementForms {
  FormsByU forms{};
  bool long_result = false;
  bool scalar = false;  // has scalar forms
};
constexpr ByElementForms kByElement[16] = {
    {{kUndefined, kUnsigned16And32<ByElement<kMultiplyAdd>>}},
    {},
    {kLongByElement<LongByElement<kMultiplyAdd>>, true},
    {kSaturatingByElement<LongByElement<kDoublingMultiplyAddLong>>, true, true},
    {{kUndefined, kUnsigned16And32<ByElement<kMultiplySubtract>>}},
    {},
    {kLongByElement<LongByElement<kMultiplySubtract>>, true},
    {kSaturatingByElement<LongByElement<kDoublingMultiplySubtractLong>>, true, true},
    {{kUnsigned16And32<ByElement<kMultiply>>, kUndefined}},
    {},
    {kLongByElement<LongByElement<kMultiply>>, true},
    {kSaturatingByElement<LongByElement<kDoublingMultiplyLong>>, true, true},
    {kSaturatingByElement<ByElement<kDoublingMultiplyHigh<false>>>, false, true},
    {kSaturatingByElement<ByElement<kDoublingMultiplyHigh<true>>>, false, true},
};

// FMLA, FMLS, FMUL, FMULX
bool is_fp(unsigned by_element_opcode) {
  return by_element_opcode == 1 || by_element_opcode == 5 || by_element_opcode == 9;
}

// For 16-bit elements the index is H:L:M, which leaves Rm four bits; for 32-bit ones H:L.
bool by_element(Instruction& out, VectorFunction function, std::uint32_t word, unsigned width, bool upper) {
  const bool halfwords = bits(word, 23, 22) == 1;
  const unsigned hl = unsigned{bit(word, 11)} << 1 | bit(word, 21);
  const unsigned index = halfwords ? hl << 1 | bit(word, 20) : hl;
  if (!simd(out, function, word, width, immediate_and_half(index, upper))) return false;
  if (halfwords) out.rm &= 15;
  return true;
}

}  // namespace

bool simd_three_different(std::uint32_t word, unsigned, Instruction& out) {
  const bool q = bit(word, 30), u = bit(word, 29);
  return simd(out, kThreeDifferent[bits(word, 15, 12)][u][bits(word, 23, 22)], word, vector_width(true),
              immediate_and_half(0, q));
}

bool simd_scalar_three_different(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned opcode = bits(word, 15, 12), size = bits(word, 23, 22);
  if (opcode != 9 && opcode != 11 && opcode != 13) return false;
  return simd(out, kThreeDifferent[opcode][bit(word, 29)][size], word, size + 1);
}

bool simd_by_element(std::uint32_t word, unsigned page_offset, Instruction& out) {
  const bool q = bit(word, 30), u = bit(word, 29);
  const unsigned opcode = bits(word, 15, 12);
  if (is_fp(opcode)) return decode_fp_by_element(word, page_offset, out);
  const ByElementForms& forms = kByElement[opcode];
  const VectorFunction function = forms.forms[u][bits(word, 23, 22)];
  return by_element(out, function, word, vector_width(q || forms.long_result), q && forms.long_result);
}

bool simd_scalar_by_element(std::uint32_t word, unsigned page_offset, Instruction& out) {
  const unsigned opcode = bits(word, 15, 12), size = bits(word, 23, 22);
  if (is_fp(opcode)) return decode_fp_scalar_by_element(word, page_offset, out);
  const ByElementForms& forms = kByElement[opcode];
  if (!forms.scalar) return false;
  return by_element(out, forms.forms[bit(word, 29)][size], word, forms.long_result ? size + 1 : size, false);
}

// ADDP
bool simd_scalar_pairwise(std::uint32_t word, unsigned page_offset, Instruction& out) {
  constexpr unsigned kAddPairwise = 0x1b;
  if (bits(word, 16, 12) != kAddPairwise) return decode_fp_scalar_pairwise(word, page_offset, out);
  if (bit(word, 29) || bits(word, 23, 22) != 3) return false;
  constexpr VectorFunction kSum = [](RegisterFile& registers, const Instruction& instruction) {
    const Vector& source = registers.v[instruction.rn];
    registers.v[instruction.rd] = {source.low + source.high, 0};
  };
  return simd(out, kSum, word, vector_width(false));
}

}  // namespace cardvp::arm::interpreter
