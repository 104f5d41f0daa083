// The live update's state (firmware/controller/live.h): what the new firmware finds is what the old one had.
#include "firmware/controller/live.h"

#include <memory>

#include "test/unit/firmware/nvme_fixture.h"

namespace cardvp {
namespace {

using namespace nvme_regs;

struct Live : NvmeFirmware {
  Live() : state(std::make_unique<live_state>()) {
    enable();
    state->from = 0x00020000;
    state->messages_taken = 5;
    state->volume_count = 1;
  }

  // As the card does: saved, sealed, checked, restored over nothing.
  void take_over() {
    live_save_volume(&state->volumes[0], &controller_, 7);
    live_seal(state.get());
    std::memset(static_cast<void*>(&controller_), 0xee, sizeof controller_);
    ASSERT_EQ(live_check(state.get()), LIVE_GOOD);
    ASSERT_TRUE(live_restore_volume(&controller_, &port_, &card_, &state->volumes[0], "0.3.0   "));
  }
  std::uint32_t feature(std::uint32_t id, std::uint32_t dw11 = 0) {
    const Completion answer = admin({.opcode = NVME_GET_FEATURES, .nsid = 1, .dw10 = id, .dw11 = dw11});
    EXPECT_EQ(answer.status, NVME_SUCCESS);
    return answer.dw0;
  }

  std::unique_ptr<live_state> state;
};

TEST_F(Live, ControllerGoesOn) {
  EXPECT_EQ(admin({.opcode = NVME_SET_FEATURES, .dw10 = NVME_FEATURE_QUEUES, .dw11 = 2 << 16 | 3}).status,
            NVME_SUCCESS);
  EXPECT_EQ(admin({.opcode = NVME_SET_FEATURES, .dw10 = NVME_FEATURE_TEMPERATURE, .dw11 = 300}).status, NVME_SUCCESS);
  EXPECT_EQ(admin({.opcode = NVME_SET_FEATURES, .dw10 = NVME_FEATURE_WRITE_CACHE, .dw11 = 0}).status, NVME_SUCCESS);
  EXPECT_EQ(admin({.opcode = NVME_SET_FEATURES, .dw10 = NVME_FEATURE_VECTOR, .dw11 = 1 << 16 | 8}).status,
            NVME_SUCCESS);
  EXPECT_EQ(admin({.opcode = NVME_CREATE_IO_CQ, .dw10 = 15 << 16 | 1, .dw11 = 1}).status, NVME_SUCCESS);
  const std::uint32_t held = hold_event_request();
  const std::uint32_t second = hold_event_request(0x101);
  unsigned writes = 0;
  for (const Register reg : {STATUS, EVENTS, WRITE_CACHE, QUEUE_COMMAND, CIPHER})
    bank_.on_write(reg, [&](const RegisterWrite&) { ++writes; });
  take_over();
  EXPECT_EQ(writes, 0u);

  EXPECT_EQ(feature(NVME_FEATURE_QUEUES), 2u << 16 | 3u);
  EXPECT_EQ(feature(NVME_FEATURE_TEMPERATURE), 300u);
  EXPECT_EQ(feature(NVME_FEATURE_WRITE_CACHE), 0u);
  EXPECT_EQ(feature(NVME_FEATURE_VECTOR, 8), 1u << 16 | 8u);
  EXPECT_EQ(feature(NVME_FEATURE_VECTOR, 7), 7u);
  EXPECT_EQ(admin({.opcode = NVME_SET_FEATURES, .dw10 = NVME_FEATURE_QUEUES}).status, NVME_COMMAND_SEQUENCE_ERROR);
  const auto page = admin({.opcode = NVME_IDENTIFY, .dw10 = 1}).data;
  EXPECT_EQ(text(page, 4, 20), "vol0123456789abcdef0");
  EXPECT_EQ(text(page, 64, 8), "0.3.0   ");  // FR is the new firmware's
  EXPECT_EQ(state->volumes[0].number, 7u);

  // The event requests that the old firmware held.
  raise(EVENTS_BAD_VALUE);
  events();
  auto completions = take_completions();
  ASSERT_EQ(completions.size(), 1u);
  EXPECT_EQ(completions[0].tag, held);
  send({.opcode = NVME_ABORT_COMMAND, .dw10 = 0x101u << 16}, 800, sent_++);
  completions = take_completions();
  ASSERT_EQ(completions.size(), 2u);
  EXPECT_EQ(completions[0].tag, second);
  EXPECT_EQ(completions[0].status, NVME_ABORT_REQUESTED);
}

TEST_F(Live, EventsThatWereReportedStayMasked) {
  hold_event_request();
  hold_event_request();
  raise(EVENTS_BAD_VALUE);
  events();
  EXPECT_EQ(take_completions().size(), 1u);
  raise(EVENTS_BAD_REGISTER);  // is kept until the host has read the log
  events();
  take_over();
  raise(EVENTS_BAD_VALUE);
  events();
  EXPECT_TRUE(take_completions().empty());
  send({.opcode = NVME_GET_LOG_PAGE, .nsid = 0xffffffff, .dw10 = NVME_LOG_ERROR | 15 << 16}, 800, sent_++);
  EXPECT_EQ(take_completions().size(), 2u);  // the log, and what was kept back
}

TEST_F(Live, MessagesThatWaitAreNotFromBeforeAReset) {
  const std::uint32_t waiting = sent_++;
  take_over();
  send({.opcode = NVME_IDENTIFY, .dw10 = 1}, 900, waiting);
  const auto completions = take_completions();
  ASSERT_EQ(completions.size(), 1u);
  EXPECT_EQ(completions[0].status, NVME_SUCCESS);
}

TEST_F(Live, MessagesFromBeforeAResetAreStill) {
  const std::uint32_t stale = sent_++;
  host_writes_cc(0);
  host_writes_cc(kCcEnable);
  events();
  take_over();
  send({.opcode = NVME_IDENTIFY, .dw10 = 1}, 900, stale);
  EXPECT_TRUE(take_completions().empty());
}

TEST_F(Live, ControllerThatIsNotReadyStaysSo) {
  host_writes_cc(0);
  events();
  take_over();
  EXPECT_EQ(admin({.opcode = NVME_IDENTIFY, .dw10 = 1}).status, 0xffff);
  enable();
  EXPECT_EQ(admin({.opcode = NVME_IDENTIFY, .dw10 = 1}).status, NVME_SUCCESS);
}

TEST_F(Live, EveryByteIsCovered) {
  live_save_volume(&state->volumes[0], &controller_, 7);
  live_seal(state.get());
  auto* bytes = reinterpret_cast<std::uint8_t*>(state.get());
  ASSERT_GT(state->size, sizeof(live_volume));
  for (std::uint32_t i = 0; i < state->size; ++i) {
    for (const std::uint8_t bit : {0x01, 0x80}) {
      bytes[i] ^= bit;
      ASSERT_NE(live_check(state.get()), LIVE_GOOD) << i;
      bytes[i] ^= bit;
    }
  }
  EXPECT_EQ(live_check(state.get()), LIVE_GOOD);
}

TEST_F(Live, OtherFormats) {
  live_seal(state.get());
  state->format = LIVE_FORMAT + 1;
  EXPECT_EQ(live_check(state.get()), LIVE_BAD_FORMAT);
  std::memset(static_cast<void*>(state.get()), 0, sizeof(live_state));
  EXPECT_EQ(live_check(state.get()), LIVE_BAD_FORMAT);
  state->magic = LIVE_MAGIC;
  state->format = LIVE_FORMAT;
  EXPECT_EQ(live_check(state.get()), LIVE_DAMAGED);
  for (const std::uint32_t volumes : {LIVE_MOST_VOLUMES + 1u, 0x10000000u, 0xffffffffu}) {
    state->volume_count = volumes;
    state->size = static_cast<std::uint32_t>(offsetof(live_state, volumes) + volumes * sizeof(live_volume));
    EXPECT_EQ(live_check(state.get()), LIVE_DAMAGED);  // without looking behind the state
  }
}

TEST_F(Live, AsManyFunctionsAsThereAre) {
  state->volume_count = LIVE_MOST_VOLUMES;
  for (live_volume& volume : state->volumes) live_save_volume(&volume, &controller_, 1);
  state->interface_count = LIVE_MOST_INTERFACES;
  live_seal(state.get());
  EXPECT_LE(state->size, sizeof(live_state));
  EXPECT_GT(state->size + sizeof(live_volume), sizeof(live_state));
  EXPECT_EQ(live_check(state.get()), LIVE_GOOD);
}

TEST_F(Live, ValuesThatCannotBe) {
  live_volume& volume = state->volumes[0];
  live_save_volume(&volume, &controller_, 7);
  const live_volume good = volume;
  nvme_controller restored;
  const auto restores = [&] { return live_restore_volume(&restored, &port_, &card_, &volume, "0.3.0   ") != 0; };
  EXPECT_TRUE(restores());
  volume.request_count = NVME_ASYNC_EVENTS + 1;
  EXPECT_FALSE(restores());
  volume = good;
  volume.submission_queues = kQueues + 1;
  EXPECT_FALSE(restores());
  volume = good;
  volume.completion_queues = 0xffff;
  EXPECT_FALSE(restores());
}

}  // namespace
}  // namespace cardvp
