#include "models/arm/gicv2m.h"

#include <stdexcept>

#include "models/base/registers.h"
#include "test/unit/soc/gic_fixture.h"

namespace cardvp::arm {
namespace {

constexpr std::uint64_t kFrame = 0x20000;
namespace gicv2m_registers {
#define CARDVP_REGISTERS "models/arm/gicv2m.def"
#include "models/base/declare_registers.h"
}  // namespace gicv2m_registers
using namespace gicv2m_registers::offset;

struct MsiFrame : GicFixture {
  GicV2m frame{"msi", sim, gic, {.first = 64, .count = 32}};

  MsiFrame() { bus.map("MSI", kFrame, 0x1000, frame.socket); }
  void SetUp() override {
    GicFixture::SetUp();
    for (const unsigned id : {63u, 64u, 95u, 96u}) {
      set_up_spi(id, 0x80);
      make_edge(id);
    }
  }
  bool send(std::uint64_t id, unsigned size = 4) { return core.write(kFrame + MSI_SETSPI_NS, id, size); }
};

TEST_F(MsiFrame, SaysWhatItHas) {
  EXPECT_EQ(d_read(kFrame + MSI_TYPER), 64u << 16 | 32);
  EXPECT_EQ(d_read(kFrame + MSI_IIDR) >> 16 & 0xf, 0u);  // architecture
  EXPECT_EQ(d_read(kFrame + 0xffc), 0u);
  d_write(kFrame + MSI_TYPER, 0);
  EXPECT_EQ(d_read(kFrame + MSI_TYPER), 64u << 16 | 32);
}

TEST_F(MsiFrame, MessageIsAnEdge) {
  EXPECT_TRUE(send(64));
  EXPECT_TRUE(irq[0]);
  EXPECT_EQ(acknowledge(), 64u);
  EXPECT_FALSE(bit(GICD_ISPENDR, 64));
  EXPECT_TRUE(send(64));  // during service
  end(64);
  EXPECT_EQ(acknowledge(), 64u);
  end(64);
  EXPECT_EQ(acknowledge(), 1023u);
  EXPECT_EQ(d_read(kFrame + MSI_SETSPI_NS), 0u);  // write-only
}

TEST_F(MsiFrame, OnlyItsOwnIdsCount) {
  EXPECT_TRUE(send(63));
  EXPECT_TRUE(send(96));
  EXPECT_TRUE(send(0));
  EXPECT_TRUE(send(1023));
  EXPECT_FALSE(irq[0]);
  EXPECT_TRUE(send(95));
  EXPECT_EQ(acknowledge(), 95u);
  EXPECT_EQ(sim.stats.counter("msi.messages", "interrupts").value(), 1u);
  EXPECT_EQ(sim.stats.counter("msi.ignored", "writes").value(), 4u);
}

TEST_F(MsiFrame, TakesHalfWordsButNotBytes) {
  EXPECT_TRUE(send(64, 2));  // PCI's message data has 16 bits
  EXPECT_EQ(acknowledge(), 64u);
  end(64);
  EXPECT_TRUE(send(64, 1));
  EXPECT_FALSE(irq[0]);
  EXPECT_TRUE(core.write(kFrame + MSI_SETSPI_NS + 2, 64, 2));
  EXPECT_FALSE(irq[0]);
  EXPECT_TRUE(send(0xfc00 | 64));  // the upper bits are reserved
  EXPECT_TRUE(irq[0]);
}

TEST_F(MsiFrame, LevelSensitiveSpisSeeNoMessage) {
  set_up_spi(70, 0x80);
  EXPECT_TRUE(send(70));
  EXPECT_FALSE(irq[0]);
  EXPECT_FALSE(bit(GICD_ISPENDR, 70));
}

TEST_F(MsiFrame, BadAccessesAreBusErrors) {
  EXPECT_FALSE(core.write(kFrame, 64));
  EXPECT_FALSE(core.write(kFrame + MSI_SETSPI_NS + 1, 64, 2));
  EXPECT_FALSE(core.write(kFrame + 0x048, 64));
  EXPECT_FALSE(send(64, 8));  // nothing is behind it
  EXPECT_FALSE(irq[0]);
}

TEST(MsiFrameShape, MustBeSpisOfTheGic) {
  Sim sim;
  Gic gic("gic", sim, 1, 96);  // ids up to 127
  EXPECT_THROW(GicV2m("a", sim, gic, {.first = 31, .count = 2}), std::invalid_argument);
  EXPECT_THROW(GicV2m("b", sim, gic, {.first = 64, .count = 65}), std::invalid_argument);
  EXPECT_THROW(GicV2m("c", sim, gic, {.first = 128, .count = 1}), std::invalid_argument);
  EXPECT_THROW(GicV2m("d", sim, gic, {.first = 64, .count = 0}), std::invalid_argument);
  GicV2m("e", sim, gic, {.first = 64, .count = 64});
}

}  // namespace
}  // namespace cardvp::arm
