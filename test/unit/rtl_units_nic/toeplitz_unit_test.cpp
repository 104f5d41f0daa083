// The Toeplitz hash by RTL: published hashes, the model's, seeded faults, a block that does not answer.
#include "rtl/units/toeplitz_unit.h"

#include "models/net/address.h"
#include "test/unit/rtl_units_nic/unit_test.h"

namespace cardvp::rtl::test {
namespace {

using Key = std::unique_ptr<nic::ToeplitzMath::Key>;

struct ToeplitzUnitTest : UnitTest<ToeplitzUnit> {
  Key key_of(const Bytes& bytes) {
    return unit->make_key(std::span<const std::uint8_t, net::kToeplitzKeyBytes>(bytes.data(), bytes.size()));
  }
  std::uint64_t words_written() { return counted("block.register_port.transactions"); }
};

struct Vector {
  const char* source;
  unsigned source_port;
  const char* destination;
  unsigned destination_port;
  std::uint32_t addresses, with_ports;
};

// "Verifying the RSS hash calculation", Microsoft's driver documentation: hash of the addresses alone, hash with ports.
const Bytes kPublishedKey{0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
                          0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
                          0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
constexpr Vector kPublished[] = {
    {"66.9.149.187", 2794, "161.142.100.80", 1766, 0x323e8fc2, 0x51ccc178},
    {"199.92.111.2", 14230, "65.69.140.83", 4739, 0xd718262a, 0xc626b0ea},
    {"24.19.198.95", 12898, "12.22.207.184", 38024, 0xd2d0a5de, 0x5c2b394a},
    {"38.27.205.30", 48228, "209.142.163.6", 2217, 0x82989176, 0xafc7327f},
    {"153.39.163.191", 44251, "202.188.127.2", 1303, 0x5d1809c5, 0x10e828a2},
    {"3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766, 0x2cc18cd5, 0x40207d3d},
    {"3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739, 0x0f0c461c, 0xdde51bbf},
    {"3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, "fe80::200:f8ff:fe21:67cf", 38024, 0x4b61e985, 0x02d1feef}};

TEST_F(ToeplitzUnitTest, PublishedHashes) {
  make(CARDVP_TOEPLITZ, Use::kRtl);
  const Key key = key_of(kPublishedKey);
  for (const Vector& vector : kPublished) {
    Bytes input;
    for (const char* text : {vector.source, vector.destination}) {
      const net::IpAddress address = *net::IpAddress::parse(text);
      input.insert(input.end(), address.bytes.begin() + (address.is_v4() ? 12 : 0), address.bytes.end());
    }
    EXPECT_EQ(key->hash(input).value, vector.addresses) << vector.source;
    for (const unsigned port : {vector.source_port, vector.destination_port}) {
      input.push_back(static_cast<std::uint8_t>(port >> 8));
      input.push_back(static_cast<std::uint8_t>(port));
    }
    const nic::Answer answer = key->hash(input);
    EXPECT_EQ(answer.value, vector.with_ports) << vector.source;
    EXPECT_TRUE(answer.valid);
  }
  EXPECT_EQ(unit->violations(), 0u);
  EXPECT_EQ(unit->failures(), 0u);
}

TEST_F(ToeplitzUnitTest, EveryLengthAsTheModelWithKeysInTurn) {
  make(CARDVP_TOEPLITZ, Use::kLockstep, true);
  std::vector<Bytes> bytes{any(40), any(40), any(40)};
  std::vector<Key> keys;
  for (const Bytes& each : bytes) keys.push_back(key_of(each));
  for (unsigned round = 0; round < 30; ++round)
    for (std::size_t size = 0; size <= 36; ++size) {
      const std::size_t which = random() % keys.size();
      const net::Toeplitz model(std::span<const std::uint8_t, net::kToeplitzKeyBytes>(bytes[which].data(), 40));
      const Bytes input = any(size);
      ASSERT_EQ(keys[which]->hash(input).value, model.hash(input)) << size;
    }
  EXPECT_EQ(unit->lockstep()->differences(), 0u);
  EXPECT_EQ(counted("comparisons"), 30u * 37);
  EXPECT_EQ(unit->violations(), 0u);
}

TEST_F(ToeplitzUnitTest, AKeyIsWrittenWhenItIsAnotherOne) {
  make(CARDVP_TOEPLITZ, Use::kRtl);
  const Bytes input = any(12);
  const Key first = key_of(kPublishedKey), same = key_of(kPublishedKey), other = key_of(any(40));
  const auto took = [&](const Key& key) { return key->hash(input).took; };
  took(first);
  const sc_core::sc_time without = took(first);
  EXPECT_EQ(took(same), without);
  EXPECT_EQ(took(other), without + 10 * kCycle);  // as many words
  EXPECT_EQ(took(other), without);
  EXPECT_EQ(took(first), without + 10 * kCycle);
}

TEST_F(ToeplitzUnitTest, TakesACycleForEachWordInAndForEachStep) {
  make(CARDVP_TOEPLITZ, Use::kRtl);
  const Key key = key_of(kPublishedKey);
  key->hash(any(4));
  const sc_core::sc_time shortest = key->hash(any(4)).took;
  for (const unsigned size : {5u, 12u, 36u})
    EXPECT_EQ(key->hash(any(size)).took, shortest + 2 * ((size + 3) / 4 - 1) * kCycle) << size;
}

TEST_F(ToeplitzUnitTest, CardResetLosesTheBlocksKeyAndNotTheUsers) {
  make(CARDVP_TOEPLITZ, Use::kLockstep);
  const Key key = key_of(kPublishedKey);
  const Bytes input = any(36);
  const std::uint32_t hash = key->hash(input).value;
  unit->reset();
  EXPECT_EQ(key->hash(input).value, hash);
  EXPECT_EQ(unit->lockstep()->differences(), 0u);
}

TEST_F(ToeplitzUnitTest, LockstepFindsTheSeededFault) {
  make(CARDVP_TOEPLITZ_BUG1, Use::kLockstep, true);
  std::vector<Difference> stops;
  unit->lockstep()->on_stop([&](const Difference& difference) { stops.push_back(difference); });
  const Key key = key_of(kPublishedKey);  // whose bit 159 is 1
  const net::Toeplitz model(std::span<const std::uint8_t, net::kToeplitzKeyBytes>(kPublishedKey.data(), 40));
  key->hash(Bytes(16, 0xff));
  EXPECT_EQ(unit->lockstep()->differences(), 0u);
  const Bytes input(32, 0xff);
  EXPECT_NE(key->hash(input).value, model.hash(input));
  key->hash(input);
  EXPECT_EQ(unit->lockstep()->differences(), 2u);
  ASSERT_EQ(stops.size(), 1u);
  EXPECT_EQ(stops[0].unit, "unit");
  EXPECT_EQ(stops[0].what, "hash");
  EXPECT_EQ(stops[0].model, fmt::format("{:#x}", model.hash(input)));
  EXPECT_NE(stops[0].transaction.find("ff ff ff"), std::string::npos);
}

TEST_F(ToeplitzUnitTest, ABlockThatStaysBusyGivesNoHash) {
  make(CARDVP_BUSY_TOEPLITZ, Use::kLockstep);
  const Key key = key_of(kPublishedKey);
  for (unsigned i = 1; i <= 12; ++i) {
    EXPECT_FALSE(key->hash(any(12)).valid);
    EXPECT_EQ(unit->failures(), i);
  }
  EXPECT_EQ(counted("failures"), 12u);
  EXPECT_EQ(unit->lockstep()->differences(), 12u);
  EXPECT_EQ(logged("STATUS.BUSY stays"), 20u);  // ten failures, ten differences
}

TEST_F(ToeplitzUnitTest, AFailureResetsTheBlock) {
  make(CARDVP_REPAIRED_TOEPLITZ, Use::kRtl);
  const Key key = key_of(kPublishedKey);
  EXPECT_FALSE(key->hash(any(12)).valid);
  const nic::Answer answer = key->hash(any(12));
  EXPECT_TRUE(answer.valid);
  EXPECT_EQ(answer.value, 0x600du);
  EXPECT_EQ(unit->failures(), 1u);
}

TEST_F(ToeplitzUnitTest, ABlockWithoutItsInterfacesIsRefused) {
  EXPECT_THROW(make(CARDVP_CHECKSUM, Use::kRtl), std::invalid_argument);
}

}  // namespace
}  // namespace cardvp::rtl::test
