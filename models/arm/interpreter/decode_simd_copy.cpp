// Advanced SIMD copy, permute, extract and table lookup (Arm ARM, C4.1.6).
#include "models/arm/interpreter/simd_shapes.h"

namespace cardvp::arm::interpreter {

namespace {

struct DuplicateElement {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    Lanes<T> result;
    result.fill(lanes<T>(registers.v[instruction.rn])[immediate(instruction)]);
    set_result<T>(registers, instruction, result);
  }
};

struct DuplicateGeneral {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    Lanes<T> result;
    result.fill(static_cast<T>(registers.x[instruction.rn]));
    set_result<T>(registers, instruction, result);
  }
};

template <class T>
void set_element(RegisterFile& registers, const Instruction& instruction, T value) {
  auto result = lanes<T>(registers.v[instruction.rd]);
  result[immediate(instruction)] = value;
  set_result<T>(registers, instruction, result);
}

struct InsertGeneral {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    set_element<T>(registers, instruction, static_cast<T>(registers.x[instruction.rn]));
  }
};

// The source's index is in rm.
struct InsertElement {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    set_element<T>(registers, instruction, lanes<T>(registers.v[instruction.rn])[instruction.rm]);
  }
};

template <class Destination>
struct MoveToGeneral {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    registers.x[instruction.rd] =
        static_cast<Destination>(lanes<T>(registers.v[instruction.rn])[immediate(instruction)]);
  }
};

// The elements of even, or odd, numbers.
template <unsigned odd>
struct Unzip {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    const auto source = concatenated<T>(registers, instruction);
    Lanes<T> result;
    for (unsigned i = 0; i < result.size(); ++i) result[i] = source[2 * i + odd];
    set_result<T>(registers, instruction, result);
  }
};

// Pairs of elements from the even, or odd, places.
template <unsigned odd>
struct Transpose {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    const auto n = lanes<T>(registers.v[instruction.rn]), m = lanes<T>(registers.v[instruction.rm]);
    Lanes<T> result;
    for (unsigned i = 0; i < result.size(); i += 2) {
      result[i] = n[i + odd];
      result[i + 1] = m[i + odd];
    }
    set_result<T>(registers, instruction, result);
  }
};

// Pairs of elements from the lower, or upper, half.
template <unsigned upper>
struct Zip {
  template <class T>
  static void run(RegisterFile& registers, const Instruction& instruction) {
    const auto n = lanes<T>(registers.v[instruction.rn]), m = lanes<T>(registers.v[instruction.rm]);
    const unsigned first = upper ? (1u << instruction.ra) / 2 / sizeof(T) : 0;
    Lanes<T> result;
    for (unsigned i = 0; i < result.size() / 2; ++i) {
      result[2 * i] = n[first + i];
      result[2 * i + 1] = m[first + i];
    }
    set_result<T>(registers, instruction, result);
  }
};

void extract_bytes(RegisterFile& registers, const Instruction& instruction) {
  const auto source = concatenated<std::uint8_t>(registers, instruction);
  Lanes<std::uint8_t> result;
  for (unsigned i = 0; i < result.size(); ++i) result[i] = source[i + immediate(instruction)];
  set_result<std::uint8_t>(registers, instruction, result);
}

// TBL, or with `extension` TBX, which leaves alone what the table has not; the immediate is the number of registers.
template <bool extension>
void look_up(RegisterFile& registers, const Instruction& instruction) {
  std::array<Vector, 4> table_registers{};
  const unsigned count = immediate(instruction);
  for (unsigned i = 0; i < count; ++i) table_registers[i] = registers.v[(instruction.rn + i) % 32];
  const auto table = std::bit_cast<std::array<std::uint8_t, 64>>(table_registers);
  const auto indices = lanes<std::uint8_t>(registers.v[instruction.rm]);
  auto result = extension ? lanes<std::uint8_t>(registers.v[instruction.rd]) : Lanes<std::uint8_t>{};
  for (unsigned i = 0; i < result.size(); ++i)
    if (indices[i] < 16 * count) result[i] = table[indices[i]];
  set_result<std::uint8_t>(registers, instruction, result);
}

// The lowest set bit of imm5 tells the size of the elements, and the bits above it are an index. False: reserved.
bool element_index(std::uint32_t word, unsigned& size, unsigned& index) {
  const unsigned imm5 = bits(word, 20, 16);
  size = static_cast<unsigned>(std::countr_zero(imm5 | 32));
  index = imm5 >> (size + 1);
  return size < 4;
}

}  // namespace

bool simd_copy(std::uint32_t word, unsigned, Instruction& out) {
  const bool q = bit(word, 30);
  const unsigned imm4 = bits(word, 14, 11);
  unsigned size, index;
  if (!element_index(word, size, index)) return false;
  const auto at = immediate_and_half(index, false);
  if (bit(word, 29)) {  // INS (element)
    if (!q || !simd(out, kUnsigned4<InsertElement>[size], word, vector_width(true), at)) return false;
    out.rm = static_cast<std::uint8_t>(imm4 >> size);
    return true;
  }
  const std::uint8_t general_source = source(bits(word, 9, 5)), general_destination = destination(bits(word, 4, 0));
  switch (imm4) {
    case 0:  // DUP (element)
      return (size < 3 || q) && simd(out, kUnsigned4<DuplicateElement>[size], word, vector_width(q), at);
    case 1:  // DUP (general)
      if ((size == 3 && !q) || !simd(out, kUnsigned4<DuplicateGeneral>[size], word, vector_width(q))) return false;
      out.rn = general_source;
      return true;
    case 3:  // INS (general)
      if (!q || !simd(out, kUnsigned4<InsertGeneral>[size], word, vector_width(true), at)) return false;
      out.rn = general_source;
      return true;
    case 5: {  // SMOV
      static constexpr Forms kMoves[] = {forms<MoveToGeneral<std::uint32_t>, std::int8_t, std::int16_t>(),
                                         kSigned3<MoveToGeneral<std::uint64_t>>};
      if (!simd(out, kMoves[q][size], word, 0, at)) return false;
      out.rd = general_destination;
      return true;
    }
    case 7:  // UMOV
      if (q != (size == 3) || !simd(out, kUnsigned4<MoveToGeneral<std::uint64_t>>[size], word, 0, at)) return false;
      out.rd = general_destination;
      return true;
    default: return false;
  }
}

bool simd_scalar_copy(std::uint32_t word, unsigned, Instruction& out) {
  unsigned size, index;
  return element_index(word, size, index) &&
         simd(out, kUnsigned4<DuplicateElement>[size], word, size, immediate_and_half(index, false));
}

bool simd_permute(std::uint32_t word, unsigned, Instruction& out) {
  static constexpr Forms kPermutes[] = {
      kUndefined, kUnsigned4<Unzip<0>>, kUnsigned4<Transpose<0>>, kUnsigned4<Zip<0>>,
      kUndefined, kUnsigned4<Unzip<1>>, kUnsigned4<Transpose<1>>, kUnsigned4<Zip<1>>,
  };
  const bool q = bit(word, 30);
  const unsigned size = bits(word, 23, 22);
  return (size < 3 || q) && simd(out, kPermutes[bits(word, 14, 12)][size], word, vector_width(q));
}

bool simd_extract(std::uint32_t word, unsigned, Instruction& out) {
  const bool q = bit(word, 30);
  const unsigned index = bits(word, 14, 11);
  return (index < 8 || q) && simd(out, extract_bytes, word, vector_width(q), immediate_and_half(index, false));
}

bool simd_table_lookup(std::uint32_t word, unsigned, Instruction& out) {
  const unsigned count = bits(word, 14, 13) + 1;
  return simd(out, bit(word, 12) ? look_up<true> : look_up<false>, word, vector_width(bit(word, 30)),
              immediate_and_half(count, false));
}

}  // namespace cardvp::arm::interpreter
