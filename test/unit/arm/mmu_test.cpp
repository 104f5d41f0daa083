// Stage 1 translation, with tables in a map: permissions and ranges that programs/translation.S does not reach.
#include "models/arm/mmu.h"

#include <gtest/gtest.h>

#include <map>

namespace cardvp::arm {
namespace {

constexpr std::uint64_t kAf = 1 << 10, kUser = 1 << 6, kReadOnly = 1 << 7, kPxn = 1ull << 53, kUxn = 1ull << 54;

struct Tables : testing::Test {
  SystemRegisters registers;
  std::map<std::uint64_t, std::uint64_t> memory;
  Mmu mmu{registers, [this](std::uint64_t at, std::uint64_t& descriptor) {
            const auto found = memory.find(at);
            if (found == memory.end()) return at < 0x100000;  // tables are below; the rest does not answer
            descriptor = found->second;
            return true;
          }};

  void SetUp() override {
    registers.reset();
    registers[Sys::SCTLR_EL1] |= 1;
    registers[Sys::TCR_EL1] = 16 | 16 << 16 | 2ull << 32;  // 48 bits each, 40-bit output
    registers[Sys::TTBR0_EL1] = 0x1000;
    registers[Sys::TTBR1_EL1] = 0x8000;
    registers[Sys::MAIR_EL1] = 0x04ff;  // 0: Normal, 1: Device
    memory[0x1000] = 0x2003;            // level 0
    memory[0x2000] = 0x3003;            // level 1
    memory[0x3000] = 0x4003;            // level 2
    memory[0x8000 + 511 * 8] = 0x9003;
    memory[0x9000 + 511 * 8] = 0xc0000000 | kAf | 1;  // 1 GiB block at the top
  }
  void page(std::uint64_t attributes) { memory[0x4000 + 5 * 8] = 0x77000 | attributes | 3; }
  // What EL0 and EL1 may do with page 5: "rwx" each.
  std::string permissions() const {
    std::string text;
    for (const unsigned el : {0u, 1u}) {
      text += mmu.translate(0x5123, AccessKind::kRead, el).ok ? 'r' : '-';
      text += mmu.translate(0x5123, AccessKind::kWrite, el).ok ? 'w' : '-';
      text += mmu.translate(0x5123, AccessKind::kExecute, el).ok ? 'x' : '-';
    }
    return text;
  }
};

TEST_F(Tables, AccessPermissions) {
  // Arm ARM, D5.4.4: what EL0 can write, EL1 does not execute.
  page(kAf);
  EXPECT_EQ(permissions(), "--xrwx");
  page(kAf | kUser);
  EXPECT_EQ(permissions(), "rwxrw-");
  page(kAf | kReadOnly);
  EXPECT_EQ(permissions(), "--xr-x");
  page(kAf | kReadOnly | kUser);
  EXPECT_EQ(permissions(), "r-xr-x");
  page(kAf | kUxn);
  EXPECT_EQ(permissions(), "---rwx");
  page(kAf | kPxn);
  EXPECT_EQ(permissions(), "--xrw-");
}

TEST_F(Tables, HierarchicalPermissionsTakeAway) {
  page(kAf | kUser);
  memory[0x2000] = 0x3003 | 1ull << 61;  // APTable: nothing for EL0
  EXPECT_EQ(permissions(), "--xrwx");
  memory[0x2000] = 0x3003 | 1ull << 62;  // read-only
  EXPECT_EQ(permissions(), "r-xr-x");
  memory[0x2000] = 0x3003 | 1ull << 60;
  EXPECT_EQ(permissions(), "rw-rw-");
  memory[0x2000] = 0x3003 | 1ull << 59;
  memory[0x3000] = 0x4003 | 1ull << 62;
  EXPECT_EQ(permissions(), "r-xr--");
}

TEST_F(Tables, WriteImpliesExecuteNever) {
  registers[Sys::SCTLR_EL1] |= 1 << 19;
  page(kAf);
  EXPECT_EQ(permissions(), "--xrw-");
  page(kAf | kUser);
  EXPECT_EQ(permissions(), "rw-rw-");
}

TEST_F(Tables, BothRanges) {
  page(kAf);
  EXPECT_EQ(mmu.translate(0x5123, AccessKind::kRead, 1).physical, 0x77123u);
  const Mmu::Result top = mmu.translate(0xffff'ffff'ffff'fff8, AccessKind::kRead, 1);
  EXPECT_TRUE(top.ok);
  EXPECT_EQ(top.physical, 0xffff'fff8u);
  EXPECT_EQ(mmu.translate(0x0001'0000'0000'5123, AccessKind::kRead, 1).fault, 0x04);
  EXPECT_EQ(mmu.translate(0xfffe'ffff'ffff'fff8, AccessKind::kRead, 1).fault, 0x04);
  registers[Sys::TCR_EL1] |= 1u << 23;  // EPD1
  EXPECT_EQ(mmu.translate(0xffff'ffff'ffff'fff8, AccessKind::kRead, 1).fault, 0x04);
}

TEST_F(Tables, TopByteIgnored) {
  page(kAf);
  EXPECT_FALSE(mmu.translate(0x5a00'0000'0000'5123, AccessKind::kRead, 1).ok);
  registers[Sys::TCR_EL1] |= 3ull << 37;
  EXPECT_EQ(mmu.translate(0x5a00'0000'0000'5123, AccessKind::kRead, 1).physical, 0x77123u);
  EXPECT_EQ(mmu.translate(0x00ff'ffff'ffff'fff8, AccessKind::kRead, 1).physical, 0xffff'fff8u);
}

TEST_F(Tables, SmallerRangesStartAtLowerLevels) {
  registers[Sys::TCR_EL1] = 25 | 2ull << 32;  // 39 bits: level 1 first
  registers[Sys::TTBR0_EL1] = 0x2000;
  page(kAf);
  EXPECT_EQ(mmu.translate(0x5123, AccessKind::kRead, 1).physical, 0x77123u);
  registers[Sys::TCR_EL1] = 39 | 2ull << 32;  // 25 bits: level 2, 16 entries
  registers[Sys::TTBR0_EL1] = 0x3000;
  EXPECT_EQ(mmu.translate(0x5123, AccessKind::kRead, 1).physical, 0x77123u);
  EXPECT_EQ(mmu.translate(0x2005123, AccessKind::kRead, 1).fault, 0x04);
}

TEST_F(Tables, FaultsSayTheirLevel) {
  EXPECT_EQ(mmu.translate(1ull << 39, AccessKind::kRead, 1).fault, 0x04);
  EXPECT_EQ(mmu.translate(1ull << 30, AccessKind::kRead, 1).fault, 0x05);
  EXPECT_EQ(mmu.translate(1ull << 21, AccessKind::kRead, 1).fault, 0x06);
  EXPECT_EQ(mmu.translate(0x5000, AccessKind::kRead, 1).fault, 0x07);
  page(0);
  EXPECT_EQ(mmu.translate(0x5000, AccessKind::kRead, 1).fault, 0x0b);
  memory[0x4000 + 5 * 8] = 0x77000 | kAf | 1;  // a block at level 3 is reserved
  EXPECT_EQ(mmu.translate(0x5000, AccessKind::kRead, 1).fault, 0x07);
  memory[0x1000] = 0x2001;  // and so at level 0
  EXPECT_EQ(mmu.translate(0x5000, AccessKind::kRead, 1).fault, 0x04);
  memory[0x1000] = 0x5'0000'0003;  // tables where nothing answers
  EXPECT_EQ(mmu.translate(0x5000, AccessKind::kRead, 1).fault, 0x15);
  memory[0x1000] = 0x1'0000'0000'0003 >> 1 | 3;  // beyond 40 bits
  EXPECT_EQ(mmu.translate(0x5000, AccessKind::kRead, 1).fault, 0x00);
}

TEST_F(Tables, AttributesComeFromMair) {
  page(kAf | 1 << 2);
  EXPECT_TRUE(mmu.translate(0x5000, AccessKind::kRead, 1).device());
  page(kAf);
  EXPECT_FALSE(mmu.translate(0x5000, AccessKind::kRead, 1).device());
}

TEST_F(Tables, OffMeansIdentityAndDevice) {
  registers[Sys::SCTLR_EL1] &= ~1ull;
  const Mmu::Result data = mmu.translate(0x12'3456'7890, AccessKind::kRead, 0);
  EXPECT_EQ(data.physical, 0x12'3456'7890u);
  EXPECT_TRUE(data.device());
  EXPECT_EQ(mmu.translate(0x100'0000'0000, AccessKind::kRead, 1).fault, 0x00);
}

}  // namespace
}  // namespace cardvp::arm
