// Advanced SIMD shift by immediate, vector and scalar (Arm ARM, C4.1.6).
#include "models/arm/interpreter/decode_simd.h"
#include "models/arm/interpreter/simd_operations.h"
#include "models/arm/interpreter/simd_shapes.h"

namespace cardvp::arm::interpreter {

namespace {

template <bool rounding>
constexpr auto kShiftRight =
    []<class T>(T n, unsigned shift) { return rounding ? rounding_shift_right(n, shift) : shift_right(n, shift); };
template <bool rounding>
constexpr auto kShiftRightAccumulate = []<class T>(T n, unsigned shift, T d) {
  return wrapping_add(d, rounding ? rounding_shift_right(n, shift) : shift_right(n, shift));
};
constexpr auto kShiftRightInsert = []<class T>(T n, unsigned shift, T d) {
  const T written = shift_right(kMax<T>, shift);
  return static_cast<T>(shift_right(n, shift) | (d & ~written));
};
constexpr auto kShiftLeftInsert = []<class T>(T n, unsigned shift, T d) {
  const T written = shift_left(kMax<T>, shift);
  return static_cast<T>(shift_left(n, shift) | (d & ~written));
};
constexpr auto kSaturatingShiftLeft = []<class T>(T n, unsigned shift, bool& saturated) {
  return saturating_shift_left(n, shift, saturated);
};
constexpr auto kSaturatingShiftLeftToUnsigned = []<class T>(T n, unsigned shift, bool& saturated) {
  if (n < 0) {
    saturated = true;
    return T{0};
  }
  return static_cast<T>(saturating_shift_left(static_cast<Unsigned<T>>(n), shift, saturated));
};

template <bool rounding>
constexpr FormsByU kTruncating = {kUnsigned3<Narrow<Narrowing::kTruncate, rounding>>,
                                  kUnsigned3<Narrow<Narrowing::kSaturateToUnsigned, rounding>>};

enum class Kind : std::uint8_t { kUndefined, kRight, kLeft, kNarrow, kLong };
struct Shift {
  Kind kind = Kind::kUndefined;
  FormsByU forms{};
  bool scalar = false;          // has scalar forms,
  bool scalar_64_only = false;  // of 64 bits only
};

constexpr Shift shift_of(unsigned opcode) {
  switch (opcode) {
    case 0x00: return {Kind::kRight, kBoth4<ByImmediate<kShiftRight<false>>>, true, true};
    case 0x02: return {Kind::kRight, kBoth4<ByImmediate<kShiftRightAccumulate<false>>>, true, true};
    case 0x04: return {Kind::kRight, kBoth4<ByImmediate<kShiftRight<true>>>, true, true};
    case 0x06: return {Kind::kRight, kBoth4<ByImmediate<kShiftRightAccumulate<true>>>, true, true};
    case 0x08: return {Kind::kRight, {kUndefined, kUnsigned4<ByImmediate<kShiftRightInsert>>}, true, true};
    case 0x0a:
      return {
          Kind::kLeft, {kUnsigned4<ByImmediate<kShiftLeft>>, kUnsigned4<ByImmediate<kShiftLeftInsert>>}, true, true};
    case 0x0c: return {Kind::kLeft, {kUndefined, kSigned4<ByImmediate<kSaturatingShiftLeftToUnsigned>>}, true};
    case 0x0e: return {Kind::kLeft, kBoth4<ByImmediate<kSaturatingShiftLeft>>, true};
    case 0x10: return {Kind::kNarrow, kTruncating<false>};
    case 0x11: return {Kind::kNarrow, kTruncating<true>};
    case 0x12: return {Kind::kNarrow, kBoth3<Narrow<Narrowing::kSaturate, false>>, true};
    case 0x13: return {Kind::kNarrow, kBoth3<Narrow<Narrowing::kSaturate, true>>, true};
    case 0x14: return {Kind::kLong, kBoth3<LongByImmediate<kShiftLeft>>};
    default: return {};
  }
}

constexpr unsigned kFirstFpOpcode = 0x15;
constexpr auto kShifts = [] {
  std::array<Shift, kFirstFpOpcode> shifts;
  for (unsigned opcode = 0; opcode < kFirstFpOpcode; ++opcode) shifts[opcode] = shift_of(opcode);
  return shifts;
}();

// immh:immb is the lanes' bits plus a shift to the left, or twice the lanes' bits minus one to the right; immh is not
// 0.
unsigned size_of(unsigned immh_immb) { return static_cast<unsigned>(std::bit_width(immh_immb)) - 4; }
unsigned amount_of(const Shift& shift, unsigned immh_immb) {
  const unsigned lane_bits = 8u << size_of(immh_immb);
  const bool left = shift.kind == Kind::kLeft || shift.kind == Kind::kLong;
  return left ? immh_immb - lane_bits : 2 * lane_bits - immh_immb;
}

}  // namespace

bool simd_shift_immediate(std::uint32_t word, unsigned page_offset, Instruction& out) {
  const bool q = bit(word, 30), u = bit(word, 29);
  const unsigned immediate = bits(word, 22, 16), opcode = bits(word, 15, 11);
  if (immediate < 8) return false;
  if (opcode >= kFirstFpOpcode) return decode_fp_shift_immediate(word, page_offset, out);
  const Shift& shift = kShifts[opcode];
  const unsigned size = size_of(immediate), amount = amount_of(shift, immediate);
  const VectorFunction function = shift.forms[u][size];
  if (shift.kind == Kind::kNarrow || shift.kind == Kind::kLong)
    return simd(out, function, word, vector_width(true), immediate_and_half(amount, q));
  return (size < 3 || q) && simd(out, function, word, vector_width(q), immediate_and_half(amount, false));
}

bool simd_scalar_shift_immediate(std::uint32_t word, unsigned page_offset, Instruction& out) {
  const bool u = bit(word, 29);
  const unsigned immediate = bits(word, 22, 16), opcode = bits(word, 15, 11);
  if (immediate < 8) return false;
  if (opcode >= kFirstFpOpcode) return decode_fp_scalar_shift_immediate(word, page_offset, out);
  const Shift& shift = kShifts[opcode];
  const unsigned size = size_of(immediate), amount = amount_of(shift, immediate);
  const bool to_unsigned = opcode == 0x10 || opcode == 0x11;  // SQSHRUN, SQRSHRUN; with U 0 these truncate
  if (!(shift.scalar || (to_unsigned && u)) || (shift.scalar_64_only && size != 3)) return false;
  return simd(out, shift.forms[u][size], word, shift.kind == Kind::kNarrow ? size + 1 : size,
              immediate_and_half(amount, false));
}

}  // namespace cardvp::arm::interpreter
