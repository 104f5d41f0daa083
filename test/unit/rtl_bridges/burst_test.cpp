// Addresses, lanes and rules of bursts: expected values from IHI 0022, A3.4.1 and its examples A3.4.3.
#include "rtl/bridges/burst.h"

#include <gtest/gtest.h>

#include <ostream>

namespace cardvp::rtl {
namespace {

TEST(Burst, IncrementingFromAnUnalignedAddressGoesOnAligned) {
  const Burst burst{0x07, 4, 4, BurstType::kIncr, 0};
  EXPECT_EQ(burst.beat_address(0), 0x07u);
  EXPECT_EQ(burst.beat_address(1), 0x08u);
  EXPECT_EQ(burst.beat_address(3), 0x10u);
  EXPECT_EQ(burst.lanes(0, 4).first, 3u);  // the fourth lane alone
  EXPECT_EQ(burst.lanes(0, 4).count, 1u);
  EXPECT_EQ(burst.lanes(1, 4).first, 0u);
  EXPECT_EQ(burst.lanes(1, 4).count, 4u);
}

TEST(Burst, NarrowBeatsTakeTheLanesInTurn) {
  const Burst burst{0x00, 5, 1, BurstType::kIncr, 0};
  for (unsigned beat = 0; beat < 5; ++beat) {
    EXPECT_EQ(burst.lanes(beat, 4).first, beat % 4) << beat;
    EXPECT_EQ(burst.lanes(beat, 4).count, 1u);
  }
  const Burst wide{0x04, 3, 4, BurstType::kIncr, 0};  // of 32 bits on 64
  EXPECT_EQ(wide.lanes(0, 8).first, 4u);
  EXPECT_EQ(wide.lanes(1, 8).first, 0u);
  EXPECT_EQ(wide.lanes(2, 8).first, 4u);
}

TEST(Burst, WrappingComesBackToTheBoundary) {
  const Burst burst{0x34, 4, 4, BurstType::kWrap, 0};
  EXPECT_EQ(burst.beat_address(0), 0x34u);
  EXPECT_EQ(burst.beat_address(1), 0x38u);
  EXPECT_EQ(burst.beat_address(2), 0x3cu);
  EXPECT_EQ(burst.beat_address(3), 0x30u);
}

TEST(Burst, FixedStays) {
  const Burst burst{0x12, 16, 4, BurstType::kFixed, 0};
  EXPECT_EQ(burst.beat_address(15), 0x12u);
  EXPECT_EQ(burst.lanes(15, 8).first, 2u);
  EXPECT_EQ(burst.lanes(15, 8).count, 2u);
}

struct Case {
  Burst burst;
  std::string_view rule;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.rule << ' ' << c.burst.address << ' ' << c.burst.beats; }
class BurstRules : public testing::TestWithParam<Case> {};
TEST_P(BurstRules, AreKnown) { EXPECT_EQ(GetParam().burst.fault(8).rule, GetParam().rule); }

constexpr auto kReserved = static_cast<BurstType>(3);
INSTANTIATE_TEST_SUITE_P(
    All, BurstRules,
    testing::Values(Case{{0xff8, 1, 8, BurstType::kIncr, 0}, ""}, Case{{0xff8, 2, 8, BurstType::kIncr, 0}, "BURST_4K"},
                    Case{{0x1000, 256, 8, BurstType::kIncr, 0}, ""}, Case{{0xfff, 1, 8, BurstType::kIncr, 0}, ""},
                    Case{{0xfff, 2, 8, BurstType::kIncr, 0}, "BURST_4K"},
                    Case{{0xffffffffffffffff, 2, 1, BurstType::kIncr, 0}, "BURST_4K"},
                    Case{{0, 1, 16, BurstType::kIncr, 0}, "BURST_SIZE"}, Case{{0, 1, 8, kReserved, 0}, "BURST_TYPE"},
                    Case{{0, 16, 8, BurstType::kFixed, 0}, ""}, Case{{0, 17, 8, BurstType::kFixed, 0}, "FIXED_LENGTH"},
                    Case{{8, 2, 8, BurstType::kWrap, 0}, ""}, Case{{8, 3, 8, BurstType::kWrap, 0}, "WRAP_LENGTH"},
                    Case{{8, 1, 8, BurstType::kWrap, 0}, "WRAP_LENGTH"},
                    Case{{8, 32, 8, BurstType::kWrap, 0}, "WRAP_LENGTH"},
                    Case{{12, 4, 8, BurstType::kWrap, 0}, "WRAP_ADDRESS"}));

}  // namespace
}  // namespace cardvp::rtl
