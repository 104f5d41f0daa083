// The registers that instructions work on, apart from the system registers.
#pragma once

#include <array>
#include <cstdint>

namespace cardvp::arm {

// PSTATE.NZCV in a form that is cheap to produce: N and V are the top bits of `n` and `v`, Z says that `z` is zero.
struct Flags {
  std::uint64_t n = 0;
  std::uint64_t z = 1;
  std::uint64_t c = 0;  // 0 or 1
  std::uint64_t v = 0;

  // N, Z, C, V as bits 3 to 0.
  unsigned nzcv() const {
    return static_cast<unsigned>((n >> 63) << 3 | std::uint64_t{z == 0} << 2 | c << 1 | v >> 63);
  }
  void set_nzcv(unsigned bits) {
    n = static_cast<std::uint64_t>(bits) << 60;
    z = ~bits & 4;
    c = bits >> 1 & 1;
    v = static_cast<std::uint64_t>(bits) << 63;
  }
};

struct RegisterFile {
  // What register number 31 means is decided when an instruction is decoded, so that execution does not look: the
  // stack pointer, a source that is always zero, or a sink for results that nobody wants.
  static constexpr unsigned kSp = 31, kZero = 32, kSink = 33;

  std::array<std::uint64_t, 34> x{};
  std::uint64_t pc = 0;
  Flags flags;
  std::array<std::uint64_t, 4> banked_sp{};  // SP_EL0 to SP_EL3; the selected one lives in x[kSp] and is stale here

  struct alignas(16) Vector {
    std::uint64_t low, high;
  };
  std::array<Vector, 32> v{};
  std::uint32_t fpcr = 0;
  std::uint32_t fpsr = 0;
};

}  // namespace cardvp::arm
