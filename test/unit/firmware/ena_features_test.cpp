// Features without RSS, LLQ and events, by the bytes of the specification.
#include "test/unit/firmware/console_fake.h"
#include "test/unit/firmware/ena_fixture.h"

namespace cardvp {
namespace {

using namespace nic::control_regs;

class EnaFeatures : public EnaFirmware {};

TEST_F(EnaFeatures, Attributes) {
  attach();
  const EnaCompletion answer = admin(get_feature(1));
  Bytes expected(64);
  put(expected, 8, 4, 1);
  put(expected, 12, 4, 1);
  put(expected, 16, 4, 0x1c145c9e);  // 1, 2, 3, 4, 7, 10, 11, 12, 14, 18, 20, 26, 27, 28
  put(expected, 20, 4, 0xd);         // ENI statistics, customer metrics, extended reset reasons
  put(expected, 24, 4, 48);
  put(expected, 28, 4, 48);
  put(expected, 32, 6, 0x554433221102);  // the MAC address, network order
  put(expected, 40, 4, 9001);
  EXPECT_EQ(answer.bytes, expected);
}

TEST_F(EnaFeatures, AttributesWithoutLlq) {
  attach(0);
  EXPECT_EQ(admin(get_feature(1)).u32(16), 0x1c145c8eu);
  EXPECT_EQ(status(get_feature(4)), 3u);
  EXPECT_EQ(status(set_feature(4).u16(30, 1).u16(34, 1).u16(38, 2).u16(42, 2)), 3u);
}

// Whatever is offered, works; whatever is not, is refused with the one status that drivers take for "no".
TEST_F(EnaFeatures, OfferedIsWhatWorks) {
  for (const unsigned llq_queues : {0u, kQueues}) {
    attach(llq_queues);
    const std::uint64_t offered = admin(get_feature(1)).u32(16);
    for (unsigned id = 0; id < 32; ++id) {
      if (id == 14 || id == 28) continue;  // only to be set
      EXPECT_EQ(status(get_feature(id)), offered >> id & 1 ? 0u : 3u) << id;
    }
  }
}

TEST_F(EnaFeatures, QueueLimits) {
  attach();
  for (const unsigned version : {0, 1}) {
    const EnaCompletion answer = admin(get_feature(7, version));
    Bytes expected(64);
    put(expected, 8, 1, 1);  // version
    for (const unsigned at : {12, 16, 20, 24}) put(expected, at, 4, kQueues);
    for (const unsigned at : {28, 32, 36, 40}) put(expected, at, 4, kMostEntries);
    put(expected, 44, 4, 96);
    put(expected, 48, 2, 19);
    put(expected, 50, 2, 19);
    EXPECT_EQ(answer.bytes, expected);
  }
}

TEST_F(EnaFeatures, QueueLimitsForOldDrivers) {
  attach();
  Bytes expected(64);
  put(expected, 8, 4, kQueues);
  put(expected, 12, 4, kMostEntries);
  put(expected, 16, 4, kQueues);
  put(expected, 20, 4, kMostEntries);
  put(expected, 32, 4, 96);
  put(expected, 36, 2, 19);
  put(expected, 38, 2, 19);
  EXPECT_EQ(admin(get_feature(2)).bytes, expected);
}

TEST_F(EnaFeatures, MoreQueuesThanThereCanBe) {
  attach();
  bank_.set(LIMITS_QUEUES, 200);
  ASSERT_TRUE(ena_init(&device_, &port_, kFunction, &identity_));
  EXPECT_EQ(admin(get_feature(7, 1)).u32(12), 128u);
}

TEST_F(EnaFeatures, Hints) {
  attach();
  EXPECT_EQ(admin(get_feature(3)).bytes, Bytes(64));  // the driver's defaults
  identity_.patient = 1;
  attach();
  Bytes expected(64);
  put(expected, 8, 2, 60000);   // register read
  put(expected, 10, 2, 65535);  // no watchdog
  put(expected, 12, 2, 65535);  // no check of TX completions
  put(expected, 16, 2, 60000);  // admin command
  put(expected, 18, 2, 60000);  // the OS's watchdog
  EXPECT_EQ(admin(get_feature(3)).bytes, expected);
}

TEST_F(EnaFeatures, Offloads) {
  attach();
  Bytes expected(64);
  put(expected, 8, 4, 0xeb);  // IPv4, L4 seeded, TSO, TSO with ECN
  put(expected, 12, 4, 0xf);
  put(expected, 16, 4, 0xf);
  EXPECT_EQ(admin(get_feature(11)).bytes, expected);
}

TEST_F(EnaFeatures, Moderation) {
  attach();
  Bytes expected(64);
  put(expected, 8, 2, 1);
  EXPECT_EQ(admin(get_feature(20)).bytes, expected);
}

TEST_F(EnaFeatures, Link) {
  const std::pair<unsigned, unsigned> speeds[] = {{1000, 0},  {2500, 1},  {5000, 2},   {10000, 3},  {25000, 4},
                                                  {40000, 5}, {50000, 6}, {100000, 7}, {200000, 8}, {400000, 9}};
  for (const auto& [mbit, bit] : speeds) {
    identity_.speed_mbit = mbit;
    attach();
    Bytes expected(64);
    put(expected, 8, 4, mbit);
    put(expected, 12, 4, 1u << bit);
    put(expected, 16, 4, 2);  // full duplex
    EXPECT_EQ(admin(get_feature(27)).bytes, expected);
  }
  identity_.speed_mbit = 12345;  // one that has no bit
  attach();
  EXPECT_EQ(admin(get_feature(27)).u32(8), 12345u);
  EXPECT_EQ(admin(get_feature(27)).u32(12), 0u);
}

TEST_F(EnaFeatures, Mtu) {
  attach();
  for (const unsigned mtu : {128, 1500, 9001}) {
    EXPECT_EQ(status(set_feature(14).u32(20, mtu)), 0u);
    EXPECT_EQ(reg(MTU_BYTES), mtu);
  }
  for (const std::uint32_t mtu : {0u, 127u, 9002u, 65536u + 1500u, 0xffffffffu}) {
    EXPECT_EQ(status(set_feature(14).u32(20, mtu)), 5u) << mtu;
    EXPECT_EQ(reg(MTU_BYTES), 9001u);
  }
}

TEST_F(EnaFeatures, HostAttributes) {
  attach();
  take_firmware_log();
  host_memory_[0xffff'0000'1000] = Bytes{1, 0, 0, 0};
  const EnaCommand command = set_feature(28).address(20, 0xffff'0000'1000);
  EXPECT_EQ(status(command), 0u);
  EXPECT_NE(take_firmware_log().find("Linux"), std::string::npos);
  EXPECT_EQ(status(EnaCommand(command).address(28, 0x9000).u32(36, 4096)), 0u);  // again, with a debug area
  EXPECT_EQ(take_firmware_log(), "");
  host_memory_[0xffff'0000'1000] = Bytes{5, 0, 0, 0};
  EXPECT_EQ(status(command), 0u);
  EXPECT_NE(take_firmware_log().find("iPXE"), std::string::npos);
  host_memory_[0xffff'0000'1000] = Bytes{0x77, 0, 0, 0};
  EXPECT_EQ(status(command), 0u);
  EXPECT_NE(take_firmware_log().find("unknown"), std::string::npos);
}

// Drivers take anything but success or "not there" for a fault.
TEST_F(EnaFeatures, HostAttributesThatCannotBeRead) {
  attach();
  EXPECT_EQ(status(set_feature(28)), 0u);
  EXPECT_TRUE(fetches_.empty());
  EXPECT_EQ(status(set_feature(28).address(20, 0xdead000)), 0u);
  host_memory_[0x1000] = Bytes{0, 1, 0, 0};  // no such OS
  EXPECT_EQ(status(set_feature(28).address(20, 0x1000)), 0u);
  for (unsigned i = 0; i < 5; ++i) send(set_feature(28).address(20, 0x1000));
  answer_fetches();
  const auto answers = take_completions();
  EXPECT_EQ(answers.size(), 5u);
  for (const EnaCompletion& answer : answers) EXPECT_EQ(answer.status, 0u);
}

// No answer has anything behind its fields, and none depends on what the command's slot had before.
TEST_F(EnaFeatures, LeftOversOfTheSlot) {
  attach();
  for (const unsigned id : {1, 2, 3, 4, 7, 10, 11, 12, 18, 20, 26, 27}) {
    EnaCommand dirty(ENA_GET_FEATURE, 20, 0xff);
    dirty.u8(17, id);
    EXPECT_EQ(admin(dirty).bytes, admin(get_feature(id)).bytes) << id;
  }
}

}  // namespace
}  // namespace cardvp
