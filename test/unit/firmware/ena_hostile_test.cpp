// A host that sends anything: each command is answered once, whatever it is, and the device goes on.
#include <random>

#include "test/unit/firmware/ena_fixture.h"

namespace cardvp {
namespace {

using namespace nic::control_regs;

class EnaHostile : public EnaFirmware {
 protected:
  EnaHostile() {
    identity_.patient = 1;
    attach();
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }
  // Opcodes and features that there are more often than not, so that fields are what is wrong.
  EnaCommand command() {
    static constexpr unsigned kOpcodes[] = {1, 2, 3, 4, 8, 9, 9, 9, 11};
    static constexpr unsigned kFeatures[] = {1, 2, 3, 4, 7, 10, 11, 12, 14, 18, 20, 26, 27, 28};
    EnaCommand command(0, 0);
    const bool plausible = random_() % 4 != 0;
    for (auto& each : command.bytes) each = plausible && random_() % 2 ? byte() % 4 : byte();
    if (random_() % 16) command.u8(2, kOpcodes[random_() % std::size(kOpcodes)]);
    if (random_() % 16) command.u8(17, kFeatures[random_() % std::size(kFeatures)]);
    if (random_() % 4 == 0) command.u32(4, random_() % 2 ? 512 : 0);
    if (random_() % 2) command.address(8, 0x10000).address(20, 0x10000);
    if (random_() % 2) command.u8(18, 0);
    return command;
  }

  // Good ones, with at most one byte that is not.
  EnaCommand almost_good() {
    const EnaCommand good[] = {
        EnaCommand(ENA_CREATE_CQ, 20).u8(4, 0x20).u8(5, random_() % 2 ? 2 : 4).u16(6, 64).u32(8, 1),
        EnaCommand(ENA_CREATE_SQ, 36)
            .u8(4, random_() % 2 ? 0x20 : 0x40)
            .u16(6, 0x101)
            .u16(8, random_() % 8)
            .u16(10, 64),
        EnaCommand(ENA_CREATE_SQ, 36).u8(4, 0x20).u16(6, 0x103).u16(8, random_() % 8).u16(10, 64),
        EnaCommand(ENA_DESTROY_SQ, 8).u16(4, random_() % 4).u8(6, random_() % 2 ? 0x20 : 0x40),
        EnaCommand(ENA_DESTROY_CQ, 8).u16(4, random_() % 8),
        set_feature(12).buffer(512, 0x10000).u16(24, 7).u32(28, 0xffffffff),
        set_feature(4).u16(30, 1).u16(34, random_() % 2 ? 1 : 4).u16(38, 2).u16(42, 2),
        set_feature(26).u32(24, random_() % 2 ? 0x19 : 0),
        get_feature(12).buffer(512, 0x10000),
    };
    EnaCommand command = good[random_() % std::size(good)];
    if (random_() % 2) command.u8(random_() % 64, byte());
    return command;
  }

  std::mt19937 random_{20};
};

TEST_F(EnaHostile, RandomCommands) {
  std::uint64_t answered = 0;
  for (unsigned i = 0; i < 100'000; ++i) {
    Bytes& memory = host_memory_[0x10000];
    memory.resize(512);
    if (i % 8 == 0)
      for (auto& each : memory) each = byte() % 16 == 0;  // tables of the first two queues
    const std::uint32_t tag = send(random_() % 2 ? command() : almost_good());
    answer_fetches();
    const auto answers = take_completions();
    ASSERT_EQ(answers.size(), 1u) << i;
    ASSERT_EQ(answers[0].tag, tag);
    ASSERT_LE(answers[0].data.size(), 512u);
    answered += answers[0].status == 0;
    if (i % 50 == 0) host_gives_credit(byte() % 4);
    if (i % 70 == 0) pass(random_() % 3'000'000);
    if (i % 900 == 0) ena_set_link(&device_, i % 1800 == 0);
    if (i % 1000 == 999) whole_reset();
    take_events();
  }
  EXPECT_GT(answered, 10'000u);
  EXPECT_TRUE(ena_quiet(&device_));
  whole_reset();
  EXPECT_TRUE(cqs_.empty());
  EXPECT_TRUE(tx_.empty());
  EXPECT_TRUE(rx_.empty());
  EXPECT_EQ(status(get_feature(1)), 0u);
}

// Resets at any moment, and answers to control buffers whenever they come.
TEST_F(EnaHostile, RandomResets) {
  std::uint64_t sent = 0, answered = 0;
  host_memory_[0x10000] = Bytes(512);
  for (unsigned i = 0; i < 50'000; ++i) {
    switch (random_() % 16) {
      case 0: host_resets(byte()); break;
      case 1: host_releases(); break;
      case 2: host_resets_function(); break;
      case 3: events(); break;
      case 4: answer_fetches(random_() % 4); break;
      default: send(command()), ++sent; break;
    }
    answered += take_completions().size();
    take_events();
  }
  EXPECT_LE(answered, sent);
  EXPECT_GT(answered, 1000u);
  events();
  whole_reset();
  EXPECT_EQ(reg(STATUS_RESETTING), 0u);
  EXPECT_TRUE(cqs_.empty());
  EXPECT_EQ(status(get_feature(1)), 0u);
}

}  // namespace
}  // namespace cardvp
