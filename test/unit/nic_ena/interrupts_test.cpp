// I/O interrupts: unmask, auto-mask, moderation (2.6, 6.8; items 36, 37).
#include "test/unit/nic_ena/machine.h"

namespace cardvp::nic::ena {
namespace {

namespace control = control_regs;
constexpr std::uint32_t kUnmaskBit = 1u << 30, kKeepDelays = 1u << 31;

struct Interrupts : Machine {
  void SetUp() override {
    start();
    tx = create_tx(0);
    rx = create_rx(0);
    fill(rx, 60, 128);
  }
  void transmit() { send(tx, pattern(64)); }
  void receive() {
    deliver(pattern(64));
    run(us(5));
  }
  std::size_t seen() { return interrupts().size(); }
  // When the newest one arrived, behind `from`.
  sc_core::sc_time latest(sc_core::sc_time from) {
    sc_core::sc_time time;
    for (const pcie::FakeHost::Write& write : host.writes)
      if (write.address >= kMessages) time = write.time - from;
    return time;
  }
  TxRing tx;
  RxRing rx;
};

TEST_F(Interrupts, Item36_MaskedAtFirst) {
  transmit();
  receive();
  EXPECT_EQ(seen(), 0u);
  unmask(1);
  run(us(1));
  EXPECT_EQ(interrupts(), std::vector<unsigned>{1});  // one for both
}

TEST_F(Interrupts, Item36_NoneWithoutUnmaskAndNoneIsLost) {
  unmask(1);
  transmit();
  EXPECT_EQ(seen(), 1u);
  for (unsigned i = 0; i < 10; ++i) transmit();
  receive();
  EXPECT_EQ(seen(), 1u);
  unmask(1);  // what completed between the last poll and now
  run(us(1));
  EXPECT_EQ(seen(), 2u);
  unmask(1);  // nothing new
  run(us(1));
  EXPECT_EQ(seen(), 2u);
  receive();
  EXPECT_EQ(seen(), 3u);
}

TEST_F(Interrupts, Item36_OneRegisterUnmasksBothQueuesOfAVector) {
  unmask(1);
  receive();
  EXPECT_EQ(seen(), 1u);
  unmask(1);
  transmit();
  EXPECT_EQ(seen(), 2u);
  unmask(2);  // another vector's
  receive();
  EXPECT_EQ(seen(), 2u);
}

TEST_F(Interrupts, Item36_WithoutTheBitOnlyDelaysChange) {
  set_reg(kUnmask + 4, 0x123);
  EXPECT_EQ(reg(kUnmask + 4), 0x123u);
  transmit();
  EXPECT_EQ(seen(), 0u);
}

TEST_F(Interrupts, Item36_TheInterruptFollowsItsCompletion) {
  unmask(1);
  host.writes.clear();
  transmit();
  ASSERT_EQ(host.writes.size(), 2u);
  EXPECT_EQ(host.writes[0].address, tx.cq);
  EXPECT_GE(host.writes[1].address, kMessages);
}

TEST_F(Interrupts, Item36_QueuesWithoutInterrupts) {
  TxRing quiet = create_tx(1, {.interrupts = false});
  unmask(2);
  send(quiet, pattern(64));
  EXPECT_EQ(seen(), 0u);
}

TEST_F(Interrupts, Item36_AVectorIsMaskedAnewWithItsNextQueue) {
  unmask(1);
  run(us(1));
  for (const auto queue : {Firmware::kDestroyTx, Firmware::kDestroyRx}) firmware.destroy(queue, 0);
  for (const unsigned cq : {0u, 1u}) firmware.destroy(Firmware::kDestroyCq, cq);
  tx = create_tx(0);
  transmit();
  EXPECT_EQ(seen(), 0u);
}

TEST_F(Interrupts, Item37_DelaysAreHonoured) {
  firmware.page.write(control::offset::MODERATION, 1);
  unmask(1, kUnmaskBit | 20 << 15 | 7);  // TX 20 us, RX 7 us
  const sc_core::sc_time begun = sim.scheduler.now();
  deliver(pattern(64));
  run(us(5));
  EXPECT_EQ(seen(), 0u);
  run(us(5));
  EXPECT_EQ(seen(), 1u);
  EXPECT_GT(latest(begun), us(7));
  EXPECT_LT(latest(begun), us(8));
  unmask(1, kUnmaskBit | kKeepDelays);
  put_packet(tx, pattern(64), 1);
  ring_tx(tx);
  run(us(18));
  EXPECT_EQ(seen(), 1u);
  run(us(5));
  EXPECT_EQ(seen(), 2u);
}

TEST_F(Interrupts, Item37_TheEarlierOfTwoCounts) {
  firmware.page.write(control::offset::MODERATION, 2);
  unmask(1, kUnmaskBit | 50 << 15 | 5);  // TX 100 us, RX 10 us
  put_packet(tx, pattern(64), 1);
  ring_tx(tx);
  run(us(20));
  EXPECT_EQ(seen(), 0u);
  deliver(pattern(64));
  run(us(12));
  EXPECT_EQ(seen(), 1u);
  run(us(200));
  EXPECT_EQ(seen(), 1u);
}

TEST_F(Interrupts, Item37_KeptUnlessWrittenAndTheTimeMaskedCounts) {
  firmware.page.write(control::offset::MODERATION, 1);
  unmask(1, 30);  // RX 30 us; masked
  deliver(pattern(64));
  run(us(25));
  unmask(1, kUnmaskBit | kKeepDelays | 0x7fff);
  run(us(4));
  EXPECT_EQ(seen(), 0u);
  run(us(3));
  EXPECT_EQ(seen(), 1u);
  unmask(1, kUnmaskBit);  // none any more
  deliver(pattern(64));
  run(us(2));
  EXPECT_EQ(seen(), 2u);
}

TEST_F(Interrupts, Item37_IgnoredIfNotOffered) {
  unmask(1, kUnmaskBit | 64 << 15 | 64);
  deliver(pattern(64));
  run(us(2));
  EXPECT_EQ(seen(), 1u);
}

TEST_F(Interrupts, Item37_ResetEndsWhatIsDelayed) {
  firmware.page.write(control::offset::MODERATION, 1);
  unmask(1, kUnmaskBit | 20);
  deliver(pattern(64));
  run(us(5));
  device_reset();
  run(us(50));
  EXPECT_EQ(seen(), 0u);
  EXPECT_EQ(reg(kUnmask + 4), 0u);
}

}  // namespace
}  // namespace cardvp::nic::ena
