#include "models/base/registers.h"

#include <gtest/gtest.h>

namespace cardvp {
namespace toy {
#define CARDVP_REGISTERS "test/unit/base/toy.def"
#include "models/base/declare_registers.h"
}  // namespace toy

namespace {

struct Registers : testing::Test {
  RegisterBank bank{toy::kBank};
  std::uint64_t read(std::uint64_t offset, unsigned size = 4) {
    std::uint64_t value = 0xdead;
    EXPECT_TRUE(bank.read(offset, size, value));
    return value;
  }
};

TEST_F(Registers, StartAtTheirResetValues) {
  EXPECT_EQ(read(toy::offset::CONTROL), 0x80000050u);
  EXPECT_EQ(read(0x60), 7u);
}

TEST_F(Registers, KeepOnlyWritableBits) {
  EXPECT_TRUE(bank.write(toy::offset::CONTROL, 4, 0x7fffff8f));
  EXPECT_EQ(read(toy::offset::CONTROL), 0x80000001u);
  EXPECT_EQ(bank.get(toy::CONTROL_MODE), 0u);
}

TEST_F(Registers, ClearSetAndForgetAsDeclared) {
  bank.set(toy::STATUS_ERRORS, 0x0f);
  EXPECT_TRUE(bank.write(toy::offset::STATUS, 4, 0xabcd0103));
  EXPECT_EQ(read(toy::offset::STATUS), 0x10cu);  // errors 3 cleared, START set, DOORBELL reads as 0
  EXPECT_TRUE(bank.write(toy::offset::STATUS, 4, 0));
  EXPECT_EQ(read(toy::offset::STATUS), 0x10cu);  // a written 0 changes neither
}

TEST_F(Registers, ByteWritesTouchTheirByteOnly) {
  EXPECT_TRUE(bank.write(0x43, 1, 0xee));
  EXPECT_EQ(read(0x40), 0xee000007u);
  EXPECT_EQ(read(0x42, 2), 0xee00u);
}

TEST_F(Registers, WideRegistersGoByHalves) {
  EXPECT_TRUE(bank.write(0x0c, 4, 0x12345678));
  EXPECT_TRUE(bank.write(0x08, 4, 0x9abcdeff));
  EXPECT_EQ(read(0x08, 8), 0x123456789abcd000u);
  EXPECT_EQ(read(0x0c), 0x12345678u);
  EXPECT_TRUE(bank.write(0x08, 8, 0xfedcba9876543210));
  EXPECT_EQ(bank.get(toy::BASE_ADDRESS), 0xfedcba9876543u);
}

TEST_F(Registers, EightBytesOverTwoNarrowRegisters) {
  EXPECT_TRUE(bank.write(0x00, 8, 0x0000000100000011));
  EXPECT_EQ(read(0x00, 8), 0x80000011u);
}

TEST_F(Registers, RefuseWhatIsNotThere) {
  std::uint64_t value = 0;
  EXPECT_FALSE(bank.read(0x10, 4, value));       // a hole
  EXPECT_FALSE(bank.read(0x44, 4, value));       // between an array's elements
  EXPECT_FALSE(bank.read(0x100, 4, value));      // past the end
  EXPECT_FALSE(bank.read(~0ull - 3, 4, value));  // far past it
  EXPECT_FALSE(bank.read(0x02, 4, value));       // unaligned
  EXPECT_FALSE(bank.write(0x00, 3, 0));          // no such size
  EXPECT_FALSE(bank.write(0x40, 8, 0));          // its upper half is a hole:
  EXPECT_EQ(bank.get(toy::SLOT), 7u);            // then nothing is written
}

TEST_F(Registers, HooksSeeTheAccess) {
  RegisterWrite seen{};
  bank.on_write(toy::STATUS, [&](const RegisterWrite& write) { seen = write; });
  bank.on_read(toy::SLOT, [](std::uint32_t index) { return 100 + index; });
  bank.set(toy::STATUS_ERRORS, 1);
  EXPECT_TRUE(bank.write(0x06, 2, 0x1234));
  EXPECT_EQ(seen.old, 1u);
  EXPECT_EQ(seen.value, 1u);
  EXPECT_EQ(toy::STATUS_DOORBELL.of(seen.written), 0x1234u);
  EXPECT_EQ(seen.mask, 0xffff0000u);
  EXPECT_EQ(read(0x50), 101u);
}

TEST_F(Registers, ResetRestoresEverything) {
  ASSERT_TRUE(bank.write(0x60, 4, 1));
  ASSERT_TRUE(bank.write(0x00, 4, 1));
  bank.reset();
  EXPECT_EQ(read(0x60), 7u);
  EXPECT_EQ(read(0x00), 0x80000050u);
}

}  // namespace
}  // namespace cardvp
