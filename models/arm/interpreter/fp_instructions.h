// FP instructions as VectorFunctions: operations on values applied to the elements of vector registers. Scalar
// instructions are those with one element. What a result does not fill of its register becomes 0.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "models/arm/interpreter/decode_fields.h"
#include "models/arm/interpreter/fp_convert.h"
#include "models/arm/interpreter/fp_format.h"
#include "models/arm/interpreter/vector.h"
#include "models/arm/registers.h"

namespace cardvp::arm::interpreter {

// The elements of an FP instruction: 1, 2 or 4 of single, 1 or 2 of double precision.
struct Shape {
  bool is_double;
  unsigned lanes;
};

// From size<0> of SIMD instructions, and Q. False: a vector would have only one element.
inline bool vector_shape(std::uint32_t word, Shape& shape) {
  const bool is_double = bit(word, 22), q = bit(word, 30);
  shape = {is_double, is_double || !q ? 2u : 4u};
  return q || !is_double;
}
inline Shape scalar_shape(std::uint32_t word) { return {bit(word, 22), 1}; }

inline void set_vector_registers(std::uint32_t word, Instruction& out) {
  out.rd = static_cast<std::uint8_t>(bits(word, 4, 0));
  out.rn = static_cast<std::uint8_t>(bits(word, 9, 5));
  out.rm = static_cast<std::uint8_t>(bits(word, 20, 16));
}
// False: there is no such instruction.
inline bool set_function(Instruction& out, VectorFunction function) {
  if (!function) return false;
  set_vector_function(out, function);
  return true;
}

// Calls make.operator()<T, lanes>() for the shape.
template <class Make>
VectorFunction for_shape(Shape shape, Make make) {
  if (shape.is_double) {
    return shape.lanes == 1 ? make.template operator()<fp::Double, 1>() : make.template operator()<fp::Double, 2>();
  }
  return shape.lanes == 1   ? make.template operator()<fp::Single, 1>()
         : shape.lanes == 2 ? make.template operator()<fp::Single, 2>()
                            : make.template operator()<fp::Single, 4>();
}

template <class T>
inline T element(const RegisterFile::Vector& vector, unsigned index) {
  const unsigned at = index * std::numeric_limits<T>::digits;
  return static_cast<T>((at < 64 ? vector.low : vector.high) >> at % 64);
}
template <class T, std::size_t kLanes>
inline RegisterFile::Vector from_elements(const std::array<T, kLanes>& elements) {
  std::uint64_t halves[2] = {};
  for (unsigned i = 0; i < kLanes; ++i) {
    const unsigned at = i * std::numeric_limits<T>::digits;
    halves[at / 64] |= std::uint64_t{elements[i]} << at % 64;
  }
  return {halves[0], halves[1]};
}
template <unsigned kLanes, class Function>
inline auto elements_of(Function function) {
  std::array<decltype(function(0u)), kLanes> result;
  for (unsigned i = 0; i < kLanes; ++i) result[i] = function(i);
  return result;
}

inline fp::Environment environment_of(RegisterFile& registers) { return {registers.fpcr, registers.fpsr}; }

// Operations are passed as captureless lambdas that take the operands and the environment.

template <auto kOperation>
VectorFunction unary(Shape shape) {
  return for_shape(shape, []<class T, unsigned kLanes>() -> VectorFunction {
    return [](RegisterFile& r, const Instruction& i) {
      const RegisterFile::Vector n = r.v[i.rn];
      const fp::Environment environment = environment_of(r);
      r.v[i.rd] = from_elements(
          elements_of<kLanes>([&](unsigned e) -> T { return kOperation(element<T>(n, e), environment); }));
    };
  });
}

template <auto kOperation>
VectorFunction binary(Shape shape) {
  return for_shape(shape, []<class T, unsigned kLanes>() -> VectorFunction {
    return [](RegisterFile& r, const Instruction& i) {
      const RegisterFile::Vector n = r.v[i.rn], m = r.v[i.rm];
      const fp::Environment environment = environment_of(r);
      r.v[i.rd] = from_elements(elements_of<kLanes>(
          [&](unsigned e) -> T { return kOperation(element<T>(n, e), element<T>(m, e), environment); }));
    };
  });
}

// The first operand is `ra`.
template <auto kOperation>
VectorFunction ternary(Shape shape) {
  return for_shape(shape, []<class T, unsigned kLanes>() -> VectorFunction {
    return [](RegisterFile& r, const Instruction& i) {
      const RegisterFile::Vector a = r.v[i.ra], n = r.v[i.rn], m = r.v[i.rm];
      const fp::Environment environment = environment_of(r);
      r.v[i.rd] = from_elements(elements_of<kLanes>([&](unsigned e) -> T {
        return kOperation(element<T>(a, e), element<T>(n, e), element<T>(m, e), environment);
      }));
    };
  });
}

// With the one element `aux` of rm.
template <auto kOperation>
VectorFunction binary_by_element(Shape shape) {
  return for_shape(shape, []<class T, unsigned kLanes>() -> VectorFunction {
    return [](RegisterFile& r, const Instruction& i) {
      const RegisterFile::Vector n = r.v[i.rn];
      const T m = element<T>(r.v[i.rm], i.aux);
      const fp::Environment environment = environment_of(r);
      r.v[i.rd] = from_elements(
          elements_of<kLanes>([&](unsigned e) -> T { return kOperation(element<T>(n, e), m, environment); }));
    };
  });
}
template <auto kOperation>
VectorFunction ternary_by_element(Shape shape) {
  return for_shape(shape, []<class T, unsigned kLanes>() -> VectorFunction {
    return [](RegisterFile& r, const Instruction& i) {
      const RegisterFile::Vector a = r.v[i.ra], n = r.v[i.rn];
      const T m = element<T>(r.v[i.rm], i.aux);
      const fp::Environment environment = environment_of(r);
      r.v[i.rd] = from_elements(elements_of<kLanes>(
          [&](unsigned e) -> T { return kOperation(element<T>(a, e), element<T>(n, e), m, environment); }));
    };
  });
}

// Neighbours of rn, then of rm.
template <auto kOperation>
VectorFunction pairwise(Shape shape) {
  return for_shape(shape, []<class T, unsigned kLanes>() -> VectorFunction {
    return [](RegisterFile& r, const Instruction& i) {
      const RegisterFile::Vector n = r.v[i.rn], m = r.v[i.rm];
      const fp::Environment environment = environment_of(r);
      r.v[i.rd] = from_elements(elements_of<kLanes>([&](unsigned e) -> T {
        const RegisterFile::Vector& from = 2 * e < kLanes ? n : m;
        const unsigned first = 2 * e % kLanes;
        return kOperation(element<T>(from, first), element<T>(from, first + 1), environment);
      }));
    };
  });
}

// All elements into one: the lower half's result with the upper half's. The shape is the source's.
template <auto kOperation>
VectorFunction reduction(Shape shape) {
  return for_shape(shape, []<class T, unsigned kLanes>() -> VectorFunction {
    return [](RegisterFile& r, const Instruction& i) {
      const RegisterFile::Vector n = r.v[i.rn];
      const fp::Environment environment = environment_of(r);
      auto values = elements_of<kLanes>([&](unsigned e) { return element<T>(n, e); });
      for (unsigned count = kLanes / 2; count; count /= 2)
        for (unsigned e = 0; e < count; ++e) values[e] = kOperation(values[2 * e], values[2 * e + 1], environment);
      r.v[i.rd] = from_elements(std::array{values[0]});
    };
  });
}

// `ra` of instructions that round to integers: a Rounding, or this for FPCR's.
inline constexpr std::uint8_t kCurrentRounding = 0xff;

inline fp::Rounding rounding_of(const Instruction& instruction, fp::Environment environment) {
  return instruction.ra == kCurrentRounding ? environment.rounding() : static_cast<fp::Rounding>(instruction.ra);
}

// `aux` says whether FRINT* raises inexactness.
inline VectorFunction rounding_to_integral(Shape shape) {
  return for_shape(shape, []<class T, unsigned kLanes>() -> VectorFunction {
    return [](RegisterFile& r, const Instruction& i) {
      const RegisterFile::Vector n = r.v[i.rn];
      const fp::Environment environment = environment_of(r);
      const fp::Rounding rounding = rounding_of(i, environment);
      r.v[i.rd] = from_elements(elements_of<kLanes>(
          [&](unsigned e) { return fp::round_to_integral(element<T>(n, e), rounding, i.aux, environment); }));
    };
  });
}

}  // namespace cardvp::arm::interpreter
