#include "test/unit/host/nvme_machine.h"

namespace cardvp::host {
namespace {

using nvme::Command;
using nvme::DriverConfig;
using nvme::Error;
using nvme::Status;
using sc_core::SC_MS;
using sc_core::SC_NS;
using sc_core::sc_time;
using sc_core::SC_US;

using NvmeDriver = NvmeMachine;

TEST_F(NvmeDriver, StartsInTheOrderOfTheSpecification) {
  make_and_start({.io_queues = 2, .queue_entries = 16});
  EXPECT_TRUE(driver->running());
  EXPECT_EQ(admin_opcodes(), (std::vector<unsigned>{6, 6, 9, 5, 1, 5, 1}));
  EXPECT_EQ(device.cc, 0x00460001u);
  EXPECT_EQ(device.enables, 1u);
  const nvme::ControllerInfo& info = driver->info();
  EXPECT_EQ(info.serial, "SERIAL-1");
  EXPECT_EQ(info.model, "Fake controller");
  EXPECT_EQ(info.firmware, "1.0");
  EXPECT_EQ(info.blocks, 8192u);
  EXPECT_EQ(info.block_size, 512u);
  EXPECT_EQ(info.io_queues, 2u);
  EXPECT_EQ(info.queue_entries, 16u);
  // Set Features: 0-based numbers; Create: size and id, vector with interrupts enabled, contiguous.
  EXPECT_EQ(device.seen[2].command.dw11, 0x00010001u);
  EXPECT_EQ(device.seen[5].command.dw10, 0x000f0002u);
  EXPECT_EQ(device.seen[5].command.dw11, 0x00020003u);
  EXPECT_EQ(device.seen[6].command.dw10, 0x000f0002u);
  EXPECT_EQ(device.seen[6].command.dw11, 0x00020001u);
}

TEST_F(NvmeDriver, TakesWhatTheControllerGrants) {
  device.granted_queues = 3;
  device.mdts = 2;  // 16 KiB
  make_and_start({.io_queues = 8, .queue_entries = 1024});
  EXPECT_EQ(driver->info().io_queues, 3u);
  EXPECT_EQ(driver->info().queue_entries, 64u);
  EXPECT_EQ(driver->info().max_transfer, 16384u);
  EXPECT_EQ(device.queues(), 4u);
}

TEST_F(NvmeDriver, NeedsAVectorForEachQueue) {
  device.granted_queues = 100;
  make_and_start({.io_queues = 100});
  EXPECT_EQ(driver->info().io_queues, FakeNvme::kVectors - 1);
}

TEST_F(NvmeDriver, ReadsAndWrites) {
  make_and_start();
  Buffer out(memory, 8192), in(memory, 8192);
  for (std::size_t i = 0; i < out.size(); ++i) out.data()[i] = static_cast<std::byte>(i * 7 + i / 256);
  EXPECT_TRUE(write(100, 16, out.address()).ok());
  EXPECT_EQ(std::memcmp(&device.storage[100 * 512], out.data(), 8192), 0);
  EXPECT_TRUE(read(100, 16, in.address()).ok());
  EXPECT_EQ(std::memcmp(in.data(), out.data(), 8192), 0);
  const Command& command = device.seen.back().command;
  EXPECT_EQ(command.opcode, 2);
  EXPECT_EQ(command.nsid, 1u);
  EXPECT_EQ(command.dw10, 100u);
  EXPECT_EQ(command.dw12, 15u);
  EXPECT_TRUE(result([](nvme::Driver& d) -> Task<Status> { co_return co_await d.flush(0); }(*driver)).ok());
  EXPECT_EQ(device.seen.back().command.opcode, 0);
}

TEST_F(NvmeDriver, NeedsHostMemoryForItsQueues) {
  make({.queue_entries = 64, .max_transfer = 1 << 30});
  EXPECT_NE(start().text.find("host memory is exhausted"), std::string::npos);
  EXPECT_FALSE(driver->running());
}

TEST_F(NvmeDriver, SendsTheWholeLba) {
  make_and_start();
  Buffer data(memory, 512);
  EXPECT_EQ(read(0x123456789a, 1, data.address()), Status(0x80));
  EXPECT_EQ(device.seen.back().command.dw10, 0x3456789au);
  EXPECT_EQ(device.seen.back().command.dw11, 0x12u);
}

TEST_F(NvmeDriver, PrpsFollowTheBuffer) {
  make_and_start({.max_transfer = 4 << 20});
  device.storage[5] = std::byte{0x5a};
  Buffer data(memory, (4 << 20) + 4096);
  EXPECT_TRUE(read(0, 8, data.address() + 512).ok());
  EXPECT_EQ(device.seen.back().pages, (std::vector<std::uint64_t>{data.address() + 512, data.address() + 4096}));
  EXPECT_EQ(device.seen.back().lists, 0u);
  EXPECT_EQ(data.data()[517], std::byte{0x5a});
  EXPECT_TRUE(read(0, 17, data.address() + 4).ok());
  EXPECT_EQ(device.seen.back().pages.size(), 3u);
  EXPECT_EQ(device.seen.back().lists, 1u);
  EXPECT_EQ(data.data()[9], std::byte{0x5a});
  device.storage[(4 << 20) - 1] = std::byte{0xa5};
  EXPECT_TRUE(read(0, 8192, data.address() + 8).ok());
  EXPECT_EQ(device.seen.back().pages.size(), 1025u);
  EXPECT_EQ(device.seen.back().lists, 3u);
  EXPECT_EQ(data.data()[(4 << 20) + 7], std::byte{0xa5});
}

TEST_F(NvmeDriver, RefusesWhatItCannotSend) {
  make_and_start({.max_transfer = 65536});
  Buffer data(memory, 65536 + 512);
  const std::size_t before = device.seen.size();
  EXPECT_EQ(read(0, 0, data.address()), Status::kInvalid);
  EXPECT_EQ(read(0, 129, data.address()), Status::kInvalid);
  EXPECT_EQ(read(0, 1, data.address() + 2), Status::kInvalid);
  EXPECT_EQ(read(0, 1, data.address(), 1), Status::kInvalid);
  EXPECT_EQ(device.seen.size(), before);
  EXPECT_FALSE(Status::kInvalid.from_device());
}

// Lanes that each read `count` times, all from LBAs of their own, and compare.
Task<> reader(NvmeMachine& m, unsigned lane, int count, unsigned& left) {
  Buffer data(m.memory, 512);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t lba = lane * 64 + static_cast<unsigned>(i) % 64;
    const Status status = co_await m.driver->read(lane % m.driver->info().io_queues, lba, 1, data.address());
    EXPECT_TRUE(status.ok()) << status.text();
    EXPECT_EQ(data.data()[0], static_cast<std::byte>(lba % 251));
  }
  if (--left == 0) sc_core::sc_pause();
}

struct QueueShape {
  unsigned entries, lanes, queues;
};
struct NvmeQueues : NvmeMachine, testing::WithParamInterface<QueueShape> {};

TEST_P(NvmeQueues, WrapManyTimes) {
  const auto [entries, lanes, queues] = GetParam();
  for (std::size_t lba = 0; lba < 8192; ++lba) device.storage[lba * 512] = static_cast<std::byte>(lba % 251);
  make_and_start({.io_queues = queues, .queue_entries = entries});
  unsigned left = lanes;
  for (unsigned lane = 0; lane < lanes; ++lane) scope.spawn(reader(*this, lane, 200, left));
  sc_core::sc_start({1, sc_core::SC_SEC});
  EXPECT_EQ(left, 0u);
  EXPECT_EQ(count("driver.malformed_completions"), 0u);
  EXPECT_EQ(count("driver.timeouts"), 0u);
}
INSTANTIATE_TEST_SUITE_P(Shapes, NvmeQueues,
                         testing::Values(QueueShape{2, 1, 1}, QueueShape{2, 8, 1}, QueueShape{3, 2, 1},
                                         QueueShape{7, 20, 2}, QueueShape{64, 63, 1}, QueueShape{16, 64, 4}));

TEST_F(NvmeDriver, RingsOnceForABatch) {
  make_and_start();
  settle();
  device.doorbells.clear();
  unsigned left = 8;
  for (std::size_t lba = 0; lba < 8192; ++lba) device.storage[lba * 512] = static_cast<std::byte>(lba % 251);
  for (unsigned lane = 0; lane < 8; ++lane) scope.spawn(reader(*this, lane, 1, left));
  sc_core::sc_start({1, SC_MS});
  EXPECT_EQ(left, 0u);
  settle();
  // Eight submissions, one doorbell; their completions come at one time, one doorbell again.
  EXPECT_EQ(device.doorbells, (std::vector<std::pair<std::uint64_t, std::uint32_t>>{{0x1008, 8}, {0x100c, 8}}));
}

TEST_F(NvmeDriver, FollowsTheDoorbellStride) {
  device.cap |= 2ull << 32;  // 16 bytes
  make_and_start({.io_queues = 2});
  Buffer data(memory, 512);
  settle();
  device.doorbells.clear();
  EXPECT_TRUE(read(0, 1, data.address(), 1).ok());
  settle();
  EXPECT_EQ(device.doorbells, (std::vector<std::pair<std::uint64_t, std::uint32_t>>{{0x1040, 1}, {0x1050, 1}}));
}

TEST_F(NvmeDriver, InterruptLatencyAndSoftwareCostTakeTheirTime) {
  const sc_time none;
  // Modules are made before time passes: three drivers, started in turn.
  std::vector<std::unique_ptr<nvme::Driver>> drivers;
  drivers.push_back(std::make_unique<nvme::Driver>("quick", sim, root,
                                                   DriverConfig{.interrupt_latency = none, .software_cost = none}));
  drivers.push_back(std::make_unique<nvme::Driver>(
      "late", sim, root, DriverConfig{.interrupt_latency = {3, SC_US}, .software_cost = none}));
  drivers.push_back(std::make_unique<nvme::Driver>(
      "slow", sim, root, DriverConfig{.interrupt_latency = none, .software_cost = {2, SC_US}}));
  link.connect(device);
  link_up();
  function = result(root.probe(0));
  Buffer data(memory, 4096);
  std::vector<sc_time> took;
  for (auto& one : drivers) {
    driver = std::move(one);
    ASSERT_FALSE(start());
    settle();
    const sc_time begin = sim.scheduler.now();
    EXPECT_TRUE(read(0, 1, data.address()).ok());
    took.push_back(sim.scheduler.now() - begin);
    ASSERT_FALSE(result(driver->stop()));
  }
  EXPECT_EQ(took[1] - took[0], sc_time(3, SC_US));
  EXPECT_EQ(took[2] - took[0], sc_time(2, SC_US));
}

TEST_F(NvmeDriver, CommandsOfAQueueShareACpu) {
  make_and_start({.software_cost = {2, SC_US}});
  for (std::size_t lba = 0; lba < 8192; ++lba) device.storage[lba * 512] = static_cast<std::byte>(lba % 251);
  unsigned left = 10;
  const sc_time begin = sim.scheduler.now();
  for (unsigned lane = 0; lane < 10; ++lane) scope.spawn(reader(*this, lane, 1, left));
  sc_core::sc_start({1, SC_MS});
  EXPECT_EQ(left, 0u);
  EXPECT_GE(sim.scheduler.now() - begin, sc_time(20, SC_US) + device.latency);
  EXPECT_LT(sim.scheduler.now() - begin, sc_time(23, SC_US) + device.latency);
}

TEST_F(NvmeDriver, StopsAsTheSpecificationSays) {
  make_and_start({.io_queues = 2});
  device.seen.clear();
  const Error error = result(driver->stop());
  EXPECT_FALSE(error) << error.text;
  EXPECT_EQ(admin_opcodes(), (std::vector<unsigned>{0, 0, 4, 4}));
  EXPECT_EQ(device.cc >> 14 & 3, 1u);
  EXPECT_EQ(device.csts >> 2 & 3, 2u);
  settle();
  EXPECT_TRUE(sim.scheduler.idle());  // no timeout is left to wait for
  Buffer data(memory, 512);
  EXPECT_EQ(read(0, 1, data.address()), Status::kNotStarted);
  EXPECT_TRUE(result(driver->stop()));
  // And up again.
  const Error again = start();
  EXPECT_FALSE(again) << again.text;
  EXPECT_EQ(device.cc >> 14 & 3, 0u);
  EXPECT_TRUE(read(0, 1, data.address()).ok());
}

TEST_F(NvmeDriver, StopWaitsForWhatIsInFlight) {
  make_and_start();
  device.latency = sc_time(300, SC_US);
  Status status = Status::kInvalid;
  scope.spawn([](NvmeMachine& m, Status& out) -> Task<> {
    Buffer data(m.memory, 512);
    out = co_await m.driver->read(0, 0, 1, data.address());
  }(*this, status));
  EXPECT_FALSE(result(driver->stop()));
  EXPECT_TRUE(status.ok());
}

TEST_F(NvmeDriver, AbandonedCommandsFreeTheirSlotsWhenTheyEnd) {
  make_and_start({.queue_entries = 2});  // one slot
  Buffer data(memory, 512);
  {
    TaskScope doomed(sim.scheduler);
    for (int i = 0; i < 3; ++i) {  // one in flight, two that wait
      doomed.spawn([](NvmeMachine& m, std::uint64_t to) -> Task<> {
        co_await m.driver->read(0, 0, 1, to);
        ADD_FAILURE();
      }(*this, data.address()));
    }
    sc_core::sc_start({1, SC_US});
  }
  EXPECT_TRUE(read(1, 1, data.address()).ok());
  EXPECT_EQ(count("driver.late_completions"), 1u);
}

}  // namespace
}  // namespace cardvp::host
