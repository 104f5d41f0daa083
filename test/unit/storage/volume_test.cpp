#include "models/storage/volume.h"

#include <gtest/gtest.h>

namespace cardvp::storage {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;
using sc_core::SC_US;

sc_time us(double value) { return {value, SC_US}; }

struct Volumes : testing::Test {
  Sim sim;
  VolumeConfig config{.read_latency = us(60),
                      .write_latency = us(20),
                      .flush_latency = us(50),
                      .bandwidth = 1'000'000'000,  // 1 ns a byte
                      .parallelism = 4,
                      .read_picojoules_per_byte = 2,
                      .write_picojoules_per_byte = 3};
  Volume make() { return {"volume", sim, config, make_memory_medium(1 << 20)}; }
};
constexpr auto kRead = VolumeOperation::kRead;
constexpr auto kWrite = VolumeOperation::kWrite;
constexpr auto kFlush = VolumeOperation::kFlush;

TEST_F(Volumes, OneAccessTakesLatencyAndTransfer) {
  Volume volume = make();
  EXPECT_EQ(volume.reserve(kRead, 1000), us(61));
  EXPECT_EQ(volume.reserve(kWrite, 1000, us(100)), us(121));
  EXPECT_EQ(volume.reserve(kFlush, 0, us(200)), us(250));
}

TEST_F(Volumes, BandwidthIsShared) {
  Volume volume = make();
  EXPECT_EQ(volume.reserve(kRead, 10'000), us(70));
  EXPECT_EQ(volume.reserve(kWrite, 10'000), us(40));  // behind the read's 10 us
  EXPECT_EQ(volume.reserve(kRead, 10'000), us(90));
}

TEST_F(Volumes, MoreThanItsUnitsWait) {
  config.parallelism = 2;
  config.bandwidth = 1'000'000'000'000;
  Volume volume = make();
  EXPECT_EQ(volume.reserve(kFlush, 0), us(50));
  EXPECT_EQ(volume.reserve(kRead, 0), us(60));
  EXPECT_EQ(volume.reserve(kRead, 0), us(110));  // after the flush
  EXPECT_EQ(volume.reserve(kWrite, 0), us(80));  // after the first read
  EXPECT_EQ(volume.reserve(kWrite, 0), us(100));
}

TEST_F(Volumes, SaturatedItGivesItsBandwidth) {
  config.parallelism = 64;
  Volume volume = make();
  sc_time last;
  for (int i = 0; i < 1000; ++i) last = volume.reserve(kRead, 4096);
  EXPECT_EQ(last, sc_time(4096.0 * 1000, SC_NS) + us(60));
}

TEST_F(Volumes, CountBytesOperationsAndEnergy) {
  Volume volume = make();
  volume.reserve(kRead, 4096);
  volume.reserve(kRead, 512);
  volume.reserve(kWrite, 1000);
  volume.reserve(kFlush, 0);
  EXPECT_EQ(sim.stats.counter("volume.reads", "").value(), 2u);
  EXPECT_EQ(sim.stats.counter("volume.read_bytes", "").value(), 4608u);
  EXPECT_EQ(sim.stats.counter("volume.writes", "").value(), 1u);
  EXPECT_EQ(sim.stats.counter("volume.write_bytes", "").value(), 1000u);
  EXPECT_EQ(sim.stats.counter("volume.flushes", "").value(), 1u);
  EXPECT_DOUBLE_EQ(sim.energy.meter("volume").dynamic_joules(), (4608 * 2 + 1000 * 3) * 1e-12);
}

TEST_F(Volumes, OnlyWholeBlocksCount) {
  config.block_size = 4096;
  Volume volume("volume", sim, config, make_memory_medium(3 * 4096 + 512));
  EXPECT_EQ(volume.block_shift(), 12u);
  EXPECT_EQ(volume.blocks(), 3u);
}

}  // namespace
}  // namespace cardvp::storage
