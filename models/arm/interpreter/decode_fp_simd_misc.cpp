// FP opcodes of the Advanced SIMD classes with one source: two-register miscellaneous, and shift by immediate, which
// here means conversions to and from fixed point.
#include <type_traits>

#include "models/arm/interpreter/decode_fields.h"
#include "models/arm/interpreter/decode_simd.h"
#include "models/arm/interpreter/fp_arithmetic.h"
#include "models/arm/interpreter/fp_compare.h"
#include "models/arm/interpreter/fp_estimate.h"
#include "models/arm/interpreter/fp_instructions.h"

namespace cardvp::arm::interpreter {

namespace {

using fp::Double, fp::Half, fp::Single;

constexpr auto kAbsolute = [](auto... n) { return fp::absolute(n...); };
constexpr auto kNegate = [](auto... n) { return fp::negated(n...); };
constexpr auto kSquareRoot = [](auto... n) { return fp::square_root(n...); };
constexpr auto kReciprocalEstimate = [](auto... n) { return fp::reciprocal_estimate(n...); };
constexpr auto kReciprocalSquareRootEstimate = [](auto... n) { return fp::reciprocal_square_root_estimate(n...); };
constexpr auto kReciprocalExponent = [](auto... n) { return fp::reciprocal_exponent(n...); };
constexpr auto kEqualZero = []<class T>(T n, auto environment) { return -fp::equal(n, T{0}, environment); };
constexpr auto kGreaterZero = []<class T>(T n, auto environment) { return -fp::greater(n, T{0}, environment); };
constexpr auto kGreaterEqualZero = []<class T>(T n, auto environment) {
  return -fp::greater_or_equal(n, T{0}, environment);
};
constexpr auto kLessZero = []<class T>(T n, auto environment) { return -fp::greater(T{0}, n, environment); };
constexpr auto kLessEqualZero = []<class T>(T n, auto environment) {
  return -fp::greater_or_equal(T{0}, n, environment);
};

template <class T, bool kUnsigned>
using Integer = std::conditional_t<kUnsigned, T, std::make_signed_t<T>>;

// `aux` is the number of fraction bits.
template <bool kUnsigned>
VectorFunction to_fixed(Shape shape) {
  return for_shape(shape, []<class T, unsigned kLanes>() -> VectorFunction {
    return [](RegisterFile& r, const Instruction& i) {
      const RegisterFile::Vector n = r.v[i.rn];
      const fp::Environment environment = environment_of(r);
      const fp::Rounding rounding = rounding_of(i, environment);
      r.v[i.rd] = from_elements(elements_of<kLanes>([&](unsigned e) {
        return static_cast<T>(fp::to_fixed<Integer<T, kUnsigned>>(element<T>(n, e), i.aux, rounding, environment));
      }));
    };
  });
}
template <bool kUnsigned>
VectorFunction from_fixed(Shape shape) {
  return for_shape(shape, []<class T, unsigned kLanes>() -> VectorFunction {
    return [](RegisterFile& r, const Instruction& i) {
      const RegisterFile::Vector n = r.v[i.rn];
      const fp::Environment environment = environment_of(r);
      r.v[i.rd] = from_elements(elements_of<kLanes>([&](unsigned e) {
        return fp::from_fixed<T>(static_cast<Integer<T, kUnsigned>>(element<T>(n, e)), i.aux, environment);
      }));
    };
  });
}
bool set_to_fixed(Instruction& out, Shape shape, bool is_unsigned, fp::Rounding rounding) {
  out.ra = static_cast<std::uint8_t>(rounding);
  return set_function(out, is_unsigned ? to_fixed<true>(shape) : to_fixed<false>(shape));
}
bool set_from_fixed(Instruction& out, Shape shape, bool is_unsigned) {
  return set_function(out, is_unsigned ? from_fixed<true>(shape) : from_fixed<false>(shape));
}

// URECPE and URSQRTE.
template <Single (*kEstimate)(Single)>
void estimate_unsigned(RegisterFile& r, const Instruction& i) {
  const RegisterFile::Vector n = r.v[i.rn];
  const auto estimates = [&](auto elements) { return from_elements(elements); };
  const auto each = [&](unsigned e) { return kEstimate(element<Single>(n, e)); };
  r.v[i.rd] = i.aux == 4 ? estimates(elements_of<4>(each)) : estimates(elements_of<2>(each));
}
template <Single (*kEstimate)(Single)>
bool set_estimate_unsigned(Instruction& out, Shape shape) {
  out.aux = static_cast<std::uint16_t>(shape.lanes);
  return !shape.is_double && set_function(out, estimate_unsigned<kEstimate>);
}

// Between precisions: `aux` says which half of the register the narrower elements are in. The lower half of a
// destination takes the upper one with it.
template <class From>
void lengthen(RegisterFile& r, const Instruction& i) {
  using To = std::conditional_t<sizeof(From) == 2, Single, Double>;
  constexpr unsigned kLanes = 16 / sizeof(To);
  const RegisterFile::Vector n = r.v[i.rn];
  const fp::Environment environment = environment_of(r);
  r.v[i.rd] = from_elements(elements_of<kLanes>([&](unsigned e) {
    return fp::convert<To>(element<From>(n, i.aux * kLanes + e), environment.rounding(), environment);
  }));
}
template <class From>
void narrow(RegisterFile& r, const Instruction& i) {
  using To = std::conditional_t<sizeof(From) == 4, Half, Single>;
  constexpr unsigned kLanes = 16 / sizeof(From);
  const RegisterFile::Vector n = r.v[i.rn];
  const fp::Environment environment = environment_of(r);
  const fp::Rounding rounding = rounding_of(i, environment);
  const std::uint64_t result = from_elements(elements_of<kLanes>([&](unsigned e) {
                                 return fp::convert<To>(element<From>(n, e), rounding, environment);
                               })).low;
  RegisterFile::Vector& destination = r.v[i.rd];
  destination = i.aux ? RegisterFile::Vector{destination.low, result} : RegisterFile::Vector{result, 0};
}
void narrow_scalar_to_odd(RegisterFile& r, const Instruction& i) {
  r.v[i.rd] = {fp::convert<Single>(r.v[i.rn].low, fp::Rounding::kOdd, environment_of(r)), 0};
}

bool set_integral(Instruction& out, Shape shape, std::uint8_t rounding, bool raises_inexact = false) {
  out.ra = rounding;
  out.aux = raises_inexact;
  return set_function(out, rounding_to_integral(shape));
}

// U, size<1> and the opcode.
unsigned misc_code(std::uint32_t word) {
  return unsigned{bit(word, 29)} << 6 | unsigned{bit(word, 23)} << 5 | bits(word, 16, 12);
}

// What vectors and scalars have in common.
bool two_register_misc(std::uint32_t word, Shape shape, Instruction& out) {
  const bool u = bit(word, 29);
  set_vector_registers(word, out);
  switch (misc_code(word)) {
    case 0b0'1'01100: return set_function(out, unary<kGreaterZero>(shape));
    case 0b0'1'01101: return set_function(out, unary<kEqualZero>(shape));
    case 0b0'1'01110: return set_function(out, unary<kLessZero>(shape));
    case 0b1'1'01100: return set_function(out, unary<kGreaterEqualZero>(shape));
    case 0b1'1'01101: return set_function(out, unary<kLessEqualZero>(shape));
    case 0b0'0'11010:
    case 0b1'0'11010: return set_to_fixed(out, shape, u, fp::Rounding::kNearestEven);
    case 0b0'1'11010:
    case 0b1'1'11010: return set_to_fixed(out, shape, u, fp::Rounding::kPlusInfinity);
    case 0b0'0'11011:
    case 0b1'0'11011: return set_to_fixed(out, shape, u, fp::Rounding::kMinusInfinity);
    case 0b0'1'11011:
    case 0b1'1'11011: return set_to_fixed(out, shape, u, fp::Rounding::kZero);
    case 0b0'0'11100:
    case 0b1'0'11100: return set_to_fixed(out, shape, u, fp::Rounding::kNearestAway);
    case 0b0'0'11101:
    case 0b1'0'11101: return set_from_fixed(out, shape, u);
    case 0b0'1'11101: return set_function(out, unary<kReciprocalEstimate>(shape));
    case 0b1'1'11101: return set_function(out, unary<kReciprocalSquareRootEstimate>(shape));
    default: return false;
  }
}

bool vector_misc(std::uint32_t word, Shape shape, Instruction& out) {
  constexpr auto code = [](fp::Rounding rounding) { return static_cast<std::uint8_t>(rounding); };
  set_vector_registers(word, out);
  switch (misc_code(word)) {
    case 0b0'1'01111: return set_function(out, unary<kAbsolute>(shape));
    case 0b1'1'01111: return set_function(out, unary<kNegate>(shape));
    case 0b1'1'11111: return set_function(out, unary<kSquareRoot>(shape));
    case 0b0'0'11000: return set_integral(out, shape, code(fp::Rounding::kNearestEven));
    case 0b0'1'11000: return set_integral(out, shape, code(fp::Rounding::kPlusInfinity));
    case 0b0'0'11001: return set_integral(out, shape, code(fp::Rounding::kMinusInfinity));
    case 0b0'1'11001: return set_integral(out, shape, code(fp::Rounding::kZero));
    case 0b1'0'11000: return set_integral(out, shape, code(fp::Rounding::kNearestAway));
    case 0b1'0'11001: return set_integral(out, shape, kCurrentRounding, true);
    case 0b1'1'11001: return set_integral(out, shape, kCurrentRounding);
    case 0b0'1'11100: return set_estimate_unsigned<fp::unsigned_reciprocal_estimate>(out, shape);
    case 0b1'1'11100: return set_estimate_unsigned<fp::unsigned_reciprocal_square_root_estimate>(out, shape);
    default: return two_register_misc(word, shape, out);
  }
}

// FCVTL, FCVTN, FCVTXN: Q is the half, size<0> is set between single and double. False: it is none of them.
bool between_precisions(std::uint32_t word, Instruction& out) {
  const bool is_double = bit(word, 22);
  const auto set = [&](VectorFunction function, std::uint8_t rounding = kCurrentRounding) {
    set_vector_registers(word, out);
    out.aux = bit(word, 30);
    out.ra = rounding;
    return set_function(out, function);
  };
  switch (misc_code(word)) {
    case 0b0'0'10110: return set(is_double ? narrow<Double> : narrow<Single>);
    case 0b0'0'10111: return set(is_double ? lengthen<Single> : lengthen<Half>);
    case 0b1'0'10110: return is_double && set(narrow<Double>, static_cast<std::uint8_t>(fp::Rounding::kOdd));
    default: return false;
  }
}

bool shift_immediate(std::uint32_t word, Shape shape, Instruction& out) {
  set_vector_registers(word, out);
  out.aux = static_cast<std::uint16_t>((shape.is_double ? 128 : 64) - bits(word, 22, 16));
  switch (bits(word, 15, 11)) {
    case 0b11100: return set_from_fixed(out, shape, bit(word, 29));
    case 0b11111: return set_to_fixed(out, shape, bit(word, 29), fp::Rounding::kZero);
    default: return false;
  }
}
// The top bits of immh tell the size of the elements; less than single precision is none.
bool is_double_immediate(std::uint32_t word) { return bit(word, 22); }
bool is_fp_immediate(std::uint32_t word) { return bits(word, 22, 21) != 0; }

}  // namespace

bool decode_fp_two_register_misc(std::uint32_t word, unsigned, Instruction& out) {
  Shape shape;
  return between_precisions(word, out) || (vector_shape(word, shape) && vector_misc(word, shape, out));
}

bool decode_fp_scalar_two_register_misc(std::uint32_t word, unsigned, Instruction& out) {
  const Shape shape = scalar_shape(word);
  set_vector_registers(word, out);
  switch (misc_code(word)) {
    case 0b0'1'11111: return set_function(out, unary<kReciprocalExponent>(shape));
    case 0b1'0'10110: return shape.is_double && set_function(out, narrow_scalar_to_odd);
    default: return two_register_misc(word, shape, out);
  }
}

bool decode_fp_shift_immediate(std::uint32_t word, unsigned, Instruction& out) {
  const bool is_double = is_double_immediate(word), q = bit(word, 30);
  if (!is_fp_immediate(word) || (is_double && !q)) return false;
  return shift_immediate(word, {is_double, is_double ? 2u : q ? 4u : 2u}, out);
}

bool decode_fp_scalar_shift_immediate(std::uint32_t word, unsigned, Instruction& out) {
  return is_fp_immediate(word) && shift_immediate(word, {is_double_immediate(word), 1}, out);
}

}  // namespace cardvp::arm::interpreter
