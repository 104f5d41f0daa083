// Attachment, registers before the driver, resets.
#include "test/unit/firmware/ena_fixture.h"

namespace cardvp {
namespace {

using namespace nic::control_regs;

class EnaDevice : public EnaFirmware {};

TEST_F(EnaDevice, HostFindsAReadyDevice) {
  attach();
  EXPECT_EQ(reg(STATUS_READY), 1u);
  EXPECT_EQ(reg(STATUS_FATAL), 0u);
  // CAPS: contiguous rings, reset timeout 31, DMA width 48, the driver's own admin timeout.
  EXPECT_EQ(reg(HOST_CAPS_VALUE), 0x303fu);
  EXPECT_EQ(reg(HOST_CONTROLLER_VALUE), 0x01000001u);  // implementation 1, 0.0.1
  EXPECT_GE(reg(HOST_VERSION_VALUE), 0x000au);         // drivers 1.x want 0.10
}

TEST_F(EnaDevice, VersionsStandBeforeReady) {
  bool stood = false;
  bank_.on_write(STATUS, [&](const RegisterWrite&) {
    stood = reg(HOST_CAPS_VALUE) != 0 && reg(HOST_CONTROLLER_VALUE) != 0 && reg(HOST_VERSION_VALUE) != 0;
  });
  attach();
  EXPECT_TRUE(stood);
}

TEST_F(EnaDevice, InitialValues) {
  attach();
  EXPECT_EQ(reg(MTU_BYTES), 9001u);
  EXPECT_EQ(reg(MODERATION_RESOLUTION), 1u);
  EXPECT_EQ(reg(OFFLOADS_RX_CHECKSUMS), 1u);
  EXPECT_EQ(reg(OFFLOADS_RX_HASH), 1u);
  EXPECT_EQ(reg(RSS_FUNCTION), 1u);    // Toeplitz
  EXPECT_EQ(reg(RSS_TABLE_LOG2), 0u);  // all to the first queue
  EXPECT_EQ(reg(RSS_REVERSE_KEY), 0u);
  // The key of the vectors in Microsoft's "Verifying the RSS Hash Calculation".
  EXPECT_EQ(bank_.get(RSS_KEY, 0), 0xda565a6du);
  EXPECT_EQ(bank_.get(RSS_KEY, 9), 0xfa01acbeu);
  const unsigned fields[] = {0x3c, 0x3c, 0x3c, 0x3c, 0x0c, 0x0c, 0x0c, 0x03, 0, 0};
  for (unsigned i = 0; i < 10; ++i) EXPECT_EQ(bank_.get(RSS_FIELDS, i), fields[i]) << i;
}

TEST_F(EnaDevice, AFunctionWithoutQueues) {
  EXPECT_FALSE(ena_init(&device_, &port_, kFunction, &identity_));
  EXPECT_EQ(reg(STATUS_READY), 0u);
}

TEST_F(EnaDevice, EventsOfAnAttachmentBeforeAreForgotten) {
  bank_.set(EVENTS_RESET, 1);
  bank_.set(EVENTS_FUNCTION_RESET, 1);
  attach();
  EXPECT_EQ(bank_.get(EVENTS), 0u);
  EXPECT_EQ(events(), ENA_UNCHANGED);
}

TEST_F(EnaDevice, Reset) {
  attach();
  host_resets(1);
  EXPECT_EQ(events(), ENA_RESET_BEGUN);
  EXPECT_EQ(reg(STATUS_RESETTING), 1u);  // until the host has seen it
  EXPECT_EQ(bank_.get(EVENTS), 0u);
  host_releases();
  EXPECT_EQ(events(), ENA_RESET_ENDED);
  EXPECT_EQ(reg(STATUS_RESETTING), 0u);
  EXPECT_EQ(reg(STATUS_READY), 1u);
}

TEST_F(EnaDevice, ResetThatWasFasterThanTheFirmware) {
  attach();
  host_resets();
  host_releases();
  EXPECT_EQ(events(), ENA_RESET_ENDED);
  EXPECT_EQ(reg(STATUS_RESETTING), 0u);
}

TEST_F(EnaDevice, ResetTwiceInARow) {
  attach();
  host_resets();
  host_releases();
  host_resets();  // again, before the firmware has looked: it may not end
  events();
  EXPECT_EQ(reg(STATUS_RESETTING), 1u);
  host_releases();
  EXPECT_EQ(events(), ENA_RESET_ENDED);
  whole_reset();
  EXPECT_EQ(reg(STATUS_RESETTING), 0u);
  EXPECT_EQ(status(get_feature(1)), 0u);
}

TEST_F(EnaDevice, ReleaseWithoutAReset) {
  attach();
  host_releases();
  EXPECT_EQ(events(), ENA_UNCHANGED);
  EXPECT_EQ(reg(STATUS_READY), 1u);
}

TEST_F(EnaDevice, ResetForgetsWhatTheHostHasSet) {
  attach();
  create_cq(2);
  EXPECT_EQ(status(set_feature(14).u32(20, 1500)), 0u);
  EXPECT_EQ(status(set_feature(10).u32(24, 4).u32(28, 0xffffffff)), 0u);
  EXPECT_EQ(status(set_feature(4).u16(30, 1).u16(34, 4).u16(38, 4).u16(42, 1).u16(48, 3)), 0u);
  enable_groups(0x11);
  whole_reset();
  EXPECT_EQ(reg(MTU_BYTES), 9001u);
  EXPECT_EQ(reg(RSS_FUNCTION), 1u);
  EXPECT_EQ(reg(RSS_INITIAL_VALUE), 0u);
  EXPECT_EQ(reg(LLQ_MODE_BEFORE_HEADER), 2u);
  EXPECT_EQ(reg(LLQ_MODE_MULTIPLE), 1u);
  EXPECT_EQ(reg(LLQ_MODE_NO_META_CACHE), 0u);
  EXPECT_EQ(admin(get_feature(26)).u32(12), 0u);  // no groups
  EXPECT_EQ(admin(get_feature(4)).u16(22), 1u);   // entries of 128 bytes
  EXPECT_EQ(create_cq(2), 0u);                    // numbers begin anew
  // What must not change: drivers compare (4.2).
  const EnaCompletion attributes = admin(get_feature(1));
  EXPECT_EQ(attributes.u32(40), 9001u);
  EXPECT_EQ(attributes.u8(32), 0x02u);
}

TEST_F(EnaDevice, FunctionReset) {
  attach();
  host_resets_function();
  EXPECT_EQ(reg(STATUS_READY), 0u);
  EXPECT_EQ(events(), ENA_FUNCTION_RESET);
  EXPECT_EQ(reg(STATUS_READY), 1u);
  EXPECT_EQ(reg(HOST_CAPS_VALUE), 0x303fu);
  EXPECT_EQ(reg(MTU_BYTES), 9001u);
  EXPECT_EQ(bank_.get(RSS_KEY, 0), 0xda565a6du);
  EXPECT_EQ(status(get_feature(1)), 0u);
}

TEST_F(EnaDevice, FunctionResetInADeviceReset) {
  attach();
  host_resets();
  events();
  host_resets_function();
  EXPECT_EQ(events(), ENA_FUNCTION_RESET);
  EXPECT_EQ(status(get_feature(1)), 0u);
}

// The engine tells in order: a command that was sent before a reset is no command of the new life.
TEST_F(EnaDevice, CommandsFromBeforeAReset) {
  attach();
  const std::uint32_t stale = sent_++;
  host_resets();
  host_releases();
  send(EnaCommand(ENA_CREATE_CQ, 20).u8(4, 0x20).u8(5, 2).u16(6, 64).u32(8, 1).address(12, 0x1000), stale);
  EXPECT_TRUE(take_completions().empty());
  EXPECT_TRUE(cqs_.empty());
  EXPECT_EQ(reg(STATUS_RESETTING), 0u);  // the reset was served ahead of the command
  EXPECT_EQ(status(get_feature(1)), 0u);
}

TEST_F(EnaDevice, NoCommandsWhileInReset) {
  attach();
  host_resets();
  events();
  send(get_feature(1));
  EXPECT_TRUE(take_completions().empty());
}

// Should a command have been served after the engine's own reset, its queue does not last.
TEST_F(EnaDevice, QueueThatWasCreatedIntoAReset) {
  attach();
  create_cq(2);
  const auto left = cqs_;
  host_resets();
  cqs_ = left;
  events();
  EXPECT_TRUE(cqs_.empty());
}

TEST_F(EnaDevice, ControlBuffersFromBeforeAReset) {
  attach();
  send(set_feature(10).buffer(48, 0x4000).u32(24, 2));
  ASSERT_EQ(fetches_.size(), 1u);
  const auto fetch = fetches_[0];
  whole_reset();
  fetches_ = {fetch};
  host_memory_[0x4000] = Bytes(48);
  answer_fetches();
  EXPECT_TRUE(take_completions().empty());
  EXPECT_TRUE(ena_quiet(&device_));
}

TEST_F(EnaDevice, Stop) {
  attach();
  enable_groups(0x11);
  host_gives_credit(16);
  create_cq(2);
  EXPECT_NE(alarm_us_, 0u);
  ena_stop(&device_);
  EXPECT_EQ(alarm_us_, 0u);
  EXPECT_TRUE(cqs_.empty());
  EXPECT_EQ(reg(STATUS_READY), 0u);
}

}  // namespace
}  // namespace cardvp
