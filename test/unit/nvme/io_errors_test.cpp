// I/O commands that a hostile host may send: each ends in the status that NVMe 1.4 has for it, and nothing else
// happens.
#include <cstring>

#include "test/unit/nvme/machine.h"

namespace cardvp::nvme {
namespace {

constexpr std::uint64_t kBlocks = Machine::kVolumeBytes / 512;

struct IoErrors : Machine {
  HostQueue io;
  void SetUp() override {
    start();
    io = create(1);
    host.fill(kData, 0x10000);
    volume_before.assign(volume_at(0, kVolumeBytes), volume_at(0, kVolumeBytes) + kVolumeBytes);
  }
  // Also: neither the volume nor the host's data changed.
  void expect(Status status, const SubmissionEntry& entry) {
    SCOPED_TRACE(testing::Message() << "opcode " << int{entry.opcode} << " lba " << entry.lba());
    EXPECT_EQ(run(io, entry), status);
    EXPECT_EQ(std::memcmp(volume_at(0, kVolumeBytes), volume_before.data(), kVolumeBytes), 0);
    for (std::uint64_t at = kData; at < kData + 0x10000; ++at) ASSERT_EQ(host.memory[at], pcie::FakeHost::pattern(at));
  }
  void expect_both(Status status, SubmissionEntry entry) {
    entry.opcode = static_cast<std::uint8_t>(Opcode::kRead);
    expect(status, entry);
    entry.opcode = static_cast<std::uint8_t>(Opcode::kWrite);
    expect(status, entry);
  }
  static SubmissionEntry io_at(std::uint64_t lba, std::uint32_t blocks, std::uint64_t prp1 = kData,
                               std::uint64_t prp2 = kData + 0x4000) {
    return command(Opcode::kRead, lba, blocks, prp1, prp2);
  }
  std::vector<std::byte> volume_before;
};

TEST_F(IoErrors, Opcodes) {
  for (const int opcode : {0x03, 0x04, 0x08, 0x09, 0x7f, 0x80, 0xff}) {
    SubmissionEntry entry = io_at(0, 8);
    entry.opcode = static_cast<std::uint8_t>(opcode);
    expect(0x4001, entry);
  }
}

TEST_F(IoErrors, Namespaces) {
  for (const std::uint32_t nsid : {0u, 2u, 0xfffffffeu, 0xffffffffu}) {
    SubmissionEntry entry = io_at(0, 8);
    entry.nsid = nsid;
    expect_both(0x400b, entry);
  }
  SubmissionEntry flush = command(Opcode::kFlush, 0, 1, 0);
  flush.nsid = 2;
  expect(0x400b, flush);
}

TEST_F(IoErrors, FusedOperationsSglsAndDirectives) {
  for (const int flags : {0x01, 0x02, 0x40, 0x80, 0xc0}) {
    SubmissionEntry entry = io_at(0, 8);
    entry.flags = static_cast<std::uint8_t>(flags);
    expect_both(0x4002, entry);
    entry.opcode = 0;
    expect(0x4002, entry);
  }
  SubmissionEntry directive = io_at(0, 8);
  directive.opcode = 1;
  directive.dw12 |= 1 << 20;
  expect(0x4002, directive);
}

TEST_F(IoErrors, LbaRanges) {
  expect_both(0x4080, io_at(kBlocks, 1));
  expect_both(0x4080, io_at(kBlocks - 1, 2));
  expect_both(0x4080, io_at(~0ull, 1));
  expect_both(0x4080, io_at(~0ull, 8));  // the sum wraps
  expect_both(0x4080, io_at(~0ull - 7, 8));
  expect_both(0x4080, io_at(1ull << 55, 8));  // the byte offset wraps
  expect_both(0x4080, io_at(kBlocks - 2047, 2048));
}

TEST_F(IoErrors, MoreThanMdts) {
  expect_both(0x4002, io_at(0, 2049));
  expect_both(0x4002, io_at(0, 65536));
}

TEST_F(IoErrors, PrpOffsets) {
  expect_both(0x4013, io_at(0, 8, kData + 2));
  expect_both(0x4013, io_at(0, 8, kData + 4, kData + 0x4004));
  expect_both(0x4013, io_at(0, 17, kData, kData + 0x4004));
  host.store<std::uint64_t>(kMemory - 0x1000, kData + 4);
  expect_both(0x4013, io_at(0, 17, kData, kMemory - 0x1000));
}

TEST_F(IoErrors, ListsThatAreNotThere) {
  expect_both(0x0004, io_at(0, 24, kData, kMemory + 0x1000));
  expect_both(0x0004, io_at(0, 24, kData, ~0ull << 12));
  // The first list is there, the next one is not.
  host.store<std::uint64_t>(kMemory - 16, kData);
  host.store<std::uint64_t>(kMemory - 8, kMemory + 0x1000);
  expect_both(0x0004, io_at(0, 32, kData, kMemory - 16));
}

TEST_F(IoErrors, ListsInCircles) {
  const std::uint64_t list = kMemory - 0x1000;
  for (std::uint64_t i = 0; i < 512; ++i) host.store<std::uint64_t>(list + i * 8, list);
  SubmissionEntry entry = io_at(0, 2048, kData, list + 4088);
  entry.opcode = static_cast<std::uint8_t>(Opcode::kWrite);
  EXPECT_EQ(run(io, entry), status::kSuccess);  // the list's own page, again and again
}

TEST_F(IoErrors, DataThatIsNotThere) {
  SubmissionEntry write = command(Opcode::kWrite, 0, 8, kMemory + 0x1000);
  EXPECT_EQ(run(io, write), status::kDataTransferError);
  write.prp1 = ~0ull << 12;
  EXPECT_EQ(run(io, write), status::kDataTransferError);
  // Posted writes have no answer: the host drops them, the card cannot know.
  EXPECT_EQ(run(io, command(Opcode::kRead, 0, 8, kMemory + 0x1000)), status::kSuccess);
  EXPECT_EQ(run(io, command(Opcode::kRead, 0, 8, (~0ull << 12) + 2048, 0)), status::kSuccess);
}

TEST_F(IoErrors, AnEntryThatCannotBeFetchedIsFatal) {
  ASSERT_EQ(firmware.queue(2, 2, 0x130000, 16, 2), 0u);
  ASSERT_EQ(firmware.queue(1, 2, kMemory, 16, 2), 0u);
  ring_tail(2, 3);
  sc_core::sc_start(us(5));
  EXPECT_EQ(reg(0x1c), 3u);
  ring_tail(2, 15);  // does no harm
  EXPECT_EQ(run(io, command(Opcode::kFlush, 0, 1, 0)), status::kSuccess);
}

TEST_F(IoErrors, RandomEntries) {
  std::uint64_t state = 1;
  const auto random = [&] { return state = state * 6364136223846793005ull + 1442695040888963407ull, state >> 16; };
  for (int i = 0; i < 500; ++i) {
    SubmissionEntry entry;
    for (std::size_t at = 0; at < sizeof entry; at += 4) {
      const auto word = static_cast<std::uint32_t>(random());
      std::memcpy(reinterpret_cast<char*>(&entry) + at, &word, 4);
    }
    entry.opcode &= 3;
    if (i % 2) entry.flags = 0;
    if (i % 4) entry.nsid = 1;
    if (i % 8) entry.dw11 = 0, entry.dw10 %= kBlocks;
    if (i % 16) entry.prp1 %= kMemory, entry.prp2 %= kMemory;
    // Keep the rings: the data may go anywhere else.
    if (i % 16) entry.prp1 |= kMemory / 2, entry.prp2 |= kMemory / 2;
    if (i % 3) entry.prp1 &= ~3ull, entry.prp2 &= ~4095ull, entry.dw12 &= 0x3f;
    submit(io, entry);
    const CompletionEntry completion = wait(io);
    ASSERT_EQ(completion.cid, entry.cid);
  }
}

}  // namespace
}  // namespace cardvp::nvme
