// The descriptor DMA's model: simulated time, reset, and descriptors that write the DMA's own registers.
#include "models/dma/dma.h"

#include <gtest/gtest.h>

#include <cstring>

#include "models/bus/bus.h"
#include "models/memory/ram.h"
#include "test/unit/bus/initiator.h"

namespace cardvp::dma {
namespace {

namespace regs {
#define CARDVP_REGISTERS "models/dma/dma.def"
#include "models/base/declare_registers.h"
}  // namespace regs
namespace offset = regs::offset;

using sc_core::sc_time;

constexpr std::uint64_t kRam = 0x1'0000, kData = kRam + 0x1000, kTo = kRam + 0x8000;
const sc_time kLatency(1, sc_core::SC_US);
constexpr double kBytesPerSecond = 1e9;

struct DmaModelTest : testing::Test {
  Sim sim;
  bus::Bus bus{"bus", sim, {.latency = sc_core::SC_ZERO_TIME}};
  memory::Ram ram{"ram", sim, {.size = 0x1'0000}};
  Dma dma{"dma", sim, {kLatency, kBytesPerSecond}};
  Initiator core{"core"};
  std::uint32_t tail = 0;

  DmaModelTest() {
    bus.map("registers", 0, 0x1000, dma.socket);
    bus.map("ram", kRam, 0x1'0000, ram.socket);
    core.socket.bind(bus.target);
    dma.memory.bind(bus.target);
  }
  void SetUp() override {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    core.write(offset::RING_BASE, kRam, 8);
    core.write(offset::RING_SIZE, 8);
    core.write(offset::INTERRUPT_ENABLE, 3);
    core.write(offset::CONTROL, 1);
    for (std::uint64_t i = 0; i < 0x4000; ++i) at(kData)[i] = static_cast<std::byte>(i * 7);
  }
  std::byte* at(std::uint64_t address) { return ram.bytes().data() + (address - kRam); }
  void add(std::uint64_t source, std::uint64_t destination, std::uint32_t length) {
    const dma_descriptor descriptor{source, destination, length, DMA_INTERRUPT, 0};
    std::memcpy(at(kRam) + tail++ * sizeof descriptor, &descriptor, sizeof descriptor);
  }
  bool copied(std::size_t size) { return std::memcmp(at(kData), at(kTo), size) == 0; }
};

TEST_F(DmaModelTest, TakesItsLatencyAndBandwidth) {
  sc_time done;
  dma.interrupt.connect([&](bool) { done = sc_core::sc_time_stamp(); });
  add(kData, kTo, 10'000);
  core.write(offset::TAIL, tail);
  sc_core::sc_start();
  EXPECT_TRUE(copied(10'000));
  const sc_time data(10, sc_core::SC_US);  // 10000 bytes at 1 GB/s
  // Beside these: RAM's time for the descriptor, and that of the doorbell's access.
  EXPECT_GE(done, kLatency + data);
  EXPECT_LE(done, kLatency + data + sc_time(100, sc_core::SC_NS));
}

TEST_F(DmaModelTest, ADoorbellThatIsAheadCountsFromItsTime) {
  add(kData, kTo, 100);
  core.ahead = sc_time(50, sc_core::SC_US);
  core.write(offset::TAIL, tail);
  sc_core::sc_start(sc_time(50, sc_core::SC_US));
  EXPECT_FALSE(copied(100));
  EXPECT_FALSE(dma.interrupt.level());
  sc_core::sc_start();
  EXPECT_TRUE(copied(100));
  EXPECT_GE(sc_core::sc_time_stamp(), core.ahead + kLatency);
}

TEST_F(DmaModelTest, ResetLeavesNothingBehind) {
  add(kData, kTo, 0x4000);
  core.write(offset::TAIL, tail);
  sc_core::sc_start(sc_time(3, sc_core::SC_US));
  EXPECT_EQ(core.read(offset::STATUS), 1u);
  dma.reset();
  sc_core::sc_start();
  EXPECT_FALSE(copied(0x4000));
  for (const std::uint32_t address : {offset::CONTROL, offset::STATUS, offset::ERROR, offset::INTERRUPT_STATUS,
                                      offset::INTERRUPT_ENABLE, offset::RING_SIZE, offset::TAIL, offset::HEAD})
    EXPECT_EQ(core.read(address), 0u) << address;
  EXPECT_FALSE(dma.interrupt.level());
}

TEST_F(DmaModelTest, ResetTakesTheInterruptBack) {
  add(kData, kTo, 8);
  core.write(offset::TAIL, tail);
  sc_core::sc_start();
  EXPECT_TRUE(dma.interrupt.level());
  dma.reset();
  EXPECT_FALSE(dma.interrupt.level());
}

// A descriptor that disables the ring is never done; one that rings the doorbell goes on to the next.
TEST_F(DmaModelTest, ADescriptorMayWriteTheDmasOwnRegisters) {
  const std::uint32_t next = 2;
  std::memcpy(at(kData), &next, sizeof next);
  add(kData, offset::TAIL, 4);
  const std::uint32_t tail_now = tail;
  const std::uint32_t nothing = 0;
  std::memcpy(at(kData + 8), &nothing, sizeof nothing);
  add(kData + 8, offset::CONTROL, 4);
  core.write(offset::TAIL, tail_now);
  sc_core::sc_start();
  EXPECT_EQ(core.read(offset::CONTROL), 0u);
  EXPECT_EQ(core.read(offset::HEAD), 1u);
  EXPECT_EQ(core.read(offset::STATUS), 0u);
  EXPECT_EQ(core.read(offset::ERROR), 0u);
}

TEST_F(DmaModelTest, CountsWhatItDid) {
  add(kData, kTo, 100);
  add(kData, kTo, 23);
  core.write(offset::TAIL, tail);
  sc_core::sc_start();
  EXPECT_EQ(sim.stats.counter("dma.descriptors", "descriptors").value(), 2u);
  EXPECT_EQ(sim.stats.counter("dma.bytes", "bytes").value(), 123u);
}

}  // namespace
}  // namespace cardvp::dma
