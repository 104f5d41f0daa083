// Rings: wrap, phase tags, full queues, limits, vectors.
#include <set>

#include "test/unit/nvme/machine.h"

namespace cardvp::nvme {
namespace {

struct Queues : Machine {
  Queues() { start(); }
  static SubmissionEntry read(std::uint16_t cid) { return command(Opcode::kRead, 0, 1, kData, 0, cid); }
};

TEST_F(Queues, WrapAndPhaseTags) {
  HostQueue io = create(1, 4);
  std::uint16_t cid = 0;
  for (int round = 0; round < 50; ++round) {  // 1 to 3 at a time through a ring of 4
    const int batch = round % 3 + 1;
    for (int i = 0; i < batch; ++i) put(io, read(cid++));
    ring_tail(1, io.tail);
    std::set<std::uint16_t> seen;
    for (int i = 0; i < batch; ++i) {
      const CompletionEntry entry = wait(io);
      EXPECT_EQ(entry.status_and_phase >> 1, 0);
      EXPECT_EQ(entry.sq_id, 1);
      EXPECT_EQ(entry.sq_head, io.tail);
      seen.insert(entry.cid);
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(batch));
    EXPECT_TRUE(seen.contains(static_cast<std::uint16_t>(cid - 1)));
  }
  EXPECT_EQ(count("reads"), cid);
}

TEST_F(Queues, SmallestAndFullQueue) {
  HostQueue io = create(1, 2);
  for (std::uint16_t cid = 0; cid < 5; ++cid) {
    submit(io, read(cid));
    EXPECT_EQ(wait(io).cid, cid);
  }
  HostQueue full = create(2, 64);
  for (std::uint16_t cid = 0; cid < 63; ++cid) put(full, read(cid));
  ring_tail(2, full.tail);
  std::set<std::uint16_t> seen;
  for (int i = 0; i < 63; ++i) seen.insert(wait(full).cid);
  EXPECT_EQ(seen.size(), 63u);
}

TEST_F(Queues, ATailThatOverrunsTheHeadIsRefused) {
  create(1, 8);
  host.answers_reads = host.all_direct = false;  // the fetch hangs: nothing is freed
  ring_tail(1, 6);
  sc_core::sc_start(us(2));
  firmware.events.clear();
  ring_tail(1, 5);  // 7 more, where 1 is free
  ring_tail(1, 0);
  sc_core::sc_start(us(2));
  EXPECT_EQ(firmware.events.size(), 1u);
  ring_tail(1, 7);
  EXPECT_EQ(count("ignored_doorbells"), 2u);
}

TEST_F(Queues, ACompletionQueueThatIsNeverDrained) {
  HostQueue sq = create(1, 64);
  // Completions of SQ 2 go to a CQ of 8 entries.
  HostQueue io{.id = 2, .entries = 8, .sq = 0x150000, .cq = 0x160000};
  ASSERT_EQ(firmware.queue(2, 2, io.cq, 8, 2), 0u);
  ASSERT_EQ(firmware.queue(1, 2, io.sq, 64, 2), 0u);
  for (std::uint64_t i = 0; i < 40; ++i) host.store(io.sq + i * 64, read(static_cast<std::uint16_t>(i)));
  ring_tail(2, 40);
  sc_core::sc_start(us(200));
  std::set<std::uint16_t> seen;
  while (const auto entry = poll(io, false)) seen.insert(entry->cid);
  EXPECT_EQ(seen.size(), 7u);
  EXPECT_EQ(interrupts().size(), 7u);
  // Another queue does not suffer.
  EXPECT_EQ(run(sq, read(1)), status::kSuccess);
  // One entry freed, one filled.
  ring_head(2, 1);
  sc_core::sc_start(us(5));
  while (const auto entry = poll(io, false)) seen.insert(entry->cid);
  EXPECT_EQ(seen.size(), 8u);
  while (seen.size() < 40) {
    ring_head(2, io.head);
    sc_core::sc_start(us(5));
    const std::size_t before = seen.size();
    while (const auto entry = poll(io, false)) seen.insert(entry->cid);
    ASSERT_GT(seen.size(), before);
  }
}

TEST_F(Queues, OneCompletionQueueForTwoSubmissionQueues) {
  HostQueue one = create(1, 16);
  ASSERT_EQ(firmware.queue(1, 2, 0x150000, 16, 1), 0u);
  put(one, read(7));
  host.store(0x150000, read(7));
  ring_tail(1, 1);
  ring_tail(2, 1);
  std::set<unsigned> queues{wait(one).sq_id, wait(one).sq_id};
  EXPECT_EQ(queues, (std::set<unsigned>{1, 2}));
}

TEST_F(Queues, VectorsAreTheQueues) {
  HostQueue one = create(1), three = create(3);
  HostQueue silent = create(2, 64, false);
  run(three, read(1));
  run(one, read(2));
  run(silent, read(3));
  sc_core::sc_start(us(2));
  EXPECT_EQ(interrupts(), (std::vector<unsigned>{3, 1}));
}

TEST_F(Queues, CompletionArrivesBeforeItsInterrupt) {
  HostQueue io = create(1);
  host.writes.clear();
  run(io, read(1));
  sc_core::sc_start(us(2));
  ASSERT_EQ(host.writes.size(), 2u);
  EXPECT_EQ(host.writes[0].address, io.cq);
  EXPECT_EQ(host.writes[0].data.size(), 16u);
  EXPECT_EQ(host.writes[1].address, kMessages + 4);
  EXPECT_LE(host.writes[0].time, host.writes[1].time);
}

}  // namespace
}  // namespace cardvp::nvme
