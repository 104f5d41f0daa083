// Whatever ends commands early: resets, deleted queues, bus mastering off, aborts.
#include <cstring>

#include "test/unit/nvme/machine.h"

namespace cardvp::nvme {
namespace {

struct Resets : Machine {
  Resets() { start(); }

  // Reads and writes in every state: fetched, reading its data or list, at the medium, waiting for the completion
  // queue.
  void load_up() {
    ASSERT_EQ(firmware.queue(2, 1, 0x120000, 4, 1), 0u);  // a small completion queue
    ASSERT_EQ(firmware.queue(1, 1, 0x130000, 64, 1), 0u);
    for (std::uint64_t i = 0; i < 3; ++i) host.store<std::uint64_t>(kData + 0x10000 + i * 8, kData + i * 0x2000);
    for (std::uint16_t i = 0; i < 60; ++i) {
      SubmissionEntry entry =
          command(i % 2 ? Opcode::kRead : Opcode::kWrite, i * 32u, i % 3 ? 8 : 32, kData + 0x20000, kData + 0x10000, i);
      if (i % 5 == 0) entry.opcode = 0x77;
      host.store(0x130000 + i * 64ull, entry);
    }
    ring_tail(1, 40);
    sc_core::sc_start(us(12));
    ring_tail(1, 55);
    sc_core::sc_start(us(4));
    ring_tail(1, 60);
    sc_core::sc_start(ns(100));
  }
  // Nothing more comes from the card, and no task is left that could send it.
  void expect_silence() {
    host.writes.clear();
    const std::vector<std::byte> before = host.memory;
    sc_core::sc_start(us(500));
    EXPECT_TRUE(host.writes.empty());
    EXPECT_EQ(std::memcmp(host.memory.data(), before.data(), before.size()), 0);
  }
};

TEST_F(Resets, ControllerResetDropsWhatIsInFlight) {
  load_up();
  set_reg(0x14, 0);
  sc_core::sc_start(us(2));  // what was posted before is on the link
  expect_silence();
  EXPECT_EQ(reg(0x1c), 0u);
  // and it works again, from the first entry and with a fresh phase
  enable();
  HostQueue io = create(1);
  EXPECT_EQ(run(io, command(Opcode::kRead, 0, 8, kData)), status::kSuccess);
  EXPECT_EQ(run(admin, command(Opcode::kFlush, 0, 1, 0)), status::kSuccess);
}

TEST_F(Resets, FunctionLevelResetDropsWhatIsInFlight) {
  load_up();
  function_level_reset();
  sc_core::sc_start(us(2));
  expect_silence();
}

TEST_F(Resets, LinkDownDropsWhatIsInFlight) {
  load_up();
  link.enable(false);
  expect_silence();
}

TEST_F(Resets, CardResetDropsWhatIsInFlight) {
  load_up();
  engine.reset();
  sc_core::sc_start(us(2));
  expect_silence();
}

TEST_F(Resets, RemovalDropsWhatIsInFlight) {
  std::vector<nvme_message_header> held;
  firmware.on_admin = [&](const nvme_message_admin& message) { held.push_back(message.header); };
  load_up();
  submit(admin, command(Opcode::kFlush, 0, 1, 0));
  sc_core::sc_start(us(2));
  ASSERT_EQ(held.size(), 1u);
  firmware.events.clear();
  set_present(false);
  sc_core::sc_start(us(2));
  expect_silence();
  EXPECT_EQ(firmware.events, std::vector<std::uint32_t>{8});  // RESET
  EXPECT_EQ(reg(0x1c), ~0ull);                                // CSTS: nobody answers
  ring_tail(1, 10);
  set_reg(0x14, 0x00460001);
  sc_core::sc_start(us(2));
  EXPECT_EQ(firmware.events.size(), 1u);
  EXPECT_EQ(firmware.queue(2, 1, 0x120000, 4, 1), 5u);  // not ready
  EXPECT_FALSE(firmware.abort(1, 1));
  // The firmware's answer to what is gone, and its data: neither reaches anybody, now or after the return.
  const std::uint64_t ignored = count("ignored_messages");
  firmware.complete(held[0], 0, 0, 0x8000, 4096);
  firmware.fetch(held[0], 0x8000, 4096);
  sc_core::sc_start(us(2));
  EXPECT_EQ(count("ignored_messages"), ignored + 2);
  firmware.on_admin = nullptr;

  set_present(true);
  EXPECT_EQ(reg(0x1c), ~0ull);  // its BAR has no address
  configure();
  EXPECT_EQ(reg(0x1c), 0u);
  EXPECT_EQ(reg(0x14), 0u);  // CC
  EXPECT_EQ(reg(0x24), 0u);  // AQA
  EXPECT_EQ(reg(0x28, 8), 0u);
  host.writes.clear();
  enable();
  HostQueue io = create(1);
  EXPECT_EQ(run(io, command(Opcode::kRead, 0, 8, kData)), status::kSuccess);
  EXPECT_EQ(run(admin, command(Opcode::kFlush, 0, 1, 0)), status::kSuccess);
  sc_core::sc_start(us(1));
  EXPECT_EQ(interrupts(), (std::vector<unsigned>{1, 0}));
}

// The firmware, being ahead, may take a function away and show it again before either has happened.
TEST_F(Resets, RemovalAndReturnAheadOfTime) {
  load_up();
  firmware.events.clear();
  endpoint_core.write(0x1000, 0, 4, us(2));
  endpoint_core.write(0x1000, 1, 4, us(3));
  sc_core::sc_start(us(1));
  EXPECT_EQ(reg(0x1c), 1u);
  sc_core::sc_start(us(4));
  EXPECT_EQ(firmware.events, std::vector<std::uint32_t>{8});
  expect_silence();
  configure();
  enable();
  HostQueue io = create(1);
  EXPECT_EQ(run(io, command(Opcode::kWrite, 0, 8, kData)), status::kSuccess);
}

// Firmware that is replaced takes no messages for a while. The host waits, and loses nothing.
struct SilentFirmware : Resets {
  SilentFirmware() {
    set_reg(0x14, 0);
    sc_core::sc_start(us(5));
    enable(256);
    firmware.commands.clear();
    firmware.events.clear();
  }
};

TEST_F(SilentFirmware, AdminCommandsWaitAndIoGoesOn) {
  HostQueue io = create(1);
  firmware.set_silent(true);
  for (std::uint16_t i = 0; i < 200; ++i) put(admin, command(Opcode::kFlush, 0, 1, 0, 0, i));
  ring_tail(0, admin.tail);
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(run(io, command(i % 2 ? Opcode::kWrite : Opcode::kRead, i * 8u, 8, kData)), status::kSuccess);
    EXPECT_FALSE(poll(admin));
  }
  EXPECT_GT(sim.scheduler.now(), us(5000));
  EXPECT_EQ(sim.stats.counter("mailbox.dropped", "").value(), 0u);
  firmware.set_silent(false);
  for (std::uint16_t i = 0; i < 200; ++i) {
    const CompletionEntry entry = wait(admin);
    EXPECT_EQ(entry.cid, i);
    EXPECT_EQ(entry.status_and_phase >> 1, 0);
  }
  EXPECT_EQ(firmware.commands.size(), 200u);
}

TEST_F(SilentFirmware, EventsWait) {
  firmware.set_silent(true);
  set_reg(0x14, 0);
  sc_core::sc_start(us(1000));
  EXPECT_EQ(reg(0x1c), 1u);  // RDY is the firmware's to clear
  set_reg(0x14, 0x00460001);
  sc_core::sc_start(us(1000));
  function_level_reset();
  sc_core::sc_start(us(1000));
  configure();
  set_reg(0x24, 63 | 63 << 16);
  set_reg(0x28, admin.sq, 8);
  set_reg(0x30, admin.cq, 8);
  set_reg(0x14, 0x00460001);
  sc_core::sc_start(us(1000));
  EXPECT_EQ(reg(0x1c), 0u);
  firmware.set_silent(false);
  sc_core::sc_start(us(5));
  EXPECT_EQ(firmware.events, std::vector<std::uint32_t>{1 | 2 | 8});  // one message for all of them
  EXPECT_EQ(reg(0x1c), 1u);
  admin = {.id = 0, .entries = 64, .sq = admin.sq, .cq = admin.cq};
  std::memset(&host.memory[admin.cq], 0, 64 * 16);
  EXPECT_EQ(run(admin, command(Opcode::kFlush, 0, 1, 0)), status::kSuccess);
}

TEST_F(SilentFirmware, AnAnswerMayComeLate) {
  std::vector<nvme_message_header> held;
  firmware.on_admin = [&](const nvme_message_admin& message) { held.push_back(message.header); };
  submit(admin, command(Opcode::kFlush, 0, 1, kData));
  sc_core::sc_start(us(5));
  ASSERT_EQ(held.size(), 1u);
  host.fill(kData, 4096);
  firmware.set_silent(true);
  firmware.fetch(held[0], 0x8000, 4096);
  sc_core::sc_start(us(5000));
  EXPECT_TRUE(firmware.fetched.empty());
  firmware.set_silent(false);
  sc_core::sc_start(us(5));
  EXPECT_EQ(firmware.fetched.size(), 1u);
  sc_core::sc_start(us(5000));
  EXPECT_FALSE(poll(admin));
  firmware.complete(held[0]);
  EXPECT_EQ(wait(admin).status_and_phase >> 1, 0);
}

TEST_F(Resets, ReadsOfASlowHostAreAbandoned) {
  HostQueue io = create(1);
  put(io, command(Opcode::kWrite, 0, 8, kData));
  host.all_direct = host.answers_reads = false;
  ring_tail(1, 1);
  sc_core::sc_start(us(2));
  ASSERT_EQ(host.reads.size(), 1u);
  host.answer(0);
  sc_core::sc_start(us(2));
  ASSERT_EQ(host.reads.size(), 1u);  // the data
  set_reg(0x14, 0);
  EXPECT_EQ(host.abandoned, 1u);
  EXPECT_TRUE(host.reads.empty());
  expect_silence();
}

TEST_F(Resets, DeletingASubmissionQueueDropsItsCommands) {
  load_up();
  EXPECT_EQ(firmware.queue(3, 1), 0u);
  EXPECT_EQ(firmware.queue(4, 1), 0u);
  sc_core::sc_start(us(2));
  expect_silence();
  firmware.events.clear();
  ring_tail(1, 1);
  sc_core::sc_start(us(2));
  EXPECT_EQ(firmware.events, std::vector<std::uint32_t>{16});  // BAD_REGISTER
}

TEST_F(Resets, BusMasterOffStopsEverything) {
  load_up();
  HostQueue other = create(2);
  submit(other, command(Opcode::kRead, 0, 8, kData));
  submit(other, command(Opcode::kFlush, 0, 1, 0));
  sc_core::sc_start(us(3));
  set_bus_master(false);
  sc_core::sc_start(us(2));
  expect_silence();
  EXPECT_EQ(count("lost_completions"), 2u);
  // A fetch is not possible either.
  ring_tail(0, 1);
  sc_core::sc_start(us(5));
  EXPECT_EQ(reg(0x1c), 3u);
  set_bus_master(true);
  set_reg(0x14, 0);
  sc_core::sc_start(us(5));
  enable();
  HostQueue io = create(1);
  EXPECT_EQ(run(io, command(Opcode::kRead, 0, 8, kData)), status::kSuccess);
}

TEST_F(Resets, AbortEndsACommandInFlight) {
  HostQueue io = create(1);
  std::memset(volume_at(0, 4096), 0xab, 4096);
  put(io, command(Opcode::kRead, 0, 8, kData, 0, 5));
  put(io, command(Opcode::kRead, 0, 8, kData + 0x1000, 0, 6));
  put(io, command(Opcode::kFlush, 0, 1, 0, 0, 7));
  ring_tail(1, io.tail);
  sc_core::sc_start(us(3));
  EXPECT_FALSE(firmware.abort(1, 99));
  EXPECT_FALSE(firmware.abort(2, 5));
  EXPECT_FALSE(firmware.abort(0, 5));
  EXPECT_FALSE(firmware.abort(0xffff, 5));
  EXPECT_TRUE(firmware.abort(1, 5));
  EXPECT_TRUE(firmware.abort(1, 7));
  for (int i = 0; i < 3; ++i) {
    const CompletionEntry entry = wait(io);
    EXPECT_EQ(entry.status_and_phase >> 1, entry.cid == 6 ? 0 : 0x07) << entry.cid;
  }
  EXPECT_EQ(host.load<std::uint64_t>(kData), 0u);
  EXPECT_EQ(host.load<std::uint64_t>(kData + 0x1000), 0xababababababababu);
  EXPECT_FALSE(firmware.abort(1, 5));  // it is over
  EXPECT_EQ(count("errors.abort_requested"), 2u);
}

TEST_F(Resets, ACommandThatOnlyWaitsForItsCompletionQueueIsNotAborted) {
  ASSERT_EQ(firmware.queue(2, 1, 0x120000, 2, 1), 0u);
  ASSERT_EQ(firmware.queue(1, 1, 0x130000, 8, 1), 0u);
  for (std::uint16_t i = 0; i < 2; ++i) host.store(0x130000 + i * 64ull, command(Opcode::kRead, 0, 8, kData, 0, i));
  ring_tail(1, 2);
  sc_core::sc_start(us(50));
  EXPECT_FALSE(firmware.abort(1, 1));
}

}  // namespace
}  // namespace cardvp::nvme
