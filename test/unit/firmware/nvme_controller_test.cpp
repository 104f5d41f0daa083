// NVMe 1.4, 3.1.5, 3.1.6, 7.3, 7.6: enabling, resets, shutdown.
#include "test/unit/firmware/nvme_fixture.h"

namespace cardvp {
namespace {

using namespace nvme_regs;

struct Life : NvmeFirmware {
  bool ready() const { return bank_.get(STATUS_RDY); }
};

TEST_F(Life, EnablingSetsReady) {
  EXPECT_FALSE(ready());
  enable();
  EXPECT_EQ(status(), 1u);
  EXPECT_EQ(bank_.get(EVENTS), 0u);
}

TEST_F(Life, RefusesWhatItDoesNotOffer) {
  const std::uint32_t bad[] = {
      kCcEnable | 1 << 4,                  // CSS
      kCcEnable | 1 << 7,                  // MPS: 8 KiB
      kCcEnable | 1 << 11,                 // AMS: weighted round robin
      (kCcEnable & ~0xf0000u) | 5 << 16,   // IOSQES: 32 bytes
      (kCcEnable & ~0xf00000u) | 5 << 20,  // IOCQES: 32 bytes
      0xffffffff & ~0xc000u,
  };
  for (const std::uint32_t cc : bad) {
    host_writes_cc(cc);
    EXPECT_EQ(events(), NVME_REFUSED) << std::hex << cc;
    EXPECT_EQ(status(), 2u) << std::hex << cc;  // CFS, not RDY
    EXPECT_EQ(admin({.opcode = NVME_IDENTIFY, .dw10 = 1}).status, 0xffff);
    host_writes_cc(0);
    EXPECT_EQ(events(), NVME_DISABLED);
    EXPECT_EQ(status(), 0u);
  }
  enable();  // and it recovers
}

TEST_F(Life, EntrySizesMayComeLaterThanEnable) {
  host_writes_cc(1);
  EXPECT_EQ(events(), NVME_ENABLED);
  // ... but before the first I/O queue.
  const Command cq{.opcode = NVME_CREATE_IO_CQ, .dw10 = 15 << 16 | 1, .dw11 = 1};
  EXPECT_EQ(admin(cq).status, NVME_INVALID_QUEUE_SIZE);
  bank_.set(CC, 1 | 5 << 20);
  EXPECT_EQ(admin(cq).status, NVME_INVALID_QUEUE_SIZE);
  bank_.set(CC, kCcEnable);
  EXPECT_EQ(admin(cq).status, NVME_SUCCESS);
}

TEST_F(Life, AdminQueuesOfOneEntryAreRefused) {
  for (const std::uint32_t sizes : {0x001f0000u, 0x0000001fu}) {
    bank_.set(ADMIN_SIZES, sizes);
    host_writes_cc(kCcEnable);
    EXPECT_EQ(events(), NVME_REFUSED);
    host_writes_cc(0);
    events();
  }
}

TEST_F(Life, NotReadyIfTheHostTookEnableBackMeanwhile) {
  host_writes_cc(kCcEnable);
  bank_.set(CC, 0);  // the DISABLE event is on its way
  EXPECT_EQ(events(), NVME_UNCHANGED);
  EXPECT_FALSE(ready());
  EXPECT_EQ(admin({.opcode = NVME_IDENTIFY, .dw10 = 1}).status, 0xffff);
}

TEST_F(Life, DisableAndEnableBetweenTwoLooks) {
  enable();
  hold_event_request();
  host_writes_cc(0);
  host_writes_cc(kCcEnable);
  EXPECT_EQ(events(), NVME_ENABLED);
  EXPECT_TRUE(ready());
  // The event request of before is forgotten.
  raise(EVENTS_BAD_VALUE);
  events();
  EXPECT_TRUE(take_completions().empty());
}

TEST_F(Life, EventsThatComeWhileOneIsHandledAreSeen) {
  host_writes_cc(kCcEnable);
  // The host disables as soon as the firmware writes STATUS. As EVENTS is not 0 then, no message tells of it.
  bool once = true;
  bank_.on_write(STATUS, [&](const RegisterWrite&) {
    if (std::exchange(once, false)) host_writes_cc(0);
  });
  EXPECT_EQ(events(), NVME_DISABLED);
  EXPECT_EQ(bank_.get(EVENTS), 0u);
  EXPECT_FALSE(ready());
}

TEST_F(Life, FunctionResetIsLikeDisable) {
  enable();
  bank_.set(CC, 0);
  bank_.set(STATUS, 0);
  raise(EVENTS_RESET);
  EXPECT_EQ(events(), NVME_DISABLED);
  EXPECT_EQ(admin({.opcode = NVME_IDENTIFY, .dw10 = 1}).status, 0xffff);
}

TEST_F(Life, ShutdownCompletes) {
  enable();
  host_writes_cc(kCcEnable | 1 << 14);
  EXPECT_EQ(events(), NVME_SHUT_DOWN);
  EXPECT_EQ(bank_.get(STATUS_SHST), 2u);
  EXPECT_TRUE(ready());
  host_writes_cc(0);
  events();
  EXPECT_EQ(status(), 0u);  // 3.1.6: a reset is what lets it start again
}

TEST_F(Life, ShutdownWithdrawnByResetLeavesNoTrace) {
  enable();
  host_writes_cc(kCcEnable | 1 << 14);
  host_writes_cc(0);
  host_writes_cc(kCcEnable);
  EXPECT_EQ(events(), NVME_ENABLED);
  EXPECT_EQ(status(), 1u);
}

TEST_F(Life, ShutdownKeepsFatalStatus) {
  host_writes_cc(kCcEnable | 1 << 7);
  events();
  host_writes_cc(kCcEnable | 1 << 7 | 1 << 14);
  events();
  EXPECT_EQ(status(), 2u << 2 | 2u);
}

TEST_F(Life, CommandsFromBeforeAResetAreDropped) {
  enable();
  // Three commands wait in the mailbox behind an event when the host resets the controller and enables it again.
  const std::uint32_t first = sent_;
  sent_ += 3;
  host_writes_cc(0);
  host_writes_cc(kCcEnable);
  EXPECT_EQ(events(), NVME_ENABLED);
  const Command create{.opcode = NVME_CREATE_IO_CQ, .dw10 = 15 << 16 | 1, .dw11 = 1};
  for (std::uint32_t i = 0; i < 3; ++i) send(create, 50 + i, first + i);
  EXPECT_TRUE(take_completions().empty());
  EXPECT_TRUE(completion_.empty());  // and had no effect
  EXPECT_EQ(admin(create).status, NVME_SUCCESS);
}

TEST_F(Life, MessageNumbersMayWrap) {
  sent_ = 0xfffffffe;
  enable();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(admin({.opcode = NVME_IDENTIFY, .dw10 = 1}).status, NVME_SUCCESS);
  EXPECT_EQ(sent_, 2u);
}

TEST_F(Life, DisableBringsFeaturesBackToTheirDefaults) {
  enable();
  admin({.opcode = NVME_SET_FEATURES, .dw10 = NVME_FEATURE_WRITE_CACHE, .dw11 = 0});
  admin({.opcode = NVME_SET_FEATURES, .dw10 = NVME_FEATURE_QUEUES, .dw11 = 0});
  EXPECT_EQ(bank_.get(WRITE_CACHE), 0u);
  host_writes_cc(0);
  events();
  EXPECT_EQ(bank_.get(WRITE_CACHE), 1u);
  enable();
  EXPECT_EQ(admin({.opcode = NVME_GET_FEATURES, .dw10 = NVME_FEATURE_QUEUES}).dw0, 0x00070007u);
}

TEST_F(Life, EveryOpcodeEndsInAnAnswer) {
  enable();
  unsigned supported = 0;
  for (unsigned opcode = 0; opcode < 256; ++opcode) {
    if (opcode == NVME_ASYNC_EVENT_REQUEST) continue;
    const std::uint16_t answer = admin({.opcode = static_cast<std::uint8_t>(opcode),
                                        .nsid = 0xffffffff,
                                        .dw10 = 0xffffffff,
                                        .dw11 = 0xffffffff,
                                        .dw12 = 0xffffffff,
                                        .dw13 = 0xffffffff,
                                        .prp1 = ~0ull})
                                     .status;
    EXPECT_NE(answer, 0xffff) << opcode;
    if (answer != NVME_INVALID_OPCODE) ++supported;
  }
  EXPECT_EQ(supported, 13u);
}

TEST_F(Life, RefusesFusedCommandsAndScatterGatherLists) {
  enable();
  for (const std::uint32_t flags : {0x100u, 0x200u, 0x4000u, 0x8000u})
    EXPECT_EQ(admin({.opcode = NVME_IDENTIFY, .dw10 = 1, .dw0_flags = flags}).status, NVME_INVALID_FIELD);
}

}  // namespace
}  // namespace cardvp
