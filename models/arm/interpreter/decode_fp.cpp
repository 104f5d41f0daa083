// Decode functions of scalar floating point (Arm ARM, C4.1.6), and what those instructions do.
#include "models/arm/interpreter/arithmetic.h"
#include "models/arm/interpreter/decode_fields.h"
#include "models/arm/interpreter/fp_arithmetic.h"
#include "models/arm/interpreter/fp_compare.h"
#include "models/arm/interpreter/fp_instructions.h"

namespace cardvp::arm::interpreter {

namespace {

using fp::Double, fp::Half, fp::Single;

// The field `ptype`.
enum Type : unsigned { kSingle = 0b00, kDouble = 0b01, kUpperHalf = 0b10, kHalf = 0b11 };
Type type_of(std::uint32_t word) { return static_cast<Type>(bits(word, 23, 22)); }

// Without FEAT_FP16, nothing but FCVT works on half precision.
bool is_single_or_double(std::uint32_t word) { return type_of(word) <= kDouble; }

template <class T>
void set_scalar(RegisterFile& r, const Instruction& i, T value) {
  r.v[i.rd] = {value, 0};
}

// Picks single or double precision.
VectorFunction sized(Shape shape, VectorFunction single, VectorFunction double_precision) {
  return shape.is_double ? double_precision : single;
}

template <class To, class From>
void convert_precision(RegisterFile& r, const Instruction& i) {
  const fp::Environment environment = environment_of(r);
  set_scalar(r, i, fp::convert<To>(element<From>(r.v[i.rn], 0), environment.rounding(), environment));
}

// Comparisons: `aux` has the flags of a condition that fails in its lower 4 bits, and this for FCMPE.
constexpr unsigned kSignalsQuiet = 1 << 4;

template <class T>
void compare(RegisterFile& r, const Instruction& i) {
  r.flags.set_nzcv(
      fp::compare(element<T>(r.v[i.rn], 0), element<T>(r.v[i.rm], 0), i.aux & kSignalsQuiet, environment_of(r)));
}
template <class T>
void compare_zero(RegisterFile& r, const Instruction& i) {
  r.flags.set_nzcv(fp::compare(element<T>(r.v[i.rn], 0), T{0}, i.aux & kSignalsQuiet, environment_of(r)));
}
template <class T>
void compare_if(RegisterFile& r, const Instruction& i) {
  if (holds(r.flags, i.ra)) {
    compare<T>(r, i);
  } else {
    r.flags.set_nzcv(i.aux & 15);
  }
}

template <class T>
void select(RegisterFile& r, const Instruction& i) {
  set_scalar(r, i, element<T>(r.v[holds(r.flags, i.ra) ? i.rn : i.rm], 0));
}

// VFPExpandImm of the 8 bits in `aux`.
template <class T>
void move_immediate(RegisterFile& r, const Instruction& i) {
  using F = fp::Format<T>;
  const int exponent = static_cast<int>((i.aux >> 4 & 7) ^ 4) - 3;
  const T fraction = static_cast<T>(i.aux & 15) << (F::kFraction - 4);
  set_scalar(r, i, static_cast<T>(fp::power_of_two<T>(i.aux >> 7, exponent) | fraction));
}

void move_word_to_general(RegisterFile& r, const Instruction& i) { r.x[i.rd] = element<Single>(r.v[i.rn], 0); }
void move_to_general(RegisterFile& r, const Instruction& i) { r.x[i.rd] = r.v[i.rn].low; }
void move_upper_to_general(RegisterFile& r, const Instruction& i) { r.x[i.rd] = r.v[i.rn].high; }
void move_word_from_general(RegisterFile& r, const Instruction& i) { r.v[i.rd] = {r.x[i.rn] & 0xffffffff, 0}; }
void move_from_general(RegisterFile& r, const Instruction& i) { r.v[i.rd] = {r.x[i.rn], 0}; }
void move_upper_from_general(RegisterFile& r, const Instruction& i) { r.v[i.rd].high = r.x[i.rn]; }

// Integers and fixed point; `aux` is the number of fraction bits.
template <class Integer, class T>
void to_general(RegisterFile& r, const Instruction& i) {
  const fp::Environment environment = environment_of(r);
  r.x[i.rd] = static_cast<std::make_unsigned_t<Integer>>(
      fp::to_fixed<Integer>(element<T>(r.v[i.rn], 0), i.aux, rounding_of(i, environment), environment));
}
template <class Integer, class T>
void from_general(RegisterFile& r, const Instruction& i) {
  set_scalar(r, i, fp::from_fixed<T>(static_cast<Integer>(r.x[i.rn]), i.aux, environment_of(r)));
}

template <class T>
VectorFunction to_general_function(bool is64, bool is_unsigned) {
  if (is64) return is_unsigned ? to_general<std::uint64_t, T> : to_general<std::int64_t, T>;
  return is_unsigned ? to_general<std::uint32_t, T> : to_general<std::int32_t, T>;
}
template <class T>
VectorFunction from_general_function(bool is64, bool is_unsigned) {
  if (is64) return is_unsigned ? from_general<std::uint64_t, T> : from_general<std::int64_t, T>;
  return is_unsigned ? from_general<std::uint32_t, T> : from_general<std::int32_t, T>;
}

void set_to_general(std::uint32_t word, Shape shape, fp::Rounding rounding, unsigned fraction_bits, Instruction& out) {
  const bool is64 = bit(word, 31), is_unsigned = bit(word, 16);
  out.rd = destination(bits(word, 4, 0));
  out.ra = static_cast<std::uint8_t>(rounding);
  out.aux = static_cast<std::uint16_t>(fraction_bits);
  set_vector_function(out, shape.is_double ? to_general_function<Double>(is64, is_unsigned)
                                           : to_general_function<Single>(is64, is_unsigned));
}
void set_from_general(std::uint32_t word, Shape shape, unsigned fraction_bits, Instruction& out) {
  const bool is64 = bit(word, 31), is_unsigned = bit(word, 16);
  out.rn = source(bits(word, 9, 5));
  out.aux = static_cast<std::uint16_t>(fraction_bits);
  set_vector_function(out, shape.is_double ? from_general_function<Double>(is64, is_unsigned)
                                           : from_general_function<Single>(is64, is_unsigned));
}

bool move_general(std::uint32_t word, Instruction& out) {
  struct Form {
    unsigned sf, type, rmode;
    VectorFunction to, from;
  };
  static constexpr Form kForms[] = {{0, kSingle, 0b00, move_word_to_general, move_word_from_general},
                                    {1, kDouble, 0b00, move_to_general, move_from_general},
                                    {1, kUpperHalf, 0b01, move_upper_to_general, move_upper_from_general}};
  for (const Form& form : kForms) {
    if (bit(word, 31) != form.sf || type_of(word) != form.type || bits(word, 20, 19) != form.rmode) continue;
    const bool from = bit(word, 16);
    if (from) {
      out.rn = source(bits(word, 9, 5));
    } else {
      out.rd = destination(bits(word, 4, 0));
    }
    set_vector_function(out, from ? form.from : form.to);
    return true;
  }
  return false;
}

VectorFunction precision_function(Type from, unsigned to) {
  switch (from << 2 | to) {
    case kSingle << 2 | kDouble: return convert_precision<Double, Single>;
    case kSingle << 2 | kHalf: return convert_precision<Half, Single>;
    case kDouble << 2 | kSingle: return convert_precision<Single, Double>;
    case kDouble << 2 | kHalf: return convert_precision<Half, Double>;
    case kHalf << 2 | kSingle: return convert_precision<Single, Half>;
    case kHalf << 2 | kDouble: return convert_precision<Double, Half>;
    default: return nullptr;
  }
}

}  // namespace

bool fp_fixed_conversion(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned scale = bits(word, 15, 10);
  if (!is_single_or_double(word) || (!bit(word, 31) && scale < 32)) return false;
  const Shape shape = scalar_shape(word);
  set_vector_registers(word, out);
  switch (bits(word, 20, 17)) {  // rmode, opcode but for its lowest bit
    case 0b0001: set_from_general(word, shape, 64 - scale, out); return true;
    case 0b1100: set_to_general(word, shape, fp::Rounding::kZero, 64 - scale, out); return true;
    default: return false;
  }
}

bool fp_integer_conversion(std::uint32_t word, unsigned, Instruction& out) {
  set_vector_registers(word, out);
  const unsigned opcode = bits(word, 18, 17), rmode = bits(word, 20, 19);
  if (opcode == 0b11) return move_general(word, out);
  if (!is_single_or_double(word)) return false;
  const Shape shape = scalar_shape(word);
  if (opcode == 0b00) {
    set_to_general(word, shape, static_cast<fp::Rounding>(rmode), 0, out);
    return true;
  }
  if (rmode) return false;
  if (opcode == 0b01) {
    set_from_general(word, shape, 0, out);
  } else {
    set_to_general(word, shape, fp::Rounding::kNearestAway, 0, out);
  }
  return true;
}

bool fp_one_source(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned opcode = bits(word, 20, 15);
  set_vector_registers(word, out);
  if (opcode >> 2 == 0b0001) {
    const VectorFunction function = precision_function(type_of(word), opcode & 3);
    if (function) set_vector_function(out, function);
    return function;
  }
  if (!is_single_or_double(word)) return false;
  const Shape shape = scalar_shape(word);
  switch (opcode) {
    case 0b000000: set_vector_function(out, unary<[](auto n, auto) { return n; }>(shape)); return true;
    case 0b000001: set_vector_function(out, unary<[](auto... n) { return fp::absolute(n...); }>(shape)); return true;
    case 0b000010: set_vector_function(out, unary<[](auto... n) { return fp::negated(n...); }>(shape)); return true;
    case 0b000011: set_vector_function(out, unary<[](auto... n) { return fp::square_root(n...); }>(shape)); return true;
    case 0b001000:
    case 0b001001:
    case 0b001010:
    case 0b001011:
    case 0b001100: out.ra = opcode & 7; break;  // a Rounding
    case 0b001110:
    case 0b001111:
      out.ra = kCurrentRounding;
      out.aux = opcode == 0b001110;
      break;
    default: return false;
  }
  set_vector_function(out, rounding_to_integral(shape));
  return true;
}

bool fp_compare(std::uint32_t word, unsigned, Instruction& out) {
  if (!is_single_or_double(word)) return false;
  const Shape shape = scalar_shape(word);
  set_vector_registers(word, out);
  out.aux = bit(word, 4) ? kSignalsQuiet : 0;
  set_vector_function(out, bit(word, 3) ? sized(shape, compare_zero<Single>, compare_zero<Double>)
                                        : sized(shape, compare<Single>, compare<Double>));
  return true;
}

bool fp_immediate(std::uint32_t word, unsigned, Instruction& out) {
  if (!is_single_or_double(word)) return false;
  const Shape shape = scalar_shape(word);
  set_vector_registers(word, out);
  out.aux = static_cast<std::uint16_t>(bits(word, 20, 13));
  set_vector_function(out, sized(shape, move_immediate<Single>, move_immediate<Double>));
  return true;
}

bool fp_conditional_compare(std::uint32_t word, unsigned, Instruction& out) {
  if (!is_single_or_double(word)) return false;
  const Shape shape = scalar_shape(word);
  set_vector_registers(word, out);
  out.ra = static_cast<std::uint8_t>(bits(word, 15, 12));
  out.aux = static_cast<std::uint16_t>(bits(word, 3, 0) | (bit(word, 4) ? kSignalsQuiet : 0));
  set_vector_function(out, sized(shape, compare_if<Single>, compare_if<Double>));
  return true;
}

bool fp_two_source(std::uint32_t word, unsigned, Instruction& out) {
  if (!is_single_or_double(word)) return false;
  const Shape shape = scalar_shape(word);
  const VectorFunction functions[] = {binary<[](auto... n) { return fp::multiply(n...); }>(shape),
                                      binary<[](auto... n) { return fp::divide(n...); }>(shape),
                                      binary<[](auto... n) { return fp::add(n...); }>(shape),
                                      binary<[](auto... n) { return fp::subtract(n...); }>(shape),
                                      binary<[](auto... n) { return fp::maximum(n...); }>(shape),
                                      binary<[](auto... n) { return fp::minimum(n...); }>(shape),
                                      binary<[](auto... n) { return fp::maximum_number(n...); }>(shape),
                                      binary<[](auto... n) { return fp::minimum_number(n...); }>(shape),
                                      binary<[](auto... n) { return fp::negated_product(n...); }>(shape)};
  const unsigned opcode = bits(word, 15, 12);
  if (opcode >= std::size(functions)) return false;
  set_vector_registers(word, out);
  set_vector_function(out, functions[opcode]);
  return true;
}

bool fp_conditional_select(std::uint32_t word, unsigned, Instruction& out) {
  if (!is_single_or_double(word)) return false;
  const Shape shape = scalar_shape(word);
  set_vector_registers(word, out);
  out.ra = static_cast<std::uint8_t>(bits(word, 15, 12));
  set_vector_function(out, sized(shape, select<Single>, select<Double>));
  return true;
}

bool fp_three_source(std::uint32_t word, unsigned, Instruction& out) {
  if (!is_single_or_double(word)) return false;
  const Shape shape = scalar_shape(word);
  const VectorFunction functions[] = {ternary<[](auto... n) { return fp::multiply_add(n...); }>(shape),
                                      ternary<[](auto... n) { return fp::multiply_subtract(n...); }>(shape),
                                      ternary<[](auto... n) { return fp::negated_multiply_add(n...); }>(shape),
                                      ternary<[](auto... n) { return fp::negated_multiply_subtract(n...); }>(shape)};
  set_vector_registers(word, out);
  out.ra = static_cast<std::uint8_t>(bits(word, 14, 10));
  set_vector_function(out, functions[bit(word, 21) << 1 | bit(word, 15)]);
  return true;
}

}  // namespace cardvp::arm::interpreter
