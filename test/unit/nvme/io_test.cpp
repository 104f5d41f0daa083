// Read, Write, Flush: content, PRP shapes, time, statistics.
#include <cstring>
#include <filesystem>
#include <random>

#include "test/unit/nvme/machine.h"
#include "test/unit/nvme/test_medium.h"

namespace cardvp::nvme {
namespace {

namespace control = control_regs;

struct Io : Machine {
  using Machine::Machine;
  HostQueue io;
  void SetUp() override {
    start();
    io = create(1);
  }

  // PRPs for `bytes` of data whose first byte has `offset` in its page, over scattered pages; list entries begin at
  // `list_offset` of a list page, and go on in further pages as they must. Gives the pieces.
  struct Piece {
    std::uint64_t address;
    std::uint32_t size;
  };
  std::vector<Piece> scatter(SubmissionEntry& entry, std::uint32_t offset, std::uint32_t bytes,
                             std::uint32_t list_offset, std::uint64_t pages_at) {
    std::vector<Piece> pieces;
    std::uint64_t page = pages_at;
    for (std::uint32_t done = 0; done < bytes; page += 2 * kPageSize) {  // never neighbours
      const std::uint32_t at = done == 0 ? offset : 0;
      const std::uint32_t size = std::min(bytes - done, kPageSize - at);
      pieces.push_back({page + at, size});
      done += size;
    }
    entry.prp1 = pieces[0].address;
    if (pieces.size() == 2) entry.prp2 = pieces[1].address;
    if (pieces.size() <= 2) return pieces;
    std::uint64_t list = kData + list_offset;
    entry.prp2 = list;
    for (std::size_t i = 1; i < pieces.size(); ++i, list += 8) {
      if (list % kPageSize == kPageSize - 8 && i + 1 < pieces.size()) {
        const std::uint64_t next = list + 8 + kPageSize;  // not the neighbour
        host.store(list, next);
        list = next;
      }
      host.store(list, pieces[i].address);
    }
    return pieces;
  }
};

TEST_F(Io, WhatIsWrittenIsRead) {
  host.fill(kData, 8192);
  EXPECT_EQ(run(io, command(Opcode::kWrite, 100, 8, kData)), status::kSuccess);
  EXPECT_EQ(std::memcmp(volume_at(100 * 512, 4096), &host.memory[kData], 4096), 0);
  EXPECT_EQ(std::to_integer<int>(*volume_at(108 * 512, 1)), 0);
  EXPECT_EQ(run(io, command(Opcode::kRead, 100, 8, kData + 0x10000)), status::kSuccess);
  EXPECT_EQ(std::memcmp(&host.memory[kData + 0x10000], &host.memory[kData], 4096), 0);
  EXPECT_EQ(host.load<std::uint64_t>(kData + 0x11000), 0u);
  // The last block.
  const std::uint64_t last = kVolumeBytes / 512 - 1;
  EXPECT_EQ(run(io, command(Opcode::kWrite, last, 1, kData)), status::kSuccess);
  EXPECT_EQ(std::memcmp(volume_at(last * 512, 512), &host.memory[kData], 512), 0);
}

TEST_F(Io, EveryLegalPrpShape) {
  constexpr std::uint64_t kPages = kData + 0x10000;
  for (const std::uint32_t offset : {0u, 4u, 2048u, 4092u})
    for (const std::uint32_t blocks : {1u, 8u, 9u, 16u, 17u, 24u, 255u, 2047u, 2048u})
      for (const std::uint32_t list_offset : {0u, 8u, 2048u, 4088u}) {
        SCOPED_TRACE(testing::Message() << "offset " << offset << " blocks " << blocks << " list " << list_offset);
        const std::uint32_t bytes = blocks * 512;
        SubmissionEntry entry = command(Opcode::kWrite, 3, blocks, 0);
        const auto pieces = scatter(entry, offset, bytes, list_offset, kPages);
        for (std::size_t i = 0; i < pieces.size(); ++i)
          for (std::uint32_t at = 0; at < pieces[i].size; at += 4)
            host.store(pieces[i].address + at, static_cast<std::uint32_t>(i << 16 | at) ^ (blocks << 8) ^ list_offset);
        ASSERT_EQ(run(io, entry), status::kSuccess);
        std::uint32_t done = 0;
        for (const Piece& piece : pieces) {
          ASSERT_EQ(std::memcmp(volume_at(3 * 512 + done, piece.size), &host.memory[piece.address], piece.size), 0);
          std::memset(&host.memory[piece.address], 0xee, piece.size);
          done += piece.size;
        }
        entry.opcode = static_cast<std::uint8_t>(Opcode::kRead);
        ASSERT_EQ(run(io, entry), status::kSuccess);
        done = 0;
        for (const Piece& piece : pieces) {
          ASSERT_EQ(std::memcmp(volume_at(3 * 512 + done, piece.size), &host.memory[piece.address], piece.size), 0);
          const std::uint64_t end = piece.address + piece.size;
          if (end % kPageSize == 0) {
            ASSERT_EQ(host.memory[end], std::byte{0});  // a page between them
          }
          done += piece.size;
        }
      }
}

TEST_F(Io, TheHostNeedNotBeDirect) {
  host.all_direct = false;
  host.fill(kData, 0x4000);
  host.store<std::uint64_t>(kData + 0x8000, kData + 0x1000);
  host.store<std::uint64_t>(kData + 0x8008, kData + 0x3000);
  EXPECT_EQ(run(io, command(Opcode::kWrite, 8, 24, kData, kData + 0x8000)), status::kSuccess);
  EXPECT_EQ(std::memcmp(volume_at(4096 + 8192, 4096), &host.memory[kData + 0x3000], 4096), 0);
  EXPECT_EQ(run(io, command(Opcode::kRead, 24, 8, kData + 0x20000)), status::kSuccess);
  EXPECT_EQ(std::memcmp(&host.memory[kData + 0x20000], &host.memory[kData + 0x3000], 4096), 0);
}

TEST_F(Io, ReadTakesOverheadAndTheVolumesTime) {
  // 10 us latency, 4096 bytes at 3 GB/s, 300 ns overhead; the fetch before, the completion after, cross the link.
  HostQueue& q = io;
  put(q, command(Opcode::kRead, 0, 8, kData));
  const sc_core::sc_time before = sim.scheduler.now();
  ring_tail(1, q.tail);
  host.writes.clear();
  sc_core::sc_start(us(30));
  ASSERT_FALSE(host.writes.empty());
  const double latency = (host.writes[0].time - before).to_seconds() * 1e6;
  const double volume_and_overhead = 10 + 4096 / 3e3 + 0.3;
  EXPECT_GT(latency, volume_and_overhead + 3 * 0.15);  // three crossings of 150 ns
  EXPECT_LT(latency, volume_and_overhead + 1.0);
  const auto& histogram = sim.stats.histogram("nvme.fn0.read_latency", "ps");
  EXPECT_EQ(histogram.count(), 1u);
  EXPECT_NEAR(static_cast<double>(histogram.max()) * 1e-6, volume_and_overhead, 0.01);
}

TEST_F(Io, StatisticsAndFirmwareCounters) {
  run(io, command(Opcode::kRead, 0, 8, kData));
  run(io, command(Opcode::kRead, 0, 1, kData));
  run(io, command(Opcode::kWrite, 0, 2, kData));
  run(io, command(Opcode::kFlush, 0, 1, 0));
  run(io, command(Opcode::kRead, kVolumeBytes / 512, 1, kData, 0, 77));
  EXPECT_EQ(count("reads"), 2u);
  EXPECT_EQ(count("read_bytes"), 4608u);
  EXPECT_EQ(count("writes"), 1u);
  EXPECT_EQ(count("write_bytes"), 1024u);
  EXPECT_EQ(count("flushes"), 1u);
  EXPECT_EQ(count("errors"), 1u);
  EXPECT_EQ(count("errors.lba_out_of_range"), 1u);
  const auto reg64 = [&](std::uint32_t at) { return firmware.page.read(at, 8); };
  EXPECT_EQ(reg64(control::offset::READ_COMMANDS), 2u);
  EXPECT_EQ(reg64(control::offset::READ_BYTES), 4608u);
  EXPECT_EQ(reg64(control::offset::WRITE_COMMANDS), 1u);
  EXPECT_EQ(reg64(control::offset::WRITE_BYTES), 1024u);
  EXPECT_EQ(reg64(control::offset::ERRORS), 1u);
  EXPECT_EQ(reg64(control::offset::MEDIA_ERRORS), 0u);
  EXPECT_EQ(reg64(control::offset::LAST_ERROR), 1ull | 77ull << 16 | 0x8100ull << 32);  // LBA out of range, DNR
  EXPECT_EQ(reg64(control::offset::LAST_ERROR_LBA), kVolumeBytes / 512);
}

struct IoOnTestMedium : Io {
  IoOnTestMedium() : Io(MachineConfig{}, std::make_unique<TestMedium>()) {}
  TestMedium& medium = static_cast<TestMedium&>(volume.medium());
};

TEST_F(IoOnTestMedium, DataIsStaged) {
  host.fill(kData, 0x3000);
  EXPECT_EQ(run(io, command(Opcode::kWrite, 5, 12, kData + 512, kData + 0x1000)), status::kSuccess);
  EXPECT_EQ(std::memcmp(&medium.bytes[5 * 512], &host.memory[kData + 512], 12 * 512), 0);
  EXPECT_EQ(run(io, command(Opcode::kRead, 5, 12, kData + 0x8000, kData + 0xa000)), status::kSuccess);
  EXPECT_EQ(std::memcmp(&host.memory[kData + 0x8000], &medium.bytes[5 * 512], 4096), 0);
  EXPECT_EQ(std::memcmp(&host.memory[kData + 0xa000], &medium.bytes[5 * 512 + 4096], 2048), 0);
}

TEST_F(IoOnTestMedium, ManyStagedWritesAtOnce) {
  for (std::uint16_t i = 0; i < 63; ++i) {
    host.fill(kData + i * 0x2000ull, 4096);
    put(io, command(Opcode::kWrite, i * 8, 8, kData + i * 0x2000ull, 0, i));
  }
  ring_tail(1, io.tail);
  for (int i = 0; i < 63; ++i) EXPECT_EQ(wait(io).status_and_phase >> 1, 0);
  for (std::uint64_t i = 0; i < 63; ++i)
    EXPECT_EQ(std::memcmp(&medium.bytes[i * 4096], &host.memory[kData + i * 0x2000], 4096), 0) << i;
}

TEST_F(IoOnTestMedium, AFailingMediumIsAMediaError) {
  medium.fails = true;
  EXPECT_EQ(run(io, command(Opcode::kRead, 0, 8, kData)), status::kUnrecoveredReadError);
  EXPECT_EQ(run(io, command(Opcode::kWrite, 0, 8, kData)), status::kWriteFault);
  EXPECT_EQ(run(io, command(Opcode::kFlush, 0, 1, 0)), status::kWriteFault);
  EXPECT_EQ(host.load<std::uint64_t>(kData), 0u);
  EXPECT_EQ(firmware.page.read(control::offset::MEDIA_ERRORS, 8), 3u);
  EXPECT_EQ(status::kUnrecoveredReadError, 0x281);  // media and data integrity errors (4.6.1.2.3)
  EXPECT_EQ(status::kWriteFault, 0x280);
  medium.fails = false;
  EXPECT_EQ(run(io, command(Opcode::kRead, 0, 8, kData)), status::kSuccess);
}

TEST_F(IoOnTestMedium, WriteProtected) {
  medium.protects = true;
  host.fill(kData, 4096);
  EXPECT_EQ(run(io, command(Opcode::kWrite, 0, 8, kData)), status::kWriteProtected);
  EXPECT_EQ(run(io, command(Opcode::kRead, 0, 8, kData)), status::kSuccess);
}

TEST_F(IoOnTestMedium, FlushAndForceUnitAccess) {
  run(io, command(Opcode::kFlush, 0, 1, 0));
  EXPECT_EQ(medium.flushes, 1);
  SubmissionEntry all = command(Opcode::kFlush, 0, 1, 0);
  all.nsid = 0xffffffff;
  EXPECT_EQ(run(io, all), status::kSuccess);
  EXPECT_EQ(medium.flushes, 2);
  SubmissionEntry write = command(Opcode::kWrite, 0, 8, kData);
  run(io, write);
  EXPECT_EQ(medium.flushes, 2);
  const auto cached = sim.stats.histogram("nvme.fn0.write_latency", "ps").max();
  write.dw12 |= 1u << 30;
  run(io, write);
  EXPECT_EQ(medium.flushes, 3);
  EXPECT_GE(sim.stats.histogram("nvme.fn0.write_latency", "ps").max(), cached + 20'000'000);  // the flush's 20 us
  write.dw12 &= ~(1u << 30);
  firmware.page.write(control::offset::WRITE_CACHE, 0);
  run(io, write);
  EXPECT_EQ(medium.flushes, 4);
  firmware.page.write(control::offset::WRITE_CACHE, 1);
  run(io, write);
  EXPECT_EQ(medium.flushes, 4);
}

std::string temporary_file() { return testing::TempDir() + "cardvp-nvme-" + std::to_string(::getpid()); }

struct IoOnFile : Io {
  IoOnFile() : Io(MachineConfig{}, storage::make_file_medium(temporary_file(), 1 << 20, true, false)) {}
  ~IoOnFile() override { std::filesystem::remove(temporary_file()); }
};

TEST_F(IoOnFile, TruncatedWhileInUseIsAReadErrorOnly) {
  host.fill(kData, 4096);
  EXPECT_EQ(run(io, command(Opcode::kWrite, 1024, 8, kData)), status::kSuccess);
  EXPECT_EQ(run(io, command(Opcode::kRead, 1024, 8, kData + 0x2000)), status::kSuccess);
  EXPECT_EQ(std::memcmp(&host.memory[kData], &host.memory[kData + 0x2000], 4096), 0);
  EXPECT_EQ(run(io, command(Opcode::kFlush, 0, 1, 0)), status::kSuccess);
  std::filesystem::resize_file(temporary_file(), 1024 * 512);
  EXPECT_EQ(run(io, command(Opcode::kRead, 1024, 8, kData)), status::kUnrecoveredReadError);
  EXPECT_EQ(run(io, command(Opcode::kRead, 0, 8, kData)), status::kSuccess);
}

}  // namespace
}  // namespace cardvp::nvme
