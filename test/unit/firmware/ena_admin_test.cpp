// The admin queue as a whole: unknown commands, batches, control buffers, statistics.
#include <gmock/gmock.h>

#include "test/unit/firmware/ena_fixture.h"

namespace cardvp {
namespace {

using namespace nic::control_regs;
namespace vpc = nic::interface_regs;
using testing::ElementsAre;

class EnaAdmin : public EnaFirmware {
 protected:
  EnaAdmin() { attach(); }
};

TEST_F(EnaAdmin, UnknownOpcodes) {
  for (const unsigned opcode : {0, 5, 6, 7, 10, 12, 255}) EXPECT_EQ(status(EnaCommand(opcode, 64)), 3u) << opcode;
}

TEST_F(EnaAdmin, FeaturesThatAreNotThere) {
  for (const unsigned id : {0, 5, 6, 8, 9, 13, 15, 16, 17, 19, 21, 22, 23, 24, 25, 29, 30, 31, 32, 64, 255}) {
    EXPECT_EQ(status(get_feature(id)), 3u) << id;
    EXPECT_EQ(status(set_feature(id)), 3u) << id;
  }
}

TEST_F(EnaAdmin, FeaturesTheOtherWay) {
  for (const unsigned id : {1, 2, 3, 7, 11, 20, 27}) EXPECT_EQ(status(set_feature(id)), 3u) << id;
  for (const unsigned id : {14, 28}) EXPECT_EQ(status(get_feature(id)), 3u) << id;
}

TEST_F(EnaAdmin, VersionsThatAreNotThere) {
  for (const unsigned id : {1, 2, 3, 4, 7, 10, 11, 12, 18, 20, 26, 27})
    EXPECT_EQ(status(get_feature(id, 255)), 3u) << id;
  EXPECT_EQ(status(get_feature(7, 2)), 3u);
  EXPECT_EQ(status(get_feature(4, 2)), 3u);
}

TEST_F(EnaAdmin, Selections) {
  EXPECT_EQ(status(get_feature(1).u8(16, 1)), 0u);
  EXPECT_EQ(status(get_feature(1).u8(16, 3)), 0u);
  EXPECT_EQ(status(get_feature(1).u8(16, 2)), 5u);
}

TEST_F(EnaAdmin, FailedCommandsBringNothing) {
  const EnaCompletion answer = admin(set_feature(14).u32(20, 1));
  Bytes expected(64);
  expected[2] = 5;
  EXPECT_EQ(answer.bytes, expected);
  EXPECT_TRUE(answer.data.empty());
}

TEST_F(EnaAdmin, HundredCommands) {
  for (unsigned i = 0; i < 100; ++i) {
    const EnaCompletion answer = admin(i % 3 ? get_feature(11) : EnaCommand(ENA_GET_STATS, 24));
    EXPECT_EQ(answer.status, 0u);
    EXPECT_EQ(answer.u16(0), 0u);  // command id and phase are the engine's
    EXPECT_EQ(answer.u8(3), 0u);
    EXPECT_EQ(answer.u16(4), 0u);
  }
}

// Each is answered once; those that wait for host memory do not keep the others waiting.
TEST_F(EnaAdmin, Batch) {
  host_memory_[0x4000] = Bytes(48);
  host_memory_[0x5000] = Bytes(256);
  const std::uint32_t first = send(set_feature(10).buffer(48, 0x4000).u32(24, 2));
  const std::uint32_t second = send(get_feature(1));
  const std::uint32_t third = send(set_feature(18).buffer(256, 0x5000));
  const std::uint32_t fourth = send(EnaCommand(99, 64));
  EXPECT_FALSE(ena_quiet(&device_));
  std::vector<EnaCompletion> answers = take_completions();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].tag, second);
  EXPECT_EQ(answers[1].tag, fourth);
  std::swap(fetches_[0], fetches_[1]);
  answer_fetches();
  answers = take_completions();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].tag, third);
  EXPECT_EQ(answers[0].status, 0u);
  EXPECT_EQ(answers[1].tag, first);
  EXPECT_EQ(answers[1].status, 0u);
  EXPECT_TRUE(ena_quiet(&device_));
}

TEST_F(EnaAdmin, MoreControlBuffersThanTheFirmwareFetches) {
  host_memory_[0x4000] = Bytes(48);
  std::vector<unsigned> statuses;
  for (unsigned i = 0; i < 10; ++i) send(set_feature(10).buffer(48, 0x4000).u32(24, 2));
  EXPECT_EQ(fetches_.size(), unsigned{ENA_FETCHES});
  for (const EnaCompletion& answer : take_completions()) statuses.push_back(answer.status);
  EXPECT_EQ(statuses, std::vector<unsigned>(10 - ENA_FETCHES, ENA_BUSY));
  answer_fetches();
  EXPECT_EQ(take_completions().size(), unsigned{ENA_FETCHES});
  EXPECT_EQ(status(set_feature(10).buffer(48, 0x4000).u32(24, 2)), 0u);
}

TEST_F(EnaAdmin, ControlBufferThatCannotBeRead) {
  EXPECT_EQ(status(set_feature(10).buffer(48, 0x999000).u32(24, 2)), 5u);
  host_memory_[0x4000] = Bytes(48);
  send(set_feature(10).buffer(48, 0x4000).u32(24, 2));
  answer_fetches(NIC_FETCH_HOST_ERROR);
  EXPECT_EQ(take_completions().at(0).status, 5u);
}

TEST_F(EnaAdmin, AnswersToNothing) {
  nic_message_fetched answer{};
  answer.header = {NIC_MESSAGE_FETCHED, kFunction, 12345};
  ena_fetched(&device_, &answer, sent_++);
  EXPECT_TRUE(take_completions().empty());
}

// The flags of a control buffer say nothing; its length does (3.1).
TEST_F(EnaAdmin, ControlBufferFlags) {
  for (const unsigned flags : {0, 2, 4, 6}) {
    EnaCommand command = get_feature(10).buffer(48, 0xabcd'1234'5678);
    command.u8(3, flags);
    const EnaCompletion answer = admin(command);
    EXPECT_EQ(answer.data.size(), 48u);
    EXPECT_EQ(answer.host_address, 0xabcd'1234'5678u);  // 48 bits
  }
  EXPECT_TRUE(admin(get_feature(10)).data.empty());
}

TEST_F(EnaAdmin, BuffersOfFeaturesThatHaveNone) {
  EXPECT_TRUE(admin(get_feature(1).buffer(4096, 0x4000)).data.empty());
  EXPECT_EQ(status(set_feature(14).buffer(4096, 0x4000).u32(20, 1500)), 0u);
}

TEST_F(EnaAdmin, BasicStatistics) {
  const Register registers[] = {TX_BYTES, TX_PACKETS, RX_BYTES, RX_PACKETS, RX_DROPS, TX_DROPS, RX_OVERRUNS};
  std::uint64_t value = 0x1'0000'0001;
  for (const Register reg : registers) bank_.set(reg, value += 0x1'0000'0001);
  for (const std::uint8_t left_over : {0x00, 0xff}) {
    const EnaCompletion answer = admin(EnaCommand(ENA_GET_STATS, 24, left_over));
    EXPECT_EQ(answer.status, 0u);
    value = 0x1'0000'0001;
    for (unsigned i = 0; i < 7; ++i) EXPECT_EQ(answer.u64(8 + 8 * i), value += 0x1'0000'0001) << i;
  }
}

TEST_F(EnaAdmin, StatisticsOfAllowances) {
  allowances_.set(vpc::BANDWIDTH_IN_EXCEEDED, 0x1'0000'0005);
  allowances_.set(vpc::BANDWIDTH_OUT_EXCEEDED, 6);
  allowances_.set(vpc::PACKET_RATE_EXCEEDED, 7);
  allowances_.set(vpc::CONNECTIONS_EXCEEDED, 8);
  allowances_.set(vpc::SLOW_RATE_EXCEEDED, 9);
  const EnaCompletion answer = admin(EnaCommand(ENA_GET_STATS, 24, 0xff).u8(16, 2));
  EXPECT_EQ(answer.status, 0u);
  EXPECT_EQ(answer.u64(8), 0x1'0000'0005u);
  for (unsigned i = 1; i < 5; ++i) EXPECT_EQ(answer.u64(8 + 8 * i), 5 + i);
}

TEST_F(EnaAdmin, CustomerMetrics) {
  allowances_.set(vpc::BANDWIDTH_IN_EXCEEDED, 5);
  allowances_.set(vpc::PACKET_RATE_EXCEEDED, 0x7'0000'0000);
  allowances_.set(vpc::CONNECTIONS_MOST, 100);
  allowances_.set(vpc::CONNECTIONS_NOW_COUNT, 30);
  const auto command = [](std::uint64_t wanted) {
    return EnaCommand(ENA_GET_STATS, 32).u8(16, 4).field(24, 8, wanted);
  };
  const EnaCompletion map = admin(command(~0ull));
  EXPECT_EQ(map.u64(8), 0x3fu);
  EXPECT_TRUE(map.data.empty());

  EnaCompletion values = admin(command(0x25).buffer(24, 0x7000));
  EXPECT_EQ(values.u64(8), 0x25u);
  EXPECT_EQ(values.host_address, 0x7000u);
  ASSERT_EQ(values.data.size(), 24u);
  EXPECT_EQ(bytes_at(values.data, 0, 8), 5u);
  EXPECT_EQ(bytes_at(values.data, 8, 8), 0x7'0000'0000u);
  EXPECT_EQ(bytes_at(values.data, 16, 8), 70u);

  EXPECT_EQ(status(command(0x25).buffer(23, 0x7000)), 5u);
  EXPECT_EQ(admin(command(1ull << 40).buffer(8, 0x7000)).u64(8), 0u);  // none of ours
  allowances_.set(vpc::CONNECTIONS_NOW_COUNT, 101);                    // the allowance was lowered
  EXPECT_EQ(bytes_at(admin(command(0x20).buffer(8, 0x7000)).data, 0, 8), 0u);
  allowances_.set(vpc::CONNECTIONS_MOST, 0);  // no limit
  EXPECT_EQ(bytes_at(admin(command(0x20).buffer(8, 0x7000)).data, 0, 8), 0xffffffffu);
}

TEST_F(EnaAdmin, StatisticsThatAreNotThere) {
  EXPECT_EQ(status(EnaCommand(ENA_GET_STATS, 24).u8(16, 1)), 3u);
  EXPECT_EQ(status(EnaCommand(ENA_GET_STATS, 24).u8(16, 3)), 3u);
  EXPECT_EQ(status(EnaCommand(ENA_GET_STATS, 24).u8(16, 5)), 5u);
}

}  // namespace
}  // namespace cardvp
