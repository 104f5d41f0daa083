// Asynchronous events: link, hints, keep-alives (5).
#include "test/unit/firmware/ena_fixture.h"

namespace cardvp {
namespace {

using namespace nic::control_regs;

constexpr std::uint32_t kLink = 1 << 0, kNotification = 1 << 3, kKeepAlive = 1 << 4;

class EnaEvents : public EnaFirmware {
 protected:
  void expect_link(const nic_message_aenq& event, bool up) {
    EXPECT_EQ(event.group, 0u);
    EXPECT_EQ(event.syndrome, 0u);
    EXPECT_EQ(event.payload[0], up ? 1u : 0u);
  }
};

TEST_F(EnaEvents, Groups) {
  attach();
  EnaCompletion answer = admin(get_feature(26));
  EXPECT_EQ(answer.u32(8), 0x19u);
  EXPECT_EQ(answer.u32(12), 0u);
  EXPECT_EQ(status(set_feature(26).u32(20, 0xffffffff).u32(24, 0x11)), 0u);
  answer = admin(get_feature(26));
  EXPECT_EQ(answer.u32(12), 0x11u);
  EXPECT_EQ(admin(get_feature(26).u8(16, 3)).u32(12), 0u);
  for (const std::uint32_t groups : {0x2u, 0x1bu, 0x20u, 0x80000000u})
    EXPECT_EQ(status(set_feature(26).u32(24, groups)), 5u) << groups;
  EXPECT_EQ(admin(get_feature(26)).u32(12), 0x11u);
}

TEST_F(EnaEvents, GroupsWithoutKeepAlives) {
  identity_.keep_alive_ms = 0;
  attach();
  EXPECT_EQ(admin(get_feature(26)).u32(8), 0x09u);  // so that drivers have no watchdog
  EXPECT_EQ(status(set_feature(26).u32(24, 0x19)), 5u);
}

TEST_F(EnaEvents, NothingBeforeTheHostHasRoom) {
  attach();
  enable_groups(kLink | kKeepAlive);
  pass(10'000'000);
  EXPECT_TRUE(take_events().empty());
  host_gives_credit(16);
  const auto events = take_events();
  ASSERT_FALSE(events.empty());
}

TEST_F(EnaEvents, LinkUpAsSoonAsThereIsRoom) {
  attach();
  enable_groups(kLink | kKeepAlive);
  host_gives_credit(16);
  auto events = take_events();
  ASSERT_EQ(events.size(), 1u);
  expect_link(events[0], true);
  host_gives_credit(1);
  EXPECT_TRUE(take_events().empty());  // told
}

TEST_F(EnaEvents, RoomBeforeTheGroups) {
  attach();
  host_gives_credit(16);
  EXPECT_TRUE(take_events().empty());
  enable_groups(kLink);
  ASSERT_EQ(take_events().size(), 1u);
}

TEST_F(EnaEvents, LinkDownAndUp) {
  attach();
  enable_groups(kLink | kKeepAlive);
  host_gives_credit(16);
  take_events();
  ena_set_link(&device_, 0);
  ena_set_link(&device_, 0);
  ena_set_link(&device_, 1);
  const auto events = take_events();
  ASSERT_EQ(events.size(), 2u);
  expect_link(events[0], false);
  expect_link(events[1], true);
}

TEST_F(EnaEvents, LinkIsToldAgainAfterAReset) {
  attach();
  for (const int up : {1, 0, 1}) {
    ena_set_link(&device_, up);
    enable_groups(kLink | kKeepAlive);
    host_gives_credit(16);
    const auto events = take_events();
    ASSERT_FALSE(events.empty());
    expect_link(events.back(), up);
    whole_reset();
    EXPECT_TRUE(take_events().empty());
  }
}

// What does not fit waits, and only the newest state is told.
TEST_F(EnaEvents, LinkChangesWithoutRoom) {
  attach();
  enable_groups(kLink);
  host_gives_credit(1);
  take_events();
  ena_set_link(&device_, 0);
  EXPECT_TRUE(take_events().empty());
  host_gives_credit(1);
  auto events = take_events();
  ASSERT_EQ(events.size(), 1u);
  expect_link(events[0], false);
  ena_set_link(&device_, 1);
  ena_set_link(&device_, 0);
  host_gives_credit(1);
  EXPECT_TRUE(take_events().empty());  // the host knows
}

// 10, 18: a driver that never advances its head gets as many events as it has room for; one more for each further one.
TEST_F(EnaEvents, SixteenAndNoMore) {
  attach();
  enable_groups(kLink | kKeepAlive);
  host_gives_credit(16);
  pass(100'000'000);
  EXPECT_EQ(take_events().size(), 16u);
  EXPECT_EQ(alarm_us_, 0u);  // and the card sleeps
  host_gives_credit(1);
  EXPECT_EQ(take_events().size(), 1u);
  pass(100'000'000);
  EXPECT_TRUE(take_events().empty());
}

TEST_F(EnaEvents, KeepAlives) {
  attach();
  enable_groups(kKeepAlive);
  host_gives_credit(16);
  EXPECT_TRUE(take_events().empty());
  bank_.set(RX_DROPS, 0x1'0000'0002);
  bank_.set(TX_DROPS, 0x3'0000'0004);
  bank_.set(RX_OVERRUNS, 0x5'0000'0006);
  pass(999'999);
  EXPECT_TRUE(take_events().empty());
  pass(1);
  const auto events = take_events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].group, 4u);
  const std::uint32_t payload[12] = {2, 1, 4, 3, 6, 5};
  EXPECT_EQ(std::memcmp(events[0].payload, payload, sizeof payload), 0);
  pass(5'000'000);
  EXPECT_EQ(take_events().size(), 5u);
}

TEST_F(EnaEvents, LatenessDoesNotAddUp) {
  attach();
  enable_groups(kKeepAlive);
  host_gives_credit(100);
  const std::uint64_t first = alarm_us_;
  now_us_ = first + 300;  // the card had other work
  alarm_us_ = 0;
  ena_alarm(&device_);
  EXPECT_EQ(alarm_us_, first + 1'000'000);
  now_us_ = first + 5'500'000;  // for very long: no burst follows
  alarm_us_ = 0;
  ena_alarm(&device_);
  EXPECT_EQ(alarm_us_, now_us_ + 1'000'000);
  EXPECT_EQ(take_events().size(), 2u);
}

TEST_F(EnaEvents, KeepAlivesThatFoundNoRoom) {
  attach();
  enable_groups(kKeepAlive);
  host_gives_credit(2);
  pass(60'000'000);
  EXPECT_EQ(take_events().size(), 2u);
  host_gives_credit(16);
  EXPECT_EQ(take_events().size(), 1u);  // at once, and one for all that were dropped
  pass(1'000'000);
  EXPECT_EQ(take_events().size(), 1u);
}

TEST_F(EnaEvents, OtherPeriods) {
  identity_.keep_alive_ms = 50;
  attach();
  enable_groups(kKeepAlive);
  host_gives_credit(100);
  pass(1'000'000);
  EXPECT_EQ(take_events().size(), 20u);
}

TEST_F(EnaEvents, GroupsThatAreNotWanted) {
  identity_.patient = 1;
  attach();
  host_gives_credit(16);
  pass(10'000'000);
  EXPECT_TRUE(take_events().empty());
  EXPECT_EQ(alarm_us_, 0u);
  enable_groups(kKeepAlive);
  pass(1'000'000);
  ena_set_link(&device_, 0);
  for (const auto& event : take_events()) EXPECT_EQ(event.group, 4u);
  enable_groups(0);
  EXPECT_EQ(alarm_us_, 0u);
  pass(10'000'000);
  EXPECT_TRUE(take_events().empty());
}

TEST_F(EnaEvents, NoneAfterAReset) {
  attach();
  enable_groups(kLink | kKeepAlive);
  host_gives_credit(16);
  take_events();
  host_resets();
  events();
  EXPECT_EQ(alarm_us_, 0u);
  ena_set_link(&device_, 0);
  ena_alarm(&device_);
  pass(10'000'000);
  host_releases();
  events();
  host_gives_credit(16);
  pass(10'000'000);
  EXPECT_TRUE(take_events().empty());  // the groups are to be enabled anew
}

// Drivers look at events when their probe has ended. Where no keep-alive makes them look, the link's state is told
// again.
TEST_F(EnaEvents, LinkIsToldUntilItIsSeen) {
  identity_.keep_alive_ms = 0;
  attach();
  enable_groups(kLink);
  host_gives_credit(16);
  EXPECT_EQ(take_events().size(), 1u);
  pass(3'000'000);
  auto events = take_events();
  ASSERT_EQ(events.size(), 3u);
  expect_link(events[2], true);
  host_gives_credit(4);  // the host has looked
  EXPECT_TRUE(take_events().empty());
  EXPECT_EQ(alarm_us_, 0u);
  pass(10'000'000);
  EXPECT_TRUE(take_events().empty());
  ena_set_link(&device_, 0);
  pass(1'000'000);
  EXPECT_EQ(take_events().size(), 2u);
}

TEST_F(EnaEvents, LinkIsNotToldForEver) {
  identity_.keep_alive_ms = 0;
  attach();
  enable_groups(kLink);
  host_gives_credit(16);
  pass(100'000'000);
  EXPECT_EQ(take_events().size(), 16u);
  EXPECT_EQ(alarm_us_, 0u);
  host_gives_credit(16);
  EXPECT_TRUE(take_events().empty());
}

TEST_F(EnaEvents, HintsOnce) {
  identity_.patient = 1;
  attach();
  enable_groups(kNotification);
  host_gives_credit(16);
  const auto events = take_events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].group, 3u);
  EXPECT_EQ(events[0].syndrome, 2u);
  const std::uint16_t hints[8] = {60000, 65535, 65535, 0, 60000, 60000, 0, 0};
  EXPECT_EQ(std::memcmp(events[0].payload, hints, sizeof hints), 0);
  host_gives_credit(1);
  EXPECT_TRUE(take_events().empty());
  whole_reset();
  enable_groups(kNotification);
  host_gives_credit(16);
  EXPECT_EQ(take_events().size(), 1u);
}

TEST_F(EnaEvents, NoHintsUnlessTheyAreAskedFor) {
  attach();
  enable_groups(kNotification);
  host_gives_credit(16);
  EXPECT_TRUE(take_events().empty());
}

TEST_F(EnaEvents, LinkGoesBeforeHints) {
  identity_.patient = 1;
  attach();
  enable_groups(kLink | kNotification | kKeepAlive);
  host_gives_credit(1);
  EXPECT_EQ(take_events().at(0).group, 0u);
  host_gives_credit(1);
  EXPECT_EQ(take_events().at(0).group, 3u);
}

}  // namespace
}  // namespace cardvp
