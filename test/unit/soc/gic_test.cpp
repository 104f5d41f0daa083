// The distributor: state of interrupts, triggers, targets, banking, SGIs (IHI 0048B, chapters 3 and 4.3).
#include <stdexcept>
#include <vector>

#include "test/unit/soc/gic_fixture.h"

namespace cardvp::arm {
namespace {

struct GicTest : GicFixture {};
struct GicOfFourCpus : GicFixture {
  GicOfFourCpus() : GicFixture(4) {}
  std::vector<unsigned> interrupted() const {
    std::vector<unsigned> cpus;
    for (unsigned cpu = 0; cpu < 4; ++cpu)
      if (irq[cpu]) cpus.push_back(cpu);
    return cpus;
  }
  using Cpus = std::vector<unsigned>;
};
struct GicOfOneCpu : GicFixture {
  GicOfOneCpu() : GicFixture(1) {}
};

TEST_F(GicTest, IdentifiesItself) {
  EXPECT_EQ(d_read(GICD_TYPER), 0x23u);  // 4 * 32 ids, 2 CPUs
  EXPECT_EQ(d_read(GICD_PIDR2) >> 4, 2u);
  EXPECT_EQ(d_read(0xfd4), 0u);
  std::uint64_t component = 0;
  for (unsigned n = 0; n < 4; ++n) component |= d_read(GICD_CIDR0 + 4 * n) << (8 * n);
  EXPECT_EQ(component, 0xb105f00du);
  EXPECT_EQ(c_read(GICC_IIDR) >> 16 & 0xf, 2u);
}

TEST_F(GicTest, ReservedLocationsReadAsZero) {
  d_write(0x00c, ~0u);
  EXPECT_EQ(d_read(0x00c), 0u);
  EXPECT_EQ(c_read(0x1ffc), 0u);
  EXPECT_FALSE(core.write(0x1000, 0));                  // behind the distributor's frame
  EXPECT_FALSE(core.write(kCpuInterface + 0x2000, 0));  // and the CPU interface's
  EXPECT_FALSE(core.write(0x102, 0, 4));
  core.cpu = 2;  // there is none
  EXPECT_FALSE(core.write(GICD_CTLR, 0));
}

TEST_F(GicTest, LevelInterruptIsPendingWhileTheLineIsHigh) {
  set_up_spi(40, 0x80);
  gic.set_spi(40, true);
  EXPECT_TRUE(irq[0]);
  EXPECT_TRUE(bit(GICD_ISPENDR, 40));
  gic.set_spi(40, false);
  EXPECT_FALSE(irq[0]);  // nothing is remembered
  gic.set_spi(40, true);
  set_bit(GICD_ICPENDR, 40);  // the line still says otherwise
  EXPECT_TRUE(irq[0]);
  gic.set_spi(40, false);
  EXPECT_FALSE(irq[0]);
  EXPECT_EQ(acknowledge(), 1023u);

  gic.set_spi(40, true);
  EXPECT_EQ(acknowledge(), 40u);
  EXPECT_FALSE(irq[0]);  // active and pending: not signalled again
  EXPECT_TRUE(bit(GICD_ISPENDR, 40) && bit(GICD_ISACTIVER, 40));
  EXPECT_EQ(acknowledge(), 1023u);
  end(40);
  EXPECT_TRUE(irq[0]);
  EXPECT_EQ(acknowledge(), 40u);
  gic.set_spi(40, false);
  end(40);
  EXPECT_FALSE(irq[0]);
  EXPECT_FALSE(bit(GICD_ISPENDR, 40) || bit(GICD_ISACTIVER, 40));
}

TEST_F(GicTest, EdgeInterruptIsPendingOncePerEdge) {
  set_up_spi(41, 0x80);
  make_edge(41);
  gic.set_spi(41, true);
  gic.set_spi(41, false);
  EXPECT_TRUE(irq[0]);
  EXPECT_EQ(acknowledge(), 41u);
  EXPECT_FALSE(bit(GICD_ISPENDR, 41));
  gic.set_spi(41, true);  // during service
  gic.set_spi(41, false);
  gic.set_spi(41, true);
  EXPECT_TRUE(bit(GICD_ISPENDR, 41));
  end(41);
  EXPECT_EQ(acknowledge(), 41u);
  end(41);
  gic.set_spi(41, true);
  EXPECT_EQ(acknowledge(), 1023u);  // two edges became one; the line being high is no edge
  gic.set_spi(41, false);
  gic.set_spi(41, true);
  set_bit(GICD_ICPENDR, 41);
  EXPECT_FALSE(irq[0]);
}

TEST_F(GicTest, SoftwareMakesPendingAndActive) {
  set_up_spi(42, 0x80);
  set_bit(GICD_ISPENDR, 42);
  EXPECT_EQ(acknowledge(), 42u);
  EXPECT_FALSE(bit(GICD_ISPENDR, 42));
  set_bit(GICD_ICACTIVER, 42);
  EXPECT_FALSE(bit(GICD_ISACTIVER, 42));
  set_bit(GICD_ISACTIVER, 42);
  set_bit(GICD_ISPENDR, 42);
  EXPECT_FALSE(irq[0]);  // active
  set_bit(GICD_ICACTIVER, 42);
  c_write(GICC_APR + 8, 0);  // the priority is still running
  EXPECT_TRUE(irq[0]);
}

TEST_F(GicTest, DisabledInterruptsStayPending) {
  set_up_spi(43, 0x80);
  set_bit(GICD_ICENABLER, 43);
  gic.set_spi(43, true);
  EXPECT_FALSE(irq[0]);
  EXPECT_TRUE(bit(GICD_ISPENDR, 43));
  EXPECT_FALSE(bit(GICD_ISENABLER, 43));
  set_bit(GICD_ISENABLER, 43);
  EXPECT_TRUE(irq[0]);
  d_write(GICD_CTLR, 2);  // group 0 off
  EXPECT_FALSE(irq[0]);
  EXPECT_EQ(c_read(GICC_HPPIR), 1023u);
}

TEST_F(GicTest, TargetsChooseTheCpu) {
  set_up_spi(50, 0x80, 2);
  gic.set_spi(50, true);
  EXPECT_FALSE(irq[0]);
  EXPECT_TRUE(irq[1]);
  EXPECT_EQ(acknowledge(0), 1023u);
  d_write(GICD_ITARGETSR + 50, 0xff, 1);
  EXPECT_EQ(d_read(GICD_ITARGETSR + 50, 1), 3u);  // CPUs that do not exist
  EXPECT_TRUE(irq[0] && irq[1]);
  EXPECT_EQ(acknowledge(1), 50u);  // 1-N: the first one takes it
  EXPECT_FALSE(irq[0] || irq[1]);
  EXPECT_EQ(acknowledge(0), 1023u);
  gic.set_spi(50, false);
  end(50, 1);
  EXPECT_FALSE(bit(GICD_ISACTIVER, 50));
  d_write(GICD_ITARGETSR + 50, 0, 1);
  gic.set_spi(50, true);
  EXPECT_FALSE(irq[0] || irq[1]);
}

TEST_F(GicTest, PrivateTargetsReadAsTheReader) {
  d_write(GICD_ITARGETSR + 4, ~0u);
  EXPECT_EQ(d_read(GICD_ITARGETSR + 4, 4, 0), 0x01010101u);
  EXPECT_EQ(d_read(GICD_ITARGETSR + 28, 4, 1), 0x02020202u);
}

TEST_F(GicOfFourCpus, SayWhoTheyAre) {
  EXPECT_EQ(d_read(GICD_TYPER) >> 5 & 7, 3u);
  for (unsigned cpu = 0; cpu < 4; ++cpu) {
    EXPECT_EQ(d_read(GICD_ITARGETSR, 4, cpu), 0x01010101u << cpu);
    EXPECT_EQ(d_read(GICD_ITARGETSR + 28 + cpu, 1, cpu), 1u << cpu);
    EXPECT_EQ(c_read(GICC_IIDR, cpu), 0x0202143bu);  // GIC-400
  }
  d_write(GICD_ITARGETSR + 40, 0x08040201);
  EXPECT_EQ(d_read(GICD_ITARGETSR + 40, 4, 2), 0x08040201u);  // not banked
}

TEST_F(GicOfFourCpus, SgisReachEachTargetWithTheirSource) {
  d_write(GICD_SGIR, 0x7u << 16 | 2, 4, 3);
  EXPECT_EQ(interrupted(), (Cpus{0, 1, 2}));
  d_write(GICD_SGIR, 0x2u << 16 | 2, 4, 0);
  EXPECT_EQ(acknowledge(1), 0u << 10 | 2);  // the lower source first
  EXPECT_EQ(interrupted(), (Cpus{0, 2}));
  EXPECT_EQ(acknowledge(0), 3u << 10 | 2);
  end(3u << 10 | 2, 0);
  EXPECT_EQ(interrupted(), Cpus{2});
  end(0u << 10 | 2, 1);
  EXPECT_EQ(interrupted(), (Cpus{1, 2}));  // from CPU 3, still
  EXPECT_EQ(acknowledge(1), 3u << 10 | 2);
  end(3u << 10 | 2, 1);
  EXPECT_EQ(acknowledge(1), 1023u);
  d_write(GICD_SGIR, 1u << 24 | 5, 4, 1);  // all but the sender
  EXPECT_EQ(interrupted(), (Cpus{0, 2, 3}));
  EXPECT_EQ(acknowledge(3), 1u << 10 | 5);
  EXPECT_EQ(acknowledge(2), 3u << 10 | 2);  // of one priority: the lower id
}

TEST_F(GicOfFourCpus, OneCpusServiceHidesNothingFromTheOthers) {
  for (unsigned cpu = 0; cpu < 4; ++cpu) {
    d_write(GICD_ISENABLER, 1u << 27, 4, cpu);
    gic.set_ppi(cpu, 27, true);
  }
  EXPECT_EQ(acknowledge(2), 27u);
  EXPECT_EQ(interrupted(), (Cpus{0, 1, 3}));
  EXPECT_EQ(acknowledge(0), 27u);
  gic.set_ppi(2, 27, false);
  end(27, 2);
  EXPECT_EQ(interrupted(), (Cpus{1, 3}));
  end(27, 0);  // its line is still high
  EXPECT_EQ(interrupted(), (Cpus{0, 1, 3}));
}

TEST_F(GicOfFourCpus, PendingSpiFollowsItsTargets) {
  set_up_spi(50, 0x80, 1u << 1);
  gic.set_spi(50, true);
  EXPECT_EQ(interrupted(), Cpus{1});
  d_write(GICD_ITARGETSR + 50, 1u << 3, 1);
  EXPECT_EQ(interrupted(), Cpus{3});
  EXPECT_EQ(acknowledge(1), 1023u);
  EXPECT_EQ(acknowledge(3), 50u);
  d_write(GICD_ITARGETSR + 50, 1u << 2, 1, 3);  // moved while it is served
  EXPECT_EQ(interrupted(), Cpus{});
  end(50, 3);
  EXPECT_EQ(interrupted(), Cpus{2});
  EXPECT_EQ(c_read(GICC_RPR, 3), 0xffu);
}

TEST_F(GicOfFourCpus, SpiToAllIsServedByOne) {
  set_up_spi(50, 0x80, 0xf);
  make_edge(50);
  gic.set_spi(50, true);
  EXPECT_EQ(interrupted(), (Cpus{0, 1, 2, 3}));
  EXPECT_EQ(acknowledge(2), 50u);
  EXPECT_EQ(interrupted(), Cpus{});
  gic.set_spi(50, false);
  gic.set_spi(50, true);  // the next edge, during service: it waits
  EXPECT_EQ(interrupted(), Cpus{});
  end(50, 2);
  EXPECT_EQ(interrupted(), (Cpus{0, 1, 2, 3}));
}

TEST_F(GicOfFourCpus, SplitEndOfInterruptDeactivatesForAll) {
  c_write(GICC_CTLR, 1 << 9 | 1, 1);  // EOI_MODE, as a kernel in EL2 has it
  set_up_spi(50, 0x80, 0xf);
  gic.set_spi(50, true);
  EXPECT_EQ(acknowledge(1), 50u);
  end(50, 1);
  EXPECT_EQ(interrupted(), Cpus{});
  c_write(GICC_DIR, 50, 1);
  EXPECT_EQ(interrupted(), (Cpus{0, 1, 2, 3}));
}

TEST_F(GicOfFourCpus, MaskAndEnableAreEachCpusOwn) {
  set_up_spi(50, 0x80, 0xf);
  c_write(GICC_PMR, 0x80, 1);
  c_write(GICC_CTLR, 0, 2);
  gic.set_spi(50, true);
  EXPECT_EQ(interrupted(), (Cpus{0, 3}));
  c_write(GICC_CTLR, 0, 0);  // as a CPU that goes offline
  EXPECT_EQ(interrupted(), Cpus{3});
  c_write(GICC_PMR, 0xf0, 1);
  EXPECT_EQ(interrupted(), (Cpus{1, 3}));
}

TEST_F(GicOfOneCpu, TargetsReadAsZeroAndAllGoToIt) {
  set_bit(GICD_ISENABLER, 33);
  d_write(GICD_ITARGETSR + 33, 1, 1);
  EXPECT_EQ(d_read(GICD_ITARGETSR + 33, 1), 0u);
  EXPECT_EQ(d_read(GICD_ITARGETSR, 4), 0u);
  gic.set_spi(33, true);
  EXPECT_EQ(acknowledge(), 33u);
}

TEST_F(GicTest, PpisAreBankedByCpu) {
  d_write(GICD_ISENABLER, 1u << 27, 4, 1);
  d_write(GICD_IPRIORITYR + 27, 0x40, 1, 1);
  EXPECT_FALSE(bit(GICD_ISENABLER, 27, 0));
  EXPECT_EQ(d_read(GICD_IPRIORITYR + 27, 1, 0), 0u);
  EXPECT_EQ(d_read(GICD_IPRIORITYR + 27, 1, 1), 0x40u);
  gic.set_ppi(0, 27, true);
  gic.set_ppi(1, 27, true);
  EXPECT_FALSE(irq[0]);
  EXPECT_TRUE(irq[1]);
  EXPECT_EQ(acknowledge(1), 27u);
  EXPECT_TRUE(bit(GICD_ISACTIVER, 27, 1));
  EXPECT_FALSE(bit(GICD_ISACTIVER, 27, 0));
  end(27, 0);  // not active there
  EXPECT_TRUE(bit(GICD_ISACTIVER, 27, 1));
  EXPECT_EQ(c_read(GICC_RPR, 1), 0x40u);
  EXPECT_EQ(c_read(GICC_RPR, 0), 0xffu);
}

TEST_F(GicTest, SgisGoWhereTheirFilterSays) {
  d_write(GICD_SGIR, 2u << 16 | 5);  // CPU 0 to CPU 1
  EXPECT_FALSE(irq[0]);
  EXPECT_EQ(acknowledge(1), 5u);
  end(5, 1);
  d_write(GICD_SGIR, 1u << 24 | 0xffu << 16 | 6, 4, 1);  // CPU 1 to all others
  EXPECT_FALSE(irq[1]);
  EXPECT_EQ(acknowledge(0), 1u << 10 | 6);  // with its source
  end(1u << 10 | 6);
  d_write(GICD_SGIR, 2u << 24 | 7, 4, 1);  // CPU 1 to itself
  EXPECT_FALSE(irq[0]);
  EXPECT_EQ(acknowledge(1), 1u << 10 | 7);
  d_write(GICD_SGIR, 3u << 24 | 0xffu << 16 | 8);  // reserved
  EXPECT_FALSE(irq[0] || irq[1]);
}

TEST_F(GicTest, SgiIsPendingPerSource) {
  d_write(GICD_SGIR, 1u << 16 | 3, 4, 0);
  d_write(GICD_SGIR, 1u << 16 | 3, 4, 1);
  EXPECT_EQ(d_read(GICD_SPENDSGIR + 3, 1), 3u);
  EXPECT_EQ(d_read(GICD_CPENDSGIR + 3, 1, 1), 0u);
  EXPECT_EQ(acknowledge(), 3u);
  EXPECT_EQ(d_read(GICD_SPENDSGIR + 3, 1), 2u);
  EXPECT_TRUE(bit(GICD_ISPENDR, 3));
  EXPECT_FALSE(irq[0]);
  end(3);
  EXPECT_EQ(acknowledge(), 1u << 10 | 3);
  end(1u << 10 | 3);
  EXPECT_FALSE(bit(GICD_ISPENDR, 3));
  d_write(GICD_SPENDSGIR + 4, 0xff, 1);
  EXPECT_EQ(d_read(GICD_SPENDSGIR + 4, 1), 3u);  // sources that exist
  d_write(GICD_CPENDSGIR + 4, 1, 1);
  EXPECT_EQ(acknowledge(), 1u << 10 | 4);
}

TEST_F(GicTest, SgisIgnoreWhatCannotBeConfigured) {
  d_write(GICD_ICENABLER, 0xffff);
  EXPECT_EQ(d_read(GICD_ISENABLER), 0xffffu);
  d_write(GICD_ISPENDR, 0xffff);
  EXPECT_EQ(d_read(GICD_ISPENDR), 0u);
  d_write(GICD_ICFGR, 0);
  EXPECT_EQ(d_read(GICD_ICFGR), 0xaaaaaaaau);
  d_write(GICD_SGIR, 2u << 16 | 1, 2);  // half of SGIR
  EXPECT_FALSE(irq[0] || irq[1]);
}

TEST_F(GicTest, IdsThatDoNotExistReadAsZero) {
  for (const std::uint64_t at :
       {std::uint64_t{GICD_ISENABLER + 16}, std::uint64_t{GICD_ISPENDR + 124}, std::uint64_t{GICD_IPRIORITYR + 128},
        std::uint64_t{GICD_ITARGETSR + 1016}, std::uint64_t{GICD_ICFGR + 252}, std::uint64_t{GICD_IGROUPR + 16}}) {
    d_write(at, ~0u);
    EXPECT_EQ(d_read(at), 0u) << at;
  }
  end(500);
  end(1022);
  EXPECT_EQ(d_read(GICD_ICFGR + 8), 0u);
  d_write(GICD_ICFGR + 8, ~0u);
  EXPECT_EQ(d_read(GICD_ICFGR + 8), 0xaaaaaaaau);  // lower bits are reserved
}

TEST_F(GicTest, BytesAndWordsOfPrioritiesAgree) {
  d_write(GICD_IPRIORITYR + 32, 0x44332211);
  EXPECT_EQ(d_read(GICD_IPRIORITYR + 34, 1), 0x33u);
  d_write(GICD_IPRIORITYR + 33, 0xee, 1);
  EXPECT_EQ(d_read(GICD_IPRIORITYR + 32), 0x4433ee11u);
}

TEST_F(GicTest, ResetKeepsOnlyTheInputs) {
  set_up_spi(60, 0x80);
  gic.set_spi(60, true);
  acknowledge();
  d_write(GICD_SGIR, 2u << 24 | 7);
  gic.reset();
  EXPECT_FALSE(irq[0]);
  EXPECT_EQ(d_read(GICD_CTLR), 0u);
  EXPECT_EQ(d_read(GICD_TYPER), 0x23u);
  EXPECT_EQ(c_read(GICC_RPR), 0xffu);
  EXPECT_FALSE(bit(GICD_ISENABLER, 60) || bit(GICD_ISACTIVER, 60) || bit(GICD_ISPENDR, 7));
  EXPECT_TRUE(bit(GICD_ISPENDR, 60));  // the line is still high
}

TEST(GicShape, HasLimits) {
  Sim sim;
  EXPECT_THROW(Gic("a", sim, 0, 32), std::invalid_argument);
  EXPECT_THROW(Gic("b", sim, 9, 32), std::invalid_argument);
  EXPECT_THROW(Gic("c", sim, 1, 989), std::invalid_argument);
}

}  // namespace
}  // namespace cardvp::arm
