// NVMe 1.4, 5.3 to 5.6: Create and Delete I/O Submission and Completion Queue.
#include "test/unit/firmware/nvme_fixture.h"

namespace cardvp {
namespace {

using namespace nvme_regs;

struct Queues : NvmeFirmware {
  Queues() { enable(); }

  static constexpr std::uint32_t kContiguous = 1, kInterrupts = 2;

  std::uint16_t create_cq(unsigned id, unsigned entries = 16, std::uint32_t flags = kContiguous | kInterrupts,
                          unsigned vector = 1, std::uint64_t prp1 = 0x123456000) {
    return admin({.opcode = NVME_CREATE_IO_CQ,
                  .dw10 = (entries - 1) << 16 | id,
                  .dw11 = vector << 16 | flags,
                  .prp1 = prp1})
        .status;
  }
  std::uint16_t create_sq(unsigned id, unsigned cq, unsigned entries = 16, std::uint32_t flags = kContiguous,
                          std::uint64_t prp1 = 0x123456000) {
    return admin(
               {.opcode = NVME_CREATE_IO_SQ, .dw10 = (entries - 1) << 16 | id, .dw11 = cq << 16 | flags, .prp1 = prp1})
        .status;
  }
  std::uint16_t delete_sq(unsigned id) { return admin({.opcode = NVME_DELETE_IO_SQ, .dw10 = id}).status; }
  std::uint16_t delete_cq(unsigned id) { return admin({.opcode = NVME_DELETE_IO_CQ, .dw10 = id}).status; }
};

TEST_F(Queues, CreationTellsTheEngineEverything) {
  EXPECT_EQ(create_cq(2, 1000, kContiguous | kInterrupts, 8, 0xfedcba9876543000), NVME_SUCCESS);
  EXPECT_EQ(bank_.get(QUEUE_BASE), 0xfedcba9876543000u);
  EXPECT_EQ(bank_.get(QUEUE_SHAPE_ENTRIES), 1000u);
  EXPECT_EQ(bank_.get(QUEUE_SHAPE_INTERRUPTS), 1u);
  EXPECT_EQ(bank_.get(QUEUE_LINK_VECTOR), 8u);
  EXPECT_EQ(create_sq(5, 2, 2), NVME_SUCCESS);
  EXPECT_EQ(bank_.get(QUEUE_SHAPE_ENTRIES), 2u);
  EXPECT_EQ(bank_.get(QUEUE_LINK_CQ), 2u);
  EXPECT_EQ(submission_, (std::map<unsigned, unsigned>{{5, 2}}));
}

TEST_F(Queues, CompletionQueueWithoutInterrupts) {
  EXPECT_EQ(create_cq(1, 16, kContiguous), NVME_SUCCESS);
  EXPECT_EQ(bank_.get(QUEUE_SHAPE_INTERRUPTS), 0u);
}

TEST_F(Queues, IdentifiersOutOfRange) {
  for (const unsigned id : {0u, kQueues + 1, 0xffffu}) {
    EXPECT_EQ(create_cq(id), NVME_INVALID_QUEUE_ID) << id;
    EXPECT_EQ(create_sq(id, 1), NVME_INVALID_QUEUE_ID) << id;
    EXPECT_EQ(delete_sq(id), NVME_INVALID_QUEUE_ID) << id;
    EXPECT_EQ(delete_cq(id), NVME_INVALID_QUEUE_ID) << id;
  }
  EXPECT_EQ(create_cq(kQueues), NVME_SUCCESS);
}

TEST_F(Queues, IdentifiersInUse) {
  ASSERT_EQ(create_cq(1), NVME_SUCCESS);
  ASSERT_EQ(create_sq(1, 1), NVME_SUCCESS);
  EXPECT_EQ(create_cq(1), NVME_INVALID_QUEUE_ID);
  EXPECT_EQ(create_sq(1, 1), NVME_INVALID_QUEUE_ID);
}

TEST_F(Queues, Sizes) {
  EXPECT_EQ(create_cq(1, 1), NVME_INVALID_QUEUE_SIZE);
  EXPECT_EQ(create_cq(1, kMaxEntries + 1), NVME_INVALID_QUEUE_SIZE);
  EXPECT_EQ(create_cq(1, 65536), NVME_INVALID_QUEUE_SIZE);
  EXPECT_EQ(create_cq(1, kMaxEntries), NVME_SUCCESS);
  EXPECT_EQ(create_sq(1, 1, 1), NVME_INVALID_QUEUE_SIZE);
  EXPECT_EQ(create_sq(1, 1, 65536), NVME_INVALID_QUEUE_SIZE);
}

TEST_F(Queues, MustBeContiguousAndPageAligned) {
  EXPECT_EQ(create_cq(1, 16, kInterrupts), NVME_INVALID_FIELD);
  EXPECT_EQ(create_cq(1, 16, kContiguous, 0, 0x1008), NVME_INVALID_PRP_OFFSET);
  ASSERT_EQ(create_cq(1), NVME_SUCCESS);
  EXPECT_EQ(create_sq(1, 1, 16, 0), NVME_INVALID_FIELD);
  EXPECT_EQ(create_sq(1, 1, 16, kContiguous, 0x1004), NVME_INVALID_PRP_OFFSET);
  EXPECT_TRUE(submission_.empty());
}

TEST_F(Queues, Vectors) {
  EXPECT_EQ(create_cq(1, 16, kContiguous | kInterrupts, kVectors), NVME_INVALID_VECTOR);
  EXPECT_EQ(create_cq(1, 16, kContiguous | kInterrupts, 0xffff), NVME_INVALID_VECTOR);
  EXPECT_EQ(create_cq(1, 16, kContiguous | kInterrupts, kVectors - 1), NVME_SUCCESS);
}

TEST_F(Queues, SubmissionQueueNeedsItsCompletionQueue) {
  EXPECT_EQ(create_sq(1, 2), NVME_COMPLETION_QUEUE_INVALID);
  EXPECT_EQ(create_sq(1, 0), NVME_INVALID_QUEUE_ID);  // 5.4: the admin completion queue is not to be had
  EXPECT_EQ(create_sq(1, kQueues + 1), NVME_INVALID_QUEUE_ID);
}

TEST_F(Queues, CompletionQueueGoesAfterItsSubmissionQueues) {
  create_cq(1);
  create_sq(1, 1);
  create_sq(2, 1);
  EXPECT_EQ(delete_cq(1), NVME_INVALID_QUEUE_DELETION);
  EXPECT_EQ(delete_sq(1), NVME_SUCCESS);
  EXPECT_EQ(delete_cq(1), NVME_INVALID_QUEUE_DELETION);
  EXPECT_EQ(delete_sq(2), NVME_SUCCESS);
  EXPECT_EQ(delete_cq(1), NVME_SUCCESS);
  EXPECT_EQ(delete_cq(1), NVME_INVALID_QUEUE_ID);
  EXPECT_EQ(delete_sq(1), NVME_INVALID_QUEUE_ID);
}

TEST_F(Queues, NumberOfQueuesBoundsTheirIdentifiers) {
  // 2 submission queues, 3 completion queues (0-based in the command)
  const Completion set = admin({.opcode = NVME_SET_FEATURES, .dw10 = NVME_FEATURE_QUEUES, .dw11 = 2 << 16 | 1});
  EXPECT_EQ(set.status, NVME_SUCCESS);
  EXPECT_EQ(set.dw0, 2u << 16 | 1u);
  EXPECT_EQ(create_cq(3), NVME_SUCCESS);
  EXPECT_EQ(create_cq(4), NVME_INVALID_QUEUE_ID);
  EXPECT_EQ(create_sq(2, 3), NVME_SUCCESS);
  EXPECT_EQ(create_sq(3, 3), NVME_INVALID_QUEUE_ID);
  EXPECT_EQ(create_sq(1, 4), NVME_INVALID_QUEUE_ID);
}

}  // namespace
}  // namespace cardvp
