// Receive-side scaling: hash function and key, indirection table, fields (4.6).
#include "test/unit/firmware/ena_fixture.h"

namespace cardvp {
namespace {

using namespace nic::control_regs;

class EnaRss : public EnaFirmware {
 protected:
  EnaRss() { attach(); }

  void create_rx(unsigned count) {
    for (unsigned i = 0; i < count; ++i) create_sq(ENA_DIRECTION_RX, create_cq(4));
  }
  static Bytes table(unsigned queues) {
    Bytes bytes(512);
    for (unsigned i = 0; i < 128; ++i) put(bytes, 4 * i, 2, i % queues);
    return bytes;
  }
  unsigned set_table(const Bytes& bytes, std::uint32_t length = 512, unsigned log2 = 7, std::uint32_t index = ~0u) {
    host_memory_[0x8000] = bytes;
    return status(set_feature(12).buffer(length, 0x8000).u16(24, log2).u32(28, index));
  }
  unsigned set_key(const Bytes& bytes, std::uint32_t function = 2) {
    host_memory_[0x9000] = bytes;
    return status(set_feature(10).buffer(48, 0x9000).u32(24, function).u32(28, 0xffffffff));
  }
  unsigned set_fields(const Bytes& bytes, std::uint32_t length = 256) {
    host_memory_[0xa000] = bytes;
    return status(set_feature(18).buffer(length, 0xa000).u16(22, 6));
  }
};

const Bytes kDefaultKey = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
                           0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
                           0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

TEST_F(EnaRss, Function) {
  const EnaCompletion answer = admin(get_feature(10).buffer(48, 0x9000));
  EXPECT_EQ(answer.u32(8), 6u);   // Toeplitz and CRC-32
  EXPECT_EQ(answer.u32(12), 2u);  // Toeplitz
  EXPECT_EQ(answer.u32(16), 0u);
  Bytes expected(8);
  expected[0] = 10;
  expected.insert(expected.end(), kDefaultKey.begin(), kDefaultKey.end());
  EXPECT_EQ(answer.data, expected);
}

// What drivers do: get the key, and set it again.
TEST_F(EnaRss, KeyThatComesBack) {
  EXPECT_EQ(set_key(admin(get_feature(10).buffer(48, 0x9000)).data), 0u);
  EXPECT_EQ(reg(RSS_FUNCTION), 1u);
  EXPECT_EQ(reg(RSS_INITIAL_VALUE), 0xffffffffu);
  EXPECT_EQ(bank_.get(RSS_KEY, 1), 0xc20e5b25u);
  EXPECT_EQ(admin(get_feature(10)).u32(16), 0xffffffffu);
}

TEST_F(EnaRss, OtherKeyAndFunction) {
  Bytes key(48);
  key[0] = 10;
  for (unsigned i = 0; i < 40; ++i) key[8 + i] = static_cast<std::uint8_t>(i + 1);
  EXPECT_EQ(set_key(key, 4), 0u);
  EXPECT_EQ(reg(RSS_FUNCTION), 2u);
  EXPECT_EQ(bank_.get(RSS_KEY, 0), 0x04030201u);
  EXPECT_EQ(bank_.get(RSS_KEY, 9), 0x28272625u);
  const EnaCompletion answer = admin(get_feature(10).buffer(48, 0x9000));
  EXPECT_EQ(answer.u32(12), 4u);
  EXPECT_EQ(answer.data, key);
  const EnaCompletion defaults = admin(get_feature(10).buffer(48, 0x9000).u8(16, 3));
  EXPECT_EQ(defaults.u32(12), 2u);
  EXPECT_EQ(defaults.u32(16), 0u);
  EXPECT_EQ(Bytes(defaults.data.begin() + 8, defaults.data.end()), kDefaultKey);
}

TEST_F(EnaRss, FunctionAlone) {
  EXPECT_EQ(status(set_feature(10).u32(24, 4).u32(28, 7)), 0u);
  EXPECT_EQ(reg(RSS_FUNCTION), 2u);
  EXPECT_EQ(set_key(Bytes(48)), 0u);  // a key of no words
  EXPECT_EQ(bank_.get(RSS_KEY, 0), 0xda565a6du);
}

TEST_F(EnaRss, FunctionsAndKeysThatCannotBe) {
  for (const std::uint32_t function : {0u, 1u, 6u, 8u, 0x80000002u})
    EXPECT_EQ(status(set_feature(10).u32(24, function)), 5u) << function;
  for (const std::uint32_t words : {1u, 9u, 11u, 0xffffffffu}) {
    Bytes key(48);
    put(key, 0, 4, words);
    EXPECT_EQ(set_key(key, 4), 5u) << words;
  }
  EXPECT_EQ(status(set_feature(10).buffer(47, 0x9000).u32(24, 2)), 5u);
  EXPECT_EQ(status(get_feature(10).buffer(47, 0x9000)), 5u);
  EXPECT_EQ(reg(RSS_FUNCTION), 1u);
}

TEST_F(EnaRss, TableLimits) {
  const EnaCompletion answer = admin(get_feature(12));
  Bytes expected(64);
  put(expected, 8, 2, 7);
  put(expected, 10, 2, 7);
  put(expected, 12, 2, 7);
  EXPECT_EQ(answer.bytes, expected);
  EXPECT_EQ(admin(get_feature(12).buffer(512, 0x8000)).data, Bytes(512));  // all to the first queue
  EXPECT_EQ(status(get_feature(12).buffer(511, 0x8000)), 5u);
}

TEST_F(EnaRss, Table) {
  create_rx(3);
  EXPECT_EQ(set_table(table(3)), 0u);
  EXPECT_EQ(reg(RSS_TABLE_LOG2), 7u);
  EXPECT_EQ(reg(RSS_FUNCTION), 1u);  // stays
  for (unsigned i = 0; i < 128; ++i) EXPECT_EQ(bank_.get(RSS_TABLE, i), i % 3) << i;
  const EnaCompletion answer = admin(get_feature(12).buffer(4096, 0x8000));
  EXPECT_EQ(answer.data, table(3));
  EXPECT_EQ(set_table(table(1)), 0u);  // while it runs
  EXPECT_EQ(bank_.get(RSS_TABLE, 2), 0u);
  EXPECT_EQ(status(set_feature(10).u32(24, 4)), 0u);
  EXPECT_EQ(reg(RSS_TABLE_LOG2), 7u);
  whole_reset();
  for (unsigned i = 0; i < 128; ++i) EXPECT_EQ(bank_.get(RSS_TABLE, i), 0u);
  EXPECT_EQ(reg(RSS_TABLE_LOG2), 0u);
}

TEST_F(EnaRss, TablesThatCannotBe) {
  EXPECT_EQ(set_table(table(1)), 5u);  // no queue yet
  create_rx(2);
  create_sq(ENA_DIRECTION_TX, create_cq(2));
  create_sq(ENA_DIRECTION_TX, create_cq(2));
  create_sq(ENA_DIRECTION_TX, create_cq(2));
  ASSERT_EQ(set_table(table(2)), 0u);
  EXPECT_EQ(set_table(table(3)), 5u);  // number 2 is one of TX alone
  for (const unsigned queue : {2u, kQueues, 128u, 0xffffu}) {
    Bytes bytes = table(1);
    put(bytes, 508, 2, queue);
    EXPECT_EQ(set_table(bytes), 5u) << queue;
  }
  EXPECT_EQ(set_table(table(1), 511), 5u);
  EXPECT_EQ(set_table(table(1), 512, 6), 5u);
  EXPECT_EQ(set_table(table(1), 512, 8), 5u);
  EXPECT_EQ(set_table(table(1), 512, 7, 3), 5u);  // one entry alone
  EXPECT_EQ(status(set_feature(12).u16(24, 7).u32(28, ~0u)), 5u);
  for (unsigned i = 0; i < 128; ++i) EXPECT_EQ(bank_.get(RSS_TABLE, i), i % 2) << i;  // nothing of those
  ASSERT_EQ(status(EnaCommand(ENA_DESTROY_SQ, 8).u16(4, 1).u8(6, 2 << 5)), 0u);
  EXPECT_EQ(set_table(table(2)), 5u);  // a queue that was
}

TEST_F(EnaRss, Fields) {
  const EnaCompletion answer = admin(get_feature(18).buffer(256, 0xa000));
  EXPECT_EQ(answer.bytes, Bytes(64));  // no sorting
  ASSERT_EQ(answer.data.size(), 256u);
  const unsigned defaults[16] = {0x3c, 0x3c, 0x3c, 0x3c, 0x0c, 0x0c, 0x0c, 0x03};
  for (unsigned i = 0; i < 16; ++i) {
    const std::uint64_t supported = bytes_at(answer.data, 4 * i, 4), selected = bytes_at(answer.data, 64 + 4 * i, 4);
    EXPECT_EQ(selected, defaults[i]) << i;
    EXPECT_EQ(defaults[i] & ~supported, 0u) << i;
  }
  EXPECT_EQ(Bytes(answer.data.begin() + 128, answer.data.end()), Bytes(128));
}

TEST_F(EnaRss, FieldsThatAreSet) {
  Bytes bytes = admin(get_feature(18).buffer(256, 0xa000)).data;
  EXPECT_EQ(set_fields(bytes), 0u);  // as drivers do
  put(bytes, 64 + 4 * 1, 2, 0x0c);   // UDP4 by addresses
  EXPECT_EQ(set_fields(bytes), 0u);
  EXPECT_EQ(bank_.get(RSS_FIELDS, 1), 0x0cu);
  EXPECT_EQ(bank_.get(RSS_FIELDS, 0), 0x3cu);
  EXPECT_EQ(admin(get_feature(18).buffer(256, 0xa000)).data, bytes);
  EXPECT_EQ(bytes_at(admin(get_feature(18).buffer(256, 0xa000).u8(16, 3)).data, 68, 2), 0x3cu);
}

TEST_F(EnaRss, FieldsThatCannotBe) {
  const Bytes good = admin(get_feature(18).buffer(256, 0xa000)).data;
  const std::pair<unsigned, unsigned> bad[] = {{0, 0x40}, {4, 0x10}, {7, 0x04}, {10, 0x01}, {15, 0x8000}};
  for (const auto& [kind, fields] : bad) {
    Bytes bytes = good;
    put(bytes, 64, 2, 0);
    put(bytes, 64 + 4 * kind, 2, fields);
    EXPECT_EQ(set_fields(bytes), 5u) << kind;
  }
  EXPECT_EQ(bank_.get(RSS_FIELDS, 0), 0x3cu);
  EXPECT_EQ(set_fields(good, 255), 5u);
  EXPECT_EQ(status(set_feature(18)), 5u);  // without a buffer
}

}  // namespace
}  // namespace cardvp
