// Creating and destroying I/O queues.
#include "test/unit/firmware/ena_fixture.h"

namespace cardvp {
namespace {

using namespace nic::control_regs;

class EnaQueues : public EnaFirmware {
 protected:
  EnaQueues() { attach(); }
  static EnaCommand cq(unsigned dwords = 2, unsigned entries = 64, std::uint32_t vector = 1,
                       std::uint8_t left_over = 0) {
    return EnaCommand(ENA_CREATE_CQ, 20, left_over)
        .u8(4, 1 << 5)
        .u8(5, dwords)
        .u16(6, entries)
        .u32(8, vector)
        .address(12, 0x1234'5678'9000);
  }
  static EnaCommand sq(unsigned direction, unsigned cq, unsigned entries = 64, std::uint8_t left_over = 0) {
    return EnaCommand(ENA_CREATE_SQ, 36, left_over)
        .u8(4, direction << 5)
        .u8(6, ENA_PLACEMENT_HOST)
        .u8(7, 1)
        .u16(8, cq)
        .u16(10, entries)
        .address(12, 0xaaaa'bbbb'c000);
  }
  static EnaCommand llq(unsigned cq, unsigned entries) {
    return sq(ENA_DIRECTION_TX, cq, entries).u8(6, ENA_PLACEMENT_DEVICE).address(12, 0);
  }
  static EnaCommand destroy_sq(unsigned direction, unsigned index, std::uint8_t left_over = 0) {
    return EnaCommand(ENA_DESTROY_SQ, 8, left_over).u16(4, index).u8(6, direction << 5);
  }
  static EnaCommand destroy_cq(unsigned index, std::uint8_t left_over = 0) {
    return EnaCommand(ENA_DESTROY_CQ, 8, left_over).u16(4, index);
  }
};

TEST_F(EnaQueues, CompletionQueue) {
  for (const std::uint8_t left_over : {0x00, 0xff}) {
    const EnaCompletion answer = admin(cq(4, 1024, 3, left_over));
    EXPECT_EQ(answer.status, 0u);
    EXPECT_EQ(reg(QUEUE_BASE_ADDRESS), 0x1234'5678'9000u);
    EXPECT_EQ(reg(QUEUE_SHAPE_ENTRIES), 1024u);
    EXPECT_EQ(reg(QUEUE_SHAPE_ENTRY_BYTES), 16u);
    EXPECT_EQ(reg(QUEUE_SHAPE_INTERRUPTS), 1u);
    EXPECT_EQ(reg(QUEUE_SHAPE_LLQ), 0u);
    EXPECT_EQ(reg(QUEUE_LINK_VECTOR), 3u);
    EXPECT_EQ(answer.u16(8), left_over ? 1u : 0u);  // its number
    EXPECT_EQ(answer.u16(10), 1024u);
    EXPECT_EQ(answer.u32(12), 0u);  // no NUMA register
    EXPECT_EQ(answer.u32(16), 0u);  // no head doorbell
    EXPECT_EQ(answer.u32(20), 0x2000u + 4 * 3);
  }
}

TEST_F(EnaQueues, CompletionQueueWithoutInterrupts) {
  for (const EnaCommand& command : {cq(2, 32, 0xffffffff), cq(2, 32, 0xffffffff).u8(4, 0), cq(2, 32, 9).u8(4, 0)}) {
    const EnaCompletion answer = admin(command);
    EXPECT_EQ(answer.status, 0u);
    EXPECT_EQ(reg(QUEUE_SHAPE_INTERRUPTS), 0u);
    EXPECT_NE(answer.u32(20), 0u);
  }
}

TEST_F(EnaQueues, CompletionQueuesThatCannotBe) {
  for (const unsigned dwords : {0, 1, 3, 5, 6, 7, 16, 31}) EXPECT_EQ(status(cq(dwords)), 5u) << dwords;
  for (const unsigned entries : {0, 1, 3, 1000, 2048, 65535}) EXPECT_EQ(status(cq(2, entries)), 5u) << entries;
  for (const unsigned vector : {kVectors, 0x10001u, 0xfffffffeu}) EXPECT_EQ(status(cq(2, 64, vector)), 5u) << vector;
  EXPECT_EQ(status(cq().address(12, 0x1004)), 5u);
  EXPECT_TRUE(cqs_.empty());
}

TEST_F(EnaQueues, AsManyCompletionQueuesAsThereAre) {
  for (unsigned i = 0; i < 2 * kQueues; ++i) EXPECT_EQ(create_cq(2), i);
  EXPECT_EQ(status(cq()), 1u);
  EXPECT_EQ(status(destroy_cq(3)), 0u);
  EXPECT_EQ(create_cq(4), 3u);
}

TEST_F(EnaQueues, SubmissionQueues) {
  for (const std::uint8_t left_over : {0x00, 0xff}) {
    const unsigned tx_cq = create_cq(2), rx_cq = create_cq(4), index = left_over ? 1 : 0;
    const EnaCompletion tx = admin(sq(ENA_DIRECTION_TX, tx_cq, 256, left_over));
    EXPECT_EQ(tx.status, 0u);
    EXPECT_EQ(reg(QUEUE_BASE_ADDRESS), 0xaaaa'bbbb'c000u);
    EXPECT_EQ(reg(QUEUE_SHAPE_ENTRIES), 256u);
    EXPECT_EQ(reg(QUEUE_SHAPE_ENTRY_BYTES), 16u);
    EXPECT_EQ(reg(QUEUE_SHAPE_LLQ), 0u);
    EXPECT_EQ(reg(QUEUE_LINK_CQ), tx_cq);
    EXPECT_EQ(tx.u16(8), index);
    EXPECT_EQ(tx.u32(12), 0x1000u + 8 * index);
    EXPECT_EQ(tx.u32(16), 0u);
    EXPECT_EQ(tx.u32(20), 0u);
    const EnaCompletion rx = admin(sq(ENA_DIRECTION_RX, rx_cq, 1024, left_over));
    EXPECT_EQ(rx.status, 0u);
    EXPECT_EQ(rx.u16(8), index);  // numbered apart
    EXPECT_EQ(rx.u32(12), 0x1000u + 8 * index + 4);
    EXPECT_EQ(tx_.at(index), tx_cq);
    EXPECT_EQ(rx_.at(index), rx_cq);
  }
}

TEST_F(EnaQueues, SubmissionQueuesThatCannotBe) {
  create_cq(2);
  create_cq(4);
  for (const unsigned direction : {0, 3, 7}) EXPECT_EQ(status(sq(direction, 0)), 5u) << direction;
  for (const unsigned placement : {0, 2, 4, 15}) EXPECT_EQ(status(sq(1, 0).u8(6, placement)), 5u) << placement;
  for (const unsigned policy : {1, 2, 3, 7}) EXPECT_EQ(status(sq(1, 0).u8(6, policy << 4 | 1)), 5u) << policy;
  EXPECT_EQ(status(sq(1, 0).u8(7, 0)), 5u);  // not contiguous
  for (const unsigned entries : {0, 1, 3, 1000, 2048, 65535}) EXPECT_EQ(status(sq(1, 0, entries)), 5u) << entries;
  EXPECT_EQ(status(sq(1, 0).address(12, 0x1001)), 5u);
  for (const unsigned cq : {2u, 2 * kQueues, 0xffffu}) EXPECT_EQ(status(sq(1, cq)), 5u) << cq;
  EXPECT_EQ(status(sq(2, 0)), 5u);                              // RX on a CQ of 8-byte entries
  EXPECT_EQ(status(sq(2, 1).u8(6, ENA_PLACEMENT_DEVICE)), 5u);  // RX in device memory
  EXPECT_TRUE(tx_.empty());
  EXPECT_TRUE(rx_.empty());
}

TEST_F(EnaQueues, AsManySubmissionQueuesAsThereAre) {
  for (unsigned i = 0; i < kQueues; ++i) {
    EXPECT_EQ(create_sq(ENA_DIRECTION_TX, create_cq(2)), i);
    EXPECT_EQ(create_sq(ENA_DIRECTION_RX, create_cq(4)), i);
  }
  EXPECT_EQ(status(sq(ENA_DIRECTION_TX, 0)), 1u);  // the driver tries again with less
  EXPECT_EQ(status(sq(ENA_DIRECTION_RX, 1)), 1u);
}

TEST_F(EnaQueues, TwoQueuesOnOneCompletionQueue) {
  const unsigned shared = create_cq(2);
  create_sq(ENA_DIRECTION_TX, shared);
  create_sq(ENA_DIRECTION_TX, shared);
  EXPECT_EQ(status(destroy_sq(ENA_DIRECTION_TX, 0)), 0u);
  EXPECT_EQ(status(destroy_cq(shared)), 5u);
  EXPECT_EQ(status(destroy_sq(ENA_DIRECTION_TX, 1)), 0u);
  EXPECT_EQ(status(destroy_cq(shared)), 0u);
}

TEST_F(EnaQueues, Destroy) {
  create_sq(ENA_DIRECTION_TX, create_cq(2));
  EXPECT_EQ(status(destroy_cq(0)), 5u);  // an SQ has it
  EXPECT_EQ(status(destroy_sq(ENA_DIRECTION_RX, 0)), 5u);
  EXPECT_EQ(status(destroy_sq(0, 0)), 5u);
  EXPECT_EQ(status(destroy_sq(3, 0)), 5u);
  for (const unsigned index : {1u, kQueues, 128u, 0xffffu}) {
    EXPECT_EQ(status(destroy_sq(ENA_DIRECTION_TX, index)), 5u) << index;
    EXPECT_EQ(status(destroy_cq(index)), 5u) << index;
  }
  EXPECT_EQ(status(destroy_cq(2 * kQueues)), 5u);
  EXPECT_EQ(status(destroy_sq(ENA_DIRECTION_TX, 0, 0xff)), 0u);
  EXPECT_EQ(status(destroy_cq(0, 0xff)), 0u);
  EXPECT_EQ(status(destroy_sq(ENA_DIRECTION_TX, 0)), 5u);
  EXPECT_EQ(status(destroy_cq(0)), 5u);
}

TEST_F(EnaQueues, ThousandLives) {
  for (unsigned i = 0; i < 1000; ++i) {
    const unsigned tx_cq = create_cq(2), rx_cq = create_cq(4);
    ASSERT_EQ(create_sq(ENA_DIRECTION_TX, tx_cq), 0u);
    ASSERT_EQ(create_sq(ENA_DIRECTION_RX, rx_cq), 0u);
    for (const EnaCommand& command : {destroy_sq(1, 0), destroy_cq(tx_cq), destroy_sq(2, 0), destroy_cq(rx_cq)})
      ASSERT_EQ(status(command), 0u);
  }
  EXPECT_TRUE(cqs_.empty());
}

TEST_F(EnaQueues, WhatTheEngineRefuses) {
  const std::pair<unsigned, unsigned> statuses[] = {{1, 5}, {2, 6}, {3, 5}, {4, 5}, {5, 5}, {7, 6}};
  for (const auto& [code, expected] : statuses) {
    bank_.on_write(QUEUE_COMMAND, [this, code = code](const RegisterWrite&) { bank_.set(QUEUE_RESULT, code); });
    EXPECT_EQ(status(cq()), expected) << code;
  }
  bank_.on_write(QUEUE_COMMAND, [this](const RegisterWrite&) { bank_.set(QUEUE_RESULT, 0); });
  EXPECT_EQ(create_cq(2), 0u);  // what was refused takes no number
}

TEST_F(EnaQueues, InDeviceMemory) {
  create_cq(2);
  const EnaCompletion first = admin(llq(0, kLlqEntries)), second = admin(llq(0, kLlqEntries));
  EXPECT_EQ(first.status, 0u);
  EXPECT_EQ(reg(QUEUE_SHAPE_LLQ), 1u);
  EXPECT_EQ(reg(QUEUE_SHAPE_ENTRY_BYTES), 128u);
  EXPECT_EQ(first.u32(16), 0u);
  EXPECT_EQ(second.u16(8), 1u);
  EXPECT_EQ(second.u32(12), 0x1008u);
  EXPECT_EQ(second.u32(16), kLlqEntries * 128);
  EXPECT_EQ(second.u32(20), 0u);
  EXPECT_EQ(status(llq(0, 2 * kLlqEntries)), 5u);
  EXPECT_EQ(status(llq(0, 100)), 5u);
}

TEST_F(EnaQueues, InDeviceMemoryWithLongEntries) {
  create_cq(2);
  ASSERT_EQ(status(set_feature(4).u16(30, 1).u16(34, 4).u16(38, 2).u16(42, 2)), 0u);
  EXPECT_EQ(status(llq(0, kLlqEntries)), 5u);
  EXPECT_EQ(status(llq(0, kLlqEntries / 2)), 0u);
  EXPECT_EQ(reg(QUEUE_SHAPE_ENTRY_BYTES), 256u);
  create_sq(ENA_DIRECTION_TX, 0);  // in host memory, nevertheless
  EXPECT_EQ(reg(QUEUE_SHAPE_ENTRY_BYTES), 16u);
}

TEST_F(EnaQueues, FewerInDeviceMemory) {
  attach(1);
  create_cq(2);
  EXPECT_EQ(status(llq(0, 64)), 0u);
  EXPECT_EQ(status(llq(0, 64)), 1u);
  EXPECT_EQ(create_sq(ENA_DIRECTION_TX, 0), 1u);
}

TEST_F(EnaQueues, NoDeviceMemory) {
  attach(0);
  create_cq(2);
  EXPECT_EQ(status(llq(0, 64)), 5u);
}

// iPXE: short rings, no interrupts, a completion queue each (10, 43).
TEST_F(EnaQueues, NetworkBoot) {
  EXPECT_EQ(status(get_feature(1)), 0u);
  const EnaCompletion tx_cq = admin(cq(2, 32, 0xffffffff).u8(4, 0)), rx_cq = admin(cq(4, 32, 0xffffffff).u8(4, 0));
  EXPECT_EQ(tx_cq.u16(10), 32u);
  EXPECT_EQ(status(sq(ENA_DIRECTION_TX, static_cast<unsigned>(tx_cq.u16(8)), 32)), 0u);
  EXPECT_EQ(status(sq(ENA_DIRECTION_RX, static_cast<unsigned>(rx_cq.u16(8)), 32)), 0u);
  EXPECT_EQ(status(EnaCommand(ENA_GET_STATS, 24).u8(16, 0).u8(17, 1)), 0u);
}

}  // namespace
}  // namespace cardvp
