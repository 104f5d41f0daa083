// TX queues in device memory: what is offered and chosen (4.9).
#include "test/unit/firmware/ena_fixture.h"

namespace cardvp {
namespace {

using namespace nic::control_regs;

class EnaLlq : public EnaFirmware {
 protected:
  EnaLlq() { attach(); }
  static EnaCommand choose(unsigned header, unsigned entry, unsigned before_header, unsigned stride,
                           unsigned accel = 3) {
    return set_feature(4).u16(30, header).u16(34, entry).u16(38, before_header).u16(42, stride).u16(48, accel);
  }
};

TEST_F(EnaLlq, Offer) {
  Bytes expected(64);
  put(expected, 8, 4, kQueues);
  put(expected, 12, 4, kLlqEntries);
  put(expected, 16, 2, 1);  // inline headers
  put(expected, 18, 2, 1);
  put(expected, 20, 2, 5);  // 128 and 256 bytes
  put(expected, 22, 2, 1);
  put(expected, 24, 2, 15);  // 1, 2, 4, 8 descriptors
  put(expected, 26, 2, 2);
  put(expected, 28, 2, 3);  // one or several descriptors an entry
  put(expected, 30, 2, 2);
  put(expected, 36, 2, 1);  // packets may all bring their meta descriptor
  EXPECT_EQ(admin(get_feature(4)).bytes, expected);
  put(expected, 32, 1, 1);  // version
  put(expected, 33, 1, 1);  // 128 bytes are recommended
  put(expected, 34, 2, kLlqEntries / 2);
  EXPECT_EQ(admin(get_feature(4, 1)).bytes, expected);
}

TEST_F(EnaLlq, WhatLinuxChooses) {
  EXPECT_EQ(status(choose(1, 1, 2, 2)), 0u);
  EXPECT_EQ(reg(LLQ_MODE_BEFORE_HEADER), 2u);
  EXPECT_EQ(reg(LLQ_MODE_MULTIPLE), 1u);
  EXPECT_EQ(reg(LLQ_MODE_NO_META_CACHE), 1u);
}

TEST_F(EnaLlq, MetaCache) {
  EXPECT_EQ(status(choose(1, 1, 2, 2, 0)), 0u);
  EXPECT_EQ(reg(LLQ_MODE_NO_META_CACHE), 0u);
  EXPECT_EQ(status(choose(1, 1, 2, 2, 2)), 0u);  // the burst limit alone: there is none
  EXPECT_EQ(reg(LLQ_MODE_NO_META_CACHE), 0u);
  EXPECT_EQ(status(choose(1, 1, 2, 2, 1)), 0u);
  EXPECT_EQ(reg(LLQ_MODE_NO_META_CACHE), 1u);
}

TEST_F(EnaLlq, EveryChoice) {
  for (const unsigned entry : {1, 4}) {
    for (const unsigned before_header : {1, 2, 4, 8}) {
      for (const unsigned stride : {1, 2}) {
        const bool room = 16 * before_header < (entry == 1 ? 128u : 256u);
        EXPECT_EQ(status(choose(1, entry, before_header, stride)), room ? 0u : 5u);
        if (!room) continue;
        EXPECT_EQ(reg(LLQ_MODE_BEFORE_HEADER), before_header);
        EXPECT_EQ(reg(LLQ_MODE_MULTIPLE), stride - 1);
        const EnaCompletion answer = admin(get_feature(4));
        EXPECT_EQ(answer.u16(22), entry);
        EXPECT_EQ(answer.u16(26), before_header);
        EXPECT_EQ(answer.u16(30), stride);
      }
    }
  }
  const EnaCompletion defaults = admin(get_feature(4).u8(16, 3));
  EXPECT_EQ(defaults.u16(22), 1u);
  EXPECT_EQ(defaults.u16(26), 2u);
  EXPECT_EQ(defaults.u16(30), 2u);
}

TEST_F(EnaLlq, ChoicesThatCannotBe) {
  for (const unsigned header : {0, 2, 3}) EXPECT_EQ(status(choose(header, 1, 2, 2)), 5u) << header;
  for (const unsigned entry : {0, 2, 3, 5, 8}) EXPECT_EQ(status(choose(1, entry, 2, 2)), 5u) << entry;
  for (const unsigned before : {0, 3, 5, 6, 16, 0x8000}) EXPECT_EQ(status(choose(1, 4, before, 2)), 5u) << before;
  for (const unsigned stride : {0, 3, 4}) EXPECT_EQ(status(choose(1, 1, 2, stride)), 5u) << stride;
  EXPECT_EQ(admin(get_feature(4)).u16(22), 1u);
  EXPECT_EQ(reg(LLQ_MODE_NO_META_CACHE), 0u);
}

// The queues that exist are written in the old manner.
TEST_F(EnaLlq, NotWhileTxQueuesExist) {
  create_sq(ENA_DIRECTION_TX, create_cq(2));
  EXPECT_EQ(status(choose(1, 4, 2, 2)), 7u);
  EXPECT_EQ(status(EnaCommand(ENA_DESTROY_SQ, 8).u8(6, 1 << 5)), 0u);
  EXPECT_EQ(status(choose(1, 4, 2, 2)), 0u);
}

}  // namespace
}  // namespace cardvp
