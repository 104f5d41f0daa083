// NVMe 1.4, 5.1 and 5.2: Abort, Asynchronous Event Request.
#include "test/unit/firmware/nvme_fixture.h"

namespace cardvp {
namespace {

using namespace nvme_regs;

struct Events : NvmeFirmware {
  Events() { enable(); }

  static constexpr std::uint32_t kRetain = 1 << 15;
  void read_error_log(std::uint32_t flags = 0) {
    send({.opcode = NVME_GET_LOG_PAGE, .nsid = 0xffffffff, .dw10 = 15 << 16 | NVME_LOG_ERROR | flags}, 900, sent_++);
  }
  void bad_register() {
    raise(EVENTS_BAD_REGISTER);
    events();
  }
  void bad_value() {
    raise(EVENTS_BAD_VALUE);
    events();
  }
};

TEST_F(Events, RequestsAreHeldUntilSomethingHappens) {
  const std::uint32_t tag = hold_event_request();
  EXPECT_TRUE(take_completions().empty());
  bad_value();
  const auto done = take_completions();
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].tag, tag);
  EXPECT_EQ(done[0].status, NVME_SUCCESS);
  EXPECT_EQ(done[0].dw0, 0x010100u);  // log page 01h, invalid doorbell write value, error status
}

TEST_F(Events, HappeningsWaitForARequest) {
  bad_register();
  EXPECT_TRUE(take_completions().empty());
  hold_event_request();
  const auto done = take_completions();
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].dw0, 0x010000u);  // write to an invalid doorbell register
}

TEST_F(Events, TypeIsMaskedUntilItsLogPageWasRead) {
  hold_event_request();
  const std::uint32_t second = hold_event_request();
  bad_register();
  take_completions();
  bad_value();
  bad_value();
  EXPECT_TRUE(take_completions().empty());
  read_error_log(kRetain);
  EXPECT_EQ(take_completions().size(), 1u);  // the log page alone
  read_error_log();
  const auto done = take_completions();
  ASSERT_EQ(done.size(), 2u);
  EXPECT_EQ(done[0].tag, 900u);  // the log first: it describes what was before
  EXPECT_EQ(done[1].tag, second);
  EXPECT_EQ(done[1].dw0, 0x010100u);
}

TEST_F(Events, OtherLogPagesUnmaskNothing) {
  hold_event_request();
  hold_event_request();
  bad_value();
  bad_value();
  take_completions();
  admin({.opcode = NVME_GET_LOG_PAGE, .nsid = 0xffffffff, .dw10 = 127 << 16 | NVME_LOG_HEALTH});
  admin({.opcode = NVME_GET_LOG_PAGE, .nsid = 2, .dw10 = 15 << 16 | NVME_LOG_ERROR});  // fails
  EXPECT_TRUE(take_completions().empty());
}

TEST_F(Events, MoreRequestsThanTheLimit) {
  for (int i = 0; i < NVME_ASYNC_EVENTS; ++i) hold_event_request();
  EXPECT_TRUE(take_completions().empty());
  EXPECT_EQ(admin({.opcode = NVME_ASYNC_EVENT_REQUEST}).status, NVME_ASYNC_EVENT_LIMIT);
  bad_value();
  EXPECT_EQ(take_completions().size(), 1u);
  hold_event_request();  // there is room again
  EXPECT_TRUE(take_completions().empty());
}

TEST_F(Events, RequestsAreAnsweredInTheirOrder) {
  const std::uint32_t first = hold_event_request(), second = hold_event_request();
  bad_value();
  EXPECT_EQ(take_completions().at(0).tag, first);
  read_error_log();
  take_completions();
  bad_value();
  EXPECT_EQ(take_completions().at(0).tag, second);
}

TEST_F(Events, ResetForgetsWhatWasPending) {
  bad_value();
  host_writes_cc(0);
  host_writes_cc(kCcEnable);
  raise(EVENTS_BAD_REGISTER);  // seen together with the reset: from before it
  events();
  hold_event_request();
  EXPECT_TRUE(take_completions().empty());
}

TEST_F(Events, AbortOfAnIoCommandGoesToTheEngine) {
  abortable_.insert(0x00450002);  // CID 0x45 in SQ 2
  const Command abort{.opcode = NVME_ABORT_COMMAND, .dw10 = 0x00450002};
  const Completion first = admin(abort);
  EXPECT_EQ(first.status, NVME_SUCCESS);
  EXPECT_EQ(first.dw0, 0u);
  const Completion second = admin(abort);
  EXPECT_EQ(second.status, NVME_SUCCESS);
  EXPECT_EQ(second.dw0, 1u);  // not aborted
}

TEST_F(Events, AbortOfAHeldRequestEndsIt) {
  hold_event_request(0x10);
  const std::uint32_t second = hold_event_request(0x11);
  hold_event_request(0x12);
  send({.opcode = NVME_ABORT_COMMAND, .dw10 = 0x11 << 16}, 500, sent_++);
  auto done = take_completions();
  ASSERT_EQ(done.size(), 2u);
  EXPECT_EQ(done[0].tag, second);
  EXPECT_EQ(done[0].status, NVME_ABORT_REQUESTED);
  EXPECT_EQ(done[1].tag, 500u);
  EXPECT_EQ(done[1].dw0, 0u);
  EXPECT_EQ(admin({.opcode = NVME_ABORT_COMMAND, .dw10 = 0x11 << 16}).dw0, 1u);
  bad_value();
  done = take_completions();
  ASSERT_EQ(done.size(), 1u);
  EXPECT_NE(done[0].tag, second);
}

}  // namespace
}  // namespace cardvp
