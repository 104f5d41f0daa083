// I/O queues as the firmware makes them, and what resets leave of them (3.4, 2.3; items 5, 16, 31, 39).
#include "test/unit/nic_ena/machine.h"

namespace cardvp::nic::ena {
namespace {

namespace hreg = host_regs;
namespace control = control_regs;
constexpr std::uint64_t kDone = 0, kBadShape = 1, kExists = 2, kMissing = 3, kInUse = 4, kNoCq = 5, kResetting = 6;

struct Queues : Machine {
  using F = Firmware;
  std::uint64_t make(F::Operation operation, unsigned index, const F::Queue& shape) {
    return control::QUEUE_RESULT_CODE.of(firmware.queue(operation, index, shape));
  }
  static constexpr F::Queue kTxCq{.base = 0x100000, .entry_bytes = 8, .vector = 1};
  static constexpr F::Queue kRxCq{.base = 0x110000, .entry_bytes = 16, .vector = 1};
  static constexpr F::Queue kSq{.base = 0x120000};
};

TEST_F(Queues, Item16_ThousandTimes) {
  start();
  for (unsigned i = 0; i < 1000; ++i) {
    ASSERT_EQ(make(F::kCreateCq, 0, kTxCq), kDone);
    ASSERT_EQ(make(F::kCreateTx, 3, kSq), kDone);
    ASSERT_EQ(make(F::kDestroyTx, 3, {}), kDone);
    ASSERT_EQ(make(F::kDestroyCq, 0, {}), kDone);
  }
}

TEST_F(Queues, Item16_IndicesAndOrder) {
  start();
  EXPECT_EQ(make(F::kDestroyTx, 0, {}), kMissing);
  EXPECT_EQ(make(F::kDestroyRx, 4, {}), kMissing);
  EXPECT_EQ(make(F::kDestroyCq, 8, {}), kMissing);
  EXPECT_EQ(make(F::kCreateTx, 0, kSq), kNoCq);
  EXPECT_EQ(make(F::kCreateCq, 8, kTxCq), kBadShape);
  EXPECT_EQ(make(F::kCreateCq, 7, kTxCq), kDone);
  EXPECT_EQ(make(F::kCreateCq, 7, kTxCq), kExists);
  F::Queue sq = kSq;
  sq.cq = 7;
  EXPECT_EQ(make(F::kCreateTx, 4, sq), kBadShape);
  EXPECT_EQ(make(F::kCreateTx, 0, sq), kDone);
  EXPECT_EQ(make(F::kCreateTx, 0, sq), kExists);
  EXPECT_EQ(make(F::kDestroyCq, 7, {}), kInUse);
  EXPECT_EQ(make(F::kDestroyTx, 0, {}), kDone);
  EXPECT_EQ(make(F::kDestroyCq, 7, {}), kDone);
  // TX and RX SQs are numbered apart.
  EXPECT_EQ(make(F::kCreateCq, 0, kTxCq), kDone);
  EXPECT_EQ(make(F::kCreateCq, 1, kRxCq), kDone);
  F::Queue rx = kSq;
  rx.cq = 1;
  EXPECT_EQ(make(F::kCreateTx, 0, kSq), kDone);
  EXPECT_EQ(make(F::kCreateRx, 0, rx), kDone);
  EXPECT_EQ(make(static_cast<F::Operation>(7), 0, {}), kBadShape);
}

TEST_F(Queues, Item16_Directions) {
  start();
  ASSERT_EQ(make(F::kCreateCq, 0, kTxCq), kDone);  // 8 bytes: TX only
  ASSERT_EQ(make(F::kCreateCq, 1, kRxCq), kDone);  // 16: either
  F::Queue wide = kRxCq;
  wide.entry_bytes = 32;
  ASSERT_EQ(make(F::kCreateCq, 2, wide), kDone);  // RX only
  F::Queue sq = kSq;
  EXPECT_EQ(make(F::kCreateRx, 0, sq), kNoCq);
  sq.cq = 2;
  EXPECT_EQ(make(F::kCreateTx, 0, sq), kNoCq);
  EXPECT_EQ(make(F::kCreateRx, 0, sq), kDone);
  sq.cq = 1;
  sq.entries = 32;
  EXPECT_EQ(make(F::kCreateTx, 0, sq), kDone);
  EXPECT_EQ(make(F::kCreateRx, 1, sq), kNoCq);  // it is of TX now
  EXPECT_EQ(make(F::kDestroyTx, 0, {}), kDone);
  EXPECT_EQ(make(F::kCreateRx, 1, sq), kDone);
}

TEST_F(Queues, Item16_TwoSqsShareACqThatHasRoomForBoth) {
  start();
  ASSERT_EQ(make(F::kCreateCq, 0, kTxCq), kDone);
  F::Queue sq = kSq;
  ASSERT_EQ(make(F::kCreateTx, 0, sq), kDone);
  EXPECT_EQ(make(F::kCreateTx, 1, sq), kBadShape);
  ASSERT_EQ(make(F::kDestroyTx, 0, {}), kDone);
  sq.entries = 32;
  EXPECT_EQ(make(F::kCreateTx, 0, sq), kDone);
  EXPECT_EQ(make(F::kCreateTx, 1, sq), kDone);
  EXPECT_EQ(make(F::kDestroyTx, 0, {}), kDone);
  EXPECT_EQ(make(F::kDestroyCq, 0, {}), kInUse);
}

TEST_F(Queues, Item16_Shapes) {
  start();
  for (const std::uint32_t entries : {0u, 1u, 3u, 65535u, 65536u, 2048u}) {
    F::Queue shape = kTxCq;
    shape.entries = entries;
    EXPECT_EQ(make(F::kCreateCq, 0, shape), kBadShape) << entries;
  }
  F::Queue shape = kTxCq;
  shape.base += 4;
  EXPECT_EQ(make(F::kCreateCq, 0, shape), kBadShape);
  shape.base = ~7ull;
  EXPECT_EQ(make(F::kCreateCq, 0, shape), kBadShape);
  shape = kTxCq;
  shape.entry_bytes = 12;
  EXPECT_EQ(make(F::kCreateCq, 0, shape), kBadShape);
  shape = kTxCq;
  shape.vector = 5;  // beyond the table
  EXPECT_EQ(make(F::kCreateCq, 0, shape), kBadShape);
  shape.interrupts = false;
  EXPECT_EQ(make(F::kCreateCq, 0, shape), kDone);
  F::Queue sq = kSq;
  sq.entry_bytes = 8;
  EXPECT_EQ(make(F::kCreateTx, 0, sq), kBadShape);
  sq = kSq;
  sq.entries = 48;
  EXPECT_EQ(make(F::kCreateTx, 0, sq), kBadShape);
}

TEST_F(Queues, Item16_LlqShapes) {
  start();
  ASSERT_EQ(make(F::kCreateCq, 0, kTxCq), kDone);
  for (const auto& [entries, bytes] : {std::pair{128u, 128u}, {64u, 256u}, {64u, 192u}, {64u, 64u}, {1u, 128u}}) {
    EXPECT_EQ(make(F::kCreateTx, 2, {.entries = entries, .entry_bytes = bytes, .llq = true}), kBadShape) << bytes;
  }
  const std::uint64_t result = firmware.queue(F::kCreateTx, 2, {.entries = 64, .entry_bytes = 128, .llq = true});
  EXPECT_EQ(control::QUEUE_RESULT_CODE.of(result), kDone);
  EXPECT_EQ(control::QUEUE_RESULT_LLQ_OFFSET.of(result), 2u * 64 * 128);
  EXPECT_EQ(make(F::kDestroyTx, 2, {}), kDone);
  EXPECT_EQ(make(F::kCreateTx, 2, {.entries = 32, .entry_bytes = 256, .llq = true}), kDone);
  EXPECT_EQ(make(F::kDestroyTx, 2, {}), kDone);
  firmware.page.write(control::offset::LLQ_MODE, control::LLQ_MODE_BEFORE_HEADER.in(8));  // no room for a header
  EXPECT_EQ(make(F::kCreateTx, 2, {.entries = 64, .entry_bytes = 128, .llq = true}), kBadShape);
  EXPECT_EQ(make(F::kCreateTx, 2, {.entries = 32, .entry_bytes = 256, .llq = true}), kDone);
  ASSERT_EQ(make(F::kCreateCq, 1, kRxCq), kDone);
  EXPECT_EQ(make(F::kCreateRx, 0, {.llq = true, .cq = 1}), kBadShape);
}

TEST_F(Queues, Item16_NoneWhileTheDeviceIsBeingReset) {
  start();
  ASSERT_EQ(make(F::kCreateCq, 0, kTxCq), kDone);
  set_reg(hreg::offset::DEV_CTL, 1);
  EXPECT_EQ(make(F::kCreateCq, 1, kTxCq), kResetting);
  run(us(1));
  EXPECT_EQ(make(F::kCreateCq, 1, kTxCq), kResetting);
  set_reg(hreg::offset::DEV_CTL, 0);
  run(us(1));
  EXPECT_EQ(make(F::kCreateCq, 0, kTxCq), kDone);  // the one before is gone
}

// ---- Resets in the middle of things (item 5)

struct Resets : Queues {
  // TX and RX queues with work that is under way.
  void begin_work() {
    start();
    tx = create_tx(0);
    rx = create_rx(0);
    fill(rx, 8);
    unmask(1);
    for (std::uint16_t i = 0; i < 20; ++i) put_packet(tx, pattern(1000, i), i);
    ring_tx(tx);
    put_command(1);
    ring_admin();
    deliver(pattern(500), us(3));
    run(ns(700));  // descriptors are fetched, buffers are not
    rings = load(0x10000, 0x30000);
    completions = load(tx.cq, 64 * 8);
    host.writes.clear();
  }
  void expect_silence() {
    run(us(50));
    EXPECT_TRUE(host.writes.empty());
    EXPECT_EQ(load(0x10000, 0x30000), rings);
    EXPECT_EQ(load(tx.cq, 64 * 8), completions);
    EXPECT_TRUE(data_path.packets.empty());
    EXPECT_EQ(frames.in_use(), 0u);
  }
  TxRing tx;
  RxRing rx;
  Bytes rings, completions;
};

TEST_F(Resets, Item5_DeviceResetStopsEverything) {
  begin_work();
  firmware.set_silent(true);
  set_reg(hreg::offset::DEV_CTL, 1);
  expect_silence();
  set_reg(hreg::offset::DEV_CTL, 0);
  firmware.set_silent(false);
  expect_silence();
  EXPECT_EQ(reg(hreg::offset::DEV_STS) & 9, 1u);
  // And it works again.
  set_admin_rings();
  TxRing again = create_tx(0);
  send(again, pattern(100));
  EXPECT_EQ(data_path.packets.size(), 1u);
}

TEST_F(Resets, Item5_FunctionLevelReset) {
  begin_work();
  endpoint.config_write(1, 0, 0x58, 2, 0x8000);
  expect_silence();
}

TEST_F(Resets, Item5_ReadsThatTheHostAnswersLate) {
  start();
  tx = create_tx(0);
  host.all_direct = false;
  host.answers_reads = false;
  put_packet(tx, pattern(100), 1);
  ring_tx(tx);
  run(us(1));
  ASSERT_EQ(host.reads.size(), 1u);
  set_reg(hreg::offset::DEV_CTL, 1);
  EXPECT_EQ(host.abandoned, 1u);
  EXPECT_TRUE(host.reads.empty());
}

TEST_F(Resets, Item5_ADestroyedSqDoesNothingMore) {
  begin_work();
  EXPECT_EQ(make(F::kDestroyTx, 0, {}), kDone);
  EXPECT_EQ(make(F::kDestroyRx, 0, {}), kDone);
  EXPECT_EQ(make(F::kDestroyCq, 0, {}), kDone);
  EXPECT_EQ(make(F::kDestroyCq, 1, {}), kDone);
  run(us(50));
  EXPECT_EQ(load(tx.cq, 64 * 8), completions);
  EXPECT_TRUE(data_path.packets.empty());
  EXPECT_EQ(frames.in_use(), 0u);
  EXPECT_EQ(count("drops.rx_no_queue"), 1u);  // the frame that waited
}

TEST_F(Resets, Item39_WithoutBusMasterNothingLeaves) {
  start();
  tx = create_tx(0);
  rx = create_rx(0);
  fill(rx, 8);
  unmask(1);
  set_bus_master(false);
  host.writes.clear();
  put_packet(tx, pattern(100), 1);
  ring_tx(tx);
  put_command(1);
  ring_admin();
  set_reg(hreg::offset::MMIO_RESP_LO, kResponse);
  set_reg(hreg::offset::MMIO_REG_READ, 1);
  deliver(pattern(200));
  run(us(50));
  EXPECT_TRUE(host.writes.empty());
  EXPECT_TRUE(data_path.packets.empty());
  EXPECT_EQ(count("drops.rx_unsent"), 1u);
  EXPECT_EQ(count("lost_completions"), 1u);
  // Back on: works after a reset.
  set_bus_master(true);
  device_reset();
  set_admin_rings();
  put_command(2);
  ring_admin();
  run(us(5));
  EXPECT_TRUE(poll_admin());
  TxRing again = create_tx(0);
  send(again, pattern(100));
}

TEST_F(Resets, Item39_MaskedVectorsAreKeptPending) {
  start();
  tx = create_tx(0);
  unmask(1);
  set_reg(kMsixTable + 16 + 12, 1);  // per vector
  send(tx, pattern(100));
  EXPECT_TRUE(interrupts().empty());
  EXPECT_EQ(reg(kMsixPending, 8), 2u);
  set_reg(kMsixTable + 16 + 12, 0);
  run(us(1));
  EXPECT_EQ(interrupts(), std::vector<unsigned>{1});
  unmask(1);
  endpoint.config_write(1, 0, 0x92, 2, 0xc000);  // the function's mask
  send(tx, pattern(100));
  EXPECT_EQ(interrupts().size(), 1u);
  endpoint.config_write(1, 0, 0x92, 2, 0x8000);
  run(us(1));
  EXPECT_EQ(interrupts(), (std::vector<unsigned>{1, 1}));
}

}  // namespace
}  // namespace cardvp::nic::ena
