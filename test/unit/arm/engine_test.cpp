// The interpreter by itself, in flat memory, through the interface that the architecture layer uses.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "models/arm/instruction_engine.h"

namespace cardvp::arm {
namespace {

struct Flat final : EngineCallbacks {
  static constexpr std::uint64_t kVector = 0x8000;
  std::vector<std::byte> memory = std::vector<std::byte>(0x10000);
  std::unique_ptr<InstructionEngine> engine = make_engine(*this);
  std::vector<Trap> traps;
  std::vector<std::uint64_t> fetched_pages;
  std::uint64_t executed_at_callback = 0;
  std::uint64_t virtual_offset = 0;  // virtual - physical
  bool stop_at_hint = false;

  bool translate(const MemoryAccess& access, Translation& result) override {
    if (access.kind == AccessKind::kExecute) fetched_pages.push_back(access.address & ~0xfffull);
    result.physical = access.address - virtual_offset;
    if (result.physical >= memory.size()) {
      engine->registers().pc = kVector + virtual_offset;
      return false;
    }
    result.host = &memory[result.physical];
    return true;
  }
  bool read_bus(const MemoryAccess&, std::uint64_t, void*) override { return false; }
  bool write_bus(const MemoryAccess&, std::uint64_t, const void*) override { return false; }
  bool read_system(std::uint32_t, std::uint64_t& value) override {
    executed_at_callback = value = engine->instructions();
    return true;
  }
  Next write_system(std::uint32_t, std::uint64_t) override { return Next::kFollowing; }
  Next hint(std::uint32_t, Hint) override {
    if (stop_at_hint) engine->stop();
    return Next::kFollowing;
  }
  void trap(Trap trap, std::uint32_t) override {
    traps.push_back(trap);
    engine->registers().pc = kVector;
  }
  void exception_return(std::uint32_t) override { engine->registers().pc = 0; }

  void put(std::uint64_t at, std::initializer_list<std::uint32_t> words) {
    for (const std::uint32_t word : words) {
      std::memcpy(&memory.at(at), &word, 4);
      at += 4;
    }
  }
  std::uint64_t& x(unsigned n) { return engine->registers().x[n]; }
  std::uint64_t& pc() { return engine->registers().pc; }
};

constexpr std::uint32_t kNop = 0xd503201f, kIncrement = 0x91000400 /* add x0, x0, #1 */, kBackOne = 0x17ffffff,
                        kSelf = 0x14000000, kWfi = 0xd503207f, kReadSystem = 0xd53be021 /* mrs x1, cntpct_el0 */;

TEST(Engine, ExecutesExactlyAsManyInstructionsAsItIsTold) {
  for (std::uint64_t limit : {1, 2, 3, 7, 1023, 1024, 1025, 2047, 5000, 100001}) {
    Flat flat;
    flat.put(0, {kIncrement, kBackOne});
    EXPECT_EQ(flat.engine->run(limit), StopReason::kLimit);
    EXPECT_EQ(flat.engine->instructions(), limit);
    EXPECT_EQ(flat.x(0), (limit + 1) / 2);
    EXPECT_EQ(flat.pc(), limit % 2 * 4);
  }
}

TEST(Engine, CountsTheSameInAnyPieces) {
  Flat flat;
  flat.put(0, {kIncrement, kNop, 0x34000041 /* cbz w1, .+8 */, kNop, kSelf - 0 + 0x03fffffc /* b .-16 */});
  for (std::uint64_t total = 0, piece = 1; total < 20000; total += piece, piece = piece % 97 + 1) {
    EXPECT_EQ(flat.engine->instructions(), total);
    flat.engine->run(piece);
  }
}

TEST(Engine, StopsWithinStraightLineCodeAndAcrossPages) {
  Flat flat;
  for (std::uint64_t at = 0; at < 0x3000; at += 4) flat.put(at, {kIncrement});
  flat.engine->run(1500);
  EXPECT_EQ(flat.x(0), 1500u);
  EXPECT_EQ(flat.pc(), 1500u * 4);
  flat.engine->run(1024 - 1500 % 1024);  // up to the end of a page
  EXPECT_EQ(flat.pc(), 0x2000u);
  flat.engine->run(1);
  EXPECT_EQ(flat.pc(), 0x2004u);
  EXPECT_EQ(flat.engine->instructions(), 2049u);
}

TEST(Engine, StopsAheadOfTheLastInstructionOfAPage) {
  for (const std::uint64_t limit : {1022, 1023, 1024, 1025}) {
    Flat flat;
    for (std::uint64_t at = 0; at < 0x2000; at += 4) flat.put(at, {kIncrement});
    flat.engine->run(limit);
    EXPECT_EQ(flat.x(0), limit);
    EXPECT_EQ(flat.pc(), limit * 4);
  }
}

TEST(Engine, StopsAtAnInstructionThatIsWrittenOverJustBefore) {
  Flat flat;
  flat.put(0, {0xb9000041 /* str w1, [x2] */, kIncrement, kIncrement, kIncrement, kIncrement});
  flat.x(1) = 0x91004000;  // add x0, x0, #16
  flat.x(2) = 3 * 4;
  flat.engine->run(3);
  EXPECT_EQ(flat.x(0), 2u);
  EXPECT_EQ(flat.engine->instructions(), 3u);
  flat.engine->run(2);
  EXPECT_EQ(flat.x(0), 19u);
}

TEST(Engine, TellsCallbacksHowManyInstructionsCameBefore) {
  Flat flat;
  flat.put(0, {kNop, kNop, 0x14000002 /* b .+8 */, kNop, kNop, kReadSystem, kSelf});
  flat.engine->run(10);
  EXPECT_EQ(flat.executed_at_callback, 4u);
  EXPECT_EQ(flat.x(1), 4u);
}

TEST(Engine, StopsBehindTheInstructionThatAskedForIt) {
  Flat flat;
  flat.stop_at_hint = true;
  flat.put(0, {kIncrement, kWfi, kIncrement, kSelf});
  EXPECT_EQ(flat.engine->run(100000), StopReason::kRequested);
  EXPECT_EQ(flat.pc(), 8u);
  EXPECT_EQ(flat.engine->instructions(), 2u);
  flat.stop_at_hint = false;
  EXPECT_EQ(flat.engine->run(3), StopReason::kLimit);
  EXPECT_EQ(flat.x(0), 2u);
}

TEST(Engine, CountsInstructionsThatTakeExceptions) {
  Flat flat;
  flat.put(0, {kNop, 0xd4000001 /* svc #0 */});
  flat.put(Flat::kVector, {0x00000000 /* undefined: over and over */});
  flat.engine->run(10);
  EXPECT_EQ(flat.engine->instructions(), 10u);
  ASSERT_EQ(flat.traps.size(), 9u);
  EXPECT_EQ(flat.traps[0], Trap::kSupervisorCall);
  EXPECT_EQ(flat.traps[1], Trap::kUndefined);
}

TEST(Engine, CountsFailedFetchesSoThatTimePasses) {
  Flat flat;
  flat.virtual_offset = 0;
  flat.pc() = 0x20000;  // nothing is there; then the vector
  flat.put(Flat::kVector, {0xd61f0040 /* br x2 */});
  flat.x(2) = 0x20000;
  flat.engine->run(101);
  EXPECT_EQ(flat.engine->instructions(), 101u);
}

TEST(Engine, ExecutesCodeAtSeveralVirtualAddresses) {
  Flat flat;
  flat.put(0x1000, {0x10000000 /* adr x0, . */, 0x94000002 /* bl .+8 */, kNop, kSelf});
  flat.pc() = 0x1000;
  flat.engine->run(3);
  EXPECT_EQ(flat.x(0), 0x1000u);
  EXPECT_EQ(flat.x(30), 0x1008u);
  flat.virtual_offset = 0xffff'0000'0000'0000;
  flat.engine->flush_translations();
  flat.pc() = 0xffff'0000'0000'1000;
  flat.engine->run(3);
  EXPECT_EQ(flat.x(0), 0xffff'0000'0000'1000u);
  EXPECT_EQ(flat.x(30), 0xffff'0000'0000'1008u);
}

TEST(Engine, SeesCodeThatSomebodyElseWroteAfterInvalidation) {
  Flat flat;
  flat.put(0, {kIncrement, kBackOne});
  flat.engine->run(4);
  flat.put(0, {0x91004000 /* add x0, x0, #16 */});
  flat.engine->run(2);
  EXPECT_EQ(flat.x(0), 3u);  // decoded before: no coherence is promised
  flat.engine->invalidate(0, 4);
  flat.engine->run(2);
  EXPECT_EQ(flat.x(0), 19u);
}

TEST(Engine, InvalidatesRangesAcrossPagesExactly) {
  Flat flat;
  for (std::uint64_t at = 0; at < 0x3000; at += 4) flat.put(at, {kIncrement});
  flat.engine->run(3 * 1024);
  for (std::uint64_t at = 0; at < 0x3000; at += 4) flat.put(at, {0x91004000 /* add x0, x0, #16 */});
  flat.engine->invalidate(0xffa, 0x1000);  // bytes 0xffa to 0x1ff9: instructions 0xff8 to 0x1ff8
  flat.x(0) = flat.pc() = 0;
  flat.engine->run(3 * 1024);
  EXPECT_EQ(flat.x(0), 3 * 1024 + 15u * (0x1004 / 4));
  flat.engine->invalidate_all();
  flat.x(0) = flat.pc() = 0;
  flat.engine->run(3 * 1024);
  EXPECT_EQ(flat.x(0), 16 * 3 * 1024u);
}

TEST(Engine, ForgetsTranslationsOfOnePage) {
  Flat flat;
  flat.put(0, {0xf9400041 /* ldr x1, [x2] */, kBackOne});
  flat.x(2) = 0x4000;
  std::uint64_t one = 1, two = 2;
  std::memcpy(&flat.memory[0x4000], &one, 8);
  std::memcpy(&flat.memory[0x5000], &two, 8);
  flat.engine->run(2);
  EXPECT_EQ(flat.x(1), 1u);
  flat.virtual_offset = -0x1000ull;  // virtual 0x4000 is now physical 0x5000
  flat.engine->run(2);
  EXPECT_EQ(flat.x(1), 1u);
  flat.engine->flush_page(0x4008);
  flat.engine->run(2);
  EXPECT_EQ(flat.x(1), 2u);
}

}  // namespace
}  // namespace cardvp::arm
