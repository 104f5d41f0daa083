// The driver and a controller that fails, stays silent, or lies.
#include <gmock/gmock.h>

#include "test/unit/host/nvme_machine.h"

namespace cardvp::host {
namespace {

using nvme::Command;
using nvme::Completion;
using nvme::CompletionEntry;
using nvme::Error;
using nvme::Status;
using sc_core::SC_MS;
using sc_core::SC_SEC;
using sc_core::sc_time;
using sc_core::SC_US;
using testing::HasSubstr;

using NvmeFaults = NvmeMachine;

TEST_F(NvmeFaults, StatusReachesTheCaller) {
  make_and_start();
  Buffer data(memory, 512);
  device.on_command = [](std::uint16_t, const Command&) { return 0x4281; };  // SCT 2, SC 0x81, DNR
  const Status status = read(0, 1, data.address());
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(status.from_device());
  EXPECT_EQ(status.type(), 2u);
  EXPECT_EQ(status.code(), 0x81u);
  EXPECT_TRUE(status.do_not_retry());
  EXPECT_EQ(status, Status(0x281));
  EXPECT_EQ(status.text(), "Unrecovered Read Error (SCT 2, SC 0x81)");
  device.on_command = nullptr;
  EXPECT_TRUE(read(0, 1, data.address()).ok());
  Command nonsense;
  nonsense.opcode = 0x7f;
  EXPECT_EQ(admin(nonsense).status, Status(1));
}

TEST_F(NvmeFaults, EachStepOfStartCanFail) {
  make();
  const auto fails = [&](const char* what) {
    const Error error = start();
    EXPECT_THAT(error.text, HasSubstr(what));
    EXPECT_THAT(error.text, HasSubstr("01:00.0"));
    EXPECT_FALSE(driver->running());
  };
  for (const auto& [opcode, what] : std::map<unsigned, const char*>{{6, "Identify"},
                                                                    {9, "number of queues"},
                                                                    {5, "Create I/O Completion Queue 1"},
                                                                    {1, "Create I/O Submission Queue 1"}}) {
    device.on_command = [&](std::uint16_t, const Command& command) {
      return command.opcode == opcode ? std::optional<std::uint16_t>(6) : std::nullopt;
    };
    fails(what);
  }
  device.on_command = nullptr;
  device.fatal_on_enable = true;
  fails("fatal");
  device.fatal_on_enable = false;
  device.becomes_ready = false;
  const sc_time begin = sim.scheduler.now();
  fails("enable");
  EXPECT_GE(sim.scheduler.now() - begin, sc_time(2, SC_SEC));  // CAP.TO
  EXPECT_LT(sim.scheduler.now() - begin, sc_time(5, SC_SEC));  // for the enable, and for the disable before it
  device.becomes_ready = true;
  device.cap |= 1ull << 48;
  fails("4 KiB pages");
  device.cap &= ~(1ull << 48);
  device.lba_shift = 20;
  fails("not usable");
  device.lba_shift = 9;
  function->msix.reset();
  fails("MSI-X");
  function = result(root.probe(0));
  EXPECT_FALSE(start());
}

TEST_F(NvmeFaults, ASilentControllerEndsTheStart) {
  make({.command_timeout = {1, SC_SEC}});
  device.swallow = [](std::uint16_t, const Command&) { return true; };
  EXPECT_THAT(start().text, HasSubstr("no completion"));
  link.enable(false);
  EXPECT_THAT(start().text, HasSubstr("does not answer"));
}

TEST_F(NvmeFaults, CommandsTimeOut) {
  make_and_start({.queue_entries = 3, .command_timeout = {100, SC_MS}});
  Buffer data(memory, 512);
  std::vector<Command> swallowed;
  device.swallow = [&](std::uint16_t, const Command& command) {
    swallowed.push_back(command);
    return true;
  };
  const sc_time begin = sim.scheduler.now();
  std::vector<Status> ends;
  for (int i = 0; i < 4; ++i) {  // two in flight, two for which there is no slot
    scope.spawn([](NvmeMachine& m, std::uint64_t to, std::vector<Status>& out) -> Task<> {
      out.push_back(co_await m.driver->read(0, 0, 1, to));
      if (out.size() == 4) sc_core::sc_pause();
    }(*this, data.address(), ends));
  }
  sc_core::sc_start({10, SC_SEC});
  EXPECT_EQ(ends, (std::vector<Status>(4, Status::kTimeout)));
  EXPECT_EQ(sim.scheduler.now() - begin, sc_time(100, SC_MS));
  EXPECT_TRUE(driver->running());  // the controller says that it is well
  EXPECT_EQ(count("driver.timeouts"), 4u);
  // Late completions free the slots and nothing else.
  for (const Command& command : swallowed) device.complete(1, {.sq_head = 2, .sq_id = 1, .cid = command.cid});
  device.swallow = nullptr;
  EXPECT_TRUE(read(0, 1, data.address()).ok());
  EXPECT_EQ(count("driver.late_completions"), 2u);
}

TEST_F(NvmeFaults, FatalStatusIsSeenWhenCommandsTimeOut) {
  make_and_start({.command_timeout = {100, SC_MS}});
  Buffer data(memory, 512);
  device.swallow = [](std::uint16_t, const Command&) { return true; };
  device.csts |= nvme::kCstsFatal;
  EXPECT_EQ(read(0, 1, data.address()), Status::kTimeout);
  sc_core::sc_start({10, SC_US});
  EXPECT_FALSE(driver->running());
  EXPECT_EQ(read(0, 1, data.address()), Status::kControllerLost);
  device.swallow = nullptr;
  const Error error = result(driver->reset());
  EXPECT_FALSE(error) << error.text;
  EXPECT_TRUE(read(0, 1, data.address()).ok());
}

TEST_F(NvmeFaults, LostInterruptsAreFoundByTheTimeout) {
  make_and_start({.command_timeout = {100, SC_MS}});
  Buffer data(memory, 512);
  device.send_interrupts = false;
  EXPECT_TRUE(read(0, 1, data.address()).ok());
  EXPECT_EQ(count("driver.lost_interrupts"), 1u);
  EXPECT_EQ(count("driver.timeouts"), 0u);
}

TEST_F(NvmeFaults, SpuriousInterruptsAreCounted) {
  make_and_start();
  device.interrupt(1);
  device.interrupt(1);  // one handler for both
  sc_core::sc_start({10, SC_US});
  EXPECT_EQ(count("driver.spurious_interrupts"), 1u);
}

TEST_F(NvmeFaults, MalformedCompletionsAreCountedAndForgotten) {
  make_and_start({.io_queues = 2, .command_timeout = {100, SC_MS}});
  Buffer data(memory, 512);
  device.complete(1, {.sq_id = 1, .cid = 0xffff});
  device.complete(1, {.sq_id = 1, .cid = 0});  // nothing is in flight
  device.complete(1, {.sq_id = 2, .cid = 0});  // of another queue
  device.complete(1, {.sq_id = 0xffff, .cid = 3});
  sc_core::sc_start({10, SC_US});
  EXPECT_EQ(count("driver.malformed_completions"), 4u);
  EXPECT_TRUE(read(0, 1, data.address()).ok());

  const auto lie = [&](auto change, Status expected) {
    device.on_completion = change;
    EXPECT_EQ(read(0, 1, data.address()), expected);
    device.on_completion = nullptr;
    EXPECT_TRUE(read(0, 1, data.address()).ok());
  };
  lie([](CompletionEntry& entry) { entry.cid ^= 1; }, Status::kTimeout);
  lie([](CompletionEntry& entry) { entry.cid ^= 0x1000; }, Status::kTimeout);  // an earlier use of the slot
  lie([](CompletionEntry& entry) { entry.sq_id = 2; }, Status::kTimeout);
  lie([](CompletionEntry& entry) { entry.sq_head = 0x1234; }, Status::kTimeout);
  lie([](CompletionEntry& entry) { entry.dw0 = entry.dw1 = ~0u; }, Status());
  EXPECT_EQ(count("driver.malformed_completions"), 8u);
}

TEST_F(NvmeFaults, ACompletionThatComesTwiceEndsOneCommand) {
  make_and_start({.queue_entries = 2});  // one slot: the second command takes the first one's
  Buffer data(memory, 512);
  Command first;
  EXPECT_TRUE(read(0, 1, data.address()).ok());
  first = device.seen.back().command;
  device.swallow = [](std::uint16_t, const Command&) { return true; };
  bool ended = false;
  scope.spawn([](NvmeMachine& m, std::uint64_t to, bool& flag) -> Task<> {
    co_await m.driver->read(0, 0, 1, to);
    flag = true;
  }(*this, data.address(), ended));
  sc_core::sc_start({10, SC_US});
  device.complete(1, {.sq_id = 1, .cid = first.cid});
  sc_core::sc_start({10, SC_US});
  EXPECT_FALSE(ended);
  device.complete(1, {.sq_id = 1, .cid = device.seen.back().command.cid});
  sc_core::sc_start({10, SC_US});
  EXPECT_TRUE(ended);
}

TEST_F(NvmeFaults, ResetEndsWhatIsInFlight) {
  make_and_start();
  Buffer data(memory, 512);
  device.swallow = [](std::uint16_t queue, const Command&) { return queue > 0; };
  Status status;
  scope.spawn([](NvmeMachine& m, std::uint64_t to, Status& out) -> Task<> {
    out = co_await m.driver->read(0, 0, 1, to);
  }(*this, data.address(), status));
  sc_core::sc_start({10, SC_US});
  const std::uint64_t free_before = memory.available();
  EXPECT_FALSE(result(driver->reset()));
  EXPECT_EQ(status, Status::kAborted);
  EXPECT_EQ(memory.available(), free_before);
  EXPECT_EQ(device.enables, 2u);
  device.swallow = nullptr;
  EXPECT_TRUE(read(0, 1, data.address()).ok());
}

TEST_F(NvmeFaults, AVanishingLinkEndsWhatIsInFlight) {
  make_and_start();
  Buffer data(memory, 512);
  device.latency = sc_time(1, SC_SEC);
  Status status;
  scope.spawn([](NvmeMachine& m, std::uint64_t to, Status& out) -> Task<> {
    out = co_await m.driver->read(0, 0, 1, to);
  }(*this, data.address(), status));
  sc_core::sc_start({10, SC_US});
  link.enable(false);
  sc_core::sc_start({1, SC_US});
  EXPECT_EQ(status, Status::kControllerLost);
  EXPECT_FALSE(driver->running());
}

TEST_F(NvmeFaults, AStuckShutdownIsAnError) {
  make_and_start();
  device.shutdown_delay = sc_time(100, SC_SEC);
  EXPECT_THAT(result(driver->stop()).text, HasSubstr("shutdown"));
}

TEST_F(NvmeFaults, EventRequestsMayTakeForEver) {
  make_and_start({.command_timeout = {100, SC_MS}});
  device.swallow = [](std::uint16_t, const Command& command) { return command.opcode == nvme::kAsyncEventRequest; };
  bool ended = false;
  scope.spawn([](NvmeMachine& m, bool& flag) -> Task<> {
    Command request;
    request.opcode = nvme::kAsyncEventRequest;
    co_await m.driver->admin(request);
    flag = true;
  }(*this, ended));
  sc_core::sc_start({1, SC_SEC});
  EXPECT_FALSE(ended);
  EXPECT_EQ(count("driver.timeouts"), 0u);
}

TEST_F(NvmeFaults, MisuseIsAnError) {
  make();
  Buffer data(memory, 512);
  EXPECT_EQ(read(0, 1, data.address()), Status::kNotStarted);
  EXPECT_EQ(admin({}).status, Status::kNotStarted);
  EXPECT_TRUE(result(driver->reset()));
  EXPECT_FALSE(start());
  EXPECT_THAT(start().text, HasSubstr("in use"));
}

}  // namespace
}  // namespace cardvp::host
