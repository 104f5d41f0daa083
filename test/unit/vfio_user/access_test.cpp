// Configuration space and BARs, as the guest reads and writes them, and resets.
#include "test/unit/vfio_user/served.h"

namespace cardvp::host::vfio_user::test {
namespace {

struct Access : Served {
  void SetUp() override {
    Served::SetUp();
    connect(client);
    engine.resets = 0;
  }
  Engine& engine = *engines[0];
  using Writes = std::vector<Engine::Write>;
};

TEST_F(Access, ConfigurationSpaceInOneMessage) {
  const Received reply = call(kRegionRead, access(0, 7, 4096));
  ASSERT_EQ(reply.payload.size(), 16u + 4096u);
  EXPECT_EQ(reply.u32(16 + 0), kId);
  EXPECT_EQ(reply.u32(16 + 8), kClass);
  EXPECT_EQ(reply.at<std::uint16_t>(16 + 4), 0u);   // off, as after reset
  EXPECT_EQ(reply.at<std::uint8_t>(16 + 0x0e), 0);  // a function by itself
  EXPECT_EQ(reply.u32(16 + 0x10), 0x4u);            // 64-bit memory
  EXPECT_EQ(reply.u32(16 + 0x18), 0xcu);            // and prefetchable
  EXPECT_EQ(reply.u32(16 + 0x30), 0u);
  EXPECT_EQ(reply.at<std::uint8_t>(16 + 0x3d), 0);  // no INTx
  EXPECT_EQ(reply.at<std::uint8_t>(16 + kMsix), 0x11);
  EXPECT_EQ(reply.at<std::uint16_t>(16 + kMsix + 2), kVectors - 1);  // neither enabled nor masked
  EXPECT_EQ(reply.u32(16 + kMsix + 4), kTable);
  EXPECT_EQ(reply.u32(16 + kMsix + 8), kPending);
}

TEST_F(Access, ConfigurationSpaceInAnyWidth) {
  EXPECT_EQ(config(0, 1), 0x0fu);
  EXPECT_EQ(config(1, 1), 0x1du);
  EXPECT_EQ(config(2, 2), 0x0065u);
  EXPECT_EQ(config(1, 2), 0x651du);  // across nothing, but not aligned
  EXPECT_EQ(config(2, 8) & 0xffff, 0x0065u);
  EXPECT_EQ(config(4095, 1), 0u);
}

// As firmware and Linux do: all ones, then an address; the function does not move.
TEST_F(Access, BarsAreSizedAndPlacedByTheGuestAlone) {
  enable();
  set_config(0x10, 0xffffffff, 4);
  set_config(0x14, 0xffffffff, 4);
  EXPECT_EQ(config(0x10, 4), 0xffffc004u);
  EXPECT_EQ(config(0x14, 4), 0xffffffffu);
  set_config(0x18, 0xffffffff, 4);
  EXPECT_EQ(config(0x18, 4), 0xfff0000cu);
  EXPECT_EQ(read(0, 0, 4), 0x55667700u);
  set_config(0x10, 0xfebd0000, 4);
  set_config(0x14, 0, 4);
  EXPECT_EQ(config(0x10, 4), 0xfebd0004u);
  set_config(0x12, 0x1234, 2);
  EXPECT_EQ(config(0x10, 4), 0x12340004u);
  EXPECT_EQ(read(0, 8, 1), 0x08u);
  EXPECT_EQ(read(2, 0x80, 8), 0x11223344556677a0u);
  EXPECT_EQ(functions[0]->window(0)->first, found[0].bars[0].address);
  set_config(0x30, 0xfffff801, 4);
  EXPECT_EQ(config(0x30, 4), 0u);
}

TEST_F(Access, BarReadsOfEveryWidth) {
  enable();
  EXPECT_EQ(read(0, 0x10, 1), 0x10u);
  EXPECT_EQ(read(0, 0x10, 2), 0x7710u);
  EXPECT_EQ(read(0, 0x10, 4), 0x55667710u);
  EXPECT_EQ(read(0, 0x10, 8), 0x1122334455667710u);
  engine.reads = 0;
  EXPECT_EQ(call(kRegionRead, access(1, 0, 14)).payload.size(), 30u);  // 1, 2, 4, then 4, 2, 1
  EXPECT_EQ(engine.reads, 6u);
}

TEST_F(Access, WritesArriveInOrderAndReadsBehindThem) {
  enable();
  std::size_t seen = 0;
  engine.on_read = [&] { seen = engine.writes.size(); };
  post(0, 0x1000, 1, 4);
  post(2, 0x20, 0x1122334455667788, 8);
  post(0, 0x1004, 3, 2);
  write(0, 0x1008, 4, 1);
  post(0, 0x100c, 5, 4);
  read(0, 0, 4);
  EXPECT_EQ(seen, 5u);
  EXPECT_EQ(engine.writes, (Writes{{0, 0x1000, 1, 4},
                                   {2, 0x20, 0x1122334455667788, 8},
                                   {0, 0x1004, 3, 2},
                                   {0, 0x1008, 4, 1},
                                   {0, 0x100c, 5, 4}}));
  EXPECT_FALSE(client.receive());  // posted writes have no answers
}

// A command that needs no simulated time does not overtake one that does.
TEST_F(Access, CommandsAreCarriedOutInOrder) {
  client.send(kRegionWrite, access(4, 7, 2).u16(6), kNoReply);  // memory on
  post(0, 0x1000, 9, 4);
  const std::uint16_t reading = client.send(kRegionRead, access(0, 7, 4096));
  const std::uint16_t asking = client.send(kGetInfo, Bytes().u32(16).fill(12));
  for (const std::uint16_t id : {reading, asking}) {
    std::optional<Received> reply;
    ASSERT_TRUE(until([&] { return (reply = client.receive()).has_value(); }));
    EXPECT_EQ(reply->id, id);
  }
  EXPECT_EQ(engine.writes, (Writes{{0, 0x1000, 9, 4}}));
}

// As many as may wait, and behind them one that has nothing but its header, with which the last of them was read.
TEST_F(Access, TheLastOfMoreThanMayWaitIsNotForgotten) {
  for (unsigned i = 0; i < 256; ++i) client.send(kRegionRead, access(0, 7, 4));
  const std::uint16_t last = client.send(kReset, Bytes());
  std::optional<Received> reply;
  for (unsigned i = 0; i < 257; ++i) ASSERT_TRUE(until([&] { return (reply = client.receive()).has_value(); })) << i;
  EXPECT_EQ(reply->id, last);
}

// More than may be on the way at once.
TEST_F(Access, ManyPostedWrites) {
  enable();
  for (std::uint64_t i = 0; i < 1000; ++i) post(0, 0x1000, i, 4);
  read(0, 0, 4);
  ASSERT_EQ(engine.writes.size(), 1000u);
  for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_EQ(engine.writes[i].value, i);
}

TEST_F(Access, ALongWriteIsCutWhereTheLinkCannotCarryIt) {
  enable();
  EXPECT_FALSE(call(kRegionWrite, access(0x30, 2, 0x2000).raw(Bytes().fill(0x2000, 0xab))).is_error());
  read(0, 0, 4);
  std::uint64_t at = 0x30;
  for (const Engine::Write& each : engine.writes) {
    EXPECT_EQ(each.offset, at);
    EXPECT_LE(each.offset % 64 + each.size, 64u);
    at += each.size;
  }
  EXPECT_EQ(at, 0x2030u);
}

TEST_F(Access, WriteMulti) {
  enable();
  Bytes message = Bytes().u64(3);
  message.u64(0x1000).u32(0).u32(4).u64(0x11);
  message.u64(0x40).u32(2).u32(8).u64(0x2233445566778899);
  message.u64(0x1004).u32(0).u32(2).u64(0xffff0003);
  client.send(kWriteMulti, message, kNoReply);
  read(0, 0, 4);
  EXPECT_EQ(engine.writes, (Writes{{0, 0x1000, 0x11, 4}, {2, 0x40, 0x2233445566778899, 8}, {0, 0x1004, 3, 2}}));
  engine.writes.clear();
  // One that is wrong costs none of the others.
  Bytes partly = Bytes().u64(3);
  partly.u64(0x1000).u32(0).u32(9).u64(1);
  partly.u64(kBar0).u32(0).u32(4).u64(1);
  partly.u64(0x1000).u32(0).u32(4).u64(7);
  EXPECT_EQ(error_of(kWriteMulti, partly), 22u);
  EXPECT_EQ(engine.writes, (Writes{{0, 0x1000, 7, 4}}));
  EXPECT_EQ(error_of(kWriteMulti, Bytes().u64(2).fill(24)), 22u);
  EXPECT_EQ(error_of(kWriteMulti, Bytes().u64(~0ull).fill(24)), 22u);
  EXPECT_EQ(error_of(kWriteMulti, Bytes().u64(0xaaaaaaaaaaaaaab).fill(8)), 22u);
  EXPECT_EQ(error_of(kWriteMulti, Bytes().u32(0)), 22u);
}

TEST_F(Access, WithoutMemorySpaceNothingAnswers) {
  EXPECT_EQ(read(0, 0, 4), 0xffffffffu);
  write(0, 0x1000, 1, 4);
  EXPECT_EQ(config(0, 4), kId);
  EXPECT_EQ(engine.reads, 0u);
  EXPECT_TRUE(engine.writes.empty());
}

TEST_F(Access, BeyondTheRegions) {
  enable();
  const auto wrong = [&](std::uint64_t offset, std::uint32_t region, std::uint32_t count) {
    EXPECT_EQ(error_of(kRegionRead, access(offset, region, count)), 22u) << offset << ' ' << region << ' ' << count;
    const std::size_t data = std::min(count, 64u);
    EXPECT_EQ(error_of(kRegionWrite, access(offset, region, count).fill(data)), 22u);
  };
  wrong(kBar0, 0, 4);
  wrong(kBar0 - 2, 0, 4);
  wrong(~0ull, 0, 4);
  wrong(~0ull - 3, 7, 8);
  wrong(0, 0, 0);
  wrong(0, 1, 4);  // the upper half of BAR 0
  wrong(0, 6, 4);  // no ROM
  wrong(0, 8, 4);  // no VGA
  wrong(0, 9, 4);
  wrong(0, ~0u, 4);
  wrong(0, 2, kBar2 + 1);
  wrong(4096, 7, 1);
  wrong(0, 7, 4097);
  EXPECT_EQ(error_of(kRegionWrite, access(0, 0, 4).fill(3)), 22u);
  EXPECT_EQ(error_of(kRegionWrite, access(0, 0, 4).fill(5)), 22u);
  EXPECT_EQ(error_of(kRegionWrite, Bytes().u64(0)), 22u);
  EXPECT_EQ(error_of(kRegionRead, Bytes().u64(0)), 22u);
  EXPECT_TRUE(engine.writes.empty());
}

// --- Resets ----------------------------------------------------------------------------------------------------------

TEST_F(Access, ResetAsAMessage) {
  enable();
  set_config(kMsix + 2, 0x8000, 2);
  EXPECT_EQ(error_of(kReset, Bytes()), 0u);
  EXPECT_EQ(engine.resets, 1u);
  EXPECT_EQ(config(4, 2), 0u);
  EXPECT_EQ(config(kMsix + 2, 2), kVectors - 1);
  enable();
  EXPECT_EQ(read(0, 0x10, 1), 0x10u);  // at its old place
}

TEST_F(Access, FunctionLevelResetAsAWrite) {
  enable();
  EXPECT_EQ(config(kExpress + 8, 2), 0x2810u);
  set_config(kExpress + 8, 0xa810, 2);
  EXPECT_EQ(engine.resets, 1u);
  EXPECT_EQ(config(kExpress + 8, 2), 0x2810u);
  EXPECT_EQ(config(4, 2), 0u);
  EXPECT_EQ(read(0, 0, 4), 0xffffffffu);
  enable();
  EXPECT_EQ(read(0, 0x10, 1), 0x10u);
}

TEST_F(Access, SleepAndWake) {
  enable();
  set_config(kPower + 4, 3, 2);
  EXPECT_EQ(config(kPower + 4, 2) & 3, 3u);
  EXPECT_EQ(read(0, 0, 4), 0xffffffffu);
  EXPECT_EQ(engine.resets, 0u);
  set_config(kPower + 4, 0, 2);
  EXPECT_EQ(engine.resets, 1u);
  enable();
  EXPECT_EQ(read(0, 0x10, 1), 0x10u);
  set_config(kPower + 4, 0, 2);
  EXPECT_EQ(engine.resets, 1u);
}

// --- MSI-X table -----------------------------------------------------------------------------------------------------

TEST_F(Access, TheMsixTableIsOutOfReach) {
  enable();
  const std::uint64_t before = functions[0]->bar_read(0, kTable, 8).value;
  post(0, kTable, 0x1122334455667788, 8);
  EXPECT_FALSE(call(kRegionWrite, access(kTable - 8, 0, 16).fill(16, 0x55)).is_error());
  EXPECT_EQ(read(0, kTable, 8), 0u);
  EXPECT_EQ(functions[0]->bar_read(0, kTable, 8).value, before);
  EXPECT_EQ(engine.writes, (Writes{{0, kTable - 8, 0x5555555555555555, 8}}));
}

}  // namespace
}  // namespace cardvp::host::vfio_user::test
