// FP opcodes of the Advanced SIMD classes that combine elements: three same, by element, pairwise, across lanes.
#include "models/arm/interpreter/decode_fields.h"
#include "models/arm/interpreter/decode_simd.h"
#include "models/arm/interpreter/fp_arithmetic.h"
#include "models/arm/interpreter/fp_compare.h"
#include "models/arm/interpreter/fp_estimate.h"
#include "models/arm/interpreter/fp_instructions.h"

namespace cardvp::arm::interpreter {

namespace {

constexpr auto kAdd = [](auto... n) { return fp::add(n...); };
constexpr auto kSubtract = [](auto... n) { return fp::subtract(n...); };
constexpr auto kMultiply = [](auto... n) { return fp::multiply(n...); };
constexpr auto kMultiplyExtended = [](auto... n) { return fp::multiply_extended(n...); };
constexpr auto kDivide = [](auto... n) { return fp::divide(n...); };
constexpr auto kMultiplyAdd = [](auto... n) { return fp::multiply_add(n...); };
constexpr auto kMultiplySubtract = [](auto... n) { return fp::multiply_subtract(n...); };
constexpr auto kAbsoluteDifference = [](auto... n) { return fp::absolute_difference(n...); };
constexpr auto kMaximum = [](auto... n) { return fp::maximum(n...); };
constexpr auto kMinimum = [](auto... n) { return fp::minimum(n...); };
constexpr auto kMaximumNumber = [](auto... n) { return fp::maximum_number(n...); };
constexpr auto kMinimumNumber = [](auto... n) { return fp::minimum_number(n...); };
constexpr auto kReciprocalStep = [](auto... n) { return fp::reciprocal_step(n...); };
constexpr auto kReciprocalSquareRootStep = [](auto... n) { return fp::reciprocal_square_root_step(n...); };
constexpr auto kEqual = [](auto... n) { return -fp::equal(n...); };
constexpr auto kGreaterOrEqual = [](auto... n) { return -fp::greater_or_equal(n...); };
constexpr auto kGreater = [](auto... n) { return -fp::greater(n...); };
constexpr auto kAbsoluteGreaterOrEqual = [](auto a, auto b, fp::Environment environment) {
  return -fp::greater_or_equal(fp::magnitude(a), fp::magnitude(b), environment);
};
constexpr auto kAbsoluteGreater = [](auto a, auto b, fp::Environment environment) {
  return -fp::greater(fp::magnitude(a), fp::magnitude(b), environment);
};

// `code` is U, size<1> and the opcode.
VectorFunction three_same_function(unsigned code, Shape shape) {
  switch (code) {
    case 0b0'0'11000: return binary<kMaximumNumber>(shape);
    case 0b0'1'11000: return binary<kMinimumNumber>(shape);
    case 0b0'0'11001: return ternary<kMultiplyAdd>(shape);
    case 0b0'1'11001: return ternary<kMultiplySubtract>(shape);
    case 0b0'0'11010: return binary<kAdd>(shape);
    case 0b0'1'11010: return binary<kSubtract>(shape);
    case 0b0'0'11011: return binary<kMultiplyExtended>(shape);
    case 0b0'0'11100: return binary<kEqual>(shape);
    case 0b0'0'11110: return binary<kMaximum>(shape);
    case 0b0'1'11110: return binary<kMinimum>(shape);
    case 0b0'0'11111: return binary<kReciprocalStep>(shape);
    case 0b0'1'11111: return binary<kReciprocalSquareRootStep>(shape);
    case 0b1'0'11000: return pairwise<kMaximumNumber>(shape);
    case 0b1'1'11000: return pairwise<kMinimumNumber>(shape);
    case 0b1'0'11010: return pairwise<kAdd>(shape);
    case 0b1'1'11010: return binary<kAbsoluteDifference>(shape);
    case 0b1'0'11011: return binary<kMultiply>(shape);
    case 0b1'0'11100: return binary<kGreaterOrEqual>(shape);
    case 0b1'1'11100: return binary<kGreater>(shape);
    case 0b1'0'11101: return binary<kAbsoluteGreaterOrEqual>(shape);
    case 0b1'1'11101: return binary<kAbsoluteGreater>(shape);
    case 0b1'0'11110: return pairwise<kMaximum>(shape);
    case 0b1'1'11110: return pairwise<kMinimum>(shape);
    case 0b1'0'11111: return binary<kDivide>(shape);
    default: return nullptr;
  }
}
bool has_scalar_form(unsigned three_same_code) {
  switch (three_same_code) {
    case 0b0'0'11011:
    case 0b0'0'11100:
    case 0b0'0'11111:
    case 0b0'1'11111:
    case 0b1'1'11010:
    case 0b1'0'11100:
    case 0b1'1'11100:
    case 0b1'0'11101:
    case 0b1'1'11101: return true;
    default: return false;
  }
}
unsigned three_same_code(std::uint32_t word) {
  return unsigned{bit(word, 29)} << 6 | unsigned{bit(word, 23)} << 5 | bits(word, 15, 11);
}

bool three_same(std::uint32_t word, Shape shape, Instruction& out) {
  set_vector_registers(word, out);
  out.ra = out.rd;  // what FMLA and FMLS add to
  return set_function(out, three_same_function(three_same_code(word), shape));
}

bool by_element(std::uint32_t word, Shape shape, Instruction& out) {
  if (!bit(word, 23) || (shape.is_double && bit(word, 21))) return false;  // half precision, or L
  set_vector_registers(word, out);
  out.ra = out.rd;
  const unsigned hl = unsigned{bit(word, 11)} << 1 | bit(word, 21);
  out.aux = static_cast<std::uint16_t>(shape.is_double ? hl >> 1 : hl);
  switch (unsigned{bit(word, 29)} << 4 | bits(word, 15, 12)) {
    case 0b0'0001: return set_function(out, ternary_by_element<kMultiplyAdd>(shape));
    case 0b0'0101: return set_function(out, ternary_by_element<kMultiplySubtract>(shape));
    case 0b0'1001: return set_function(out, binary_by_element<kMultiply>(shape));
    case 0b1'1001: return set_function(out, binary_by_element<kMultiplyExtended>(shape));
    default: return false;
  }
}

// Without U it is half precision.
bool reduce(std::uint32_t word, Shape shape, bool may_add, Instruction& out) {
  if (!bit(word, 29)) return false;
  set_vector_registers(word, out);
  switch (unsigned{bit(word, 23)} << 5 | bits(word, 16, 12)) {
    case 0b0'01100: return set_function(out, reduction<kMaximumNumber>(shape));
    case 0b1'01100: return set_function(out, reduction<kMinimumNumber>(shape));
    case 0b0'01101: return may_add && set_function(out, reduction<kAdd>(shape));
    case 0b0'01111: return set_function(out, reduction<kMaximum>(shape));
    case 0b1'01111: return set_function(out, reduction<kMinimum>(shape));
    default: return false;
  }
}

}  // namespace

bool decode_fp_three_same(std::uint32_t word, unsigned, Instruction& out) {
  Shape shape;
  return vector_shape(word, shape) && three_same(word, shape, out);
}
bool decode_fp_scalar_three_same(std::uint32_t word, unsigned, Instruction& out) {
  return has_scalar_form(three_same_code(word)) && three_same(word, scalar_shape(word), out);
}

bool decode_fp_by_element(std::uint32_t word, unsigned, Instruction& out) {
  Shape shape;
  return vector_shape(word, shape) && by_element(word, shape, out);
}
bool decode_fp_scalar_by_element(std::uint32_t word, unsigned, Instruction& out) {
  return by_element(word, scalar_shape(word), out);
}

bool decode_fp_across_lanes(std::uint32_t word, unsigned, Instruction& out) {
  const bool four_singles = bit(word, 30) && !bit(word, 22);
  return four_singles && reduce(word, {false, 4}, false, out);
}
bool decode_fp_scalar_pairwise(std::uint32_t word, unsigned, Instruction& out) {
  return reduce(word, {bit(word, 22), 2}, true, out);
}

}  // namespace cardvp::arm::interpreter
