// The CPU interface: priorities, preemption, groups, end of interrupt (IHI 0048B, 3.3 and 4.4).
#include "test/unit/soc/gic_fixture.h"

namespace cardvp::arm {
namespace {

struct GicCpuInterface : GicFixture {
  void raise(unsigned id, unsigned priority) {
    set_up_spi(id, priority);
    gic.set_spi(id, true);
  }
};

TEST_F(GicCpuInterface, HighestPriorityFirstThenLowestId) {
  raise(70, 0x90);
  raise(60, 0xa0);
  raise(80, 0x90);
  EXPECT_EQ(c_read(GICC_HPPIR), 70u);
  EXPECT_EQ(acknowledge(), 70u);
  EXPECT_EQ(c_read(GICC_HPPIR), 80u);
  gic.set_spi(70, false);
  end(70);
  EXPECT_EQ(acknowledge(), 80u);
  gic.set_spi(80, false);
  end(80);
  EXPECT_EQ(acknowledge(), 60u);
}

TEST_F(GicCpuInterface, MaskLetsOnlyHigherPrioritiesThrough) {
  raise(40, 0x80);
  c_write(GICC_PMR, 0x80);
  EXPECT_FALSE(irq[0]);
  EXPECT_EQ(acknowledge(), 1023u);
  EXPECT_EQ(c_read(GICC_HPPIR), 40u);  // pending all the same
  c_write(GICC_PMR, 0x81);
  EXPECT_TRUE(irq[0]);
  d_write(GICD_IPRIORITYR + 40, 0xff, 1);
  c_write(GICC_PMR, 0xff);
  EXPECT_FALSE(irq[0]);  // the lowest priority is always masked
}

TEST_F(GicCpuInterface, HigherPriorityPreempts) {
  raise(40, 0x80);
  EXPECT_EQ(acknowledge(), 40u);
  EXPECT_EQ(c_read(GICC_RPR), 0x80u);
  raise(41, 0x80);
  EXPECT_FALSE(irq[0]);  // the same does not
  raise(42, 0x40);
  EXPECT_TRUE(irq[0]);
  EXPECT_EQ(acknowledge(), 42u);
  EXPECT_EQ(c_read(GICC_RPR), 0x40u);
  EXPECT_EQ(c_read(GICC_APR + 4), 1u);  // 0x40 / 2 is bit 32,
  EXPECT_EQ(c_read(GICC_APR + 8), 1u);  // 0x80 / 2 bit 64
  gic.set_spi(42, false);
  end(42);
  EXPECT_EQ(c_read(GICC_RPR), 0x80u);
  EXPECT_FALSE(irq[0]);
  gic.set_spi(40, false);
  end(40);
  EXPECT_EQ(c_read(GICC_RPR), 0xffu);
  EXPECT_EQ(acknowledge(), 41u);
}

TEST_F(GicCpuInterface, BinaryPointGroupsPriorities) {
  c_write(GICC_BPR, 3);  // bits 7:4 decide
  raise(40, 0x8c);
  EXPECT_EQ(acknowledge(), 40u);
  EXPECT_EQ(c_read(GICC_RPR), 0x80u);
  raise(41, 0x81);
  EXPECT_FALSE(irq[0]);  // of the same group priority
  raise(42, 0x7f);
  EXPECT_EQ(acknowledge(), 42u);
  gic.set_spi(42, false);
  end(42);
  gic.set_spi(40, false);
  raise(43, 0x82);
  end(40);
  EXPECT_EQ(acknowledge(), 41u);  // subpriority decides which goes first
}

TEST_F(GicCpuInterface, LargestBinaryPointIsNoPreemption) {
  c_write(GICC_BPR, 7);
  raise(40, 0xf0);
  EXPECT_EQ(acknowledge(), 40u);
  raise(41, 0x00);
  EXPECT_FALSE(irq[0]);
  gic.set_spi(40, false);
  end(40);
  EXPECT_EQ(acknowledge(), 41u);
}

TEST_F(GicCpuInterface, SmallestBinaryPointHas128Levels) {
  raise(40, 0x81);
  EXPECT_EQ(acknowledge(), 40u);
  raise(41, 0x80);
  EXPECT_FALSE(irq[0]);
  raise(42, 0x7f);
  EXPECT_TRUE(irq[0]);
}

TEST_F(GicCpuInterface, DisabledInterfaceIsSilent) {
  raise(40, 0x80);
  c_write(GICC_CTLR, 0);
  EXPECT_FALSE(irq[0]);
  EXPECT_EQ(acknowledge(), 1023u);
  EXPECT_EQ(c_read(GICC_HPPIR), 1023u);
}

TEST_F(GicCpuInterface, EndOfWhatIsNotActiveDoesNothing) {
  raise(40, 0x80);
  raise(41, 0x90);
  EXPECT_EQ(acknowledge(), 40u);
  end(41);
  end(1023);
  EXPECT_EQ(c_read(GICC_RPR), 0x80u);
  EXPECT_TRUE(bit(GICD_ISACTIVER, 40));
}

TEST_F(GicCpuInterface, EoiModeSplitsDropAndDeactivation) {
  c_write(GICC_CTLR, 1 << 9 | 1);
  raise(40, 0x80);
  EXPECT_EQ(acknowledge(), 40u);
  raise(41, 0x90);
  EXPECT_FALSE(irq[0]);
  end(40);
  EXPECT_EQ(c_read(GICC_RPR), 0xffu);
  EXPECT_TRUE(bit(GICD_ISACTIVER, 40));
  EXPECT_EQ(c_read(GICC_HPPIR), 41u);  // 40 waits for its deactivation
  c_write(GICC_DIR, 40);
  EXPECT_FALSE(bit(GICD_ISACTIVER, 40));
  EXPECT_EQ(acknowledge(), 40u);
  c_write(GICC_CTLR, 1);
  c_write(GICC_DIR, 40);  // only in that mode
  EXPECT_TRUE(bit(GICD_ISACTIVER, 40));
}

TEST_F(GicCpuInterface, GroupZeroIsFiqIfAskedFor) {
  raise(40, 0x80);
  EXPECT_TRUE(irq[0]);
  c_write(GICC_CTLR, 1 << 3 | 3);
  EXPECT_TRUE(fiq[0]);
  EXPECT_FALSE(irq[0]);
  make_group1(40);
  EXPECT_TRUE(irq[0]);
  EXPECT_FALSE(fiq[0]);
}

TEST_F(GicCpuInterface, GroupOneHasItsOwnRegisters) {
  c_write(GICC_CTLR, 3);
  make_group1(40);
  raise(40, 0x80);
  EXPECT_TRUE(irq[0]);
  EXPECT_EQ(acknowledge(), 1022u);  // ACK_CTL is 0
  EXPECT_EQ(c_read(GICC_HPPIR), 1022u);
  EXPECT_EQ(c_read(GICC_AHPPIR), 40u);
  EXPECT_TRUE(irq[0]);
  EXPECT_EQ(c_read(GICC_AIAR), 40u);
  EXPECT_EQ(c_read(GICC_NSAPR + 8), 1u);
  end(40);  // the wrong one
  EXPECT_TRUE(bit(GICD_ISACTIVER, 40));
  gic.set_spi(40, false);
  c_write(GICC_AEOIR, 40);
  EXPECT_FALSE(bit(GICD_ISACTIVER, 40));
  EXPECT_EQ(c_read(GICC_RPR), 0xffu);
  raise(41, 0x20);  // group 0
  EXPECT_EQ(c_read(GICC_AIAR), 1023u);
  EXPECT_EQ(acknowledge(), 41u);
}

TEST_F(GicCpuInterface, AckCtlLetsIarTakeBothGroups) {
  c_write(GICC_CTLR, 1 << 2 | 3);
  make_group1(40);
  raise(40, 0x80);
  EXPECT_EQ(acknowledge(), 40u);
  gic.set_spi(40, false);
  end(40);
  EXPECT_EQ(c_read(GICC_RPR), 0xffu);
}

TEST_F(GicCpuInterface, GroupOneHasItsOwnBinaryPoint) {
  EXPECT_EQ(c_read(GICC_ABPR), 1u);
  c_write(GICC_ABPR, 0);
  EXPECT_EQ(c_read(GICC_ABPR), 1u);
  c_write(GICC_ABPR, 5);
  c_write(GICC_CTLR, 1 << 2 | 3);
  make_group1(40);
  make_group1(41);
  raise(40, 0x9f);
  EXPECT_EQ(acknowledge(), 40u);
  EXPECT_EQ(c_read(GICC_RPR), 0x80u);  // bits 7:5
  raise(41, 0x8f);
  EXPECT_FALSE(irq[0]);
  c_write(GICC_CTLR, 1 << 4 | 1 << 2 | 3);  // CBPR: BPR, 7:1
  EXPECT_FALSE(irq[0]);                     // 0x8e does not preempt 0x80
  d_write(GICD_IPRIORITYR + 41, 0x7f, 1);
  EXPECT_TRUE(irq[0]);
}

TEST_F(GicCpuInterface, DebuggersDoNotAcknowledge) {
  raise(40, 0x80);
  std::uint32_t value = 0;
  EXPECT_EQ(core.debug(false, kCpuInterface + GICC_IAR, &value, 4), 0u);
  EXPECT_TRUE(irq[0]);
  EXPECT_EQ(core.debug(false, GICD_ISPENDR + 4, &value, 4), 4u);
  EXPECT_EQ(value, 1u << 8);
}

}  // namespace
}  // namespace cardvp::arm
