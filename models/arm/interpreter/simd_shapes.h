// How the integer instructions of Advanced SIMD go through the lanes. A shape is instantiated with an operation on
// single lanes, and its run<T> with the type of the lanes. `forms` tabulates the functions of one instruction.
#pragma once

#include "models/arm/interpreter/decode_fields.h"
#include "models/arm/interpreter/simd_arithmetic.h"
#include "models/arm/interpreter/simd_lanes.h"
#include "models/arm/interpreter/vector.h"

namespace cardvp::arm::interpreter {

// Operations take, in this order, as many of these as they need: the lane of the first source; that of the second, or
// the immediate; that of the destination; and, if they saturate, a flag that says so.
template <class T, class Second>
T apply(auto operation, T first, Second second, T destination, bool& saturated) {
  using F = decltype(operation);
  if constexpr (std::is_invocable_v<F, T>) {
    return operation(first);
  } else if constexpr (std::is_invocable_v<F, T, Second>) {
    return operation(first, second);
  } else if constexpr (std::is_invocable_v<F, T, Second, T>) {
    return operation(first, second, destination);
  } else if constexpr (std::is_invocable_v<F, T, bool&>) {
    return operation(first, saturated);
  } else if constexpr (std::is_invocable_v<F, T, Second, bool&>) {
    return operation(first, second, saturated);
  } else {
    return operation(first, second, destination, saturated);
  }
}

// `second` is an array of lanes, or one value for all.
template <class T, auto operation, class Second>
void each_lane(RegisterFile& registers, const Instruction& instruction, const Lanes<T>& first, const Second& second) {
  const auto destination = operand<T>(registers, instruction, instruction.rd);
  Lanes<T> result;
  bool saturated = false;
  for (unsigned i = 0; i < kLanes<T>; ++i) {
    if constexpr (std::is_integral_v<Second>) {
      result[i] = apply(operation, first[i], second, destination[i], saturated);
    } else {
      result[i] = apply(operation, first[i], second[i], destination[i], saturated);
    }
  }
  set_result<T>(registers, instruction, result);
  note_saturation(registers, saturated);
}

template <auto operation>
struct Lanewise {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    each_lane<T, operation>(registers, instruction, operand<T>(registers, instruction, instruction.rn),
                            operand<T>(registers, instruction, instruction.rm));
  }
};

template <auto operation>
struct ByImmediate {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    each_lane<T, operation>(registers, instruction, operand<T>(registers, instruction, instruction.rn),
                            immediate(instruction));
  }
};

template <class T>
T element(const RegisterFile& registers, const Instruction& instruction) {
  return lanes<T>(registers.v[instruction.rm])[immediate(instruction)];
}

template <auto operation>
struct ByElement {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    each_lane<T, operation>(registers, instruction, operand<T>(registers, instruction, instruction.rn),
                            element<T>(registers, instruction));
  }
};

// Long: sources of T, a result of twice the width. Wide: the first source has that width, too.
template <auto operation>
struct Long {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    each_lane<Wide<T>, operation>(registers, instruction, widened_operand<T>(registers, instruction, instruction.rn),
                                  widened_operand<T>(registers, instruction, instruction.rm));
  }
};
template <auto operation>
struct WideAndNarrow {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    each_lane<Wide<T>, operation>(registers, instruction, operand<Wide<T>>(registers, instruction, instruction.rn),
                                  widened_operand<T>(registers, instruction, instruction.rm));
  }
};
template <auto operation>
struct LongByImmediate {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    each_lane<Wide<T>, operation>(registers, instruction, widened_operand<T>(registers, instruction, instruction.rn),
                                  immediate(instruction));
  }
};
template <auto operation>
struct LongByElement {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    each_lane<Wide<T>, operation>(registers, instruction, widened_operand<T>(registers, instruction, instruction.rn),
                                  Wide<T>{element<T>(registers, instruction)});
  }
};

// Narrow: sources of twice the width of T, of which a shift to the right by the immediate leaves what T holds.
enum class Narrowing { kTruncate, kSaturate, kSaturateToUnsigned };
template <Narrowing narrowing, bool rounding>
struct Narrow {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    using Source = std::conditional_t<narrowing == Narrowing::kSaturateToUnsigned, Signed<Wide<T>>, Wide<T>>;
    const auto source = operand<Source>(registers, instruction, instruction.rn);
    const unsigned shift = immediate(instruction);
    HalfLanes<T> result;
    bool saturated = false;
    for (unsigned i = 0; i < result.size(); ++i) {
      const Source value = rounding ? rounding_shift_right(source[i], shift) : shift_right(source[i], shift);
      result[i] = narrowing == Narrowing::kTruncate ? static_cast<T>(value) : saturate<T>(value, saturated);
    }
    set_narrow_result<T>(registers, instruction, result);
    note_saturation(registers, saturated);
  }
};

// The high half of what the operation gives.
template <auto operation, bool rounding>
struct HighNarrow {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    const auto first = operand<Wide<T>>(registers, instruction, instruction.rn);
    const auto second = operand<Wide<T>>(registers, instruction, instruction.rm);
    constexpr Wide<T> kRound = rounding ? Wide<T>{1} << (kBits<T> - 1) : 0;
    HalfLanes<T> result;
    for (unsigned i = 0; i < result.size(); ++i)
      result[i] = static_cast<T>(static_cast<Wide<T>>(operation(first[i], second[i]) + kRound) >> kBits<T>);
    set_narrow_result<T>(registers, instruction, result);
  }
};

// Neighbours, of the first source and then of the second.
template <auto operation>
struct Pairwise {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    const auto source = concatenated<T>(registers, instruction);
    Lanes<T> result;
    for (unsigned i = 0; i < result.size(); ++i) result[i] = operation(source[2 * i], source[2 * i + 1]);
    set_result<T>(registers, instruction, result);
  }
};

// The functions of an instruction by the log2 of its lanes' bytes; null where it is undefined.
using Forms = std::array<VectorFunction, 4>;

// `void` stands for a size that is undefined.
template <class Shape, class T>
constexpr VectorFunction function() {
  if constexpr (std::is_void_v<T>) {
    return nullptr;
  } else {
    return Shape::template run<T>;
  }
}
template <class Shape, class... T>
constexpr Forms forms() {
  return {function<Shape, T>()...};
}
template <class Shape>
inline constexpr Forms kSigned3 = forms<Shape, std::int8_t, std::int16_t, std::int32_t>();
template <class Shape>
inline constexpr Forms kSigned4 = forms<Shape, std::int8_t, std::int16_t, std::int32_t, std::int64_t>();
template <class Shape>
inline constexpr Forms kUnsigned3 = forms<Shape, std::uint8_t, std::uint16_t, std::uint32_t>();
template <class Shape>
inline constexpr Forms kUnsigned4 = forms<Shape, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>();
template <class Shape>
inline constexpr Forms kSigned16And32 = forms<Shape, void, std::int16_t, std::int32_t>();
inline constexpr Forms kUndefined{};

// By the U bit, which often means unsigned lanes.
using FormsByU = std::array<Forms, 2>;
template <class Shape>
inline constexpr FormsByU kBoth3 = {kSigned3<Shape>, kUnsigned3<Shape>};
template <class Shape>
inline constexpr FormsByU kBoth4 = {kSigned4<Shape>, kUnsigned4<Shape>};

// Fills in what most SIMD instructions have in common; `width` is the log2 of the bytes that count. False: there is no
// such function.
inline bool simd(Instruction& out, VectorFunction function, std::uint32_t word, unsigned width,
                 std::uint16_t immediate = 0) {
  if (!function) return false;
  set_vector_function(out, function);
  out.rd = static_cast<std::uint8_t>(bits(word, 4, 0));
  out.rn = static_cast<std::uint8_t>(bits(word, 9, 5));
  out.rm = static_cast<std::uint8_t>(bits(word, 20, 16));
  out.ra = static_cast<std::uint8_t>(width);
  out.aux = immediate;
  return true;
}

}  // namespace cardvp::arm::interpreter
