// Interfaces in a live update (firmware/controller/live.h): what the new firmware finds is what the old one had.
#include <memory>
#include <vector>

#include "firmware/controller/live.h"
#include "test/unit/firmware/ena_fixture.h"

namespace cardvp {
namespace {

using namespace nic::control_regs;

class EnaLive : public EnaFirmware {
 protected:
  EnaLive() : state(std::make_unique<live_state>()) {
    attach();
    state->interface_count = 1;
  }
  // As the card does: saved, sealed, checked, restored over nothing, without a write to the engine.
  void take_over() {
    live_save_interface(&state->interfaces[0], &device_, 3);
    live_seal(state.get());
    std::memset(static_cast<void*>(&device_), 0xee, sizeof device_);
    alarm_us_ = 0;
    const unsigned before = writes_;
    ASSERT_EQ(live_check(state.get()), LIVE_GOOD);
    ASSERT_TRUE(live_restore_interface(&device_, &port_, &state->interfaces[0]));
    EXPECT_EQ(writes_, before);
  }
  bool restores() { return live_restore_interface(&device_, &port_, &state->interfaces[0]) != 0; }

  std::unique_ptr<live_state> state;
};

TEST_F(EnaLive, DeviceGoesOn) {
  ASSERT_EQ(status(set_feature(4).u16(30, 1).u16(34, 4).u16(38, 2).u16(42, 2)), 0u);
  const unsigned tx_cq = create_cq(2), rx_cq = create_cq(4);
  create_sq(ENA_DIRECTION_TX, tx_cq);
  create_sq(ENA_DIRECTION_RX, rx_cq);
  enable_groups(0x11);
  take_over();
  EXPECT_EQ(admin(get_feature(1)).u32(40), 9001u);
  EXPECT_EQ(admin(get_feature(1)).u8(37), 0x55u);
  EXPECT_EQ(admin(get_feature(26)).u32(12), 0x11u);
  EXPECT_EQ(admin(get_feature(4)).u16(22), 4u);
  EXPECT_EQ(admin(get_feature(7, 1)).u32(12), kQueues);
  EXPECT_EQ(create_cq(2), 2u);
  EXPECT_EQ(status(EnaCommand(ENA_DESTROY_SQ, 8).u8(6, 1 << 5)), 0u);
  EXPECT_EQ(status(EnaCommand(ENA_DESTROY_CQ, 8)), 0u);
  EXPECT_EQ(state->interfaces[0].number, 3u);
}

TEST_F(EnaLive, KeepAlivesGoOn) {
  enable_groups(0x11);
  host_gives_credit(16);
  take_events();
  pass(700'000);
  take_over();
  pass(299'999);
  EXPECT_TRUE(take_events().empty());  // the link's state neither: it was told
  pass(1);
  EXPECT_EQ(take_events().size(), 1u);
  pass(1'000'000);
  EXPECT_EQ(take_events().size(), 1u);
}

TEST_F(EnaLive, LinkStaysAsItWas) {
  enable_groups(0x11);
  ena_set_link(&device_, 0);
  take_over();
  host_gives_credit(16);
  const auto events = take_events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].payload[0], 0u);
}

TEST_F(EnaLive, InAReset) {
  host_resets();
  events();
  take_over();
  EXPECT_EQ(status(get_feature(1)), 0xffffu);
  host_releases();
  EXPECT_EQ(events(), ENA_RESET_ENDED);
  EXPECT_EQ(status(get_feature(1)), 0u);
}

TEST_F(EnaLive, CommandsThatWait) {
  const std::uint32_t stale = sent_++;
  whole_reset();
  const std::uint32_t waiting = sent_++;
  take_over();
  send(get_feature(1), stale);
  EXPECT_TRUE(take_completions().empty());
  send(get_feature(1), waiting);
  EXPECT_EQ(take_completions().size(), 1u);
}

TEST_F(EnaLive, EveryByteIsCovered) {
  state->volume_count = 1;
  live_save_interface(&state->interfaces[0], &device_, 3);
  live_seal(state.get());
  auto* bytes = reinterpret_cast<std::uint8_t*>(state->interfaces);
  for (std::size_t i = 0; i < sizeof(live_interface); ++i) {
    bytes[i] ^= 0x10;
    ASSERT_NE(live_check(state.get()), LIVE_GOOD) << i;
    bytes[i] ^= 0x10;
  }
  EXPECT_EQ(live_check(state.get()), LIVE_GOOD);
}

TEST_F(EnaLive, MoreThanThereCanBe) {
  // Sealed as if there were room for one more.
  std::vector<std::uint64_t> larger((sizeof(live_state) + sizeof(live_interface)) / 8 + 1);
  auto* const damaged = reinterpret_cast<live_state*>(larger.data());
  damaged->interface_count = LIVE_MOST_INTERFACES + 1;
  live_seal(damaged);
  EXPECT_EQ(live_check(damaged), LIVE_DAMAGED);
}

TEST_F(EnaLive, ValuesThatCannotBe) {
  live_save_interface(&state->interfaces[0], &device_, 3);
  const live_interface good = state->interfaces[0];
  EXPECT_TRUE(restores());
  state->interfaces[0].state.llq_entry_bytes = 0;  // is divided by
  EXPECT_FALSE(restores());
  state->interfaces[0] = good;
  state->interfaces[0].state.link_told = 3;
  EXPECT_FALSE(restores());
  state->interfaces[0] = good;
  bank_.set(LIMITS_QUEUES, 0);  // of another function
  EXPECT_FALSE(restores());
}

}  // namespace
}  // namespace cardvp
