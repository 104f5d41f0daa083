// Checksums by RTL: published values, the models', seeded faults, a block that does not answer.
#include "rtl/units/checksum_unit.h"

#include <algorithm>
#include <numeric>

#include "test/unit/rtl_units_nic/unit_test.h"

namespace cardvp::rtl::test {
namespace {

struct ChecksumUnitTest : UnitTest<ChecksumUnit> {
  nic::Answer sum(const Bytes& data, std::uint32_t initial = 0) {
    return unit->sum(std::as_bytes(std::span(data)), initial);
  }
  static std::uint16_t model(const Bytes& data, std::uint32_t initial = 0) {
    return net::fold(net::sum(std::as_bytes(std::span(data)), initial));
  }
};

// RFC 1071, 3.
TEST_F(ChecksumUnitTest, Rfc1071Example) {
  make(CARDVP_CHECKSUM, Use::kRtl);
  const Bytes whole{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(sum(whole).value, 0xddf2u);
  const std::uint32_t first = sum({0x00, 0x01, 0xf2, 0x03}).value;
  EXPECT_EQ(sum({0xf4, 0xf5, 0xf6, 0xf7}, first).value, 0xddf2u);
  EXPECT_EQ(sum({}, 0x1234).value, 0x1234u);
  EXPECT_EQ(sum({0, 0}, 0x2fffe).value, 1u);  // a sum that is not folded
  EXPECT_EQ(unit->violations(), 0u);
}

// RFC 3720, B.4, and the check value of the CRC catalogues.
TEST_F(ChecksumUnitTest, PublishedCrcs) {
  make(CARDVP_CHECKSUM, Use::kRtl);
  EXPECT_EQ(unit->crc32c(Bytes(32, 0x00), 0).value, 0x8a9136aau);
  EXPECT_EQ(unit->crc32c(Bytes(32, 0xff), 0).value, 0x62a8ab43u);
  Bytes counting(32);
  std::iota(counting.begin(), counting.end(), 0);
  EXPECT_EQ(unit->crc32c(counting, 0).value, 0x46dd794eu);
  const std::uint32_t first = unit->crc32c(std::span(counting).first(13), 0).value;
  EXPECT_EQ(unit->crc32c(std::span(counting).subspan(13), first).value, 0x46dd794eu);
  std::reverse(counting.begin(), counting.end());
  EXPECT_EQ(unit->crc32c(counting, 0).value, 0x113fdb5cu);
  EXPECT_EQ(unit->crc32c(Bytes{'1', '2', '3', '4', '5', '6', '7', '8', '9'}, 0).value, 0xe3069283u);
  EXPECT_EQ(unit->crc32c({}, 0).value, 0u);
  EXPECT_EQ(unit->failures(), 0u);
}

TEST_F(ChecksumUnitTest, EveryLengthAsTheModels) {
  make(CARDVP_CHECKSUM, Use::kLockstep, true);
  for (std::size_t size = 1; size < 300; ++size) {
    const Bytes data = size % 7 == 0 ? Bytes(size, 0xff) : any(size);
    const auto initial = static_cast<std::uint32_t>(size % 3 == 0 ? 0 : random());
    const nic::Answer answer = sum(data, initial);
    ASSERT_EQ(answer.value, model(data, initial)) << size;
    ASSERT_TRUE(answer.valid);
    ASSERT_EQ(unit->crc32c(data, initial).value, net::crc32c(data, initial)) << size;
  }
  const Bytes large = any(65535);
  EXPECT_EQ(sum(large).value, model(large));
  EXPECT_EQ(unit->lockstep()->differences(), 0u);
  EXPECT_EQ(counted("comparisons"), 299u * 2 + 1);
  EXPECT_EQ(unit->violations(), 0u);
}

TEST_F(ChecksumUnitTest, TakesACycleForEachBeat) {
  make(CARDVP_CHECKSUM, Use::kRtl);
  sum(any(8));
  const sc_core::sc_time shortest = sum(any(8)).took;
  EXPECT_EQ(sum(any(16)).took, shortest + kCycle);
  EXPECT_EQ(sum(any(1500)).took, shortest + 187 * kCycle);
  EXPECT_EQ(unit->crc32c(any(16), 0).took, shortest + kCycle);
}

TEST_F(ChecksumUnitTest, CardReset) {
  make(CARDVP_CHECKSUM, Use::kLockstep);
  const Bytes data = any(20);
  sum(data, 0x1234);
  unit->reset();
  EXPECT_EQ(sum(data, 0x1234).value, model(data, 0x1234));
  EXPECT_EQ(sum(data).value, model(data));
  EXPECT_EQ(unit->lockstep()->differences(), 0u);
}

struct Fault {
  const char* plugin;
  std::size_t right;  // a size with which nothing shows
  std::size_t wrong;
  bool crc;
};

class SeededFault : public ChecksumUnitTest, public testing::WithParamInterface<Fault> {};

TEST_P(SeededFault, LockstepFindsIt) {
  const Fault& fault = GetParam();
  make(fault.plugin, Use::kLockstep, true);
  std::vector<Difference> stops;
  unit->lockstep()->on_stop([&](const Difference& difference) { stops.push_back(difference); });
  const auto run = [&](std::size_t size) {
    const Bytes data(size, 0xf1);
    if (fault.crc) return unit->crc32c(data, 0).value != net::crc32c(data);
    return sum(data).value != model(data);
  };
  if (fault.right != 0) {
    EXPECT_FALSE(run(fault.right));
  }
  EXPECT_EQ(unit->lockstep()->differences(), 0u);
  EXPECT_TRUE(run(fault.wrong));
  run(fault.wrong);
  EXPECT_EQ(unit->lockstep()->differences(), 2u);
  ASSERT_EQ(stops.size(), 1u);
  EXPECT_EQ(stops[0].what, fault.crc ? "CRC-32C" : "sum");
  EXPECT_EQ(unit->failures(), 0u);
}

INSTANTIATE_TEST_SUITE_P(All, SeededFault,
                         testing::Values(Fault{CARDVP_CHECKSUM_BUG1, 2, 64, false},
                                         Fault{CARDVP_CHECKSUM_BUG2, 64, 63, false},
                                         Fault{CARDVP_CHECKSUM_BUG3, 0, 64, true}));

TEST_F(ChecksumUnitTest, ABlockThatDoesNotAnswerGivesNoSum) {
  make(CARDVP_DEAD_CHECKSUM, Use::kLockstep);
  for (unsigned i = 1; i <= 3; ++i) {
    const nic::Answer answer = sum(any(64), i % 2 * 100);
    EXPECT_FALSE(answer.valid);
    EXPECT_EQ(answer.value, 0u);
    EXPECT_GE(answer.took, 1000 * kCycle);  // the time-out
    EXPECT_LT(answer.took, 1100 * kCycle);
    EXPECT_EQ(unit->failures(), i);
  }
  EXPECT_EQ(counted("block.time_outs"), 3u);
  EXPECT_EQ(unit->lockstep()->differences(), 3u);
  EXPECT_EQ(logged("the block has failed"), 3u);
}

TEST_F(ChecksumUnitTest, ABlockWithoutItsInterfacesIsRefused) {
  EXPECT_THROW(make(CARDVP_TOEPLITZ, Use::kRtl), std::invalid_argument);
}

}  // namespace
}  // namespace cardvp::rtl::test
