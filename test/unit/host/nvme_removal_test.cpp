// The driver and a function that goes away and comes back.
#include <gmock/gmock.h>

#include "test/unit/host/nvme_machine.h"

namespace cardvp::host {
namespace {

using nvme::Command;
using nvme::Completion;
using nvme::Error;
using nvme::Status;
using sc_core::SC_MS;
using sc_core::SC_SEC;
using sc_core::sc_time;
using sc_core::SC_US;
using testing::HasSubstr;

struct NvmeRemoval : NvmeMachine {
  std::vector<Status> ends;
  std::unique_ptr<Buffer> data;

  void begin_reads(unsigned count) {
    if (!data) data = std::make_unique<Buffer>(memory, 4096);
    for (unsigned i = 0; i < count; ++i)
      scope.spawn([](NvmeRemoval& m) -> Task<> {
        const Status status = co_await m.driver->read(0, 0, 1, m.data->address());
        m.ends.push_back(status);
      }(*this));
    sc_core::sc_start({10, SC_US});
  }
  void bring_back() {
    device.come_back();
    function = result(root.wait_function(0, {1, SC_MS}));
    ASSERT_TRUE(function);
  }
};

TEST_F(NvmeRemoval, EndsWhatIsInFlightAtOnce) {
  make_and_start({.queue_entries = 3});
  device.swallow = [](std::uint16_t, const Command&) { return true; };
  begin_reads(4);  // two in flight, two for which there is no slot
  bool event_ended = false;
  scope.spawn([](NvmeRemoval& m, bool& ended) -> Task<> {
    Command request;
    request.opcode = nvme::kAsyncEventRequest;
    const Completion done = co_await m.driver->admin(request);
    EXPECT_EQ(done.status, Status::kControllerLost);
    ended = true;
  }(*this, event_ended));
  sc_core::sc_start({10, SC_US});
  EXPECT_TRUE(ends.empty());
  device.vanish();
  sc_core::sc_start({1, SC_US});
  EXPECT_EQ(ends, (std::vector<Status>(4, Status::kControllerLost)));
  EXPECT_TRUE(event_ended);
  EXPECT_FALSE(driver->running());
  EXPECT_EQ(read(0, 1, data->address()), Status::kControllerLost);
  EXPECT_EQ(admin({}).status, Status::kControllerLost);
  settle();
  EXPECT_TRUE(sim.scheduler.idle());  // no timeout is left to wait for
}

TEST_F(NvmeRemoval, TheSameDriverTakesTheFunctionUpAgain) {
  make_and_start();
  device.swallow = [](std::uint16_t queue, const Command&) { return queue > 0; };
  const std::uint64_t free_before = memory.available();
  begin_reads(3);
  for (int round = 0; round < 3; ++round) {
    device.vanish();
    sc_core::sc_start({1, SC_US});
    EXPECT_FALSE(driver->running());
    bring_back();
    device.swallow = nullptr;
    const Error error = start();
    ASSERT_FALSE(error) << error.text;
    EXPECT_TRUE(read(0, 1, data->address()).ok());
  }
  EXPECT_EQ(ends.size(), 3u);
  data.reset();
  EXPECT_EQ(memory.available(), free_before);
  EXPECT_EQ(device.enables, 4u);
}

TEST_F(NvmeRemoval, AfterAStopNothingIsLost) {
  make_and_start();
  device.latency = sc_time(300, SC_US);
  begin_reads(8);
  ASSERT_FALSE(result(driver->stop()));
  EXPECT_EQ(ends, (std::vector<Status>(8, Status())));
  device.vanish();
  sc_core::sc_start({1, SC_US});
  EXPECT_EQ(read(0, 1, data->address()), Status::kNotStarted);
  bring_back();
  const Error error = start();
  ASSERT_FALSE(error) << error.text;
  EXPECT_TRUE(read(0, 1, data->address()).ok());
}

TEST_F(NvmeRemoval, EndsAStartAndAStopUnderWay) {
  make();
  device.ready_delay = sc_time(5, SC_MS);
  const auto vanish_in = [this](sc_time delay) {
    scope.spawn([](NvmeRemoval& m, sc_time after) -> Task<> {
      co_await m.sim.scheduler.delay(after);
      m.device.vanish();
    }(*this, delay));
  };
  sc_time begun = sim.scheduler.now();
  vanish_in({1, SC_MS});
  EXPECT_THAT(start().text, HasSubstr("does not answer"));
  EXPECT_LT(sim.scheduler.now() - begun, sc_time(10, SC_MS));
  device.ready_delay = sc_time(100, SC_US);
  bring_back();
  ASSERT_FALSE(start());
  device.swallow = [](std::uint16_t, const Command&) { return true; };
  begin_reads(2);
  begun = sim.scheduler.now();
  vanish_in({1, SC_MS});
  EXPECT_TRUE(result(driver->stop()));
  EXPECT_LT(sim.scheduler.now() - begun, sc_time(20, SC_MS));
  EXPECT_EQ(ends, (std::vector<Status>(2, Status::kControllerLost)));
  device.swallow = nullptr;
  bring_back();
  EXPECT_FALSE(start());
}

TEST_F(NvmeRemoval, OfAnotherFunctionConcernsNobody) {
  make_and_start();
  begin_reads(1);
  link.announce_presence(1, false);
  link.announce_presence(0, true);
  sc_core::sc_start({1, SC_US});
  EXPECT_TRUE(driver->running());
  EXPECT_TRUE(read(0, 1, data->address()).ok());
}

// The message of the removal and that of the return may come at one time.
TEST_F(NvmeRemoval, IsNotMissedIfTheFunctionIsBackAtOnce) {
  make_and_start();
  device.swallow = [](std::uint16_t, const Command&) { return true; };
  begin_reads(2);
  device.vanish();
  device.come_back();
  sc_core::sc_start({1, SC_US});
  EXPECT_EQ(ends, (std::vector<Status>(2, Status::kControllerLost)));
}

TEST_F(NvmeRemoval, AResetAfterTheReturnCountsAsAStart) {
  make_and_start();
  device.vanish();
  sc_core::sc_start({1, SC_US});
  bring_back();
  ASSERT_FALSE(result(driver->reset()));
  link.announce_presence(1, false);
  sc_core::sc_start({1, SC_US});
  EXPECT_TRUE(driver->running());
}

TEST_F(NvmeRemoval, ThatNobodyAnnouncesIsFoundByTheTimeout) {
  make_and_start({.command_timeout = {100, SC_MS}});
  device.swallow = [](std::uint16_t, const Command&) { return true; };
  begin_reads(1);
  sc_core::sc_start({50, SC_MS});
  begin_reads(1);
  device.vanish(true);
  sc_core::sc_start({51, SC_MS});
  ASSERT_EQ(ends.size(), 2u);
  EXPECT_EQ(ends[0], Status::kTimeout);
  EXPECT_EQ(ends[1], Status::kControllerLost);  // without its own timeout
  EXPECT_FALSE(driver->running());
}

}  // namespace
}  // namespace cardvp::host
