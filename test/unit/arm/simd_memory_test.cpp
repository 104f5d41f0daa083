// Loads and stores of vector registers: faults, page crossings, devices, structures.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <numeric>
#include <vector>

#include "models/arm/instruction_engine.h"

namespace cardvp::arm {
namespace {

using Vector = RegisterFile::Vector;

// Three pages of RAM, a hole, a page of RAM that may only be accessed aligned, and a page of a device. The rest faults.
struct Flat final : EngineCallbacks {
  static constexpr std::uint64_t kData = 0x1000, kHole = 0x3000, kAlignedOnly = 0x4000, kDevice = 0x5000, kEnd = 0x6000;
  std::vector<std::byte> memory = std::vector<std::byte>(kEnd);
  std::unique_ptr<InstructionEngine> engine = make_engine(*this);
  std::vector<Trap> traps;
  std::vector<MemoryAccess> faults, bus;

  Flat() {
    engine->enable_vectors(true);
    for (std::uint64_t at = kData; at < kEnd; ++at) memory[at] = static_cast<std::byte>(at ^ at >> 8);
  }
  bool translate(const MemoryAccess& access, Translation& result) override {
    const std::uint64_t page = access.address & ~(kPageSize - 1);
    result.physical = access.address;
    result.aligned_only = page >= kAlignedOnly;
    if (page == kHole || page >= kEnd || (access.unaligned && result.aligned_only)) {
      faults.push_back(access);
      return false;
    }
    if (page != kDevice) result.host = &memory[access.address];
    return true;
  }
  bool read_bus(const MemoryAccess& access, std::uint64_t physical, void* to) override {
    bus.push_back(access);
    std::memcpy(to, &memory[physical], access.size);
    return true;
  }
  bool write_bus(const MemoryAccess& access, std::uint64_t physical, const void* from) override {
    bus.push_back(access);
    std::memcpy(&memory[physical], from, access.size);
    return true;
  }
  bool read_system(std::uint32_t, std::uint64_t&) override { return true; }
  Next write_system(std::uint32_t, std::uint64_t) override { return Next::kFollowing; }
  Next hint(std::uint32_t, Hint) override { return Next::kFollowing; }
  void trap(Trap trap, std::uint32_t) override { traps.push_back(trap); }
  void exception_return(std::uint32_t) override {}

  void run(std::uint32_t word) {
    std::memcpy(memory.data(), &word, sizeof word);
    engine->invalidate(0, sizeof word);
    registers().pc = 0;
    engine->run(1);
  }
  RegisterFile& registers() { return engine->registers(); }
  std::uint64_t& x(unsigned n) { return registers().x[n]; }
  Vector& v(unsigned n) { return registers().v[n]; }
  template <class T>
  T at(std::uint64_t address) const {
    T value;
    std::memcpy(&value, &memory.at(address), sizeof value);
    return value;
  }
  Vector vector_at(std::uint64_t address) const { return {at<std::uint64_t>(address), at<std::uint64_t>(address + 8)}; }
};

void expect_equal(const Vector& found, const Vector& expected) {
  EXPECT_EQ(found.low, expected.low);
  EXPECT_EQ(found.high, expected.high);
}

constexpr std::uint32_t kLdrQ = 0x3dc00020 /* ldr q0, [x1] */, kStrQ = 0x3d800020 /* str q0, [x1] */;

TEST(SimdMemory, AccessesAnyAlignmentAndAcrossPages) {
  for (const std::uint64_t address : {0x1100u, 0x1103u, 0x1ff0u, 0x1ff1u, 0x1fffu, 0x2000u}) {
    Flat flat;
    flat.x(1) = address;
    for (int times = 0; times < 2; ++times) {  // the second time from the soft TLB
      flat.v(0) = {};
      flat.run(kLdrQ);
      expect_equal(flat.v(0), flat.vector_at(address));
      flat.v(0) = {0x0123'4567'89ab'cdef, 0xfedc'ba98'7654'3210};
      flat.run(kStrQ);
      expect_equal(flat.vector_at(address), flat.v(0));
    }
    EXPECT_TRUE(flat.faults.empty());
  }
}

TEST(SimdMemory, LoadsAndStoresPairs) {
  for (const std::uint64_t address : {0x1100u, 0x1108u, 0x1fe0u, 0x1fe8u, 0x1ff0u, 0x1ff8u}) {
    Flat flat;
    flat.x(1) = address - 32;
    for (int times = 0; times < 2; ++times) {
      flat.run(0xad410820);  // ldp q0, q2, [x1, #32]
      expect_equal(flat.v(0), flat.vector_at(address));
      expect_equal(flat.v(2), flat.vector_at(address + 16));
      flat.v(0) = {1, 2};
      flat.v(2) = {3, 4};
      flat.run(0xad010820);  // stp q0, q2, [x1, #32]
      expect_equal(flat.vector_at(address), {1, 2});
      expect_equal(flat.vector_at(address + 16), {3, 4});
    }
  }
}

TEST(SimdMemory, ZeroesWhatALoadDoesNotFill) {
  static constexpr std::uint32_t kWords[] = {0x3d400020, 0x7d400020, 0xbd400020, 0xfd400020};  // ldr b0, h0, s0, d0
  for (unsigned size = 0; size < 4; ++size) {
    Flat flat;
    flat.x(1) = 0x1200;
    flat.v(0) = {~0ull, ~0ull};
    flat.run(kWords[size]);
    const std::uint64_t mask = size == 3 ? ~0ull : (1ull << (8 << size)) - 1;
    expect_equal(flat.v(0), {flat.at<std::uint64_t>(0x1200) & mask, 0});
  }
}

TEST(SimdMemory, KnowsTheAddressingModes) {
  Flat flat;
  flat.x(1) = 0x1200;
  flat.x(2) = 0xffff'ffffull << 32 | static_cast<std::uint32_t>(-3);
  flat.run(0x3cff5820);  // ldr q0, [x1, wzr, uxtw #4]
  expect_equal(flat.v(0), flat.vector_at(0x1200));
  flat.run(0x3ce2d820);  // ldr q0, [x1, w2, sxtw #4]
  expect_equal(flat.v(0), flat.vector_at(0x1200 - 48));
  flat.run(0xfc410c20);  // ldr d0, [x1, #16]!
  EXPECT_EQ(flat.x(1), 0x1210u);
  expect_equal(flat.v(0), {flat.at<std::uint64_t>(0x1210), 0});
  flat.run(0x3cdf0420);  // ldr q0, [x1], #-16
  EXPECT_EQ(flat.x(1), 0x1200u);
  expect_equal(flat.v(0), flat.vector_at(0x1210));
  flat.run(0x9c008000);  // ldr q0, .+0x1000
  expect_equal(flat.v(0), flat.vector_at(0x1000));
  flat.run(0x6cc10420);  // ldp d0, d1, [x1], #16
  EXPECT_EQ(flat.x(1), 0x1210u);
  expect_equal(flat.v(0), {flat.at<std::uint64_t>(0x1200), 0});
  expect_equal(flat.v(1), {flat.at<std::uint64_t>(0x1208), 0});
}

struct Access {
  std::uint32_t word;
  const char* text;
  unsigned offset = 0;
};

TEST(SimdMemory, ChangesNothingIfItFaults) {
  static constexpr Access kAccesses[] = {
      Access{0x3c9f0c20, "str q0, [x1, #-16]!", 16},        Access{0x3cc10420, "ldr q0, [x1], #16"},
      Access{0xfc5f8c20, "ldr d0, [x1, #-8]!", 8},          Access{0xadff0820, "ldp q0, q2, [x1, #-32]!", 32},
      Access{0xacc10820, "ldp q0, q2, [x1], #32"},          Access{0x6cc10820, "ldp d0, d2, [x1], #16"},
      Access{0x4cdf2020, "ld1 {v0.16b-v3.16b}, [x1], #64"}, Access{0x4cc20020, "ld4 {v0.16b-v3.16b}, [x1], x2"},
      Access{0x4c820020, "st4 {v0.16b-v3.16b}, [x1], x2"},  Access{0x0dffe420, "ld4r {v0.4h-v3.4h}, [x1], #8"},
      Access{0x4dffa020, "ld4 {v0.s-v3.s}[2], [x1], #16"}};
  for (const auto& [word, text, offset] : kAccesses) {
    Flat flat;
    const std::uint64_t base = Flat::kHole - 4 + offset;  // the first four bytes could be accessed
    const auto before = flat.at<std::uint32_t>(Flat::kHole - 4);
    flat.x(1) = base;
    flat.x(2) = 0x100;
    for (unsigned n = 0; n < 4; ++n) flat.v(n) = {n, ~n};
    flat.run(word);
    EXPECT_EQ(flat.faults.size(), 1u) << text;
    EXPECT_EQ(flat.x(1), base) << text;
    EXPECT_EQ(flat.at<std::uint32_t>(Flat::kHole - 4), before) << text;
    for (unsigned n = 0; n < 4; ++n) expect_equal(flat.v(n), {n, ~n});
  }
}

TEST(SimdMemory, ReportsWhereTheSecondPageFaults) {
  Flat flat;
  flat.x(1) = Flat::kHole - 8;
  flat.run(kLdrQ);
  ASSERT_EQ(flat.faults.size(), 1u);
  EXPECT_EQ(flat.faults[0].address, Flat::kHole);
  EXPECT_TRUE(flat.faults[0].unaligned);
}

TEST(SimdMemory, ChecksAlignmentByElement) {
  Flat flat;
  flat.x(1) = Flat::kAlignedOnly + 8;
  flat.run(kLdrQ);
  EXPECT_EQ(flat.faults.size(), 1u);
  flat.run(0x4c407c20);  // ld1 {v0.2d}, [x1]
  EXPECT_EQ(flat.faults.size(), 1u);
  expect_equal(flat.v(0), flat.vector_at(Flat::kAlignedOnly + 8));
  flat.x(1) += 1;
  flat.run(0x4c407c20);
  EXPECT_EQ(flat.faults.size(), 2u);
  flat.run(0x4c407020);  // ld1 {v0.16b}, [x1]
  EXPECT_EQ(flat.faults.size(), 2u);
}

TEST(SimdMemory, AccessesDevicesInPiecesOfUpTo8Bytes) {
  Flat flat;
  flat.x(1) = Flat::kDevice + 0x20;
  flat.run(kLdrQ);
  expect_equal(flat.v(0), flat.vector_at(Flat::kDevice + 0x20));
  flat.run(0x0c407820);  // ld1 {v0.2s}, [x1]
  ASSERT_EQ(flat.bus.size(), 4u);
  for (unsigned i = 0; i < 4; ++i) {
    EXPECT_EQ(flat.bus[i].size, i < 2 ? 8u : 4u);
    EXPECT_EQ(flat.bus[i].address, Flat::kDevice + 0x20 + i % 2 * flat.bus[i].size);
  }
}

TEST(SimdMemory, Interleaves) {
  Flat flat;
  flat.x(1) = 0x1100;
  flat.x(2) = 7;
  flat.run(0x4cc2483e);  // ld3 {v30.4s, v31.4s, v0.4s}, [x1], x2
  EXPECT_EQ(flat.x(1), 0x1107u);
  for (unsigned r = 0; r < 3; ++r) {
    std::array<std::uint32_t, 4> lanes;
    std::memcpy(lanes.data(), &flat.v((30 + r) % 32), sizeof lanes);
    for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(lanes[i], flat.at<std::uint32_t>(0x1100 + 4 * (3 * i + r)));
  }
  flat.x(1) = 0x1ffd;
  flat.run(0x0c9f483e);  // st3 {v30.2s, v31.2s, v0.2s}, [x1], #24
  EXPECT_EQ(flat.x(1), 0x1ffdu + 24);
  EXPECT_EQ(flat.at<std::uint32_t>(0x1ffd + 4), static_cast<std::uint32_t>(flat.v(31).low));
  EXPECT_EQ(flat.at<std::uint32_t>(0x1ffd + 20), static_cast<std::uint32_t>(flat.v(0).low >> 32));
}

TEST(SimdMemory, AccessesSingleLanesAndReplicates) {
  Flat flat;
  flat.x(1) = 0x1101;
  flat.v(0) = {1, 2};
  flat.v(1) = {3, 4};
  flat.run(0x4dff5820);  // ld2 {v0.h, v1.h}[7], [x1], #4
  EXPECT_EQ(flat.x(1), 0x1105u);
  expect_equal(flat.v(0), {1, 2 | std::uint64_t{flat.at<std::uint16_t>(0x1101)} << 48});
  expect_equal(flat.v(1), {3, 4 | std::uint64_t{flat.at<std::uint16_t>(0x1103)} << 48});
  flat.run(0x0d60c420);  // ld2r {v0.4h, v1.4h}, [x1]
  EXPECT_EQ(flat.x(1), 0x1105u);
  expect_equal(flat.v(0), {flat.at<std::uint16_t>(0x1105) * 0x0001'0001'0001'0001u, 0});
  expect_equal(flat.v(1), {flat.at<std::uint16_t>(0x1107) * 0x0001'0001'0001'0001u, 0});
  flat.v(0) = {0x1111'1111'1111'1111, 0x2222'2222'2222'2222};
  flat.run(0x4d008420);  // st1 {v0.d}[1], [x1]
  EXPECT_EQ(flat.at<std::uint64_t>(0x1105), 0x2222'2222'2222'2222u);
}

TEST(SimdMemory, TrapsBeforeItLooksAtTheStackPointer) {
  static constexpr std::uint32_t kWords[] = {0x3dc003e0 /* ldr q0, [sp] */, 0x3cc107e0 /* ldr q0, [sp], #16 */,
                                             0xad4007e0 /* ldp q0, q1, [sp] */, 0x4c407fe0 /* ld1 {v0.2d}, [sp] */};
  for (const std::uint32_t word : kWords) {
    Flat flat;
    flat.engine->select_context(1, true);
    flat.x(31) = 0x1108;
    flat.engine->enable_vectors(false);
    flat.run(word);
    flat.engine->enable_vectors(true);
    flat.run(word);
    EXPECT_EQ(flat.traps, (std::vector{Trap::kFloatingPoint, Trap::kSpAlignment}));
    flat.x(31) = 0x1110;
    flat.run(word);
    EXPECT_EQ(flat.traps.size(), 2u);
    expect_equal(flat.v(0), flat.vector_at(0x1110));
  }
}

TEST(SimdMemory, ImmediatesWorkOnTheHalvesThatTheyName) {
  Flat flat;
  flat.v(0) = {0xff00'0000'00ff, 0xff};
  flat.run(0x0f001560);  // orr v0.2s, #0xb
  expect_equal(flat.v(0), {0xff0b'0000'00ff, 0});
  flat.v(0) = {~0ull, ~0ull};
  flat.run(0x6f00b560);  // bic v0.8h, #0xb, lsl #8
  expect_equal(flat.v(0), {0xf4ff'f4ff'f4ff'f4ff, 0xf4ff'f4ff'f4ff'f4ff});
  flat.run(0x0f05e4a0);  // movi v0.8b, #0xa5
  expect_equal(flat.v(0), {0xa5a5'a5a5'a5a5'a5a5, 0});
}

}  // namespace
}  // namespace cardvp::arm
