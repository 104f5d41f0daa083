// What debuggers, tracers and profilers see, and that the machine does not notice them.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "test/unit/arm/machine.h"

namespace cardvp::arm {
namespace {

// mov x0, #100; loop: subs x0, x0, #1; str x0, [x2]; b.ne loop; msr daifset, #2; wfi
constexpr std::uint64_t kLoop = TestBus::kRam + 12, kStore = kLoop + 4, kEnd = kStore + 8;
void load_loop(TestMachine& machine) {
  machine.load({0xd2a801e2 /* mov x2, #0x400f0000 */, 0xf29e0002 /* movk x2, #0xf000 */, 0xd2800c80, 0xf1000400,
                0xf9000040, 0x54ffffc1, 0xd50342df, 0xd503207f});
}
constexpr std::uint64_t kInstructions = 3 + 300 + 2;

class Script final : public Debugger {
 public:
  struct Seen {
    Halt::Reason reason;
    std::uint64_t pc, x0, address;
  };
  void halted(DebugPort& core, const Halt& halt) override {
    seen.push_back({halt.reason, core.registers().pc, core.registers().x[0], halt.address});
    if (act) act(core);
  }
  bool wants_halt(DebugPort&) override { return std::exchange(request, false); }

  bool request = true;  // at reset
  std::vector<Seen> seen;
  std::function<void(DebugPort&)> act;
};

void expect_undisturbed(TestMachine& machine) {
  EXPECT_EQ(machine.core.instructions(), kInstructions);
  EXPECT_EQ(sc_core::sc_time_stamp(), sc_core::sc_time(kInstructions, sc_core::SC_NS));
  EXPECT_EQ(machine.result(), 0u);
}

TEST(DebugPort, HaltsAheadOfTheFirstInstruction) {
  TestMachine machine;
  load_loop(machine);
  Script script;
  machine.core.attach(&script);
  machine.run();
  ASSERT_EQ(script.seen.size(), 1u);
  EXPECT_EQ(script.seen[0].reason, Halt::Reason::kRequested);
  EXPECT_EQ(script.seen[0].pc, TestBus::kRam);
  expect_undisturbed(machine);
}

TEST(DebugPort, ALockedCoreRefusesDebuggersAndRunsOn) {
  TestMachine machine;
  load_loop(machine);
  Script before, after;
  machine.core.attach(&before);
  int attempts = 0;
  machine.core.lock_debug([&attempts] { ++attempts; });
  EXPECT_EQ(attempts, 0) << "one that was there before is no attempt";
  EXPECT_THROW(machine.core.attach(&after), DebugRefused);
  EXPECT_FALSE(machine.core.debug_port().admits_debugger());
  EXPECT_EQ(attempts, 2);
  machine.core.attach(static_cast<Debugger*>(nullptr));
  EXPECT_EQ(attempts, 2);
  machine.run();
  EXPECT_TRUE(before.seen.empty());
  EXPECT_TRUE(after.seen.empty());
  expect_undisturbed(machine);
}

TEST(DebugPort, BreakpointsHaltEveryTimeAndLetGo) {
  TestMachine machine;
  load_loop(machine);
  Script script;
  script.act = [&](DebugPort& core) { core.set_breakpoints({kStore, kEnd}); };
  machine.core.attach(&script);
  machine.run();
  ASSERT_EQ(script.seen.size(), 1 + 100 + 1u);
  EXPECT_EQ(script.seen[1].reason, Halt::Reason::kBreakpoint);
  EXPECT_EQ(script.seen[1].pc, kStore);
  EXPECT_EQ(script.seen[1].x0, 99u);
  EXPECT_EQ(script.seen[100].x0, 0u);
  EXPECT_EQ(script.seen[101].pc, kEnd);
  expect_undisturbed(machine);
}

TEST(DebugPort, WatchpointsHaltAheadOfTheAccess) {
  TestMachine machine;
  load_loop(machine);
  Script script;
  unsigned stores = 0;
  std::uint64_t value = 1;
  script.act = [&](DebugPort& core) {
    const Watchpoint watchpoint{TestMachine::kResult + 4, 2, false, true};
    if (script.seen.back().reason == Halt::Reason::kWatchpoint && ++stores == 3) {
      EXPECT_TRUE(core.read_memory(TestMachine::kResult, std::as_writable_bytes(std::span(&value, 1))));
      return core.set_watchpoints({});
    }
    // As a debugger does: past the access without the watchpoint, then on with it.
    const bool at_access = script.seen.back().reason == Halt::Reason::kWatchpoint;
    core.set_watchpoints(at_access ? std::vector<Watchpoint>{} : std::vector{watchpoint});
    if (at_access) core.step();
  };
  machine.core.attach(&script);
  machine.run();
  ASSERT_EQ(script.seen.size(), 1 + 2 * 2 + 1u);
  EXPECT_EQ(script.seen[1].reason, Halt::Reason::kWatchpoint);
  EXPECT_EQ(script.seen[1].pc, kStore);
  EXPECT_EQ(script.seen[1].address, TestMachine::kResult);
  EXPECT_EQ(script.seen[2].reason, Halt::Reason::kStep);
  EXPECT_EQ(script.seen[2].pc, kStore + 4);
  EXPECT_EQ(value, 98u);  // the third store, of 97, has not happened
  expect_undisturbed(machine);
}

TEST(DebugPort, StepsInstructionByInstruction) {
  TestMachine machine;
  load_loop(machine);
  Script script;
  script.act = [&](DebugPort& core) {
    if (script.seen.size() < 8) core.step();
  };
  machine.core.attach(&script);
  machine.run();
  const std::uint64_t steps[] = {0, 4, 8, 12, 16, 20, 12, 16};
  ASSERT_EQ(script.seen.size(), std::size(steps));
  for (std::size_t i = 0; i < std::size(steps); ++i) EXPECT_EQ(script.seen[i].pc, TestBus::kRam + steps[i]);
  expect_undisturbed(machine);
}

TEST(DebugPort, ChangesRegistersMemoryAndState) {
  TestMachine machine;
  load_loop(machine);
  Script script;
  script.act = [&](DebugPort& core) {
    EXPECT_EQ(core.pstate(), 0x3cdu);  // EL3h, masked
    core.set_pstate(0x3c4);            // EL1t
    EXPECT_EQ(core.level(), 1u);
    EXPECT_TRUE(core.write_system(Sys::VBAR_EL1, 0x40001000));
    EXPECT_EQ(core.read_system(Sys::VBAR_EL1), 0x40001000u);
    EXPECT_FALSE(core.write_system(Sys::MIDR_EL1, 0));
    const std::uint32_t three = 0xd2800060;  // mov x0, #3
    EXPECT_TRUE(core.write_memory(TestBus::kRam + 8, std::as_bytes(std::span(&three, 1))));
    std::byte byte;
    EXPECT_FALSE(core.read_memory(0x1'0000'0000, std::span(&byte, 1)));
    core.registers().pc += 4;  // skips the first instruction, and does its work
    core.registers().x[2] = 0x400f0000;
  };
  machine.core.attach(&script);
  machine.run();
  EXPECT_EQ(machine.core.instructions(), 2 + 9 + 2u);
  EXPECT_EQ(machine.result(), 0u);
}

TEST(DebugPort, ModifiedCodeIsExecutedAlsoWhereItRanBefore) {
  TestMachine machine;
  load_loop(machine);
  Script script;
  script.act = [&](DebugPort& core) {
    core.set_breakpoints(script.seen.size() == 1 ? std::vector{kStore} : std::vector<std::uint64_t>{});
    if (script.seen.size() < 2) return;
    const std::uint32_t branch = 0xd503201f;  // nop for the branch back
    EXPECT_TRUE(core.write_memory(kStore + 4, std::as_bytes(std::span(&branch, 1))));
  };
  machine.core.attach(&script);
  machine.run();
  EXPECT_EQ(machine.core.instructions(), 3 + 3 + 2u);
}

class Recorder final : public Tracer {
 public:
  void instruction(DebugPort& core, sc_core::sc_time now) override {
    addresses.push_back(core.registers().pc);
    latest = now;
  }
  void exception(DebugPort&, sc_core::sc_time, const ExceptionRecord& record) override { exceptions.push_back(record); }
  std::vector<std::uint64_t> addresses;
  std::vector<ExceptionRecord> exceptions;
  sc_core::sc_time latest;
};

TEST(DebugPort, TracersSeeEveryInstructionAndException) {
  TestMachine machine;
  // At EL3: VBAR_EL3 = start of RAM + 0x800; svc #5; the handler sleeps.
  machine.load({0xd2a80000 /* mov x0, #0x40000000 */, 0x91200000 /* add x0, x0, #0x800 */, 0xd51ec000, 0xd40000a1});
  machine.load({0xd50342df, 0xd503207f}, 0x800 + 0x200);
  Recorder recorder;
  machine.core.attach(&recorder);
  machine.run();
  const std::vector<std::uint64_t> expected = {0x40000000, 0x40000004, 0x40000008, 0x4000000c, 0x40000a00, 0x40000a04};
  EXPECT_EQ(recorder.addresses, expected);
  EXPECT_EQ(recorder.latest, sc_core::sc_time(5, sc_core::SC_NS));
  ASSERT_EQ(recorder.exceptions.size(), 1u);
  const ExceptionRecord& svc = recorder.exceptions[0];
  EXPECT_STREQ(svc.kind, "synchronous");
  EXPECT_EQ(svc.from, 3u);
  EXPECT_EQ(svc.to, 3u);
  EXPECT_EQ(svc.syndrome, 0x56000005u);
  EXPECT_EQ(svc.link, 0x40000010u);
  EXPECT_EQ(svc.target, 0x40000a00u);
  EXPECT_EQ(machine.core.instructions(), 6u);
}

class Counter final : public Sampler {
 public:
  void sample(DebugPort&) override { ++samples; }
  unsigned samples = 0;
};

TEST(DebugPort, SamplesTheTimeThatIsSpentExecuting) {
  TestMachine machine;
  load_loop(machine);
  Counter sampler;
  machine.core.attach(&sampler, sc_core::sc_time(10, sc_core::SC_NS));
  machine.run();
  EXPECT_EQ(sampler.samples, kInstructions / 10);
  expect_undisturbed(machine);
}

}  // namespace
}  // namespace cardvp::arm
