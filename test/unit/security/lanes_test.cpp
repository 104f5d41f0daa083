#include "models/security/lanes.h"

#include <gtest/gtest.h>

namespace cardvp::security {
namespace {

sc_core::sc_time at(unsigned ns) { return {static_cast<double>(ns), sc_core::SC_NS}; }

class LanesTest : public testing::Test {
 protected:
  // "lane:begin-end" in nanoseconds.
  std::string reserve(unsigned now, unsigned start, unsigned duration) {
    const Lanes::Reservation made = lanes.reserve(at(now), at(start), at(duration));
    const auto ns = [](sc_core::sc_time time) { return std::to_string(time.value() / at(1).value()); };
    return std::to_string(made.lane) + ':' + ns(made.begin) + '-' + ns(made.end);
  }

  Lanes lanes{2};
};

TEST_F(LanesTest, TheLaneThatIsFreeFirstIsTaken) {
  EXPECT_EQ(reserve(0, 0, 10), "0:0-10");
  EXPECT_EQ(reserve(0, 0, 4), "1:0-4");
  EXPECT_EQ(reserve(0, 0, 10), "1:4-14");
  EXPECT_EQ(reserve(0, 0, 1), "0:10-11");
  EXPECT_EQ(reserve(20, 20, 1), "0:20-21");
}

TEST_F(LanesTest, AReservationOfTheFutureLeavesTheTimeInFrontOfItToOthers) {
  EXPECT_EQ(reserve(0, 100, 10), "0:100-110");
  EXPECT_EQ(reserve(0, 100, 10), "1:100-110");
  EXPECT_EQ(reserve(0, 0, 100), "0:0-100");
  EXPECT_EQ(reserve(0, 0, 60), "1:0-60");
  EXPECT_EQ(reserve(0, 50, 40), "1:60-100");
  EXPECT_EQ(reserve(0, 50, 1), "0:110-111");
}

TEST_F(LanesTest, AGapThatIsTooSmallIsPassedOver) {
  EXPECT_EQ(reserve(0, 10, 10), "0:10-20");
  EXPECT_EQ(reserve(0, 30, 10), "0:30-40");
  EXPECT_EQ(reserve(0, 25, 10), "1:25-35");
  EXPECT_EQ(reserve(0, 15, 10), "1:15-25");
  EXPECT_EQ(reserve(0, 0, 11), "1:0-11");
  EXPECT_EQ(reserve(0, 0, 11), "1:35-46");
  EXPECT_EQ(reserve(0, 15, 10), "0:20-30");
}

TEST_F(LanesTest, AResetFreesThem) {
  reserve(0, 0, 10);
  reserve(0, 5, 10);
  lanes.reset();
  EXPECT_EQ(reserve(1, 1, 10), "0:1-11");
}

}  // namespace
}  // namespace cardvp::security
